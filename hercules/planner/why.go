package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/refset"
)

// NoJobError says that a repository has no job of a name for any ref.
type NoJobError struct {
	Name    string
	Similar []string // jobs whose names are close
	Jobs    []string // all
}

func (e *NoJobError) Error() string {
	return fmt.Sprintf("there is no job %s, for any ref that was tried", text.Line(e.Name))
}

// Why says why a job, named by its path, is in its state for a ref.
func (p *Planner) Why(name string, ref hercules.Ref) (*plan.Why, error) {
	m := p.Matrix(SurveyOptions{Extra: []string{ref.Name}})
	table := p.Table(m)
	i := m.find(name, ref.Name)
	if i < 0 {
		return nil, noJob(name, m.Jobs)
	}
	job := m.Jobs[i]
	w := &plan.Why{
		FormatVersion: plan.FormatVersion, ToolVersion: p.toolVersion, Repository: table.Repository, Entry: table.Entry,
		Path: job.Job.Path, AttrPath: job.Job.AttrPath, Kind: job.Job.Kind, Position: job.Job.Position,
		Ref: ref.Name, State: plan.Absent, Active: table.Jobs[i].Active,
		Reasons: []plan.Reason{}, Needs: []plan.Need{}, Diagnostics: []plan.Diagnostic{},
	}
	for n, r := range m.Survey.Readings {
		if r.Ref.Name == ref.Name {
			w.State = job.States[n]
		}
	}
	w.ShownFor = ref.Name
	if w.State == plan.Absent {
		w.ShownFor = m.elsewhere(job)
	}
	if n := job.naming; n != nil && w.ShownFor != "" {
		at := refset.Point{Ref: w.ShownFor}
		if text, ok := at.Get(n.fact); ok {
			w.AttrPath = n.with(n.change(text))
			w.Path = hercules.JoinPath(w.AttrPath)
		}
	}
	switch w.State {
	case plan.Failed:
		for _, d := range p.Read(ref).Plan.Diagnostics {
			if d.Attr == "" || d.Attr == w.Path || strings.HasPrefix(w.Path, d.Attr+".") {
				w.Diagnostics = append(w.Diagnostics, d)
			}
		}
		return w, nil
	}
	p.reasons(w)
	return w, nil
}

// find is the job of a name: its path, or the one an agent has for it. Of jobs
// that are named after the ref the name is the pattern, or that for the ref.
func (m *Matrix) find(name, ref string) int {
	at := refset.Point{Ref: ref}
	return slices.IndexFunc(m.Jobs, func(j *MatrixJob) bool {
		path, ok := j.path(&at)
		return j.Job.Path == name || ok && path == name || j.naming == nil && hercules.JoinPath(j.Job.AgentPath) == name
	})
}

// noJob is the error for a name that no job has. The last part of a path will do
// to be understood.
func noJob(name string, jobs []*MatrixJob) error {
	e := &NoJobError{Name: name}
	for _, j := range jobs {
		e.Jobs = append(e.Jobs, j.Job.Path)
		if strings.HasSuffix(j.Job.Path, "."+name) {
			e.Similar = append(e.Similar, j.Job.Path)
		}
	}
	for _, path := range text.Similar(name, e.Jobs) {
		if !slices.Contains(e.Similar, path) {
			e.Similar = append(e.Similar, path)
		}
	}
	return e
}

// elsewhere is a ref for which a job is there, an active one first.
func (m *Matrix) elsewhere(job *MatrixJob) string {
	for _, states := range [][]plan.RefState{{plan.Active}, {plan.Inactive, plan.Undetermined}} {
		for i, r := range m.Survey.Readings {
			if slices.Contains(states, job.States[i]) {
				return r.Ref.Name
			}
		}
		for i, point := range m.Tried {
			if slices.Contains(states, job.States[i]) && point.Others == m.Tried[0].Others {
				return point.Ref
			}
		}
	}
	return ""
}

// reasons evaluates once more, for the job before all others, and writes down
// what its state depends on.
func (p *Planner) reasons(w *plan.Why) {
	if w.ShownFor == "" {
		return
	}
	p.project.First = w.AttrPath
	defer func() { p.project.First = nil }()
	b := p.builder(hercules.Ref{Name: w.ShownFor})
	b.evaluate()
	for _, pending := range b.pending {
		if b.plan.Jobs[pending.job].Path != w.Path {
			continue
		}
		f := *pending.effect.Found
		f.Shared = b.relevant(pending.effect.Handler, pending.effect.Found, map[string]*turnedRef{})
		b.why(w, &f)
		w.Elsewhere = b.elsewhere(pending.effect.Handler, w.ShownFor)
		return
	}
	for _, some := range b.plan.SomeJobs {
		if some.Path == w.Path || strings.HasPrefix(w.Path, some.Path+".") || some.Path == "" {
			for _, u := range slices.Concat(some.Condition.Needs, some.Needs) {
				w.Needs = append(w.Needs, plan.Need{Unknown: u})
			}
		}
	}
}

func (b *builder) why(w *plan.Why, f *hercules.Found) {
	w.Never = f.Never
	condition := b.condition(f)
	for i, reasons := 0, f.Shared.Join(f.Own); i < len(condition.Terms); i++ {
		term := condition.Terms[i]
		r := plan.Reason{Term: term, Facts: []plan.RefFact{}, Trail: []diag.Remark{}}
		if r.Operands == nil {
			r.Operands = []plan.Operand{}
		}
		for _, c := range reasons {
			at := c.User
			if !at.Range().Valid() {
				at = c.At
			}
			if c.Result != term.Result || oneLine(at.Range().Text()) != term.Expression || !samePosition(b.position(at), term.Position) {
				continue
			}
			r.Place = at.Range().Place()
			r.Trail = trail(c, at)
			for _, mark := range c.Marks {
				r.Facts = append(r.Facts, plan.RefFact{Name: mark, Value: b.argument(mark), From: b.because(mark)})
			}
			break
		}
		w.Reasons = append(w.Reasons, r)
	}
	if f.Needs != nil {
		need, at := b.Needed(f.Needs)
		need.Field = "condition"
		w.Needs = append(w.Needs, plan.Need{Unknown: need, Place: at.Place()})
	}
}

func samePosition(a, b *plan.Position) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// trail is how the program came to a comparison: the calls, and the expressions
// whose values were needed, from the inside out.
func trail(c *value.Comparison, at value.Span) []diag.Remark {
	out := []diag.Remark{}
	if c.At != at && c.At.Range().Valid() && !eval.Internal(c.At.Range()) {
		out = append(out, diag.Remark{Message: "compared here", Place: c.At.Range().Place()})
	}
	for _, step := range c.Trail {
		r := step.At.Range()
		if step.At == at || !r.Valid() {
			continue
		}
		message := "needed for " + text.Clip(oneLine(r.Text()), 60)
		switch {
		case step.Prim:
			message = "in a call of the builtin " + step.Call
		case step.Call != "":
			message = "in a call of " + step.Call
		}
		out = append(out, diag.Remark{Message: message, Place: r.Place()})
	}
	return out
}

// because says where a fact's value is from.
func (b *builder) because(mark string) string {
	ref := b.result.Source.Ref
	_, isBranch := strings.CutPrefix(ref, heads)
	_, isTag := strings.CutPrefix(ref, tags)
	switch FactName(mark) {
	case "ref":
		return "the ref pushed"
	case "branch":
		if !isBranch {
			return ref + " is no branch"
		}
		return "the branch of " + ref
	case "tag":
		if !isTag {
			return ref + " is no tag"
		}
		return "the tag of " + ref
	case "rev", "shortRev":
		if b.result.Source.Rev == "" {
			return "there is no commit"
		}
		return "the commit that is checked out"
	}
	r := b.project.Remote()
	if r == nil {
		return "git has no remote that tells; nixplan.hcl may have a block project"
	}
	return "of the remote " + text.WithoutCredentials(r.URL) + ", or nixplan.hcl"
}
