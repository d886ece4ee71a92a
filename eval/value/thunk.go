package value

import "unsafe"

// Thunk is a delayed computation. code tells the state it is in:
//
//	code              val
//	*delayedCall      the argument     a function's call, not begun
//	any other code    p: the Env       an expression, not begun
//	*underWay         as before        being evaluated: needing it is infinite recursion
//	nil               the result
//	*dependent        the result       with the comparisons it came to depend on
//
// That makes 32 bytes, so that none lies across two cache lines; with fields for
// each of them it was 40. A minimal NixOS system makes 3.7 million thunks.
type Thunk struct {
	val  Value
	code Code
}

// noCode is what only marks a thunk's state: it is never evaluated.
type noCode struct{}

func (noCode) Eval(*Machine, *Env) Value  { return Value{} }
func (noCode) Delay(*Machine, *Env) Value { return Value{} }
func (noCode) At() Span                   { return Span{} }

// delayedCall is a closure to be called. The thunk needs no environment of its
// own, which halves what map and genList allocate.
type delayedCall Closure

func (*delayedCall) Eval(*Machine, *Env) Value  { return Value{} }
func (*delayedCall) Delay(*Machine, *Env) Value { return Value{} }
func (*delayedCall) At() Span                   { return Span{} }

type underWay struct {
	noCode
	_ byte
}

type dependent Deps

func (*dependent) Eval(*Machine, *Env) Value  { return Value{} }
func (*dependent) Delay(*Machine, *Env) Value { return Value{} }
func (*dependent) At() Span                   { return Span{} }

var blackhole = new(underWay)

// NewThunk delays code in env.
func (m *Machine) NewThunk(code Code, env *Env) Value {
	m.captured++
	t := m.newThunk()
	t.code, t.val.p = code, unsafe.Pointer(env)
	return newThunkValue(t)
}

// DelayCall delays the call of a function value that is a Lambda.
func (m *Machine) DelayCall(f, arg Value) Value {
	t := m.newThunk()
	t.code, t.val = (*delayedCall)(f.Closure()), arg
	return newThunkValue(t)
}

func (m *Machine) newThunk() *Thunk {
	if len(m.thunks) == 0 {
		m.growThunks()
	}
	t := &m.thunks[0]
	m.thunks = m.thunks[1:]
	return t
}

func (m *Machine) growThunks() {
	m.thunks = newSlab[Thunk](m)
}

// Force replaces a thunk by its result and gives the value in weak head normal
// form. Errors leave the thunk as it was, so it can be forced again.
func (m *Machine) Force(slot *Value) Value {
	if Kind(slot.n) != ThunkValue {
		return *slot
	}
	return m.forceThunk(slot, nil)
}

// ForceAttr is Force for an attribute's value; traces name the attribute.
func (m *Machine) ForceAttr(a *Attr) Value {
	if Kind(a.Value.n) != ThunkValue {
		return a.Value
	}
	return m.forceThunk(&a.Value, a)
}

func (m *Machine) forceThunk(slot *Value, attr *Attr) Value {
	t := slot.thunk()
	code, val := t.code, t.val
	if code == nil {
		*slot = val
		return val
	}
	var function *Closure
	switch c := code.(type) {
	case *delayedCall:
		function = (*Closure)(c)
	case *dependent:
		m.deps = m.deps.union((*Deps)(c))
		return val
	case *underWay:
		m.Throw(&Error{Kind: InfiniteRecursion, Message: "infinite recursion encountered"})
	}
	f := Frame{thunk: t, code: code, deps: m.deps}
	if attr != nil {
		f.about = attr
	}
	m.push(f)
	m.deps = nil
	t.code = blackhole
	var v Value
	if function != nil {
		v = m.Apply(m, NewClosure(function), val)
	} else {
		v = code.Eval(m, (*Env)(val.p))
	}
	if v.IsFunction() {
		v = v.Fresh()
	}
	t.val = v
	outer := m.frames[len(m.frames)-1].deps
	m.pop()
	if m.deps == nil {
		t.code = nil
		m.deps = outer
		*slot = v
	} else {
		t.code = (*dependent)(m.deps)
		m.deps = outer.union(m.deps)
	}
	return v
}

// Peek is the result of a thunk that was already forced.
func (v Value) Peek() (Value, bool) {
	if !v.IsThunk() {
		return v, true
	}
	t := v.thunk()
	if _, done := t.code.(*dependent); done || t.code == nil {
		return t.val, true
	}
	return Value{}, false
}

// Fresh gives a function an identity of its own: in Nix two cells that hold the
// result of evaluating the same expression are different functions to `==`.
func (v Value) Fresh() Value {
	switch v.Kind() {
	case Lambda:
		c := *v.Closure()
		return NewClosure(&c)
	case PrimOp:
		p := *v.Prim()
		return NewPrim(&p)
	default:
		a := *v.PrimApp()
		return NewPrimApp(&a)
	}
}
