package graph

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// Of is the graph of what plans of one side deploy, one for each ref.
func Of(plans []*plan.Plan, o Options) *Graph {
	b := newBuilder(Changes{}, o)
	for _, p := range plans {
		b.add(p, both)
	}
	return b.graph()
}

// Changes are what is known of two sides besides their plans.
type Changes struct {
	// Jobs and Files lead from paths of things that differ to what became of
	// them. Paths are those of the head, and of the base for what is gone.
	Jobs, Files map[string]Mark
	// JobsWere and FilesWere lead from paths of the base to those of the head,
	// for what moved.
	JobsWere, FilesWere map[string]string
}

// Compare is the graph of two sides in one picture, with marks on what differs.
func Compare(base, head []*plan.Plan, c Changes, o Options) *Graph {
	b := newBuilder(c, o)
	b.notMissing(base, head)
	for _, p := range head { // its order counts
		b.add(p, inHead)
	}
	for _, p := range base {
		b.add(p, inBase)
	}
	return b.graph()
}

type builder struct {
	Options
	changes Changes
	nodes   []Node
	edges   []Edge
	byKey   map[string]int
	byEdge  map[[2]int]int
	unclear map[string]bool // jobs by name
}

func newBuilder(c Changes, o Options) *builder {
	return &builder{Options: o, changes: c, byKey: map[string]int{}, byEdge: map[[2]int]int{}}
}

// notMissing finds the jobs that one side only has, and that neither come nor go all
// the same: the other side cannot be evaluated there.
func (b *builder) notMissing(base, head []*plan.Plan) {
	seen := map[string]side{}
	note := func(plans []*plan.Plan, at side) {
		for _, p := range plans {
			for i := range p.Jobs {
				seen[b.jobName(p.Jobs[i].Path, at)] |= at
			}
		}
	}
	note(base, inBase)
	note(head, inHead)
	b.unclear = map[string]bool{}
	for name, at := range seen {
		b.unclear[name] = at != both && b.changes.Jobs[name] == Changed
	}
}

// jobName is a job's path, on the other side if it moved.
func (b *builder) jobName(path string, at side) string {
	if at == inBase {
		return cmp.Or(b.changes.JobsWere[path], path)
	}
	return path
}

// add adds what a plan has to what is there.
func (b *builder) add(p *plan.Plan, at side) {
	for i := range p.Jobs {
		b.job(&p.Jobs[i], at)
	}
	for _, some := range p.SomeJobs {
		name := "…"
		if some.Path != "" {
			name = some.Path + ".…"
		}
		b.job(&plan.Job{Path: name, Kind: some.Kind, State: some.State}, at)
	}
}

func (b *builder) job(job *plan.Job, at side) {
	name := b.jobName(job.Path, at)
	if b.unclear[name] {
		at = both
	}
	if b.Select != nil && !b.Select(name) {
		return
	}
	note := string(job.Kind)
	if job.Deployment != "" && job.Deployment != job.Path {
		note += " " + job.Deployment
	}
	key := name
	if job.Trigger.Kind == plan.Schedule {
		key += "\x00" + job.Trigger.Name
		note = strings.TrimSpace(note + " on schedule " + job.Trigger.Name)
	}
	from := b.node(Node{Kind: Job, Name: name, Note: note, State: job.State, key: key}, at)
	if b.nodes[from].State != job.State && at&inHead != 0 {
		b.nodes[from].State = further(b.nodes[from].State, job.State)
	}
	defined := map[string]bool{}
	// Machines of one deployment are the same, whichever file they are in.
	scope := cmp.Or(job.Deployment, key)
	machine := func(name string) int {
		n := Node{Kind: Machine, Name: name, key: scope + "\x00" + name}
		if i := slices.IndexFunc(job.Machines, func(m plan.Machine) bool { return m.Name == name }); i >= 0 {
			n.Note = strings.TrimSpace(job.Machines[i].TargetEnv + " " + job.Machines[i].TargetHost)
		}
		i := b.node(n, at)
		if !slices.Contains(b.nodes[i].jobs, from) {
			b.nodes[i].jobs = append(b.nodes[i].jobs, from)
		}
		return i
	}
	for i := range job.Files {
		f := &job.Files[i]
		file := b.file(job, f, at)
		label := ""
		if f.Role != plan.NetworkFile {
			label = string(f.Role)
		}
		b.edge(from, file, label, at)
		for _, name := range f.Machines {
			defined[name] = true
			b.edge(file, machine(name), "", at)
		}
	}
	for _, m := range job.Machines {
		if !defined[m.Name] {
			b.edge(from, machine(m.Name), "", at)
		}
	}
	for _, f := range job.Facts {
		if f.Name == "ssh.destination" {
			b.edge(from, b.node(Node{Kind: Machine, Name: f.Value, Note: "over SSH", key: "ssh\x00" + f.Value}, at), "", at)
		}
	}
	for _, s := range job.Secrets {
		n := Node{Kind: Secret, Name: s.Source, key: s.Source}
		if s.Source == "" {
			n.Name, n.Note, n.key = s.Name, "git token", key+"\x00"+s.Name // each job has its own
		}
		label := ""
		if s.Name != n.Name {
			label = s.Name
		}
		b.edge(from, b.node(n, at), label, at)
	}
}

// file is a node by the file's path in the repository, where that is known.
func (b *builder) file(job *plan.Job, f *plan.File, at side) int {
	name, key := path.Join(job.Src, f.Path), ""
	if job.Src == "" {
		key = job.Path + "\x00" // who knows which file it is
	}
	if at == inBase {
		name = cmp.Or(b.changes.FilesWere[name], name)
	}
	is := func(flag *bool, value bool) bool { return flag != nil && *flag == value }
	n := Node{Kind: File, Name: name, key: key + name}
	switch {
	case is(f.Exists, false):
		n.Problem = "does not exist"
	case is(f.Tracked, false):
		n.Problem = "not tracked by git"
	case is(f.Included, false):
		n.Problem = "left out by src's filter"
	case f.Error != "":
		n.Problem = "cannot be read"
	}
	return b.node(n, at)
}

// node is the node of that kind and key, which what was seen before defines.
func (b *builder) node(n Node, at side) int {
	key := string(n.Kind) + "\x00" + n.key
	i, ok := b.byKey[key]
	if !ok {
		i = len(b.nodes)
		b.byKey[key] = i
		n.Count = 1
		b.nodes = append(b.nodes, n)
	}
	if at == inBase && n.Kind == Machine && b.nodes[i].sides&inHead != 0 && b.nodes[i].Note != n.Note {
		b.nodes[i].Mark = Changed
	}
	b.nodes[i].sides |= at
	return i
}

func (b *builder) edge(from, to int, label string, at side) {
	key := [2]int{from, to}
	i, ok := b.byEdge[key]
	if !ok {
		i = len(b.edges)
		b.byEdge[key] = i
		b.edges = append(b.edges, Edge{From: from, To: to, Label: label})
	}
	b.edges[i].sides |= at
}

// further is the state of the two that reaches further.
func further(x, y plan.State) plan.State {
	order := []plan.State{plan.Active, plan.Undetermined, plan.Inactive}
	if slices.Index(order, y) < slices.Index(order, x) {
		return y
	}
	return x
}

// graph settles the marks and leaves out what is too much.
func (b *builder) graph() *Graph {
	for i := range b.nodes {
		n := &b.nodes[i]
		n.Mark = mark(n.sides, n.Mark)
		var known map[string]Mark
		switch n.Kind {
		case Job:
			known = b.changes.Jobs
		case File:
			known = b.changes.Files
		}
		if n.Mark == "" {
			n.Mark = known[n.Name]
		}
	}
	b.tellApart()
	for i := range b.edges {
		b.edges[i].Mark = mark(b.edges[i].sides, "")
	}
	g := &Graph{Nodes: b.nodes, Edges: b.edges}
	g.limit(b.Jobs)
	g.fold()
	g.lift()
	g.sort()
	g.clean()
	return g
}

func mark(sides side, otherwise Mark) Mark {
	switch sides {
	case inBase:
		return Removed
	case inHead:
		return Added
	}
	return otherwise
}

// tellApart adds to machines that share a name which deployment they are of.
func (b *builder) tellApart() {
	count := map[string]int{}
	for i := range b.nodes {
		if b.nodes[i].Kind == Machine {
			count[b.nodes[i].Name]++
		}
	}
	for i := range b.nodes {
		n := &b.nodes[i]
		if scope, _, ok := strings.Cut(n.key, "\x00"); ok && n.Kind == Machine && count[n.Name] > 1 {
			n.Note = strings.TrimSpace(n.Note + " of " + scope)
		}
	}
}

// clean hides credentials in every text, whatever it is a name of.
func (g *Graph) clean() {
	hide := func(s *string) { *s = credentials.Hide(text.WithoutCredentials(*s)) }
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for _, s := range []*string{&n.Name, &n.Note, &n.Problem} {
			hide(s)
		}
		for k := range n.Names {
			hide(&n.Names[k])
		}
	}
	for i := range g.Edges {
		hide(&g.Edges[i].Label)
	}
}
