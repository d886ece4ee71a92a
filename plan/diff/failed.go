package diff

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// failed is the state of a job that is not known for a ref, since what would tell
// cannot be evaluated. An agent runs nothing of it either.
const failed = "failed"

// failures are the ids of what a plan says where an evaluation ended.
var failures = []string{
	diag.IDSyntax, diag.IDScope, diag.IDEvaluation, diag.IDUnseen, diag.IDMisplaced, diag.IDArguments, diag.IDSchedule,
	diag.IDAction, diag.IDNixOps2, diag.IDNetworkArgs, diag.IDArgument, diag.IDNoEffects,
}

// missing is the state of a job that a plan does not have: absent; failed when an
// attribute at its path, or around it, could not be evaluated; undetermined when it
// may be one of several jobs of its kind of which the plan does not know the names.
func missing(p *plan.Plan, path string, kind plan.Kind) string {
	if p == nil {
		return absent
	}
	for i := range p.Diagnostics {
		d := &p.Diagnostics[i]
		if slices.Contains(failures, d.ID) && (d.Attr == "herculesCI" || within(path, d.Attr)) {
			return failed
		}
	}
	for i := range p.SomeJobs {
		if some := &p.SomeJobs[i]; path != setOf(some) && within(path, some.Path) && (some.Kind == "" || some.Kind == kind) {
			return string(plan.Undetermined)
		}
	}
	return absent
}

// within reports whether an attribute path is another, or below it.
func within(path, set string) bool {
	rest, ok := strings.CutPrefix(path, set)
	return ok && (rest == "" || set == "" || rest[0] == '.')
}

// failedOnBoth adds to what is not known the attributes that cannot be evaluated on
// either side: what they would be may have changed.
func (c *comparison) failedOnBoth() {
	for i := range c.pairs {
		p := &c.pairs[i]
		if p.base == nil || p.head == nil {
			continue
		}
		for j := range p.head.Diagnostics {
			d := &p.head.Diagnostics[j]
			if !slices.Contains(failures, d.ID) || !mayBeJob(d.Attr) || missing(p.base, d.Attr, "") != failed {
				continue
			}
			path := d.Attr
			if path == "" {
				path = "…"
			}
			there := func(job plan.Job) bool { return job.Path == path }
			if !slices.ContainsFunc(p.head.Jobs, there) && !slices.ContainsFunc(p.base.Jobs, there) && !slices.Contains(c.out.Unknown, path) {
				c.out.Unknown = append(c.out.Unknown, path)
			}
		}
	}
}

// mayBeJob reports whether an effect may be at an attribute path, or below it:
// what herculesCI lists besides effects is built.
func mayBeJob(path string) bool {
	event, rest, ok := strings.Cut(path, ".")
	if !ok || event != "onPush" && event != "onSchedule" {
		return true
	}
	_, output, ok := strings.Cut(rest, ".")
	return !ok || within(output, "effects")
}

// fails reports whether something of a side cannot be evaluated that can be on the
// other.
func (c *comparison) fails(side, other func(*pair) *plan.Plan) bool {
	attrs := func(planOf func(*pair) *plan.Plan) map[string]bool {
		out := map[string]bool{}
		for i := range c.pairs {
			p := planOf(&c.pairs[i])
			if p == nil {
				continue
			}
			for j := range p.Diagnostics {
				if slices.Contains(failures, p.Diagnostics[j].ID) {
					out[p.Diagnostics[j].Attr] = true
				}
			}
		}
		return out
	}
	theirs := attrs(other)
	for attr := range attrs(side) {
		if !theirs[attr] {
			return true
		}
	}
	return false
}
