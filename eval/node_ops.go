package eval

import (
	"math"

	"github.com/nixplan/nixplan/eval/value"
)

// notNode is `!x`.
type notNode struct {
	node
	x value.Code
}

func (n *notNode) Eval(m *value.Machine, env *value.Env) value.Value {
	v := n.x.Eval(m, env)
	switch v.Kind() {
	case value.Bool:
		return value.NewBool(!v.Bool())
	case value.UnknownValue:
		return v
	}
	failAt(m, value.TypeMismatch, n.x.At(), "expected a Boolean, but found %s", describe(v))
	return value.Value{}
}
func (n *notNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

type logicOp uint8

const (
	opAnd logicOp = iota
	opOr
	opImpl
)

var logicText = [...]string{"&&", "||", "->"}

// logicNode is `a && b`, `a || b`, `a -> b`. With an unknown operand the other
// one may still decide: `unknown && false` is false.
type logicNode struct {
	node
	a, b value.Code
	op   logicOp
}

func (n *logicNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a := n.operand(m, env, n.a)
	// absorbing is the value of a that decides alone; result is what it gives.
	absorbing, result := n.op == opOr, n.op != opAnd
	if a.Kind() == value.Bool {
		if a.Bool() == absorbing {
			return value.NewBool(result)
		}
		return n.operand(m, env, n.b)
	}
	b := n.operand(m, env, n.b)
	if b.Kind() == value.Bool && b.Bool() == (n.op != opAnd) {
		return value.NewBool(result)
	}
	return ofType(blame(m, a.Unknown(), n.At()), value.Bool)
}
func (n *logicNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

func (n *logicNode) operand(m *value.Machine, env *value.Env, code value.Code) value.Value {
	v := code.Eval(m, env)
	if v.Kind() != value.Bool && v.Kind() != value.UnknownValue {
		failAt(m, value.TypeMismatch, code.At(), "expected a Boolean as an operand of '%s', but found %s", logicText[n.op], describe(v))
	}
	return v
}

// equalNode is `a == b` and `a != b`.
type equalNode struct {
	node
	a, b   value.Code
	negate bool
}

func (n *equalNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a, b := n.a.Eval(m, env), n.b.Eval(m, env)
	if integers(a, b) {
		return value.NewBool((a.Int() == b.Int()) != n.negate)
	}
	eq, unknown := equal(m, a, b)
	if unknown != nil {
		return ofType(blame(m, unknown, n.At()), value.Bool)
	}
	result := value.NewBool(eq != n.negate)
	op := "=="
	if n.negate {
		op = "!="
	}
	decide(m, op, a, b, result, n.At())
	return result
}
func (n *equalNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// lessNode is `a < b`; the other orders are resolved to it.
type lessNode struct {
	node
	a, b value.Code
}

func (n *lessNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a, b := n.a.Eval(m, env), n.b.Eval(m, env)
	if integers(a, b) {
		return value.NewBool(a.Int() < b.Int())
	}
	lt, unknown := less(m, a, b, n.At())
	if unknown != nil {
		return ofType(blame(m, unknown, n.At()), value.Bool)
	}
	result := value.NewBool(lt)
	decide(m, "<", a, b, result, n.At())
	return result
}
func (n *lessNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// concatNode is `a ++ b`.
type concatNode struct {
	node
	a, b value.Code
}

func (n *concatNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a, b := n.a.Eval(m, env), n.b.Eval(m, env)
	n.check(m, a, n.a)
	n.check(m, b, n.b)
	if a.Kind() == value.UnknownValue || b.Kind() == value.UnknownValue {
		return joinUnknown([]value.Value{a, b}, excerpt(n.At()), n.At())
	}
	if a.Len() == 0 {
		return b
	}
	if b.Len() == 0 {
		return a
	}
	return m.Concat(a, b)
}
func (n *concatNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

func (n *concatNode) check(m *value.Machine, v value.Value, code value.Code) {
	if v.Kind() != value.List && v.Kind() != value.UnknownValue {
		failAt(m, value.TypeMismatch, code.At(), "expected a list as an operand of '++', but found %s", describe(v))
	}
}

// addNode is `a + b`: numbers, strings, paths, or a set that coerces to a string.
type addNode struct {
	node
	a, b value.Code
}

func (n *addNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a := n.a.Eval(m, env)
	switch a.Kind() {
	case value.Int, value.Float:
		b := n.b.Eval(m, env)
		return arith(m, opAdd, a, b, n, n.a, n.b)
	case value.Path:
		return joinPath(m, a, n.b.Eval(m, env), n.At())
	}
	var b value.Value
	plain := plainText(a)
	if plain {
		if b = n.b.Eval(m, env); plainText(b) {
			return value.NewString(joinText(m, a.Str(), b.Str()))
		}
	}
	var t textBuilder
	t.add(m, coerce(m, a, coercion{at: n.a.At(), what: addToString}))
	if !plain {
		b = n.b.Eval(m, env)
	}
	if a.Kind() == value.UnknownValue && isNumber(b) { // then a is one too
		return blame(m, a.Unknown(), n.At())
	}
	// A path is copied to the store behind a string, but not in or behind a set that
	// stands for one: `self + /file` is a path below self.
	t.add(m, coerce(m, b, coercion{copyPaths: a.Kind() == value.String, at: n.b.At(), what: addToString}))
	return t.value(n.At())
}
func (n *addNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

type arithOp uint8

const (
	opAdd arithOp = iota
	opSub
	opMul
	opDiv
)

// variable is the builtin Nix calls for the operator.
func (op arithOp) variable() string { return [...]string{"__add", "__sub", "__mul", "__div"}[op] }

func (op arithOp) gerund() string {
	return [...]string{"adding", "subtracting", "multiplying", "dividing"}[op]
}

func (op arithOp) String() string { return "+-*/"[op : op+1] }

// arithNode is `a - b`, `a * b`, `a / b`.
type arithNode struct {
	node
	a, b value.Code
	op   arithOp
}

func (n *arithNode) Eval(m *value.Machine, env *value.Env) value.Value {
	a := n.a.Eval(m, env)
	return arith(m, n.op, a, n.b.Eval(m, env), n, n.a, n.b)
}
func (n *arithNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// arith computes on two numbers. For the places of errors there are the whole
// expression and the operands, nil in a call of a builtin.
func arith(m *value.Machine, op arithOp, a, b value.Value, whole, ac, bc value.Code) value.Value {
	if integers(a, b) {
		if z, ok := op.ofIntegers(a.Int(), b.Int()); ok {
			return value.NewInt(z)
		}
	}
	return arithChecked(m, op, a, b, whole, ac, bc)
}

// integers reports whether both are integers, which most numbers are. They are neither
// unknown nor derived from the ref.
func integers(a, b value.Value) bool { return a.Kind() == value.Int && b.Kind() == value.Int }

// ofIntegers computes where the result surely fits.
func (op arithOp) ofIntegers(x, y int64) (z int64, ok bool) {
	switch op {
	case opAdd:
		z = x + y
		return z, (x^z)&(y^z) >= 0
	case opSub:
		z = x - y
		return z, (x^y)&(x^z) >= 0
	case opMul:
		return x * y, int64(int32(x)) == x && int64(int32(y)) == y
	}
	if y == 0 || y == -1 {
		return 0, false
	}
	return x / y, true
}

func arithChecked(m *value.Machine, op arithOp, a, b value.Value, whole, ac, bc value.Code) value.Value {
	if u := firstUnknown(a, b); u != nil {
		return undecided(u, "arithmetic on "+u.Origin, u.At)
	}
	if op == opDiv { // Nix looks at the divisor first
		needNumber(m, b, bc, op)
		if b.Number() == 0 {
			failAt(m, value.DivisionByZero, placeOf(whole), "division by zero")
		}
	}
	needNumber(m, a, ac, op)
	needNumber(m, b, bc, op)
	if a.Kind() == value.Float || b.Kind() == value.Float {
		x, y := a.Number(), b.Number()
		switch op {
		case opAdd:
			return value.NewFloat(x + y)
		case opSub:
			return value.NewFloat(x - y)
		case opMul:
			return value.NewFloat(x * y)
		}
		return value.NewFloat(x / y)
	}
	x, y := a.Int(), b.Int()
	z, overflow := int64(0), false
	switch op {
	case opAdd:
		z = x + y
		overflow = (x > 0 && y > 0 && z < 0) || (x < 0 && y < 0 && z >= 0)
	case opSub:
		z = x - y
		overflow = (x >= 0 && y < 0 && z < 0) || (x < 0 && y > 0 && z >= 0)
	case opMul:
		z = x * y
		overflow = x != 0 && (z/x != y || x == -1 && y == math.MinInt64)
	case opDiv:
		if x == math.MinInt64 && y == -1 {
			failAt(m, value.Overflow, placeOf(whole), "overflow in integer division")
		}
		z = x / y
	}
	if overflow && !host(m).as28(integersWrap) {
		failAt(m, value.Overflow, placeOf(whole), "integer overflow in %s %d %s %d", op.gerund(), x, op, y)
	}
	return value.NewInt(z)
}

// placeOf is where code stands, no place for nil.
func placeOf(code value.Code) value.Span {
	if code == nil {
		return value.Span{}
	}
	return code.At()
}

func needNumber(m *value.Machine, v value.Value, code value.Code, op arithOp) {
	if v.Kind() == value.Int || v.Kind() == value.Float {
		return
	}
	failAt(m, value.TypeMismatch, placeOf(code), "expected a number as an operand of '%s', but found %s", op, describe(v))
}
