package planner

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
	"github.com/nixplan/nixplan/plan"
)

// condition lists the comparisons with facts about the ref that something in
// the plan depends on.
func (b *builder) condition(f *hercules.Found) plan.Condition {
	out := plan.Condition{Never: f.Never}
	type key struct {
		at, user                value.Span
		op, left, right, result string
	}
	seen := map[key]int{}
	for _, reasons := range []hercules.Reasons{f.Shared, f.Own} {
		for _, c := range reasons {
			term, repeats := b.term(c)
			k := key{at: c.At, user: c.User}
			if !repeats {
				k = key{c.At, c.User, c.Op, c.Left, c.Right, c.Result}
			}
			if i, ok := seen[k]; ok {
				out.Terms[i] = term
				continue
			}
			seen[k] = len(out.Terms)
			out.Terms = append(out.Terms, term)
		}
	}
	if f.Needs != nil {
		out.Needs = append(out.Needs, b.unknown("condition", f.Needs))
	}
	return out
}

// term is one comparison as the user wrote it. repeats says that it is one of
// several that a builtin makes until the answer is known, as elem and sort do;
// the last one stands for all.
func (b *builder) term(c *value.Comparison) (term plan.Term, repeats bool) {
	at := c.User
	if !at.Range().Valid() {
		at = c.At
	}
	term = plan.Term{
		Expression: oneLine(at.Range().Text()),
		Position:   b.position(at),
		Result:     c.Result,
	}
	left, right, ok := b.operands(c)
	if at == c.At && ok {
		term.Operands = []plan.Operand{{Expression: left, Value: c.Left}, {Expression: right, Value: c.Right}}
		return term, false
	}
	// A library or a builtin made it, out of parts that mean nothing to the
	// user: what counts are the facts it looked at.
	for _, fact := range c.Marks {
		term.Operands = append(term.Operands, plan.Operand{Expression: fact, Value: b.argument(fact)})
	}
	return term, !ok
}

// argument is a fact about the ref, in Nix syntax.
func (b *builder) argument(name string) string {
	for _, legacy := range []bool{true, false} {
		for _, arg := range b.result.Source.Arguments(legacy) {
			// A herculesCI function gets some facts at its top as well.
			if arg.Name == name || arg.Name == "primaryRepo."+name {
				return arg.Value
			}
		}
	}
	return ""
}

// sides are the source texts of the two sides of a comparison.
type sides struct {
	left, right string
	ok          bool
}

// operands are the sides of a comparison that is written with an operator, or as a
// call of match. Each place is read once for all refs.
func (p *Planner) operands(c *value.Comparison) (left, right string, ok bool) {
	key := operation{c.At, c.Op}
	s, known := p.written[key]
	if !known {
		s.left, s.right, s.ok = operands(c)
		p.written[key] = s
	}
	return s.left, s.right, s.ok
}

// operation is a place and what is done there.
type operation struct {
	at value.Span
	op string
}

func operands(c *value.Comparison) (left, right string, ok bool) {
	text := c.At.Range().Text()
	file, diags := parser.Parse(diag.NewSource("", text))
	if diags.HasErrors() {
		return "", "", false
	}
	slice := func(e parser.Expr) string {
		r := e.Range()
		return oneLine(text[r.Start:r.End])
	}
	switch e := file.Expr.(type) {
	case *parser.Binary:
		return slice(e.X), slice(e.Y), true
	case *parser.Apply:
		if c.Op == "match" && len(e.Args) == 2 {
			return slice(e.Args[1]), slice(e.Args[0]), true // the subject comes second
		}
	}
	return "", "", false
}

// oneLine is source text with every run of white space made one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
