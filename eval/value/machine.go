package value

import (
	"context"
	"time"
	"unsafe"
)

// Env is an environment: a run of slots. Slot 0 holds the enclosing
// environment; what the others hold is laid down by the resolver.
type Env struct{ parent Value }

// hold notes, in slot 0, that something was made that refers to the environment: a
// thunk, a closure or an environment below it.
func (e *Env) hold() {
	if e != nil {
		e.parent.n = 1
	}
}

const slotSize = unsafe.Sizeof(Value{})

// Slot is the address of slot i; i must be below the size given to NewEnv.
func (e *Env) Slot(i int) *Value {
	return (*Value)(unsafe.Add(unsafe.Pointer(e), uintptr(i)*slotSize))
}

// Parent is the enclosing environment.
func (e *Env) Parent() *Env { return (*Env)(e.parent.p) }

// Up is the environment levels further out.
func (e *Env) Up(levels int) *Env {
	for ; levels > 0; levels-- {
		e = (*Env)(e.parent.p)
	}
	return e
}

// Frame is one entry of the machine's stack: a thunk being forced or a call.
// The stack is what an error restores thunks from, what traces are made of and
// what the depth is measured on.
type Frame struct {
	thunk *Value // the cell
	code  Code
	deps  *Deps // of the surrounding computation
	// about says for traces what is going on: the *Function or *Prim that was
	// called, the *Attr whose value is needed, or a func() (string, Span).
	about any
}

// Machine runs code: it holds the stack, the slabs new values come from and the
// budgets. It is for one goroutine.
type Machine struct {
	// Host belongs to the evaluator that drives the machine, and Apply is how it
	// calls a closure.
	Host  any
	Apply func(m *Machine, f, arg Value) Value

	limits    Limits
	ctx       context.Context
	frames    []Frame
	callDepth int
	steps     int64
	nextSteps int64     // the steps at which to look at the context
	nextHeap  int64     // the steps at which to look at the heap
	spent     string    // why there can be no more, once the time or the steps are used up
	allocated int64     // bytes charged, freed ones included
	nextLook  int64     // the allocated at which to look at the heap
	apart     int64     // bytes of trees and code charged since the last look for them
	apartLook int64     // the apart at which to look
	looked    time.Time // closely at the heap
	deps      *Deps
	tracks    int // calls of Track under way

	// free are environments that were given back, by their size, one below the other.
	free [maxFree + 1]*Env
	// Poison is for tests: slots that were given back are not used again, and
	// whoever still reads one gets an error.
	Poison bool

	grown    []Value // the list that Concat made last, with the room behind it
	slab     []Value // the whole slab that slots is the rest of
	slots    []Value
	thunks   []Value
	calls    []pendingCall
	codes    []Code // by their number, less one
	attrs    []Attr
	closures []Closure
	sets     []Attrs
	rest     struct { // of their large slabs; see newSlab
		slots, thunks []Value
		calls         []pendingCall
		attrs         []Attr
		closures      []Closure
		sets          []Attrs
	}
}

// NewMachine makes a machine that stops when ctx is done or a limit is passed.
func NewMachine(ctx context.Context, limits Limits) *Machine {
	if limits.CallDepth == 0 {
		limits.CallDepth = 10_000
	}
	if limits.Depth == 0 {
		limits.Depth = 200_000
	}
	return &Machine{limits: limits, ctx: ctx, nextLook: firstLook, apartLook: firstLook, nextSteps: stepsPerLook, nextHeap: firstHeapLook, looked: time.Now().Add(-closeLook)}
}

// Steps is how many thunks and calls were evaluated so far.
func (m *Machine) Steps() int64 { return m.steps }

// Slots gives n fresh empty slots.
func (m *Machine) Slots(n int) []Value {
	if n > len(m.slots) {
		return m.growSlots(n)
	}
	s := m.slots[:n:n]
	m.slots = m.slots[n:]
	return s
}

func (m *Machine) growSlots(n int) []Value {
	if n > slabBytes/4/int(slotSize) || m.singly() {
		m.Charge(int64(n) * 16)
		return make([]Value, n)
	}
	m.slab = newSlab(m, &m.rest.slots)
	m.slots = m.slab
	return m.Slots(n)
}

func (m *Machine) attrSlots(n int) []Attr {
	room, fromSlab := m.attrRoom(n)
	if fromSlab {
		m.attrs = m.attrs[n:]
	}
	return room[:n:n]
}

// attrRoom is room for n attributes. From a slab it is still to be taken, as much of
// it as was filled: m.attrs begins with it.
func (m *Machine) attrRoom(n int) (room []Attr, fromSlab bool) {
	if n > len(m.attrs) && (n > slabBytes/4/int(unsafe.Sizeof(Attr{})) || m.singly()) {
		m.Charge(int64(n) * 24)
		return make([]Attr, n), false
	}
	for n > len(m.attrs) { // the last of a large slab is short
		m.attrs = newSlab(m, &m.rest.attrs)
	}
	return m.attrs[:n], true
}

// AttrSlots gives room for n attributes, for NewAttrsSorted and NewAttrsList.
func (m *Machine) AttrSlots(n int) []Attr { return m.attrSlots(n) }

// maxFree is the size of the largest environments that are used again. Nearly all
// functions have fewer variables.
const maxFree = 8

// NewEnv makes an environment of size slots below parent.
func (m *Machine) NewEnv(parent *Env, size int) *Env {
	if size <= maxFree {
		if e := m.free[size]; e != nil {
			m.free[size] = e.Parent()
			e.parent.p = unsafe.Pointer(parent)
			return e
		}
	}
	e := (*Env)(unsafe.Pointer(unsafe.SliceData(m.Slots(size))))
	e.parent.p = unsafe.Pointer(parent)
	return e
}

// Release gives back an environment whose code is done, unless something was made that
// refers to it, and reports whether it did. A function of numbers, say, then runs without
// using up memory: that is a third of the time of a strict fold. Lists of thunks take a
// seventh less memory since environments that are not the last thing made of slots are
// used again as well.
func (m *Machine) Release(env *Env, size int) bool {
	if env.parent.n != 0 {
		return false
	}
	env.parent = Value{}
	for i := 1; i < size; i++ {
		*env.Slot(i) = Value{} // clear would take longer for the few there are
		if m.Poison {
			*env.Slot(i) = m.NewThunk(poison{}, nil)
		}
	}
	if m.Poison {
		return true
	}
	// Places in the slab are compared and not pointers: behind the last slot of a
	// slab there is nothing a pointer may refer to.
	base := uintptr(unsafe.Pointer(unsafe.SliceData(m.slab)))
	at := (uintptr(unsafe.Pointer(env)) - base) / slotSize // huge in another slab
	used := len(m.slab) - len(m.slots)
	switch {
	case size <= used && at == uintptr(used-size):
		m.slots = m.slab[at:]
	case size <= maxFree:
		env.parent.p = unsafe.Pointer(m.free[size])
		m.free[size] = env
	}
	return true
}

// poison is what a slot that was given back holds in tests.
type poison struct{}

func (poison) Eval(m *Machine, _ *Env) Value {
	m.Throw(&Error{Kind: OtherError, Message: "an environment was used after it was given back"})
	return Value{}
}
func (poison) Delay(m *Machine, env *Env) Value { return m.NewThunk(poison{}, env) }
func (poison) At() Span                         { return Span{} }

// Capture is NewEnv for a level that lives as long as what is delayed in it.
func (m *Machine) Capture(parent *Env, size int) *Env {
	parent.hold()
	return m.NewEnv(parent, size)
}

// NewClosure is a function value: fn with the environment it was made in.
func (m *Machine) NewClosure(env *Env, fn *Function) Value {
	env.hold()
	if len(m.closures) == 0 {
		m.closures = newSlab(m, &m.rest.closures)
	}
	c := &m.closures[0]
	m.closures = m.closures[1:]
	c.Env, c.Fn = env, fn
	return NewClosure(c)
}

// NewSet is NewAttrsSorted as a value, from a slab.
func (m *Machine) NewSet(list []Attr) Value {
	a := m.newSet()
	a.list, a.size = list, int32(len(list))
	return NewAttrs(a)
}

func (m *Machine) newSet() *Attrs {
	if len(m.sets) == 0 {
		m.sets = newSlab(m, &m.rest.sets)
	}
	a := &m.sets[0]
	m.sets = m.sets[1:]
	return a
}

// push gives a frame on top of the stack, empty, to be filled in place: to copy one as
// a whole stalls, as its parts have just been written one by one. It bought some 3 %.
func (m *Machine) push() *Frame {
	n := len(m.frames)
	if n >= m.limits.Depth {
		m.Throw(&Error{Kind: StackOverflow, Message: "stack overflow: evaluation nests too deeply (possible infinite recursion)"})
	}
	m.steps++
	if m.steps >= m.nextSteps {
		m.checkBudget()
	}
	if n < cap(m.frames) {
		m.frames = m.frames[:n+1]
	} else {
		m.frames = append(m.frames, Frame{})
	}
	return &m.frames[n]
}

func (m *Machine) pop() {
	m.frames[len(m.frames)-1] = Frame{}
	m.frames = m.frames[:len(m.frames)-1]
}

// Enter counts one level of nesting that is no thunk: a call by the node at, a
// builtin's recursion into data. Pair it with Leave.
func (m *Machine) Enter(at Code) { m.push().code = at }

// Leave ends the level begun by Enter. It must not be deferred: when an error
// passes, the frames stay until Catch has put their thunks back.
func (m *Machine) Leave() { m.pop() }

// EnterNoted is Enter with a line for the trace and a place, if there is one, made
// only when an error passes.
func (m *Machine) EnterNoted(note func() (string, Span)) {
	f := m.push()
	f.about = note
}

// EnterCall counts a call of fn by the node at.
func (m *Machine) EnterCall(at Code, fn *Function) {
	if m.callDepth >= m.limits.CallDepth {
		m.Throw(&Error{Kind: StackOverflow, Message: "stack overflow; max-call-depth exceeded"})
	}
	m.callDepth++
	f := m.push()
	f.code, f.about = at, fn
}

// EnterAttr counts one level of nesting: work inside an attribute's value.
func (m *Machine) EnterAttr(a *Attr) { m.push().about = a }

// EnterPrim counts a call of a builtin by the node at.
func (m *Machine) EnterPrim(at Code, p *Prim) {
	f := m.push()
	f.code, f.about = at, p
}

// LeaveCall ends the level begun by EnterCall.
func (m *Machine) LeaveCall() {
	m.callDepth--
	m.pop()
}

// Deps are the comparisons that what is being computed depends on so far.
func (m *Machine) Deps() *Deps { return m.deps }

// Decide records a comparison that what is being computed depends on.
func (m *Machine) Decide(c *Comparison) { m.deps = m.deps.union(&Deps{[]*Comparison{c}}) }

// Track runs f and gives the comparisons its result depends on, apart from
// those of the surrounding computation (which depends on them as well).
func (m *Machine) Track(f func()) *Deps {
	outer := m.deps
	m.deps = nil
	m.tracks++
	f()
	m.tracks--
	own := m.deps
	m.deps = outer.union(own)
	m.forget()
	return own
}

// forget drops what was depended on when nothing is being computed any more that
// could ask for it. Adding it all up would take time with the square of it.
func (m *Machine) forget() {
	if m.tracks == 0 && len(m.frames) == 0 {
		m.deps = nil
	}
}

// NearestSpan is the innermost place on the stack that satisfies ok, or no
// place.
func (m *Machine) NearestSpan(ok func(Span) bool) Span {
	for i := len(m.frames) - 1; i >= 0; i-- {
		if code := m.frames[i].code; code != nil {
			if at := code.At(); ok(at) {
				return at
			}
		}
	}
	return Span{}
}

// Trail are the places on the stack that satisfy ok, innermost first, each once
// in a row, and at most so many.
func (m *Machine) Trail(most int, ok func(Span) bool) []Step {
	var out []Step
	for i := len(m.frames) - 1; i >= 0 && len(out) < most; i-- {
		code := m.frames[i].code
		if code == nil {
			continue
		}
		step := Step{At: code.At()}
		if !ok(step.At) {
			continue
		}
		switch about := m.frames[i].about.(type) {
		case *Function:
			step.Call = about.Name
		case *Prim:
			step.Call, step.Prim = about.Name, true
		}
		if n := len(out); n > 0 && out[n-1].At == step.At {
			if out[n-1].Call == "" {
				out[n-1] = step
			}
			continue
		}
		out = append(out, step)
	}
	return out
}
