package check

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var neverActive = &Rule{
	ID: "NP201", Name: "never-active",
	Summary: "A job does not run for any branch or tag.",
	run:     checkNeverActive,
}

func checkNeverActive(p *pass) {
	if !p.everyRef() {
		return
	}
	for _, job := range p.Jobs {
		if job.At[0].Place().Valid() && p.neverRuns(job) && !p.explained(job) {
			p.neverActive(job)
		}
	}
}

// neverRuns reports whether it is certain that no push to this repository makes
// an agent run the job.
func (p *pass) neverRuns(job *Job) bool {
	branch, tag := job.at(planner.OtherBranch), job.at(planner.OtherTag)
	if branch == nil || tag == nil || !branch.standsForAll() || !tag.standsForAll() {
		return false
	}
	for _, at := range job.At {
		if at.Job.State != plan.Inactive {
			return false
		}
		for _, c := range at.reasons() {
			switch fact(c) {
			case "branch", "tag":
			case "ref":
				if d := p.decision(c); d == nil || d.Others == nil {
					return false // null: what is meant is a run without an agent
				}
			default:
				return false // it may run elsewhere: in a fork, for another commit
			}
		}
	}
	for _, reading := range p.Survey.Readings {
		if mayHide(reading, job) {
			return false
		}
	}
	return true
}

// mayHide reports whether there is something that could not be evaluated and the
// job may be part of.
func mayHide(r *planner.Reading, job *Job) bool {
	e := r.Evaluation
	if e == nil || len(e.Failures) > 0 || len(e.Unknown) > 0 {
		return true
	}
	for i := range e.Handlers {
		h := &e.Handlers[i]
		if h.Name != job.Trigger.Name || (h.Event == hercules.Schedule) != (job.Trigger.Kind == plan.Schedule) {
			continue
		}
		if len(h.Failures) > 0 {
			return true
		}
	}
	return false
}

// explained reports whether another rule says what is wrong with the job's
// condition.
func (p *pass) explained(job *Job) bool {
	for _, at := range job.At {
		for _, c := range at.reasons() {
			d := p.decision(c)
			if d == nil {
				continue
			}
			for _, text := range d.Others {
				if isMistaken(fact(c), text) || p.onlyTag(d, text) != "" || p.isUnknownRef(d, text) {
					return true
				}
			}
		}
	}
	return false
}

func (p *pass) neverActive(job *Job) {
	at := job.At[0]
	d := diag.Diagnostic{
		Range:   at.Place(),
		Summary: job.Path + " never runs: no branch or tag makes its condition true",
		Help:    "change the condition, or remove the job",
	}
	both := map[string]bool{}
	seen := map[value.Span]bool{}
	for _, at := range job.At {
		for _, c := range at.Found.Own {
			place := c.User
			if seen[place] || !userRange(place.Range()).Valid() {
				continue
			}
			seen[place] = true
			both[fact(c)] = true
			d.Related = append(d.Related, diag.Related{Range: place.Range(), Message: p.holdsFor(job, place)})
		}
	}
	if d.Related == nil { // runIf false
		d.Severity = diag.Note
		d.Summary = job.Path + " never runs: its condition is false whatever the ref"
	}
	if both["branch"] && both["tag"] {
		d.Detail = "A ref is a branch or a tag, never both: src.branch is null for a tag, and src.tag for a branch."
	}
	p.reportFor(d, job.At...)
}

// holdsFor says for which refs a comparison came out true.
func (p *pass) holdsFor(job *Job, place value.Span) string {
	var refs []string
	for _, at := range job.At {
		for _, c := range at.Found.Own {
			if c.User != place {
				continue
			}
			if c.Op == "select" {
				return "this depends on the ref"
			}
			if c.Result == "true" {
				refs = insert(refs, at.Reading.Ref.Name)
			}
		}
	}
	if len(refs) == 0 {
		return "this is never true"
	}
	if names := describeRefs(refs, len(p.Survey.Readings)); names != "" {
		return "this is true for " + names
	}
	return "this is always true"
}
