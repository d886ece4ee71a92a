package eval

import (
	"math"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/value"
)

func numberPrims() []value.Prim {
	return []value.Prim{
		{Name: "add", Arity: 2, Strict: 0b11, F2: arithPrim(opAdd)},
		{Name: "bitAnd", Result: value.Int, Arity: 2, Strict: 0b11, Takes: takes{takesInt, takesInt}, F2: bitPrim(func(a, b int64) int64 { return a & b })},
		{Name: "bitOr", Result: value.Int, Arity: 2, Strict: 0b11, Takes: takes{takesInt, takesInt}, F2: bitPrim(func(a, b int64) int64 { return a | b })},
		{Name: "bitXor", Result: value.Int, Arity: 2, Strict: 0b11, Takes: takes{takesInt, takesInt}, F2: bitPrim(func(a, b int64) int64 { return a ^ b })},
		{Name: "ceil", Result: value.Int, Arity: 1, Strict: 1, F1: roundPrim(math.Ceil)},
		{Name: "div", Arity: 2, Strict: 0b11, F2: arithPrim(opDiv)},
		{Name: "floor", Result: value.Int, Arity: 1, Strict: 1, F1: roundPrim(math.Floor)},
		{Name: "lessThan", Result: value.Bool, Arity: 2, Strict: 0b11, F2: primLessThan},
		{Name: "mul", Arity: 2, Strict: 0b11, F2: arithPrim(opMul)},
		{Name: "sub", Arity: 2, Strict: 0b11, F2: arithPrim(opSub)},
	}
}

func arithPrim(op arithOp) func(*value.Machine, value.Value, value.Value) value.Value {
	return func(m *value.Machine, a, b value.Value) value.Value { return arith(m, op, a, b, nil, nil, nil) }
}

func bitPrim(op func(a, b int64) int64) func(*value.Machine, value.Value, value.Value) value.Value {
	return func(m *value.Machine, a, b value.Value) value.Value {
		return value.NewInt(op(wantInt(m, a), wantInt(m, b)))
	}
}

// roundPrim is floor or ceil. Nix makes a float of an integer as well. Today's
// refuses results outside the integers and integers that the float does not hold;
// 2.8 gave the smallest integer, and the rounded one.
func roundPrim(round func(float64) float64) func(*value.Machine, value.Value) value.Value {
	return func(m *value.Machine, v value.Value) value.Value {
		if v.Kind() != value.Float && v.Kind() != value.Int {
			wrongType(m, v, "a number")
		}
		n, fits := numfmt.ToInt(round(v.Number()))
		switch {
		case v.Kind() == value.Int && (!fits || n != v.Int()) && !host(m).as28(integersRounded):
			fail(m, value.Overflow, "the integer %d cannot be rounded: Nix makes a float of it, which does not hold it exactly", v.Int())
		case fits:
			return value.NewInt(n)
		case host(m).as28(roundingSaturates):
			return value.NewInt(math.MinInt64)
		}
		fail(m, value.Overflow, "the number %g is outside the range of integers", v.Float())
		return value.Value{}
	}
}

func primLessThan(m *value.Machine, a, b value.Value) value.Value {
	lt, unknown := less(m, a, b, value.Span{})
	if unknown != nil {
		return undecided(unknown, "comparison with "+unknown.Origin, unknown.At)
	}
	result := value.NewBool(lt)
	decide(m, "<", a, b, result, here(m))
	return result
}
