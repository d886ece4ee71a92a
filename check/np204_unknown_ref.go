package check

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var unknownRef = &Rule{
	ID: "NP204", Name: "unknown-ref",
	Severity: diag.Warning,
	Summary:  "A branch or tag is named that the repository does not have.",
	run:      checkUnknownRef,
}

func checkUnknownRef(p *pass) {
	seen := map[diag.Range]bool{}
	all := p.ev.Decisions()
	for i := range all {
		d := &all[i]
		for _, other := range d.Others {
			if p.onlyTag(d, other) != "" || isMistaken(fact(d.Comparison), other) || !p.isUnknownRef(d, other) {
				continue
			}
			at := p.comparedWith(d, other)
			if at.Valid() && !seen[at] {
				seen[at] = true
				p.unknownRef(d, other, at)
			}
		}
	}
}

func (p *pass) unknownRef(d *eval.Decision, other string, at diag.Range) {
	ref := named(fact(d.Comparison), other)
	out := diag.Diagnostic{Range: at, Summary: "the repository has no " + describeRef(ref)}
	if meant := p.similarRef(d, ref, true); meant != "" {
		out.Help = "did you mean " + text.QuoteNix(strings.TrimSuffix(other, after(ref, kindOf(ref)))+after(meant, kindOf(meant))) + "?"
		if kindOf(ref) != kindOf(meant) {
			out.Help = "did you mean the " + describeRef(meant) + "?"
		}
	} else {
		var names []string
		for _, branch := range p.Project.Git.Branches() {
			names = append(names, after(branch, heads))
		}
		out.Detail = "Its branches are, as of the last git fetch, " + enumerate(names) + "."
		out.Help = "correct the name, or create the branch"
	}
	p.report(out)
}

// kindOf is the prefix that a full name has.
func kindOf(ref string) string {
	if strings.HasPrefix(ref, tags) {
		return tags
	}
	return heads
}

// describeRef names a branch or tag for people.
func describeRef(ref string) string {
	if strings.HasPrefix(ref, tags) {
		return "tag " + text.QuoteNix(after(ref, tags))
	}
	return "branch " + text.QuoteNix(after(ref, heads))
}

// isUnknownRef reports whether a decision names, with one of the texts it
// compares with, a ref that is not there and is meant to be.
//
// People name branches that only some repositories have, or that will be there
// one day. So either the name is a slip for one that is there, or nothing that
// depends on the comparison runs for any ref there is.
func (r *Repository) isUnknownRef(d *eval.Decision, other string) bool {
	ref := named(fact(d.Comparison), other)
	g := r.Project.Git
	if g == nil || d.Op == "select" || ref == "" || !r.isEquality(d) || r.Project.Inner != "" || r.exists(ref) {
		return false
	}
	if r.similarRef(d, ref, false) != "" {
		return true
	}
	if strings.HasPrefix(ref, tags) || !g.KnowsBranches() || len(g.Branches()) < 2 {
		return false
	}
	return r.idle(d.At)
}

// exists reports whether there is a ref here, or at any of the remotes.
func (r *Repository) exists(ref string) bool {
	there, known := r.existing[ref]
	if !known {
		if r.existing == nil {
			r.existing = map[string]bool{}
		}
		there = r.isThere(ref)
		r.existing[ref] = there
	}
	return there
}

func (r *Repository) isThere(ref string) bool {
	g := r.Project.Git
	if g == nil || ref == "" {
		return false
	}
	if g.Has(ref) {
		return true
	}
	branch := after(ref, heads)
	return branch != "" && slices.ContainsFunc(g.Remotes(), func(remote string) bool {
		return g.Has("refs/remotes/" + remote + "/" + branch)
	})
}

// similarRef is a ref that is there, which the name of one that is not is a slip
// for; "" when there is none. One that the program names as well counts only if
// asked for: who names both may mean both.
func (r *Repository) similarRef(d *eval.Decision, ref string, anyway bool) string {
	other := tags
	if kindOf(ref) == tags {
		other = heads
	}
	// The ref's own name tells which kind it is, so that is a slip as well.
	if swapped := other + after(ref, kindOf(ref)); fact(d.Comparison) == "ref" && r.exists(swapped) {
		return swapped
	}
	name := after(ref, kindOf(ref))
	names := r.namedRefs()
	for _, have := range r.refs() {
		is := after(have, kindOf(ref))
		switch {
		case is == "" || names[have] && !anyway:
		case strings.EqualFold(is, name):
			return have
		case kindOf(ref) == tags || !r.Project.Git.KnowsBranches():
		case isSlip(name, is):
			return have
		}
	}
	return ""
}

// isSlip tells a slip of the pen from another name: release-2 is not meant by
// release-1, nor production by prod.
func isSlip(name, is string) bool {
	const shortest = 4 // of three letters two differ in any case
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	short, long := name, is
	if len(short) > len(long) {
		short, long = is, name
	}
	switch {
	case len(short) < shortest, letters(name) != name, letters(is) != is,
		strings.HasPrefix(long, short) && len(long) > len(short)+1:
		return false
	}
	return len(text.Similar(name, []string{is})) > 0
}

// namedRefs are the refs that the program names itself.
func (r *Repository) namedRefs() map[string]bool {
	if r.names == nil {
		r.names = map[string]bool{}
		for _, d := range r.ev.Decisions() {
			for _, other := range d.Others {
				if ref := named(fact(d.Comparison), other); ref != "" {
					r.names[ref] = true
				}
			}
		}
	}
	return r.names
}

// idle reports whether jobs depend on the comparison at a place, and none of them
// runs, or may run, for a ref that is there.
func (r *Repository) idle(place value.Span) bool {
	if r.deciding == nil {
		r.deciding = map[value.Span][]*Job{}
		for _, job := range r.Jobs {
			seen := map[value.Span]bool{}
			for _, at := range job.At {
				for _, c := range at.reasons() {
					if !seen[c.At] {
						seen[c.At] = true
						r.deciding[c.At] = append(r.deciding[c.At], job)
					}
				}
			}
		}
	}
	jobs := r.deciding[place]
	return len(jobs) > 0 && !slices.ContainsFunc(jobs, func(job *Job) bool {
		return slices.ContainsFunc(job.At, func(at *JobAt) bool {
			return at.Job.State == plan.Undetermined || at.Job.State == plan.Active && r.exists(at.Reading.Ref.Name)
		})
	})
}
