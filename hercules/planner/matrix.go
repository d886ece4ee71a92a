package planner

import (
	"errors"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/refset"
)

// How much a matrix evaluates besides what its survey does.
const (
	mostProbes   = 600 // refs, and refs of forks
	fewestProbes = 40
	mostLooks    = 12_000 // at jobs, by probes
	mostExisting = 300    // of the repository\'s branches, and of its tags
	mostRounds   = 5      // of descriptions, each tested by refs made for it
	mostForks    = 16     // combinations of facts besides the ref
	forkedRefs   = 32     // refs tried for each of them
	anotherRef   = "refs/nixplan/another-ref"
)

// Matrix says for which refs each job is in which state, and describes them.
type Matrix struct {
	Survey *Survey
	Jobs   []*MatrixJob // by path
	// Tried are all points evaluated, the survey's first.
	Tried []refset.Point
	// Cut says that more could have been tried.
	Cut bool
}

// MatrixJob is a job that exists for some ref.
type MatrixJob struct {
	// Job is as it is for the first ref that has it; of jobs that are named after
	// the ref the path is a pattern.
	Job plan.Job
	// States are those for each of the points tried.
	States       []plan.RefState
	Active       Region
	Undetermined Region

	opaque bool    // see Planner.opaque
	naming *naming // nil for a job that has one name
}

// Region is a set of refs.
type Region struct {
	Set refset.Set
	// Exact says that Set agrees with every point tried, and that these were made
	// to refute it.
	Exact bool
}

// Matrix evaluates the repository for every ref that matters, and describes the
// refs for which each job is active. A description is put to the test with refs
// that lie just inside and just outside of it, and only one that stands is
// called exact.
func (p *Planner) Matrix(o SurveyOptions) *Matrix {
	m := &matrix{p: p, tried: map[refset.Point]int{}}
	survey := p.Survey(o)
	m.out = &Matrix{Survey: survey, Cut: len(survey.Readings) >= mostRefs}
	m.literals = survey.literals
	if branch := p.project.DefaultBranch(); branch != "" && survey.scheduled() {
		m.literals.add(refset.Literal{Fact: refset.Ref, Op: refset.Is, Text: branch})
	}
	m.decided = len(p.ev.Decisions())
	for _, r := range survey.Readings {
		src := p.project.Source(r.Ref.Name)
		m.record(pointOf(&src), p.outcomeOf(r.Evaluation))
	}
	if len(o.Only) == 0 {
		m.existing()
		m.probe()
	}
	m.jobs()
	for round := 0; ; round++ {
		m.describe()
		if len(o.Only) > 0 || round == mostRounds || !m.refute() {
			break
		}
	}
	return m.out
}

// scheduled reports whether there are schedules.
func (s *Survey) scheduled() bool {
	return slices.ContainsFunc(s.Readings, func(r *Reading) bool {
		return r.Evaluation != nil && slices.ContainsFunc(r.Evaluation.Handlers, func(h hercules.Handler) bool { return h.Event == hercules.Schedule })
	})
}

type matrix struct {
	p        *Planner
	out      *Matrix
	literals *literals
	decided  int // decisions looked at
	tried    map[refset.Point]int
	outcomes []outcome
	probes   int
	used     int  // literals that probes were made of
	spent    bool // the evaluator's budget is
}

// outcome is what an evaluation says of jobs.
type outcome struct {
	of     map[string]plan.RefState // by path
	opaque map[string]bool          // jobs whose condition asks what no literal says
	failed []string                 // paths that could not be evaluated
	spent  bool                     // for lack of time or memory
}

func (p *Planner) outcomeOf(e *hercules.Evaluation) outcome {
	out := outcome{of: map[string]plan.RefState{}, opaque: map[string]bool{}}
	if e == nil {
		return out
	}
	for i := range e.Handlers {
		h := &e.Handlers[i]
		for j := range h.Found {
			f := &h.Found[j]
			path := hercules.JoinPath(full(h, f.Job))
			switch {
			case f.Class == hercules.Effect:
				out.of[path] = p.state(h, f.State, e.Source.Ref)
				if slices.ContainsFunc(f.Shared, p.opaque) || slices.ContainsFunc(f.Own, p.opaque) {
					out.opaque[path] = true
				}
			case f.Class == hercules.Undetermined && mayBeJob(f, h), f.Class == hercules.Open && mayHoldJobs(f, h):
				if out.of[path] == "" {
					out.of[path] = plan.Undetermined
				}
			}
		}
		for _, f := range h.Failures {
			out.fail(full(h, f.Job), f.Err)
		}
	}
	for _, f := range e.Failures {
		out.fail(f.Job, f.Err)
	}
	for _, f := range e.Unknown {
		out.of[hercules.JoinPath(f.Job)] = plan.Undetermined
	}
	return out
}

// opaque reports whether an operation on a fact about the ref has a result that may be
// compared in ways that nobody sees: how many letters it has, which number it is, which files there are. What
// libraries ask for the length is part of something else, hasSuffix for one.
func (p *Planner) opaque(c *value.Comparison) bool {
	switch c.Op {
	case "fromJSON":
		return true
	case "stringLength", "hashString", "path":
		return !p.ev.InLibrary(c.At)
	}
	return false
}

func (s *outcome) fail(path []string, err error) {
	s.failed = append(s.failed, hercules.JoinPath(path))
	var e *value.Error
	s.spent = s.spent || errors.As(err, &e) && e.Kind == value.Budget
}

// state is a job's.
func (s *outcome) state(path string) plan.RefState {
	if state, ok := s.of[path]; ok {
		return state
	}
	for at := path; ; {
		if slices.Contains(s.failed, at) {
			return plan.Failed
		}
		if s.of[at] == plan.Undetermined && at != path {
			return plan.Undetermined // a set of which the names are not known
		}
		dot := strings.LastIndexByte(at, '.')
		if at == "" {
			return plan.Absent
		}
		at = at[:max(dot, 0)]
	}
}

func (m *matrix) record(p refset.Point, s outcome) {
	m.tried[p] = len(m.outcomes)
	m.out.Tried = append(m.out.Tried, p)
	m.outcomes = append(m.outcomes, s)
}

// try evaluates for a point, unless that was done, and learns from what the
// program decides.
func (m *matrix) try(p refset.Point) bool {
	if _, ok := m.tried[p]; ok || !isFullRef(p.Ref) {
		return false
	}
	if m.probes >= m.most() || m.spent {
		m.out.Cut = true
		return false
	}
	m.probes++
	src := sourceOf(m.p.project.Source(p.Ref), &p)
	out := m.p.outcomeOf(m.p.project.EvaluateSource(m.p.ev, src))
	if m.spent = out.spent; out.spent {
		m.out.Cut = true
		return false
	}
	m.record(p, out)
	decisions := m.p.ev.Decisions()
	for ; m.decided < len(decisions); m.decided++ {
		if d := &decisions[m.decided]; !m.literals.again(d) {
			m.literals.from(d, &src)
		}
	}
	return true
}

// most is how many probes there may be: fewer where there are many jobs, each of
// which an evaluation looks at.
func (m *matrix) most() int {
	jobs := 1
	for _, r := range m.out.Survey.Readings {
		jobs = max(jobs, len(r.Plan.Jobs))
	}
	return min(mostProbes, max(fewestProbes, mostLooks/jobs))
}

// here is the repository's own point for a ref.
func (m *matrix) here(ref string) refset.Point {
	src := m.p.project.Source(ref)
	return pointOf(&src)
}

// existing tries the branches and tags that the survey left out.
func (m *matrix) existing() {
	g := m.p.project.Git
	if g == nil {
		return
	}
	for _, refs := range [][]string{g.Branches(), g.Tags()} {
		if len(refs) > mostExisting {
			m.out.Cut = true
			refs = refs[len(refs)-mostExisting:] // the newest, where names are versions
		}
		for _, ref := range refs {
			if m.try(m.here(ref)) {
				m.probes-- // it is no probe
			}
		}
	}
}

// probe tries refs around everything that the program compares with, until
// nothing new turns up.
func (m *matrix) probe() {
	m.try(m.here(anotherRef))
	for m.used < len(m.literals.list) {
		m.used = len(m.literals.list)
		for _, ref := range refset.Probes(m.literals.list[:m.used]) {
			m.try(m.here(ref))
		}
		m.forks()
	}
}

// forks tries what the program compares with besides the ref. A repository
// without a remote is tried as a fork of nobody, since its owner is unknown.
func (m *matrix) forks() {
	own := m.here("")
	points := []refset.Point{own}
	for i, fact := range refset.Others {
		values := refset.Values(m.literals.list, fact)
		if own.Others[i] == "" && len(values) == 0 && m.unknown(string(fact)) {
			values = []string{"nixplan-another-" + strings.ToLower(string(fact))}
		}
		for _, p := range points {
			for _, v := range values {
				if p.Others[i] = v; v != own.Others[i] && len(points) < mostForks {
					points = append(points, p)
				}
			}
		}
	}
	if len(points) == 1 {
		return
	}
	var refs []string
	for _, r := range m.out.Survey.Readings {
		if r.Origin != Branch && r.Origin != Tag || len(m.out.Survey.Readings) <= forkedRefs {
			refs = append(refs, r.Ref.Name)
		}
	}
	for _, p := range points[1:] {
		for _, ref := range refs[:min(len(refs), forkedRefs)] {
			p.Ref = ref
			m.try(p)
		}
	}
}

// unknown reports whether something is undetermined since a fact about the
// repository is not known.
func (m *matrix) unknown(fact string) bool {
	for _, r := range m.out.Survey.Readings {
		for _, effect := range r.Effects {
			if u := effect.Found.Needs; u != nil && FactName(u.Root().Origin) == fact {
				return true
			}
		}
		for _, some := range r.Plan.SomeJobs {
			for _, u := range slices.Concat(some.Condition.Needs, some.Needs) {
				if FactName(u.Needs) == fact {
					return true
				}
			}
		}
	}
	return false
}

// jobs lists the jobs of all points.
func (m *matrix) jobs() {
	seen := map[string]bool{}
	for _, r := range m.out.Survey.Readings {
		for _, job := range r.Plan.Jobs {
			if !seen[job.Path] {
				seen[job.Path] = true
				m.out.Jobs = append(m.out.Jobs, &MatrixJob{Job: job})
			}
		}
	}
	taken := m.named()
	for i := range m.outcomes {
		for path := range m.outcomes[i].of {
			if !seen[path] && !taken[path] {
				seen[path] = true
				m.found(path, &m.out.Tried[i])
			}
		}
	}
	slices.SortFunc(m.out.Jobs, func(a, b *MatrixJob) int { return slices.Compare(a.Job.AttrPath, b.Job.AttrPath) })
}

// found adds a job that only a point beyond the survey has.
func (m *matrix) found(path string, at *refset.Point) {
	if *at != m.here(at.Ref) {
		return // of a fork: nothing that this repository runs
	}
	r := m.p.Read(hercules.Ref{Name: at.Ref})
	r.Origin = Named
	for _, job := range r.Plan.Jobs {
		if job.Path == path {
			m.out.Jobs = append(m.out.Jobs, &MatrixJob{Job: job})
			return
		}
	}
}

// describe describes the regions of every job, once more where points were added.
func (m *matrix) describe() {
	literals := slices.Clone(m.literals.list)
	slices.SortFunc(literals, refset.Compare)
	tables := &tables{points: m.out.Tried, literals: literals, plain: refset.NewTable(m.out.Tried, literals)}
	type regions struct{ active, undetermined Region }
	known := map[string]regions{} // jobs of equal states have equal regions
	for _, job := range m.out.Jobs {
		var key strings.Builder
		for i := len(job.States); i < len(m.outcomes); i++ {
			state := plan.Absent
			if path, ok := job.path(&m.out.Tried[i]); ok {
				state = m.outcomes[i].state(path)
				job.opaque = job.opaque || m.outcomes[i].opaque[path]
			}
			job.States = append(job.States, state)
		}
		for _, state := range job.States {
			key.WriteString(string(state) + " ")
		}
		if job.opaque {
			key.WriteString("opaque")
		}
		r, ok := known[key.String()]
		if !ok {
			r = regions{m.region(job, plan.Active, tables), m.region(job, plan.Undetermined, tables)}
			known[key.String()] = r
		}
		job.Active, job.Undetermined = r.active, r.undetermined
	}
}

// tables are what descriptions are made with: the literals, and with those that
// ignore case as well.
type tables struct {
	points   []refset.Point
	literals []refset.Literal
	plain    *refset.Table
	folded   *refset.Table // nil until it is needed
}

func (m *matrix) region(job *MatrixJob, state plan.RefState, t *tables) Region {
	samples := make([]refset.Sample, len(m.out.Tried))
	for i, point := range m.out.Tried {
		switch {
		case state == plan.Undetermined && point.Others != m.out.Tried[0].Others:
			// What is not known of this repository may well be known of a fork.
			samples[i] = refset.Either
		case job.States[i] == state:
			samples[i] = refset.In
		}
	}
	set, ok := t.plain.Fit(samples)
	if !ok {
		if t.folded == nil {
			t.folded = refset.NewTable(t.points, refset.Folds(t.literals))
		}
		set, ok = t.folded.Fit(samples)
	}
	return Region{set, ok && !job.opaque}
}

// refute tries refs made for the descriptions there are, and reports whether
// anything new was tried.
func (m *matrix) refute() bool {
	before, known := len(m.outcomes), len(m.literals.list)
	for _, job := range m.out.Jobs {
		for _, region := range []*Region{&job.Active, &job.Undetermined} {
			if !region.Exact {
				continue
			}
			for _, term := range region.Set.Any {
				for _, ref := range refset.Probes(term.All) {
					m.try(m.here(ref))
				}
			}
		}
	}
	if len(m.literals.list) > known {
		m.probe()
	}
	return len(m.outcomes) > before
}
