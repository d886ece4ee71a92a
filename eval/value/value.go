// Package value is the runtime representation of Nix values: 16-byte values,
// thunks, environments, attribute sets, and the machine that forces thunks.
//
// It is the only package of the evaluator that uses unsafe. Everything else
// sees values through constructors and accessors; an accessor applied to a
// value of another kind is a bug of the caller, so callers look at Kind first.
//
// A Value is two words. The low 8 bits of n are the kind; the upper 56 hold an
// integer, a length or a truth value; p points to what does not fit. Values
// lie inline in environments, lists and attribute sets, so integers, booleans,
// strings and lists need no cell of their own, and only laziness allocates.
package value

import (
	"unsafe"
)

// Kind says what a Value is.
type Kind uint8

const (
	None Kind = iota // an empty slot; never a result
	Null
	Bool
	Int
	Float
	String
	Path
	List
	AttrSet
	Lambda
	PrimOp
	PrimOpApp
	// UnknownValue stands for a value nixplan cannot know; see Unknown.
	UnknownValue
	// ThunkValue is a computation not yet done; Machine.Force replaces it.
	ThunkValue

	stringWithContext // reported as String
)

var kindNames = [...]string{"none", "null", "bool", "int", "float", "string", "path", "list", "set", "lambda", "lambda", "lambda", "unknown", "thunk", "string"}

// String is the kind's name as builtins.typeOf gives it.
func (k Kind) String() string { return kindNames[k] }

// InWords is the kind as messages have it: "a set", "an integer", "null".
func (k Kind) InWords() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "a Boolean"
	case Int:
		return "an integer"
	case Lambda, PrimOp, PrimOpApp:
		return "a function"
	case UnknownValue:
		return "an unknown"
	}
	return "a " + k.String()
}

// Kinds is a set of kinds, a bit 1<<kind for each; 0 is any kind. The bits from
// FirstOther on say what else is asked for, and belong to those who ask.
type Kinds uint32

// FirstOther is the first bit of Kinds that is no kind.
const FirstOther Kinds = 1 << 24

// Value is one Nix value. The zero Value is an empty slot, not null.
type Value struct {
	n int64
	p unsafe.Pointer
}

const payload = 8 // bits the kind takes in n

// Kind is the value's kind; both forms of strings are String.
func (v Value) Kind() Kind {
	k := Kind(v.n)
	if k == stringWithContext {
		return String
	}
	return k
}

// IsThunk reports whether the value still has to be forced.
func (v Value) IsThunk() bool { return Kind(v.n) == ThunkValue }

// IsNone reports whether this is an empty slot.
func (v Value) IsNone() bool { return Kind(v.n) == None }

// IsFunction reports whether the value is a lambda or a (partially applied) primop.
func (v Value) IsFunction() bool { k := Kind(v.n); return k >= Lambda && k <= PrimOpApp }

// NullValue is null.
var NullValue = Value{n: int64(Null)}

// True and False are the booleans.
var (
	True  = Value{n: int64(Bool) | 1<<payload}
	False = Value{n: int64(Bool)}
)

// NewBool is a boolean.
func NewBool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Identical reports whether two values are one and the same, whatever they may
// come to: the same number or text, the same set, function or thunk. A thunk is
// the same as its result.
func Identical(a, b Value) bool {
	if a = a.result(); a == b {
		return true
	}
	if b = b.result(); a == b {
		return true
	}
	// Where a text with a context comes from is not looked at.
	return Kind(a.n) == String && a.n == b.n && a.Str() == b.Str()
}

// result is what a thunk became that depends on no comparison.
func (v Value) result() Value {
	if v.IsThunk() {
		if cell := *v.thunk(); Kind(cell.n) < delayed {
			return cell
		}
	}
	return v
}

// Hash adds to a hash (FNV-1a) in such a way that identical values add the same.
func (v Value) Hash(h uint64) uint64 {
	switch v = v.result(); Kind(v.n) {
	case Null, Bool, Int:
		if v.p == nil {
			h = (h ^ uint64(v.n)) * 1099511628211
		}
	case String:
		for _, c := range []byte(v.Str()) {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return h
}

// Bool is the truth value of a Bool.
func (v Value) Bool() bool { return v.n>>payload != 0 }

// NewInt is an integer; those that do not fit 56 bits are boxed.
func NewInt(i int64) Value {
	if i<<payload>>payload == i {
		return Value{n: i<<payload | int64(Int)}
	}
	boxed := new(int64)
	*boxed = i
	return Value{n: int64(Int), p: unsafe.Pointer(boxed)}
}

// Int is the number of an Int.
func (v Value) Int() int64 {
	if v.p != nil {
		return *(*int64)(v.p)
	}
	return v.n >> payload
}

// NewFloat is a floating point number.
func NewFloat(f float64) Value {
	boxed := new(float64)
	*boxed = f
	return Value{n: int64(Float), p: unsafe.Pointer(boxed)}
}

// Float is the number of a Float.
func (v Value) Float() float64 { return *(*float64)(v.p) }

// Number is an Int or a Float as a float64.
func (v Value) Number() float64 {
	if Kind(v.n) == Int {
		return float64(v.Int())
	}
	return v.Float()
}

func withLength(k Kind, n int, p unsafe.Pointer) Value {
	return Value{n: int64(n)<<payload | int64(k), p: p}
}

// NewString is a string without context.
func NewString(s string) Value {
	return withLength(String, len(s), unsafe.Pointer(unsafe.StringData(s)))
}

type contextString struct {
	text    string
	context *Context
}

// NewStringContext is a string with a context; a nil or empty one is dropped.
func NewStringContext(s string, c *Context) Value {
	if c.Empty() {
		return NewString(s)
	}
	return Value{n: int64(stringWithContext), p: unsafe.Pointer(&contextString{s, c})}
}

// Str is the text of a String.
func (v Value) Str() string {
	if Kind(v.n) == stringWithContext {
		return (*contextString)(v.p).text
	}
	return unsafe.String((*byte)(v.p), int(v.n>>payload))
}

// Context is the context of a String, nil when it has none.
func (v Value) Context() *Context {
	if Kind(v.n) == stringWithContext {
		return (*contextString)(v.p).context
	}
	return nil
}

// NewPath is a path; p must be absolute and canonical.
func NewPath(p string) Value {
	return withLength(Path, len(p), unsafe.Pointer(unsafe.StringData(p)))
}

// Path is the text of a Path.
func (v Value) Path() string { return unsafe.String((*byte)(v.p), int(v.n>>payload)) }

// NewList is a list that owns elems: forcing an element updates it in place.
func NewList(elems []Value) Value {
	return withLength(List, len(elems), unsafe.Pointer(unsafe.SliceData(elems)))
}

// List is the elements of a List; force them through their slots.
func (v Value) List() []Value { return unsafe.Slice((*Value)(v.p), int(v.n>>payload)) }

// Len is the length of a List.
func (v Value) Len() int { return int(v.n >> payload) }

// NewAttrs is an attribute set.
func NewAttrs(a *Attrs) Value { return Value{n: int64(AttrSet), p: unsafe.Pointer(a)} }

// Attrs is the attributes of an AttrSet.
func (v Value) Attrs() *Attrs { return (*Attrs)(v.p) }

// NewUnknown is an unknown.
func NewUnknown(u *Unknown) Value { return Value{n: int64(UnknownValue), p: unsafe.Pointer(u)} }

// Unknown is the description of an UnknownValue.
func (v Value) Unknown() *Unknown { return (*Unknown)(v.p) }

// NewClosure is a function closed over an environment.
func NewClosure(c *Closure) Value { return Value{n: int64(Lambda), p: unsafe.Pointer(c)} }

// Closure is the closure of a Lambda.
func (v Value) Closure() *Closure { return (*Closure)(v.p) }

// NewPrim is a builtin function.
func NewPrim(p *Prim) Value { return Value{n: int64(PrimOp), p: unsafe.Pointer(p)} }

// Prim is the builtin of a PrimOp.
func (v Value) Prim() *Prim { return (*Prim)(v.p) }

// NewPrimApp is a builtin applied to fewer arguments than it takes.
func NewPrimApp(a *PrimApp) Value { return Value{n: int64(PrimOpApp), p: unsafe.Pointer(a)} }

// PrimApp is the partial application of a PrimOpApp.
func (v Value) PrimApp() *PrimApp { return (*PrimApp)(v.p) }

func newThunkValue(t *Value) Value { return Value{n: int64(ThunkValue), p: unsafe.Pointer(t)} }

func (v Value) thunk() *Value { return (*Value)(v.p) }

// Same reports whether two values are the same cell: equal scalars, or the
// same set, list or function object. It is Nix's pointer-equality shortcut.
func (v Value) Same(w Value) bool {
	switch v.Kind() {
	case Lambda, PrimOp, PrimOpApp, AttrSet, UnknownValue:
		return v == w
	case List:
		return v == w && v.Len() > 0
	default:
		return false
	}
}

// MarkedNull is a null that derives from a fact about the git ref: `branch` of
// a tag push. Nix code cannot tell it from null.
func MarkedNull(marks *Context) Value {
	return Value{n: int64(Null), p: unsafe.Pointer(marks)}
}

// Marks are the marks of a Null.
func (v Value) Marks() *Context {
	if Kind(v.n) != Null {
		return nil
	}
	return (*Context)(v.p)
}
