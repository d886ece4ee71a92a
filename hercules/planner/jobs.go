package planner

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/plan"
)

// handler writes down what a handler's attributes come to.
func (b *builder) handler(h *hercules.Handler) {
	effects := 0
	for i := range h.Found {
		if h.Found[i].Class == hercules.Effect {
			effects++
		}
	}
	b.plan.Jobs = slices.Grow(b.plan.Jobs, effects)
	for i := range h.Found {
		f := &h.Found[i]
		switch f.Class {
		case hercules.Effect:
			b.job(f, h)
		case hercules.Open:
			if mayHoldJobs(f, h) {
				b.someJobs(f, h)
			}
		case hercules.Undetermined:
			if mayBeJob(f, h) {
				b.someJobs(f, h)
			} else {
				b.build(f, h)
			}
		default:
			b.build(f, h)
		}
	}
	for _, f := range h.Failures {
		b.failure(full(h, f.Job), f.At, f.Err)
	}
}

// full is a path from the root of what the entry file evaluates to.
func full(h *hercules.Handler, path []string) []string {
	if h == nil {
		return path
	}
	return append(slices.Clip(h.Path), path...)
}

// mayBeJob tells an unknown that may be an effect from one that is at most a
// derivation: under herculesCI effects have a place of their own, and elsewhere
// a value that is unknown because a condition is may be anything. A package of
// a modelled set is a package.
func mayBeJob(f *hercules.Found, h *hercules.Handler) bool {
	if h.Name != "" {
		return len(f.Path) > 0 && f.Path[0] == "effects"
	}
	return len(f.Path) == 0
}

// mayHoldJobs reports whether further attributes of a set may be effects: under
// herculesCI only those below effects may.
func mayHoldJobs(f *hercules.Found, h *hercules.Handler) bool {
	return h.Name == "" || len(f.Path) == 0 || f.Path[0] == "effects"
}

func trigger(h *hercules.Handler) plan.Trigger {
	if h == nil {
		return plan.Trigger{Kind: plan.Push}
	}
	t := plan.Trigger{Kind: plan.Push, Name: h.Name}
	if h.Event == hercules.Schedule {
		t.Kind = plan.Schedule
	}
	if w := h.When; w != nil {
		t.When = &plan.When{Minute: w.Minute, Hour: w.Hour, DayOfWeek: w.DayOfWeek, DayOfMonth: w.DayOfMonth}
	}
	return t
}

var states = map[hercules.State]plan.State{
	hercules.Active:   plan.Active,
	hercules.Inactive: plan.Inactive,
	hercules.Unsure:   plan.Undetermined,
}

// state is an effect's for a ref. Schedules are those of the default branch alone.
func (p *Planner) state(h *hercules.Handler, s hercules.State, ref string) plan.State {
	if p.elsewhere(h, ref) != "" {
		return plan.Inactive
	}
	return states[s]
}

// elsewhere is the branch whose schedules run, when a handler is one of a schedule
// and the ref another one; "" also when the default branch is not known. The rule is
// in the API's description of jobTriggerOnSchedule, which runs one for another branch
// by hand.
func (p *Planner) elsewhere(h *hercules.Handler, ref string) string {
	if h == nil || h.Event != hercules.Schedule || ref == p.project.DefaultBranch() {
		return ""
	}
	return p.project.DefaultBranch()
}

// job writes down an effect.
func (b *builder) job(f *hercules.Found, h *hercules.Handler) {
	path := full(h, f.Job)
	job := plan.Job{
		Path: hercules.JoinPath(path), AttrPath: path, AgentPath: full(h, f.Path),
		Position: b.position(f.At),
		State:    b.state(h, f.State, b.ref.Name),
		Trigger:  trigger(h),
	}
	if h.When != nil {
		for _, name := range sortedNames(h.When.Needs) {
			job.Unknowns = append(job.Unknowns, b.unknown("when."+name, h.When.Needs[name]))
		}
	}
	if f.State != hercules.Inactive { // else the agent has only its inputs
		path, unknown := b.drvPath(f.Value)
		job.DrvPath = path
		if unknown != nil {
			job.Unknowns = append(job.Unknowns, *unknown)
		}
	}
	effect := &Effect{Found: f, Handler: h}
	before := len(b.plan.Diagnostics)
	b.factsOnce(&job, f.Value, f.At, effect)
	if why := b.ev.Machine().Spent(); why != "" {
		b.plan.Diagnostics = b.plan.Diagnostics[:before] // one for each of its facts
		b.late(path, f.At)
		job.Unknowns = append(job.Unknowns, plan.Unknown{Field: "effect", Needs: job.Path, Reason: why, Position: job.Position})
	}
	b.pending = append(b.pending, pending{len(b.plan.Jobs), effect})
	b.plan.Jobs = append(b.plan.Jobs, job)
}

// someJobs writes down that there are jobs, or may be, of which the names are
// not known.
func (b *builder) someJobs(f *hercules.Found, h *hercules.Handler) {
	path := full(h, f.Job)
	some := plan.SomeJobs{
		Path: hercules.JoinPath(path), AttrPath: path,
		Position: b.position(f.At), State: plan.Undetermined,
		Condition: b.condition(f),
		Needs:     []plan.Unknown{b.unknown("names", f.Value.Unknown())},
	}
	if e := f.Elem; e != nil {
		if e.Class != hercules.Effect {
			return // a set of packages
		}
		some.Kind = kindOf(b.ev, e.Value)
		some.State = states[e.State]
		some.Condition = b.condition(e)
	}
	b.plan.SomeJobs = append(b.plan.SomeJobs, some)
}

// build writes down a derivation that is built and not run.
func (b *builder) build(f *hercules.Found, h *hercules.Handler) {
	path := full(h, f.Path)
	build := plan.Build{
		Path: hercules.JoinPath(path), AttrPath: path,
		Kind: plan.DerivationBuild, Position: b.position(f.At), Trigger: trigger(h),
		IgnoreFailure:  f.Class == hercules.IgnoreFailure,
		RequireFailure: f.Class == hercules.RequireFailure,
		Assumed:        f.Class == hercules.Undetermined,
	}
	if f.Class == hercules.Dependencies {
		build.Kind = plan.DependenciesBuild
	}
	if len(f.Job) < len(f.Path) { // runIf put it there
		build.Job = hercules.JoinPath(full(h, f.Job))
		if f.Path[len(f.Path)-1] == "prebuilt" {
			build.Kind = plan.PrebuiltBuild
		}
	}
	if f.Value.Kind() == value.AttrSet {
		if name, ok := b.ev.Attr(f.Value, "name"); ok {
			if text, known, err := b.ev.Text(name); err == nil && known {
				build.Name = text
			}
		}
	}
	build.DrvPath, build.Unknown = b.drvPath(f.Value)
	b.plan.Builds = append(b.plan.Builds, build)
}
