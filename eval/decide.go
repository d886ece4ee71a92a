package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// decide records a comparison when one of its operands derives from a fact
// about the git ref. Operands are in weak head normal form.
func decide(m *value.Machine, op string, a, b, result value.Value, at value.Span) {
	marks := marksOf(m, a, 2).Union(marksOf(m, b, 2))
	if marks.Empty() {
		return
	}
	if (a.Kind() == value.Null || b.Kind() == value.Null) && host(m).inModel(at.Start) {
		return // the model asks whether an optional value is there; nobody's condition
	}
	c := &value.Comparison{At: at, User: host(m).userSpan(m, at), Op: op, Left: brief(m, a), Right: brief(m, b), Result: brief(m, result)}
	for _, e := range marks.Elems() {
		c.Marks = append(c.Marks, e.Path)
	}
	c.Trail = m.Trail(mostSteps, func(s value.Span) bool { return s.Start != 0 && !host(m).inModel(s.Start) })
	m.Decide(c)
	host(m).decided(c, op, a, b)
}

// mostSteps bounds the trail of a comparison.
const mostSteps = 16

// A Decision is a comparison with a fact about the git ref together with what
// another fact could have been compared with: where to look for refs that make a
// difference.
type Decision struct {
	*value.Comparison
	// Subject is the text that derives from the fact, "" for null.
	Subject string
	// Others are the texts on the other side: the operand, the elements of a
	// list, the names of a set.
	Others []string
	// Joined are the two sides of a comparison of lists of texts, with slashes between
	// the elements: what a name that was split consists of.
	Joined [2]string
	// Pattern is the regular expression of a match.
	Pattern string
}

// mostDecisions bounds how many are kept. mostOthers bounds the texts of one of
// them.
const (
	mostDecisions = 10_000
	mostOthers    = 256
)

// decided keeps a comparison for Decisions.
func (ev *Evaluator) decided(c *value.Comparison, op string, a, b value.Value) {
	if len(ev.decisions) >= mostDecisions {
		return
	}
	subject, other := a, b
	if marksOf(ev.machine, a, 1).Empty() {
		subject, other = b, a
	}
	d := Decision{Comparison: c}
	switch {
	case subject.Kind() == value.String:
		d.Subject = subject.Str()
	case subject.Kind() == value.List && other.Kind() == value.List:
		d.Joined = [2]string{strings.Join(texts(subject), "/"), strings.Join(texts(other), "/")}
	}
	if op == "match" {
		d.Pattern = other.Str()
	} else {
		d.Others = texts(other)
	}
	key := decisionKey{c.At, op, d.Subject, c.Left, c.Right}
	if ev.decidedSeen[key] {
		return
	}
	ev.decidedSeen[key] = true
	ev.decisions = append(ev.decisions, d)
}

type decisionKey struct {
	at                       value.Span
	op, subject, left, right string
}

// texts are the strings a value consists of, as far as they are evaluated.
func texts(v value.Value) []string {
	switch v.Kind() {
	case value.String:
		return []string{v.Str()}
	case value.List:
		var out []string
		for _, e := range v.List()[:min(mostOthers, v.Len())] {
			if done, ok := e.Peek(); ok && done.Kind() == value.String {
				out = append(out, done.Str())
			}
		}
		return out
	case value.AttrSet:
		var out []string
		for _, a := range v.Attrs().ByName() {
			if len(out) == mostOthers {
				break
			}
			out = append(out, a.Name.String())
		}
		return out
	}
	return nil
}

// Decisions are the comparisons with facts about the git ref made so far, each
// once, in order.
func (ev *Evaluator) Decisions() []Decision { return ev.decisions }

// observe records an operation that takes a text derived from the ref and gives
// something that cannot carry its marks.
func observe(m *value.Machine, op string, v, result value.Value) value.Value {
	if v.Kind() == value.String && !v.Context().Marks().Empty() {
		decide(m, op, v, result, result, here(m))
	}
	return result
}

// decideLookup records `set.${name}` and `set ? ${name}` with a name that
// derives from the ref.
func decideLookup(m *value.Machine, name, set value.Value, sym value.Symbol, at value.Span) {
	if name.Context().Marks().Empty() {
		return
	}
	found := set.Kind() == value.AttrSet && set.Attrs().Get(sym) != nil
	decide(m, "select", name, set, value.NewBool(found), at)
}

// marksOf are the marks of a value: of a string or null, or of the strings in
// a list or set that are already evaluated, some levels deep.
func marksOf(m *value.Machine, v value.Value, depth int) *value.Context {
	switch v.Kind() {
	case value.String:
		return v.Context().Marks()
	case value.Null:
		return v.Marks()
	case value.List:
		if depth == 0 {
			return nil
		}
		const most = 64 // a comparison must not cost more than it is worth
		var marks *value.Context
		for _, e := range v.List()[:min(most, v.Len())] {
			if done, ok := e.Peek(); ok {
				marks = marks.Union(marksOf(m, done, depth-1))
			}
		}
		return marks
	}
	return nil
}

// Marked makes a string that carries the mark of a fact about the git ref.
func Marked(text, fact string) value.Value {
	return value.NewStringContext(text, value.NewContext(value.ContextElem{Kind: value.Marked, Path: fact}))
}

// MarkedNull makes a null that carries such a mark.
func MarkedNull(fact string) value.Value {
	return value.MarkedNull(value.NewContext(value.ContextElem{Kind: value.Marked, Path: fact}))
}
