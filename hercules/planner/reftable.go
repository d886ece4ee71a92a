package planner

import (
	"cmp"
	"slices"

	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/refset"
)

// Refs makes the table of jobs and refs.
func (p *Planner) Refs(o SurveyOptions) *plan.RefTable { return p.Table(p.Matrix(o)) }

// Table is a matrix as a document.
func (p *Planner) Table(m *Matrix) *plan.RefTable {
	t := &plan.RefTable{
		FormatVersion: plan.FormatVersion, ToolVersion: p.toolVersion,
		Refs: []plan.RefColumn{}, Jobs: []plan.RefJob{}, Unnamed: []string{}, Diagnostics: []plan.Diagnostic{},
		Evaluations: len(m.Tried), Cut: m.Cut,
	}
	p.describe(&t.Repository)
	c := &columns{p: p, m: m, table: t, index: map[refset.Point]int{}, points: map[string]int{}}
	for i := range m.Tried {
		c.index[m.Tried[i]] = i
	}
	c.all()
	for _, job := range m.Jobs {
		t.Jobs = append(t.Jobs, c.job(job))
	}
	seen := map[string]bool{}
	for _, r := range m.Survey.Readings {
		t.Entry = r.Plan.Entry
		for _, some := range r.Plan.SomeJobs {
			if !seen[some.Path] {
				seen[some.Path] = true
				t.Unnamed = append(t.Unnamed, some.Path)
			}
		}
		for _, d := range r.Plan.Diagnostics {
			key := "\x00" + d.ID + d.Attr + d.Summary
			if d.Severity == "error" && !seen[key] {
				seen[key] = true
				t.Diagnostics = append(t.Diagnostics, d)
			}
		}
	}
	slices.Sort(t.Unnamed)
	return t
}

// describe fills in what is known of a repository without asking git.
func (p *Planner) describe(r *plan.Repository) {
	r.Name, r.Root = p.project.Name(), p.project.Root
	if g := p.project.Git; g != nil {
		r.Rev, r.DefaultBranch = g.HeadRev, p.project.DefaultBranch()
	}
	if remote := p.project.Remote(); remote != nil {
		r.Remote = &plan.Remote{URL: remote.URL, Forge: remote.Forge, Owner: remote.Owner, Name: remote.Name}
	}
}

// columns chooses the refs that a table shows.
type columns struct {
	p      *Planner
	m      *Matrix
	table  *plan.RefTable
	index  map[refset.Point]int // of points tried
	points map[string]int       // by column's name
	order  []int                // of the columns
}

func (c *columns) add(name, example string, origin plan.ColumnOrigin) {
	ref := cmp.Or(example, name)
	src := c.p.project.Source(ref)
	at, tried := c.index[pointOf(&src)]
	if _, have := c.points[name]; have || !tried {
		return
	}
	c.points[name] = at
	c.order = append(c.order, at)
	git := c.p.project.Git
	c.table.Refs = append(c.table.Refs, plan.RefColumn{
		Name: name, Example: example, Origin: origin,
		Exists: example == "" && git != nil && (git.Has(ref) || slices.Contains(git.Branches(), ref)),
	})
}

var origins = map[Origin]plan.ColumnOrigin{
	Asked: plan.AskedRef, CheckedOut: plan.CurrentRef, DefaultBranch: plan.DefaultRef,
	Branch: plan.BranchRef, Tag: plan.TagRef,
}

func (c *columns) all() {
	for _, r := range c.m.Survey.Readings {
		if origin, ok := origins[r.Origin]; ok {
			c.add(r.Ref.Name, "", origin)
		}
	}
	if g := c.p.project.Git; g != nil {
		for _, ref := range g.Branches() {
			c.add(ref, "", plan.BranchRef)
		}
		for _, ref := range g.Tags() {
			c.add(ref, "", plan.TagRef)
		}
	}
	var named []string
	type pattern struct {
		name string
		term refset.Term
	}
	var patterns []pattern
	for _, region := range c.regions() {
		for _, term := range region.Set.Any {
			about := term.AboutRefs()
			if name := term.Pattern(); name != "" {
				patterns = append(patterns, pattern{name, about})
			}
			for _, l := range about.All {
				if l.Op == refset.Is && l.Fact == refset.Ref {
					named = append(named, l.Text)
					continue
				}
				if not := l; l.Not {
					not.Not = false
					alone := refset.Term{All: []refset.Literal{not}}
					if name := alone.Pattern(); name != "" {
						patterns = append(patterns, pattern{name, alone})
					}
				}
			}
		}
	}
	slices.Sort(named)
	for _, ref := range named {
		c.add(ref, "", plan.NamedRef)
	}
	slices.SortStableFunc(patterns, func(a, b pattern) int { return cmp.Compare(a.name, b.name) })
	for _, p := range patterns {
		if example := c.example(&p.term, named); example != "" {
			c.add(p.name, example, plan.PatternRefs)
		}
	}
	c.add("any other branch", OtherBranch, plan.OtherRefs)
	c.add("any other tag", OtherTag, plan.OtherRefs)
}

// regions are all that is described exactly.
func (c *columns) regions() (out []*Region) {
	for _, job := range c.m.Jobs {
		for _, region := range []*Region{&job.Active, &job.Undetermined} {
			if region.Exact {
				out = append(out, region)
			}
		}
	}
	return out
}

// example is a ref that was tried and that a term holds of, and as few others as
// possible.
func (c *columns) example(term *refset.Term, named []string) string {
	best, fewest := "", 0
	for i := range c.m.Tried {
		point := &c.m.Tried[i]
		src := c.p.project.Source(point.Ref)
		if *point != pointOf(&src) || !term.Holds(point) || slices.Contains(named, point.Ref) {
			continue
		}
		n := 1
		for _, region := range c.regions() {
			for j := range region.Set.Any {
				if region.Set.Any[j].Holds(point) {
					n++
				}
			}
		}
		if best == "" || n < fewest {
			best, fewest = point.Ref, n
		}
	}
	return best
}

func (c *columns) job(job *MatrixJob) plan.RefJob {
	out := plan.RefJob{
		Path: job.Job.Path, AttrPath: job.Job.AttrPath, Kind: job.Job.Kind, Position: job.Job.Position, Trigger: job.Job.Trigger,
		States: []plan.RefState{}, DependsOn: []string{},
	}
	if job.naming != nil {
		out.NamedAfter = string(job.naming.fact)
	}
	for _, at := range c.order {
		out.States = append(out.States, job.States[at])
	}
	out.Active = c.set(job, plan.Active, &job.Active)
	if slices.Contains(job.States, plan.Undetermined) {
		set := c.set(job, plan.Undetermined, &job.Undetermined)
		out.Undetermined = &set
	}
	for _, fact := range refset.Others {
		if slices.Contains(job.Active.Set.Facts(), fact) || slices.Contains(job.Undetermined.Set.Facts(), fact) {
			out.DependsOn = append(out.DependsOn, string(fact))
		}
	}
	return out
}

// set is a region as a document. One that could not be described is the list of
// the refs tried.
func (c *columns) set(job *MatrixJob, state plan.RefState, region *Region) plan.RefSet {
	out := plan.RefSet{Exact: region.Exact, Any: []refset.Term{}, Refs: []string{}}
	if region.Exact {
		out.Text, out.Any = region.Set.String(), region.Set.Any
		for i, at := range c.order {
			if ref := c.table.Refs[i].Ref(); job.States[at] == state && !slices.Contains(out.Refs, ref) {
				out.Refs = append(out.Refs, ref)
			}
		}
		return out
	}
	for i, point := range c.m.Tried {
		src := c.p.project.Source(point.Ref)
		if job.States[i] == state && point == pointOf(&src) {
			out.Refs = append(out.Refs, point.Ref)
		}
	}
	slices.Sort(out.Refs)
	out.Text = "no pattern was found; of the refs tried: " + listed(out.Refs)
	return out
}

// listed names the first of many refs.
func listed(refs []string) string {
	const most = 6
	text := ""
	for i, ref := range refs {
		if i == most {
			return text + ", …"
		}
		if i > 0 {
			text += ", "
		}
		text += ref
	}
	return cmp.Or(text, "none")
}
