package planner

import (
	"slices"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
)

// A set of jobs may as a whole depend on a comparison that matters to some of
// them only:
//
//	{ a = …; } // lib.optionalAttrs (src.branch == "main") { b = …; }
//
// Whether it matters to a job is found out by evaluating once more for a ref
// that turns the comparison around: if the job's attribute is still there, it
// does not.

// mostTurns bounds how many refs are evaluated for this. Comparisons beyond are
// kept.
const mostTurns = 6

// pending is a job whose condition is still to be written down.
type pending struct {
	job    int // index in the plan
	effect *Effect
}

// conditions writes down what each job depends on.
func (b *builder) conditions() {
	turned := map[string]*turnedRef{}
	for _, p := range b.pending {
		f := *p.effect.Found
		f.Shared = b.relevant(p.effect.Handler, p.effect.Found, turned)
		condition := b.condition(&f)
		condition.Elsewhere = b.elsewhere(p.effect.Handler, b.ref.Name)
		b.plan.Jobs[p.job].Condition = condition
	}
}

// relevant keeps those of the comparisons that matter to whether a job is there.
// Where a ref turns several at once and the job is gone, those that make it go
// by themselves are held responsible.
func (b *builder) relevant(h *hercules.Handler, f *hercules.Found, turned map[string]*turnedRef) hercules.Reasons {
	type verdict uint8
	const (
		kept verdict = iota // nothing says that it does not matter
		dropped
		matters // it alone
	)
	verdicts := make([]verdict, len(f.Shared))
	with := make([][]int, len(f.Shared)) // others that the same ref turns
	for i, c := range f.Shared {
		at := b.turn(c, turned)
		if at == nil {
			continue
		}
		if at.has(h, f.Attr) {
			verdicts[i] = dropped
			continue
		}
		for j, other := range f.Shared {
			if result, ok := at.results[other.At]; j != i && ok && result != other.Result {
				with[i] = append(with[i], j)
			}
		}
		if with[i] == nil {
			verdicts[i] = matters
		}
	}
	var out hercules.Reasons
	for i, c := range f.Shared {
		explained := slices.ContainsFunc(with[i], func(j int) bool { return verdicts[j] == matters })
		if verdicts[i] == matters || verdicts[i] == kept && !explained {
			out = append(out, c)
		}
	}
	return out
}

// turn evaluates for a ref that turns a comparison around; nil when none of
// those tried does.
func (b *builder) turn(c *value.Comparison, turned map[string]*turnedRef) *turnedRef {
	d := b.decision(c)
	if d == nil || b.ev.Machine().Spent() != "" {
		return nil
	}
	src := b.project.Source(b.ref.Name)
	for _, ref := range turns(d, &src) {
		at := turned[ref]
		if at == nil {
			if len(turned) == mostTurns {
				continue
			}
			at = b.evaluateAt(ref)
			turned[ref] = at
		}
		if b.ev.Machine().Spent() != "" {
			return nil // what is not there may only not have been evaluated
		}
		if result, ok := at.results[c.At]; !ok || result != c.Result {
			return at
		}
	}
	return nil
}

// turnedRef is what there is for another ref.
type turnedRef struct {
	evaluation *hercules.Evaluation
	results    map[value.Span]string // of comparisons, by their place
}

func (t *turnedRef) has(h *hercules.Handler, attr []string) bool {
	for i := range t.evaluation.Handlers {
		if other := &t.evaluation.Handlers[i]; other.Event == h.Event && other.Name == h.Name {
			return other.Visited(attr)
		}
	}
	return false
}

func (b *builder) evaluateAt(ref string) *turnedRef {
	if at := b.turned[ref]; at != nil {
		return at
	}
	return turnedTo(b.project.Evaluate(b.ev, ref))
}

func turnedTo(evaluation *hercules.Evaluation) *turnedRef {
	at := &turnedRef{evaluation, map[value.Span]string{}}
	for _, h := range at.evaluation.Handlers {
		for _, f := range h.Found {
			for _, c := range f.Shared {
				at.results[c.At] = c.Result
			}
		}
	}
	return at
}

// decision is what is known of a comparison besides its result.
func (b *builder) decision(c *value.Comparison) *eval.Decision {
	for i, d := range b.ev.Decisions() {
		if d.At == c.At && d.Op == c.Op && d.Left == c.Left && d.Right == c.Right {
			return &b.ev.Decisions()[i]
		}
	}
	return nil
}

// turns are refs for which a decision that was taken for src may come out the
// other way, the most likely first; none when it is not about the ref.
func turns(d *eval.Decision, src *hercules.GitSource) []string {
	const most = 2 // of those that the program names
	var out []string
	for _, ref := range candidates(d, src) {
		if ref != src.Ref && len(out) < most {
			out = append(out, ref)
		}
	}
	for _, mark := range d.Marks {
		switch FactName(mark) {
		case "ref", "branch":
			return append(out, OtherBranch, OtherTag)
		case "tag":
			return append(out, OtherTag, OtherBranch)
		}
	}
	return nil
}
