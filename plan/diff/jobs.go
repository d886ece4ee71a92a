package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/plan"
)

// jobKey tells jobs apart: two schedules may have jobs of one path.
type jobKey struct {
	path    string
	trigger string
}

// view is a job on one side: what it is for each ref that has it.
type view struct {
	key   jobKey
	byRef map[string]*plan.Job
	any   *plan.Job // for some ref, the one for which it is active if there is one
	// vague says that nobody knows what it is: for some ref it is a set of jobs
	// without names, or an effect that is unknown.
	vague bool
}

// views are the jobs of a side in the order of their paths. Sets of jobs whose
// names are unknown are a job each, named like the set and "…".
func (c *comparison) views(planOf func(*pair) *plan.Plan) []*view {
	index := map[jobKey]*view{}
	var out []*view
	for i := range c.pairs {
		p := planOf(&c.pairs[i])
		if p == nil {
			continue
		}
		add := func(job *plan.Job) {
			key := jobKey{job.Path, string(job.Trigger.Kind) + " " + job.Trigger.Name}
			v := index[key]
			if v == nil {
				v = &view{key: key, byRef: map[string]*plan.Job{}, any: job}
				index[key] = v
				out = append(out, v)
			}
			v.byRef[c.pairs[i].ref] = job
			v.vague = v.vague || strings.HasSuffix(job.Path, "…") ||
				slices.ContainsFunc(job.Unknowns, func(u plan.Unknown) bool { return u.Field == "effect" })
			if v.any.State != plan.Active && job.State == plan.Active {
				v.any = job
			}
		}
		for j := range p.Jobs {
			add(&p.Jobs[j])
		}
		for i := range p.SomeJobs {
			some := &p.SomeJobs[i]
			add(&plan.Job{
				Path: setOf(some), AttrPath: some.AttrPath, Kind: cmp.Or(some.Kind, plan.Other), Position: some.Position,
				State: some.State, Condition: some.Condition,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b *view) int {
		return cmp.Or(cmp.Compare(a.key.path, b.key.path), cmp.Compare(a.key.trigger, b.key.trigger))
	})
	return out
}

// setOf names a set of jobs whose names are unknown.
func setOf(some *plan.SomeJobs) string {
	if some.Path == "" {
		return "…"
	}
	return some.Path + ".…"
}

// compared reports whether all that a job deploys was compared: the files of a
// network are, other jobs build something of which only the settings are known.
func compared(job *plan.Job) bool {
	return (job.Kind == plan.RunNixOps || job.Kind == plan.RunNixOps2) && len(job.Files) > 0
}

// matched is a job on both sides, or on one of them.
type matched struct{ base, head *view }

func (m *matched) either() *view {
	if m.head != nil {
		return m.head
	}
	return m.base
}

// path is where the job is on a side, or would be.
func (m *matched) path(side *view) string {
	if side == nil {
		side = m.either()
	}
	return side.key.path
}

// match finds each job of a side on the other: by its path, else by being the
// same under another path, else by deploying the same.
func (c *comparison) match() []matched {
	bases := c.views(func(p *pair) *plan.Plan { return p.base })
	heads := c.views(func(p *pair) *plan.Plan { return p.head })
	var out []matched
	meet := func(key func(*view) string) {
		of := func(list []*view) (keys []string, count map[string]int) {
			count = map[string]int{}
			for _, v := range list {
				k := key(v)
				keys = append(keys, k)
				count[k]++
			}
			return keys, count
		}
		baseKeys, inBase := of(bases)
		headKeys, inHead := of(heads)
		byKey := map[string]*view{}
		var leftBases, leftHeads []*view
		// What is there twice cannot be told apart.
		pairs := func(k string) bool { return k != "" && inBase[k] == 1 && inHead[k] == 1 }
		for i, b := range bases {
			if pairs(baseKeys[i]) {
				byKey[baseKeys[i]] = b
			} else {
				leftBases = append(leftBases, b)
			}
		}
		for i, h := range heads {
			if pairs(headKeys[i]) {
				out = append(out, matched{byKey[headKeys[i]], h})
			} else {
				leftHeads = append(leftHeads, h)
			}
		}
		bases, heads = leftBases, leftHeads
	}
	meet(func(v *view) string { return v.key.path + "\x00" + v.key.trigger })
	meet(c.content)
	meet(deploys)
	for _, b := range bases {
		out = append(out, matched{b, nil})
	}
	for _, h := range heads {
		out = append(out, matched{nil, h})
	}
	return out
}

// content is all of a job but its path.
func (c *comparison) content(v *view) string {
	var b strings.Builder
	for i := range c.pairs {
		job := v.byRef[c.pairs[i].ref]
		if job == nil {
			b.WriteString("absent\n")
			continue
		}
		b.WriteString(string(job.State) + "\n")
		for _, f := range factsOf(job) {
			if f.topic != EffectName { // often made from the attribute's name
				b.WriteString(string(f.topic) + "\x00" + f.name + "\x00" + f.value + "\n")
			}
		}
	}
	return b.String()
}

// deploys names what no two jobs should share: the deployment and its state.
func deploys(v *view) string {
	if v.any.Deployment == "" {
		return ""
	}
	names := []string{string(v.any.Kind), v.any.Deployment}
	for _, f := range v.any.StateFiles {
		names = append(names, f.Name)
	}
	return strings.Join(names, "\x00")
}

// jobs compares them all.
func (c *comparison) jobs() {
	c.reach = map[string]Reach{}
	scripts := c.scripts()
	for _, m := range c.match() {
		job, changed := c.job(m, scripts)
		c.matches = append(c.matches, outcome{matched: m, path: job.Path, was: job.Was, reach: job.Reach})
		switch {
		case changed:
		case m.either().vague:
			c.matches[len(c.matches)-1].unknown = true
			c.out.Unknown = append(c.out.Unknown, job.Path)
			continue
		default:
			c.out.Unchanged = append(c.out.Unchanged, job.Path)
			if !compared(m.either().any) {
				c.out.SameSettings = append(c.out.SameSettings, job.Path)
			}
			continue
		}
		c.matches[len(c.matches)-1].change = job.Change
		c.out.Jobs = append(c.out.Jobs, job)
	}
	slices.SortStableFunc(c.matches, func(a, b outcome) int { return a.order(&b) })
	slices.SortStableFunc(c.out.Jobs, func(a, b Job) int {
		return cmp.Or(reachOrder(a.Reach)-reachOrder(b.Reach), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Was, b.Was), cmp.Compare(a.Change, b.Change))
	})
	c.failedOnBoth()
	slices.Sort(c.out.Unchanged)
	slices.Sort(c.out.Unknown)
	slices.Sort(c.out.SameSettings)
	for i := range c.out.Scripts {
		c.out.Scripts[i].Reach = c.reach[c.out.Scripts[i].Job]
	}
	slices.SortFunc(c.out.Scripts, func(a, b Script) int {
		return cmp.Or(reachOrder(a.Reach)-reachOrder(b.Reach), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Name, b.Name))
	})
}

func reachOrder(r Reach) int { return slices.Index([]Reach{Runs, MayRun, Idle}, r) }

// job describes what becomes of a job.
func (c *comparison) job(m matched, scripts scriptIndex) (out Job, changed bool) {
	v := m.either()
	out = Job{
		Path: v.key.path, Change: Changed, Kind: v.any.Kind, Position: v.any.Position,
		Name: cmp.Or(v.any.Deployment, v.any.EffectName),
		Refs: []string{}, Active: []string{}, Facts: []Fact{}, Steps: []Step{},
	}
	switch {
	case m.base == nil && c.lacks(v, func(p *pair) *plan.Plan { return p.base }):
		out.Change = Added
	case m.head == nil && c.lacks(v, func(p *pair) *plan.Plan { return p.head }):
		out.Change = Removed
	case m.base == nil || m.head == nil: // it may well be there, but cannot be evaluated
	case m.base.key != m.head.key:
		out.Change, out.Was = Moved, m.base.key.path
	}
	var facts, steps merger
	affected := map[string]bool{}
	for i := range c.pairs {
		p := &c.pairs[i]
		before, after := m.base.at(p.ref), m.head.at(p.ref)
		list := stateChange(p.state(p.base, before, m.path(m.base), out.Kind), p.state(p.head, after, m.path(m.head), out.Kind))
		if before == nil && after == nil && list == nil {
			continue
		}
		out.Refs = append(out.Refs, p.ref)
		if after != nil && after.State == plan.Active {
			out.Active = append(out.Active, p.ref)
		}
		switch {
		case before != nil && after != nil:
			list = append(list, c.compareJobs(p, before, after)...)
			for _, s := range c.steps(p, before, after) {
				steps.add(p.ref, s)
			}
		case out.Change == Added && after != nil:
			list = append(list, compareFacts(nil, notable(factsOf(after)), nil)...)
		case out.Change == Removed && before != nil:
			list = append(list, compareFacts(notable(factsOf(before)), nil, nil)...)
		}
		for _, f := range list {
			facts.add(p.ref, f)
			affected[p.ref] = true
		}
		affected[p.ref] = affected[p.ref] || out.Change == Moved
	}
	if m.base != nil && m.head != nil {
		for _, f := range c.compareScripts(m, scripts) {
			for _, ref := range out.Refs {
				facts.add(ref, f)
				affected[ref] = true
			}
		}
	}
	facts.fold()
	steps.fold()
	for _, m := range facts.list {
		out.Facts = append(out.Facts, Fact{m.topic, m.name, m.what, m.before, m.value, m.refs})
	}
	slices.SortStableFunc(out.Facts, func(a, b Fact) int {
		return cmp.Or(a.Topic.order()-b.Topic.order(), cmp.Compare(a.Name, b.Name))
	})
	for _, m := range steps.list {
		out.Steps = append(out.Steps, Step{m.name, m.what, m.before, m.value, m.refs})
		for _, ref := range m.refs {
			affected[ref] = true
		}
	}
	out.Reach = Idle
	for ref := range affected {
		if !affected[ref] {
			continue
		}
		for _, job := range []*plan.Job{m.base.at(ref), m.head.at(ref)} {
			if job == nil {
				continue
			}
			if r := reachOf(job.State); reachOrder(r) < reachOrder(out.Reach) {
				out.Reach = r
			}
		}
	}
	for _, path := range []string{out.Path, out.Was} {
		if r, ok := c.reach[path]; !ok || reachOrder(out.Reach) < reachOrder(r) {
			c.reach[path] = out.Reach
		}
	}
	return out, out.Change != Changed || len(out.Facts)+len(out.Steps) > 0
}

func (v *view) at(ref string) *plan.Job {
	if v == nil {
		return nil
	}
	return v.byRef[ref]
}

func reachOf(state plan.State) Reach {
	switch state {
	case plan.Active:
		return Runs
	case plan.Undetermined:
		return MayRun
	}
	return Idle
}

// notable leaves out of a new or removed job what goes without saying.
func notable(facts []fact) []fact {
	return slices.DeleteFunc(facts, func(f fact) bool {
		switch f.topic {
		case Kind, Deployment, EffectName:
			return true // said of the job
		case Prebuild, UserSetup:
			return f.value == "false"
		case Source:
			return f.value == "."
		case Condition:
			return f.value == "always"
		}
		return false
	})
}

// state is a job's on one side.
func (p *pair) state(side *plan.Plan, job *plan.Job, path string, kind plan.Kind) string {
	if job == nil {
		return missing(side, path, kind)
	}
	return string(job.State)
}

// lacks reports whether a side surely does not have a job that the other has.
func (c *comparison) lacks(v *view, side func(*pair) *plan.Plan) bool {
	for i := range c.pairs {
		p := &c.pairs[i]
		if v.byRef[p.ref] != nil && missing(side(p), v.key.path, v.any.Kind) == absent {
			return true
		}
	}
	return false
}

func stateChange(a, b string) []change {
	if a == b {
		return nil
	}
	what := Changed
	switch {
	case b == string(plan.Active):
		what = Activated
	case b == string(plan.Undetermined):
		what = Doubtful
	case a == string(plan.Active) || a == string(plan.Undetermined):
		what = Deactivated
	}
	return []change{{fact{State, "", b}, a, what}}
}

// merger puts changes together that are the same for several refs.
type merger struct {
	list []merged
	at   map[change]int // in list
}

type merged struct {
	change
	refs []string
}

func (m *merger) add(ref string, c change) {
	if i, known := m.at[c]; known {
		if !slices.Contains(m.list[i].refs, ref) {
			m.list[i].refs = append(m.list[i].refs, ref)
		}
		return
	}
	if m.at == nil {
		m.at = map[change]int{}
	}
	m.at[c] = len(m.list)
	m.list = append(m.list, merged{c, []string{ref}})
}
