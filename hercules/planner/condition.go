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
	var out plan.Condition
	type key struct {
		at                      value.Span
		op, left, right, result string
	}
	seen := map[key]bool{}
	for _, reasons := range []hercules.Reasons{f.Shared, f.Own} {
		for _, c := range reasons {
			k := key{c.At, c.Op, c.Left, c.Right, c.Result}
			if !seen[k] {
				seen[k] = true
				out.Terms = append(out.Terms, b.term(c))
			}
		}
	}
	if f.Needs != nil {
		out.Needs = append(out.Needs, b.unknown("condition", f.Needs))
	}
	return out
}

// term is one comparison as the user wrote it. When a library made it, the
// expression is the user's call, and the operands are those of the library.
func (b *builder) term(c *value.Comparison) plan.Term {
	at := c.User
	if !at.Range().Valid() {
		at = c.At
	}
	left, right := operands(c)
	return plan.Term{
		Expression: oneLine(at.Range().Text()),
		Position:   b.position(at),
		Result:     c.Result,
		Operands: []plan.Operand{
			{Expression: left, Value: c.Left},
			{Expression: right, Value: c.Right},
		},
	}
}

// operands are the source texts of the two sides of a comparison. Where the
// comparison is not written with an operator the values stand for themselves.
func operands(c *value.Comparison) (left, right string) {
	text := c.At.Range().Text()
	file, diags := parser.Parse(diag.NewSource("", text))
	if diags.HasErrors() {
		return c.Left, c.Right
	}
	slice := func(e parser.Expr) string {
		r := e.Range()
		return oneLine(text[r.Start:r.End])
	}
	switch e := file.Expr.(type) {
	case *parser.Binary:
		return slice(e.X), slice(e.Y)
	case *parser.Apply:
		if len(e.Args) == 2 {
			return slice(e.Args[0]), slice(e.Args[1])
		}
	}
	return c.Left, c.Right
}

// oneLine is source text with every run of white space made one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
