package check

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/hercules/repo"
)

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
)

// fact is what a comparison is about: "ref", "branch", "tag", or something that
// is not about the ref. It is "" when there are several facts.
func fact(c *value.Comparison) string {
	if len(c.Marks) != 1 {
		return ""
	}
	return planner.FactName(c.Marks[0])
}

// factOf is a fact about a ref, "" for null.
func factOf(fact, ref string) string {
	switch fact {
	case "ref":
		return ref
	case "branch":
		return after(ref, heads)
	case "tag":
		return after(ref, tags)
	}
	return ""
}

// after is what follows a prefix, "" when the text does not have it.
func after(text, prefix string) string {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return ""
	}
	return rest
}

// named is the branch or tag for which a fact is a text, a full name, "" when
// there is none.
func named(fact, text string) string {
	ref := ""
	switch {
	case fact == "ref" && (strings.HasPrefix(text, heads) || strings.HasPrefix(text, tags)):
		ref = text
	case fact == "branch":
		ref = heads + text
	case fact == "tag":
		ref = tags + text
	}
	if !repo.ValidRef(ref) {
		return ""
	}
	return ref
}

// isEquality reports whether a fact about the ref is compared as it is, not
// something made from it, with what does not depend on the ref.
func (r *Repository) isEquality(d *eval.Decision) bool {
	const most = 256 // of the names of a set, as many as a decision has
	name := fact(d.Comparison)
	switch {
	case d.Op != "==" && d.Op != "!=" && (d.Op != "select" || len(d.Others) >= most):
		return false
	case name != "ref" && name != "branch" && name != "tag":
		return false
	}
	r.decision(d.Comparison)
	return !r.derived[placeOf(d.Comparison)]
}

// isWhole reports whether what is compared is a fact as the agent gives it.
func (r *Repository) isWhole(d *eval.Decision) bool {
	name := fact(d.Comparison)
	return slices.ContainsFunc(r.Survey.Readings, func(at *planner.Reading) bool {
		return factOf(name, at.Ref.Name) == d.Subject
	})
}

// place is where a comparison is made, and where the user's code comes to it.
type place struct{ at, user value.Span }

func placeOf(c *value.Comparison) place { return place{c.At, c.User} }

// decisions finds what is known of a comparison besides its result.
type decisions map[decisionKey]*eval.Decision

type decisionKey struct {
	at              value.Span
	op, left, right string
}

// decision is the one that a comparison is part of, nil when there is none.
func (r *Repository) decision(c *value.Comparison) *eval.Decision {
	if r.decided == nil {
		r.decided = decisions{}
		all := r.ev.Decisions()
		r.derived = map[place]bool{}
		for i := range all {
			d := &all[i]
			r.decided[decisionKey{d.At, d.Op, d.Left, d.Right}] = d
			if !r.isWhole(d) {
				r.derived[placeOf(d.Comparison)] = true
			}
		}
	}
	return r.decided[decisionKey{c.At, c.Op, c.Left, c.Right}]
}

// reasons are the comparisons that decide whether the job is there and runs.
func (j *JobAt) reasons() []*value.Comparison {
	return slices.Concat(j.Found.Shared, j.Found.Own)
}

// at is the job for a ref, nil when it is not there.
func (j *Job) at(ref string) *JobAt {
	for _, at := range j.At {
		if at.Reading.Ref.Name == ref {
			return at
		}
	}
	return nil
}

// standsForAll reports whether what the job is for OtherBranch, or OtherTag, it
// is for every branch, or tag, that was not looked at: it depends on nothing but
// on whether the ref is one of those that were.
func (j *JobAt) standsForAll() bool {
	other := j.Reading.Ref.Name
	return !slices.ContainsFunc(j.reasons(), func(c *value.Comparison) bool {
		name := fact(c)
		if name == "branch" && other == planner.OtherTag || name == "tag" && other == planner.OtherBranch {
			return false // null for all of them
		}
		d := j.repo.decision(c)
		if d == nil || !j.repo.isEquality(d) || d.Subject != factOf(name, other) {
			return true
		}
		return slices.ContainsFunc(d.Others, func(text string) bool {
			ref := named(name, text)
			return ref != "" && j.repo.reading(ref) == nil
		})
	})
}

// reading is what there is for a ref, nil when it was not looked at.
func (r *Repository) reading(ref string) *planner.Reading {
	if r.byRef == nil {
		r.byRef = map[string]*planner.Reading{}
		for _, reading := range r.Survey.Readings {
			r.byRef[reading.Ref.Name] = reading
		}
	}
	return r.byRef[ref]
}

// everyRef reports whether the survey stands for every branch and tag.
func (r *Repository) everyRef() bool {
	return !r.Survey.Cut && r.reading(planner.OtherBranch) != nil && r.reading(planner.OtherTag) != nil
}

// deploys reports whether the job changes machines.
func (j *JobAt) deploys() bool {
	if a := j.Job.Action; a != nil {
		switch a.Name {
		case "dry-run", "plan", "build", "dry-activate":
			return false
		}
	}
	return deployments[j.Job.Kind]
}
