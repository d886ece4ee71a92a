package eval

import "github.com/nixplan/nixplan/eval/value"

func typePrims() []value.Prim {
	return []value.Prim{
		{Name: "functionArgs", Result: value.AttrSet, Arity: 1, Strict: 1, F1: primFunctionArgs},
		{Name: "isAttrs", Result: value.Bool, Arity: 1, F1: isKind(value.AttrSet)},
		{Name: "isBool", Result: value.Bool, Arity: 1, F1: isKind(value.Bool)},
		{Name: "isFloat", Result: value.Bool, Arity: 1, F1: isKind(value.Float)},
		{Name: "isFunction", Result: value.Bool, Arity: 1, Strict: 1, F1: func(_ *value.Machine, v value.Value) value.Value { return value.NewBool(v.IsFunction()) }},
		{Name: "isInt", Result: value.Bool, Arity: 1, F1: isKind(value.Int)},
		{Name: "isList", Result: value.Bool, Arity: 1, F1: isKind(value.List)},
		{Name: "isNull", Result: value.Bool, Arity: 1, Strict: 1, F1: primIsNull},
		{Name: "isPath", Result: value.Bool, Arity: 1, F1: isKind(value.Path)},
		{Name: "isString", Result: value.Bool, Arity: 1, F1: isKind(value.String)},
		{Name: "typeOf", Result: value.String, Arity: 1, Strict: 1, F1: func(_ *value.Machine, v value.Value) value.Value { return value.NewString(v.Kind().String()) }},
	}
}

// isKind answers for an unknown as well, where its type is known.
func isKind(k value.Kind) func(*value.Machine, value.Value) value.Value {
	return func(m *value.Machine, v value.Value) value.Value {
		v = m.Force(&v)
		if v.Kind() != value.UnknownValue {
			return value.NewBool(v.Kind() == k)
		}
		if u := v.Unknown(); u.Type != value.None {
			return value.NewBool(u.Type == k)
		}
		return ofType(undecided(v.Unknown(), "the type of "+v.Unknown().Origin, v.Unknown().At), value.Bool)
	}
}

// primIsNull counts as a comparison with null.
func primIsNull(m *value.Machine, v value.Value) value.Value {
	result := value.NewBool(v.Kind() == value.Null)
	decide(m, "==", v, value.NullValue, result, here(m))
	return result
}

// primFunctionArgs gives name -> has a default, for functions with formals.
func primFunctionArgs(m *value.Machine, v value.Value) value.Value {
	switch v.Kind() {
	case value.Lambda:
		formals := v.Closure().Fn.Formals
		list := m.AttrSlots(len(formals))
		for i := range formals {
			f := &formals[i]
			list[i] = value.Attr{Name: f.Name, Pos: f.Span.Start, Value: value.NewBool(f.Default != nil)}
		}
		return value.NewAttrs(value.NewAttrsSorted(list))
	case value.PrimOp, value.PrimOpApp:
		return value.NewAttrs(value.EmptyAttrs)
	}
	wrongType(m, v, "a function")
	return value.Value{}
}
