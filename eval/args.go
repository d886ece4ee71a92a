package eval

import (
	"github.com/nixplan/nixplan/eval/value"
)

// The functions here force a builtin's argument and check its type. A strict
// argument of a Prim is already forced and never unknown; others, and what lies
// in lists and sets, may be unknown: then the whole evaluation of the attribute
// ends with an Undetermined error, unless the builtin looks first.

// The kinds of arguments that builtins take.
const (
	takesInt      = value.Kinds(1 << value.Int)
	takesString   = value.Kinds(1 << value.String)
	takesPlain    = takesString | withoutContext
	takesList     = value.Kinds(1 << value.List)
	takesSet      = value.Kinds(1 << value.AttrSet)
	takesFunction = value.Kinds(1<<value.Lambda|1<<value.PrimOp|1<<value.PrimOpApp|1<<value.AttrSet) | callable

	withoutContext = value.FirstOther
	callable       = value.FirstOther << 1
)

// takes is what Prim.Takes is.
type takes = [3]value.Kinds

// accepts reports whether a forced value is what is asked for. An unknown may be.
func accepts(want value.Kinds, v value.Value) bool {
	kind := v.Kind()
	switch {
	case want == 0 || kind == value.UnknownValue:
		return true
	case want&(1<<kind) == 0:
		return false
	case want&callable != 0 && kind == value.AttrSet:
		return v.Attrs().Get(symFunctor) != nil || v.Attrs().Open() != nil
	case want&withoutContext != 0:
		return v.Context().References().Empty()
	}
	return true
}

// inWords is what is asked for, as messages have it.
func inWords(want value.Kinds) string {
	switch want {
	case takesInt:
		return "an integer"
	case takesString, takesPlain:
		return "a string"
	case takesList:
		return "a list"
	case takesSet:
		return "a set"
	}
	return "a function"
}

// wrongArgument ends the evaluation because a builtin does not accept its argument i.
func wrongArgument(m *value.Machine, at value.Span, p *value.Prim, i int, v value.Value) {
	if v.Kind() == value.String && p.Takes[i] == takesPlain {
		wantPlain(m, v)
	}
	which := "the argument"
	if p.Arity > 1 {
		which = "the " + [...]string{"first", "second", "third"}[i] + " argument"
	}
	failAt(m, value.TypeMismatch, at, "expected %s as %s of 'builtins.%s', but found %s", inWords(p.Takes[i]), which, p.Name, describe(v))
}

func wrongType(m *value.Machine, v value.Value, want string) {
	if v.Kind() == value.UnknownValue {
		undetermined(m, v.Unknown())
	}
	fail(m, value.TypeMismatch, "expected %s, but found %s", want, describe(v))
}

// undetermined ends the evaluation because it needs an unknown.
func undetermined(m *value.Machine, u *value.Unknown) {
	m.Throw(&value.Error{Kind: value.Undetermined, Message: "undetermined: needs " + u.Origin, Unknown: u})
}

func wantInt(m *value.Machine, v value.Value) int64 {
	v = m.Force(&v)
	if v.Kind() != value.Int {
		wrongType(m, v, "an integer")
	}
	return v.Int()
}

func wantBool(m *value.Machine, v value.Value) bool {
	v = m.Force(&v)
	if v.Kind() != value.Bool {
		wrongType(m, v, "a Boolean")
	}
	return v.Bool()
}

// wantString gives a string's text and context.
func wantString(m *value.Machine, v value.Value) (string, *value.Context) {
	v = m.Force(&v)
	if v.Kind() != value.String {
		wrongType(m, v, "a string")
	}
	return v.Str(), v.Context()
}

// wantPlain gives a string's text; references to store paths are an error.
func wantPlain(m *value.Machine, v value.Value) string {
	s, c := wantString(m, v)
	if refs := c.References(); !refs.Empty() {
		fail(m, value.OtherError, "the string '%s' is not allowed to refer to a store path (such as '%s')", s, refs.Elems()[0].Path)
	}
	return s
}

func wantList(m *value.Machine, v value.Value) []value.Value {
	v = m.Force(&v)
	if v.Kind() != value.List {
		wrongType(m, v, "a list")
	}
	return v.List()
}

// wantAttrs gives a set's attributes; the set may be open.
func wantAttrs(m *value.Machine, v value.Value) *value.Attrs {
	v = m.Force(&v)
	if v.Kind() != value.AttrSet {
		wrongType(m, v, "a set")
	}
	return v.Attrs()
}

// wantFunction gives a value that can be called.
func wantFunction(m *value.Machine, v value.Value) value.Value {
	v = m.Force(&v)
	switch {
	case v.IsFunction() || v.Kind() == value.UnknownValue:
	case v.Kind() == value.AttrSet && (v.Attrs().Get(symFunctor) != nil || v.Attrs().Open() != nil):
	default:
		wrongType(m, v, "a function")
	}
	return v
}

// late forces an argument that a builtin looks at after others, and gives what the
// builtin gives when it is unknown, none when it is not.
func late(m *value.Machine, arg *value.Value, name string, result value.Kind) value.Value {
	*arg = m.Force(arg)
	if arg.Kind() != value.UnknownValue {
		return value.Value{}
	}
	u := arg.Unknown()
	return ofType(blameText(m, u, name+" "+u.Origin, here(m)), result)
}

// call1 and call2 apply a function value from within a builtin.
func call1(m *value.Machine, f, a value.Value) value.Value { return call(m, nil, f, a) }

func call2(m *value.Machine, f, a, b value.Value) value.Value {
	// `x: y: body` is called without making the function in between.
	if f.Kind() == value.Lambda && !f.Closure().Fn.HasFormals {
		outer := f.Closure()
		if inner, ok := outer.Fn.Body.(*lambdaNode); ok && !inner.fn.HasFormals {
			first := m.NewEnv(outer.Env, outer.Fn.Slots)
			*first.Slot(1) = a
			second := m.NewEnv(first, inner.fn.Slots)
			*second.Slot(1) = b
			m.EnterCall(nil, inner.fn)
			v := inner.fn.Body.Eval(m, second)
			m.LeaveCall()
			if m.Release(second, inner.fn.Slots) { // else it refers to the first
				m.Release(first, outer.Fn.Slots)
			}
			return v
		}
	}
	return call(m, nil, call(m, nil, f, a), b)
}

// callBool calls a predicate. unknown is set when its answer is not known.
func callBool(m *value.Machine, f, a value.Value) (yes bool, unknown *value.Unknown) {
	v := call1(m, f, a)
	if v.Kind() == value.UnknownValue {
		return false, v.Unknown()
	}
	if v.Kind() != value.Bool {
		wrongType(m, v, "a Boolean as the predicate's result")
	}
	return v.Bool(), nil
}
