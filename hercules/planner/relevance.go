package planner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
)

// A set of jobs may as a whole depend on a comparison that matters to some of
// them only:
//
//	{ a = …; } // lib.optionalAttrs (src.branch == "main") { b = …; }
//
// Whether it matters to a job is found out by evaluating once more for a ref
// that turns the comparison around: if the job is still there and in the same
// state, it does not.

// mostTurns bounds how many refs are evaluated for this. Comparisons beyond are
// kept.
const mostTurns = 6

// pending is a job whose condition is still to be written down.
type pending struct {
	job     int // index in the plan
	handler *hercules.Handler
	found   *hercules.Found
}

// conditions writes down what each job depends on.
func (b *builder) conditions() {
	turned := map[string]*turnedRef{}
	for _, p := range b.pending {
		f := *p.found
		f.Shared = b.relevant(jobKey(p.handler, p.found), f.State, f.Shared, turned)
		b.plan.Jobs[p.job].Condition = b.condition(&f)
	}
}

// relevant keeps those of the comparisons that matter to a job. Where a ref
// turns several at once and the job changes, those that change it by themselves
// are held responsible.
func (b *builder) relevant(job string, state hercules.State, shared hercules.Reasons, turned map[string]*turnedRef) hercules.Reasons {
	type verdict uint8
	const (
		kept verdict = iota // nothing says that it does not matter
		dropped
		matters // it alone
	)
	verdicts := make([]verdict, len(shared))
	with := make([][]int, len(shared)) // others that the same ref turns
	for i, c := range shared {
		ref := turn(c, b.ref.Name)
		if ref == "" {
			continue
		}
		if turned[ref] == nil {
			if len(turned) == mostTurns {
				continue
			}
			turned[ref] = b.evaluateAt(ref)
		}
		at := turned[ref]
		if there, ok := at.jobs[job]; ok && there == state {
			verdicts[i] = dropped
			continue
		}
		for j, other := range shared {
			if result, ok := at.results[other.At]; j != i && ok && result != other.Result {
				with[i] = append(with[i], j)
			}
		}
		if with[i] == nil {
			verdicts[i] = matters
		}
	}
	var out hercules.Reasons
	for i, c := range shared {
		explained := slices.ContainsFunc(with[i], func(j int) bool { return verdicts[j] == matters })
		if verdicts[i] == matters || verdicts[i] == kept && !explained {
			out = append(out, c)
		}
	}
	return out
}

func jobKey(h *hercules.Handler, f *hercules.Found) string {
	return strings.Join(full(h, f.Job), "\x00")
}

// turnedRef is what there is for another ref.
type turnedRef struct {
	jobs    map[string]hercules.State
	results map[value.Span]string // of comparisons, by their place
}

func (b *builder) evaluateAt(ref string) *turnedRef {
	at := &turnedRef{map[string]hercules.State{}, map[value.Span]string{}}
	result := b.project.Evaluate(b.ev, ref)
	for i := range result.Handlers {
		h := &result.Handlers[i]
		for j := range h.Found {
			f := &h.Found[j]
			if f.Class == hercules.Effect {
				at.jobs[jobKey(h, f)] = f.State
			}
			for _, c := range f.Shared {
				at.results[c.At] = c.Result
			}
		}
	}
	return at
}

// Refs that nobody names.
const (
	otherBranch = "refs/heads/nixplan/another-branch"
	otherTag    = "refs/tags/nixplan/another-tag"
)

// turn gives a ref for which a comparison made for ref comes out the other way,
// "" when none is obvious.
func turn(c *value.Comparison, ref string) string {
	if c.Op != "==" && c.Op != "!=" || len(c.Marks) == 0 || c.Result != "true" && c.Result != "false" {
		return ""
	}
	equal := (c.Op == "==") == (c.Result == "true")
	fact := c.Marks[0][strings.LastIndexByte(c.Marks[0], '.')+1:]
	prefix, known := map[string]string{"ref": "", "branch": "refs/heads/", "tag": "refs/tags/"}[fact]
	if !known {
		return ""
	}
	isNull := c.Left == "null" || c.Right == "null"
	switch {
	case isNull && (equal || strings.HasPrefix(ref, prefix)):
		// The fact is null, or is to become null: it takes the other kind of ref.
		if (fact == "branch") == equal {
			return otherBranch
		}
		return otherTag
	case equal:
		if fact == "tag" {
			return otherTag
		}
		return otherBranch
	}
	own := strings.TrimPrefix(ref, prefix)
	for _, side := range []string{c.Left, c.Right} {
		if text, err := strconv.Unquote(side); err == nil && text != own {
			return prefix + text
		}
	}
	return ""
}
