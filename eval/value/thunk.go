package value

import "unsafe"

// A thunk is a cell of a Value's size. Once it was forced it holds the result;
// before that its kind says what is delayed:
//
//	kind           n above the kind     p
//	delayed        the code's number    the Env             an expression of the program
//	delayedCode                         *pendingCode        other code
//	delayedCall                         *pendingCall        a function's call
//	delayedIndex    the argument        *Closure            a call with a number, as of genList
//	dependent                           *dependentResult    done, the result depends on comparisons
//
// and underWay on top of the first four that it is being evaluated: needing it
// then is infinite recursion.
//
// That makes 16 bytes. With the code itself in place of its number it was 32, and
// the packages of nixpkgs, which make 13 million thunks, took 160 MB more.
const (
	delayed Kind = 0x40 + iota
	delayedCode
	delayedCall
	delayedIndex
	dependent

	underWay Kind = 0x80
)

type pendingCode struct {
	code Code
	env  *Env
}

type pendingCall struct {
	function *Closure
	arg      Value
}

type dependentResult struct {
	val  Value
	deps *Deps
}

// Delayed is for a node of a program that delays itself: the number its machine
// knows it by. A node belongs to one machine.
type Delayed struct{ number int32 }

// Delay delays a node in env.
func (m *Machine) Delay(d *Delayed, code Code, env *Env) Value {
	if d.number == 0 {
		m.codes = append(m.codes, code)
		d.number = int32(len(m.codes))
	}
	env.hold()
	t := m.newThunk()
	t.n, t.p = int64(d.number)<<payload|int64(delayed), unsafe.Pointer(env)
	return newThunkValue(t)
}

// NewThunk delays code that is no node of a program in env.
func (m *Machine) NewThunk(code Code, env *Env) Value {
	env.hold()
	t := m.newThunk()
	t.n, t.p = int64(delayedCode), unsafe.Pointer(&pendingCode{code, env})
	return newThunkValue(t)
}

// DelayCall delays the call of a function value that is a Lambda.
func (m *Machine) DelayCall(f, arg Value) Value {
	if Kind(arg.n) == Int && arg.p == nil {
		t := m.newThunk()
		t.n, t.p = arg.n-int64(Int)+int64(delayedIndex), unsafe.Pointer(f.Closure())
		return newThunkValue(t)
	}
	if len(m.calls) == 0 {
		m.calls = newSlab(m, &m.rest.calls)
	}
	c := &m.calls[0]
	m.calls = m.calls[1:]
	c.function, c.arg = f.Closure(), arg
	t := m.newThunk()
	t.n, t.p = int64(delayedCall), unsafe.Pointer(c)
	return newThunkValue(t)
}

func (m *Machine) newThunk() *Value {
	if len(m.thunks) == 0 {
		m.growThunks()
	}
	t := &m.thunks[0]
	m.thunks = m.thunks[1:]
	return t
}

func (m *Machine) growThunks() {
	m.thunks = newSlab(m, &m.rest.thunks)
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
	cell := *t
	var code Code
	var env *Env
	var function *Closure
	var arg Value
	switch Kind(cell.n) {
	case delayed:
		code, env = m.codes[cell.n>>payload-1], (*Env)(cell.p)
	case delayedCode:
		c := (*pendingCode)(cell.p)
		code, env = c.code, c.env
	case delayedCall:
		c := (*pendingCall)(cell.p)
		function, arg = c.function, c.arg
	case delayedIndex:
		function, arg = (*Closure)(cell.p), Value{n: cell.n - int64(delayedIndex) + int64(Int)}
	case dependent:
		r := (*dependentResult)(cell.p)
		m.deps = m.deps.union(r.deps)
		return r.val
	default:
		if Kind(cell.n)&underWay != 0 {
			m.Throw(&Error{Kind: InfiniteRecursion, Message: "infinite recursion encountered"})
		}
		*slot = cell
		return cell
	}
	f := m.push()
	f.thunk, f.code, f.deps = t, code, m.deps
	if attr != nil {
		f.about = attr
	}
	m.deps = nil
	t.n |= int64(underWay)
	var v Value
	if function != nil {
		v = m.Apply(m, NewClosure(function), arg)
	} else {
		v = code.Eval(m, env)
	}
	if v.IsFunction() {
		v = v.Fresh()
	}
	outer := m.frames[len(m.frames)-1].deps
	m.pop()
	if m.deps == nil {
		*t, *slot = v, v
		m.deps = outer
	} else {
		*t = Value{n: int64(dependent), p: unsafe.Pointer(&dependentResult{v, m.deps})}
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
	switch k := Kind(t.n); {
	case k < delayed:
		return *t, true
	case k == dependent:
		return (*dependentResult)(t.p).val, true
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
