package eval

import "github.com/nixplan/nixplan/eval/value"

// span is where a node stands; embedded, it is the node's At.
type span struct{ Start, End value.Pos }

func (s span) At() value.Span   { return value.Span{Start: s.Start, End: s.End} }
func (s span) Span() value.Span { return value.Span{Start: s.Start, End: s.End} }

// node is what the nodes have that delay themselves.
type node struct {
	span
	value.Delayed
}

func (s span) node() node { return node{span: s} }

// constant is a value known when the file was read.
type constant struct {
	span
	v value.Value
}

func (n *constant) Eval(*value.Machine, *value.Env) value.Value  { return n.v }
func (n *constant) Delay(*value.Machine, *value.Env) value.Value { return n.v }

// globalNode is a builtin or a variable that scopedImport brought in.
type globalNode struct {
	span
	slot *value.Value
}

func (n *globalNode) Eval(m *value.Machine, _ *value.Env) value.Value { return m.Force(n.slot) }
func (n *globalNode) Delay(*value.Machine, *value.Env) value.Value    { return *n.slot }

// foldedNode is `builtins.name`, looked up when the file was read.
type foldedNode struct {
	span
	slot *value.Value
}

func (n *foldedNode) Eval(m *value.Machine, _ *value.Env) value.Value { return m.Force(n.slot) }
func (n *foldedNode) Delay(m *value.Machine, _ *value.Env) value.Value {
	v := *n.slot
	switch { // each selection would have been a thunk, and functions are equal by where they are
	case v.IsFunction():
		return v.Fresh()
	case v.IsThunk():
		return m.NewThunk(n, nil)
	}
	return v
}

// var0, var1 and varN are variables 0, 1 and more levels out.
type var0 struct {
	span
	slot int
}

func (n *var0) Eval(m *value.Machine, env *value.Env) value.Value { return m.Force(env.Slot(n.slot)) }
func (n *var0) Delay(m *value.Machine, env *value.Env) value.Value {
	return delaySlot(m, n, env, env.Slot(n.slot))
}

type var1 struct {
	span
	slot int
}

func (n *var1) Eval(m *value.Machine, env *value.Env) value.Value {
	return m.Force(env.Parent().Slot(n.slot))
}
func (n *var1) Delay(m *value.Machine, env *value.Env) value.Value {
	return delaySlot(m, n, env, env.Parent().Slot(n.slot))
}

type varN struct {
	span
	level, slot int
}

func (n *varN) Eval(m *value.Machine, env *value.Env) value.Value {
	return m.Force(env.Up(n.level).Slot(n.slot))
}
func (n *varN) Delay(m *value.Machine, env *value.Env) value.Value {
	return delaySlot(m, n, env, env.Up(n.level).Slot(n.slot))
}

// delaySlot shares the slot's value or thunk. A slot of a recursive level that
// is just being filled may still be empty; then a thunk looks again later.
func delaySlot(m *value.Machine, n value.Code, env *value.Env, slot *value.Value) value.Value {
	if slot.IsNone() {
		return m.NewThunk(n, env)
	}
	return *slot
}

// outerNode is `inherit name;` in a recursive level: code of the enclosing one.
type outerNode struct{ code value.Code }

func (n *outerNode) At() value.Span { return n.code.At() }
func (n *outerNode) Eval(m *value.Machine, env *value.Env) value.Value {
	return n.code.Eval(m, env.Parent())
}
func (n *outerNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return n.code.Delay(m, env.Parent())
}

// listNode is `[ a b ]`.
type listNode struct {
	node
	elems []value.Code
}

func (n *listNode) Eval(m *value.Machine, env *value.Env) value.Value {
	elems := m.Slots(len(n.elems))
	for i, c := range n.elems {
		elems[i] = c.Delay(m, env)
	}
	return value.NewList(elems)
}
func (n *listNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// letNode is `let … in body`. The level's slots are 1 and up.
type letNode struct {
	node
	slots []value.Code
	body  value.Code
}

func (n *letNode) Eval(m *value.Machine, env *value.Env) value.Value {
	return n.body.Eval(m, fill(m, env, n.slots))
}
func (n *letNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// fill makes a recursive level: an environment whose slots are delayed in itself.
func fill(m *value.Machine, env *value.Env, slots []value.Code) *value.Env {
	inner := m.Capture(env, len(slots)+1)
	for i, c := range slots {
		*inner.Slot(i + 1) = c.Delay(m, inner)
	}
	return inner
}

// ifNode is `if c then a else b`. An unknown condition makes the result unknown.
type ifNode struct {
	node
	cond, then, els value.Code
}

func (n *ifNode) Eval(m *value.Machine, env *value.Env) value.Value {
	c := n.cond.Eval(m, env)
	if c.Kind() != value.Bool {
		if c.Kind() == value.UnknownValue {
			v := blameText(m, c.Unknown(), "if "+excerpt(n.cond.At())+" …", n.At())
			v.Unknown().Then, v.Unknown().Else = n.then.Delay(m, env), n.els.Delay(m, env)
			return v
		}
		failAt(m, value.TypeMismatch, n.cond.At(), "expected a Boolean as the condition of 'if', but found %s", describe(c))
	}
	if c.Bool() {
		return n.then.Eval(m, env)
	}
	return n.els.Eval(m, env)
}
func (n *ifNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// assertNode is `assert c; body`. An assertion on an unknown is taken to hold:
// if it did not, the value would not exist at all.
type assertNode struct {
	node
	cond, body value.Code
}

func (n *assertNode) Eval(m *value.Machine, env *value.Env) value.Value {
	c := n.cond.Eval(m, env)
	switch c.Kind() {
	case value.Bool:
		if !c.Bool() {
			failAt(m, value.AssertionFailed, n.cond.At(), "assertion '%s' failed", excerpt(n.cond.At()))
		}
	case value.UnknownValue:
		host(m).assume("assertion '"+excerpt(n.cond.At())+"' holds", n.cond.At())
	default:
		failAt(m, value.TypeMismatch, n.cond.At(), "expected a Boolean as the condition of 'assert', but found %s", describe(c))
	}
	return n.body.Eval(m, env)
}
func (n *assertNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// withNode is `with scope; body`: an environment whose slot 1 holds the set,
// forced only when a look-up reaches it.
type withNode struct {
	node
	scope, body value.Code
}

func (n *withNode) Eval(m *value.Machine, env *value.Env) value.Value {
	inner := m.Capture(env, 2)
	*inner.Slot(1) = n.scope.Delay(m, env)
	return n.body.Eval(m, inner)
}
func (n *withNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// withVar is a name that only an enclosing `with` can bind.
type withVar struct {
	node
	sym    value.Symbol
	levels []int // of the `with` environments, innermost first
}

func (n *withVar) Eval(m *value.Machine, env *value.Env) value.Value {
	var open *value.Unknown
	for _, level := range n.levels {
		slot := env.Up(level).Slot(1)
		set := m.Force(slot)
		switch set.Kind() {
		case value.AttrSet:
			if a := set.Attrs().Get(n.sym); a != nil {
				return m.Force(&a.Value)
			}
			if u := set.Attrs().Open(); u != nil && (open == nil || open.Lacking(n.sym)) {
				open = u
			}
		case value.UnknownValue:
			if open == nil || open.Lacking(n.sym) {
				open = set.Unknown()
			}
		default:
			failAt(m, value.TypeMismatch, n.At(), "expected a set after 'with', but found %s", describe(set))
		}
	}
	// A set that is only partly known comes last: where another one surely has
	// the name, that is what is meant.
	if open != nil {
		return host(m).selectUnknown(m, open, n.sym, n.At())
	}
	e := &value.Error{Kind: value.UndefinedVariable, At: n.At(), Message: "undefined variable '" + n.sym.String() + "'"}
	var known []string
	for _, level := range n.levels {
		for _, a := range env.Up(level).Slot(1).Attrs().All() {
			known = append(known, a.Name.String())
		}
	}
	if near := nearest(n.sym.String(), known); near != "" {
		e.Help = "did you mean '" + near + "'?"
	}
	m.Throw(e)
	return value.Value{}
}
func (n *withVar) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// lambdaNode makes a closure.
type lambdaNode struct {
	span
	fn *value.Function
}

func (n *lambdaNode) Eval(m *value.Machine, env *value.Env) value.Value {
	return m.NewClosure(env, n.fn)
}
func (n *lambdaNode) Delay(m *value.Machine, env *value.Env) value.Value { return n.Eval(m, env) }
