package check

import (
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var branchOfTag = &Rule{
	ID: "NP205", Name: "branch-of-tag",
	Severity: diag.Warning,
	Summary:  "A condition asks for the branch of a tag, which is null.",
	run:      checkBranchOfTag,
}

func checkBranchOfTag(p *pass) {
	seen := map[diag.Range]bool{}
	all := p.ev.Decisions()
	for i := range all {
		d := &all[i]
		for _, other := range d.Others {
			tag := p.onlyTag(d, other)
			if tag == "" {
				continue
			}
			if at := p.comparedWith(d, other); at.Valid() && !seen[at] {
				seen[at] = true
				p.neverBranch(d, tag, at)
			}
		}
	}
	for _, job := range p.Jobs {
		if job.Trigger.Kind == plan.Push {
			p.tagsToo(job)
		}
	}
}

// comparedWith is where a text stands that a fact is compared with, at worst the
// comparison.
func (r *Repository) comparedWith(d *eval.Decision, other string) diag.Range {
	in := userRange(d.User.Range())
	if literal := r.literal(in, other); literal.Valid() {
		return literal
	}
	return in
}

// onlyTag is the tag that a branch's name is compared with, where there is no
// branch of that name; "" when it is not that.
func (r *Repository) onlyTag(d *eval.Decision, other string) string {
	if fact(d.Comparison) != "branch" || d.Op != "==" && d.Op != "!=" || !r.isEquality(d) {
		return ""
	}
	tag := tags + other
	if strings.HasPrefix(other, tags) {
		tag = other
	}
	if g := r.Project.Git; g == nil || !g.Has(tag) && tag != other || r.exists(heads+other) {
		return ""
	}
	return tag
}

func (p *pass) neverBranch(d *eval.Decision, tag string, at diag.Range) {
	mark := d.Marks[0]
	p.report(diag.Diagnostic{
		Range:   at,
		Summary: mark + " is null for " + describeRef(tag),
		Detail:  "Tags have no branch, and the repository has no branch of that name.",
		Help:    "write " + strings.TrimSuffix(mark, "branch") + "tag == " + text.QuoteNix(after(tag, tags)),
	})
}

// tagsToo reports a deployment for every branch but some, which the author may
// not know to run for every tag as well: null is no branch's name.
func (p *pass) tagsToo(job *Job) {
	branch, tag := job.at(planner.OtherBranch), job.at(planner.OtherTag)
	if branch == nil || tag == nil || branch.Job.State != plan.Active || tag.Job.State != plan.Active || !tag.deploys() || !job.alike() {
		return
	}
	var unequal *eval.Decision
	for _, c := range tag.reasons() {
		d := p.decision(c)
		if d == nil || fact(c) != "branch" || !p.isEquality(d) || len(d.Others) != 1 {
			return // tags were thought of
		}
		if except := job.at(heads + d.Others[0]); except != nil && except.Job.State != plan.Inactive {
			return
		}
		unequal = d
	}
	if unequal == nil {
		return
	}
	mark := unequal.Marks[0]
	p.reportAt(diag.Diagnostic{
		Range:   userRange(unequal.User.Range()),
		Summary: "tags deploy " + job.Path + " as well: " + mark + " is null for them, and null is not " + text.QuoteNix(unequal.Others[0]),
		Help: "add && " + mark + " != null, or compare " + strings.TrimSuffix(mark, "branch") +
			"ref if tags are to be deployed",
	}, job.Path, nil)
}
