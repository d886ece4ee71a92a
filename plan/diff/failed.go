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

// missing is the state of a job that a plan does not have: absent, or failed when
// an attribute at its path, or around it, could not be evaluated.
func missing(p *plan.Plan, path string) string {
	if p == nil {
		return absent
	}
	for i := range p.Diagnostics {
		d := &p.Diagnostics[i]
		if !slices.Contains(failures, d.ID) {
			continue
		}
		if rest, ok := strings.CutPrefix(path, d.Attr); ok && (rest == "" || d.Attr == "" || rest[0] == '.') {
			return failed
		}
	}
	return absent
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
