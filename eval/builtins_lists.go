package eval

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
)

func listPrims() []value.Prim {
	return []value.Prim{
		{Name: "all", Result: value.Bool, Arity: 2, Strict: 0b11, Takes: takes{takesFunction, takesList}, F2: primAll},
		{Name: "any", Result: value.Bool, Arity: 2, Strict: 0b11, Takes: takes{takesFunction, takesList}, F2: primAny},
		{Name: "concatLists", Result: value.List, Arity: 1, Strict: 1, Takes: takes{takesList}, F1: primConcatLists},
		{Name: "concatMap", Result: value.List, Arity: 2, F2: primConcatMap},
		{Name: "elem", Result: value.Bool, Arity: 2, Strict: 0b10, Takes: takes{0, takesList}, F2: primElem},
		{Name: "elemAt", Arity: 2, F2: primElemAt},
		{Name: "filter", Arity: 2, F2: primFilter},
		{Name: "foldl'", Arity: 3, Strict: 0b101, Takes: takes{takesFunction, 0, takesList}, F3: primFoldl},
		{Name: "genList", Result: value.List, Arity: 2, Strict: 0b10, Takes: takes{0, takesInt}, F2: primGenList},
		{Name: "groupBy", Result: value.AttrSet, Arity: 2, Strict: 0b11, Takes: takes{takesFunction, takesList}, F2: primGroupBy},
		{Name: "head", Arity: 1, Strict: 1, Takes: takes{takesList}, F1: primHead},
		{Name: "length", Result: value.Int, Arity: 1, Strict: 1, Takes: takes{takesList}, F1: func(m *value.Machine, v value.Value) value.Value { return value.NewInt(int64(len(wantList(m, v)))) }},
		{Name: "map", Arity: 2, F2: primMap},
		{Name: "partition", Result: value.AttrSet, Arity: 2, Strict: 0b11, Takes: takes{takesFunction, takesList}, F2: primPartition},
		{Name: "tail", Result: value.List, Arity: 1, Strict: 1, Takes: takes{takesList}, F1: primTail},
	}
}

// elemUnknown is an unknown list whose elements would be v.
func elemUnknown(u *value.Unknown, origin string, v value.Value) value.Value {
	d := u.Derive(origin, u.At).OfType(value.List)
	d.Elem = v
	return value.NewUnknown(d)
}

// elemOf is what an element of an unknown list would be.
func elemOf(u *value.Unknown) value.Value {
	if !u.Elem.IsNone() {
		return u.Elem
	}
	return value.NewUnknown(u.Derive("an element of "+u.Origin, u.At))
}

// primMap over an unknown list gives an unknown list whose elements are known in
// shape.
func primMap(m *value.Machine, f, list value.Value) value.Value {
	list = m.Force(&list)
	if list.Kind() == value.UnknownValue {
		u := list.Unknown()
		return elemUnknown(u, "map over "+u.Origin, applyThunk(m, f, elemOf(u), u.At))
	}
	elems := wantList(m, list)
	if len(elems) == 0 {
		return list
	}
	if !host(m).as28(mapFunctionUnchecked) {
		f = wantFunction(m, f)
	}
	m.Step(len(elems) / 16)
	out := m.Slots(len(elems))
	for i := range elems {
		out[i] = applyThunk(m, f, elems[i], value.Span{})
	}
	return value.NewList(out)
}

func primGenList(m *value.Machine, f, n value.Value) value.Value {
	count := wantInt(m, n)
	if count < 0 {
		fail(m, value.OutOfRange, "cannot create a list of %d elements", count)
	}
	if !host(m).as28(genListFunctionUnchecked) {
		f = wantFunction(m, f)
	}
	m.FitList(count)
	out := m.Slots(int(count))
	for i := range out {
		m.Step(1)
		out[i] = applyThunk(m, f, value.NewInt(int64(i)), value.Span{})
	}
	return value.NewList(out)
}

func primHead(m *value.Machine, v value.Value) value.Value {
	list := wantList(m, v)
	if len(list) == 0 {
		fail(m, value.OutOfRange, "'builtins.head' called on an empty list")
	}
	return m.Force(&list[0])
}

func primTail(m *value.Machine, v value.Value) value.Value {
	list := wantList(m, v)
	if len(list) == 0 {
		fail(m, value.OutOfRange, "'builtins.tail' called on an empty list")
	}
	return value.NewList(list[1:])
}

func primElemAt(m *value.Machine, v, index value.Value) value.Value {
	// Nix asks for the index first.
	if unknown := late(m, &index, "elemAt", value.None); !unknown.IsNone() {
		return unknown
	}
	i := wantInt(m, index)
	if unknown := late(m, &v, "elemAt", value.None); !unknown.IsNone() {
		return unknown
	}
	list := wantList(m, v)
	if i < 0 || i >= int64(len(list)) {
		fail(m, value.OutOfRange, "'builtins.elemAt' called with index %d on a list of size %d", i, len(list))
	}
	return m.Force(&list[i])
}

// primElem tells every comparison of a value derived from the ref.
func primElem(m *value.Machine, x, list value.Value) value.Value {
	var unknown *value.Unknown
	at := here(m)
	elems := wantList(m, list)
	for i := range elems {
		m.Step(1)
		x = m.Force(&x) // not for an empty list
		e := m.Force(&elems[i])
		eq, u := equalCells(m, x, e)
		if u != nil {
			unknown = u
			continue
		}
		decide(m, "==", x, e, value.NewBool(eq), at)
		if eq {
			return value.True
		}
	}
	if unknown != nil {
		return undecided(unknown, "elem of a list with "+unknown.Origin, unknown.At)
	}
	return value.False
}

func primAll(m *value.Machine, f, list value.Value) value.Value { return quantify(m, f, list, false) }

func primAny(m *value.Machine, f, list value.Value) value.Value { return quantify(m, f, list, true) }

// quantify stops at the first element whose answer is stop.
func quantify(m *value.Machine, f, list value.Value, stop bool) value.Value {
	var unknown *value.Unknown
	for _, e := range wantList(m, list) {
		yes, u := callBool(m, f, e)
		if u != nil {
			unknown = u
		} else if yes == stop {
			return value.NewBool(stop)
		}
	}
	if unknown != nil {
		return value.NewUnknown(unknown)
	}
	return value.NewBool(!stop)
}

// primFilter keeps elements; where the predicate is unknown, so is the list, and
// its elements are like those it was asked about.
func primFilter(m *value.Machine, f, list value.Value) value.Value {
	list = m.Force(&list)
	if list.Kind() == value.UnknownValue {
		return elemUnknown(list.Unknown(), "filtered "+list.Unknown().Origin, elemOf(list.Unknown()))
	}
	elems := wantList(m, list)
	if len(elems) == 0 && !host(m).as28(filterForcesFunction) {
		return list
	}
	f = wantFunction(m, f)
	out := m.Slots(len(elems))[:0]
	for i := range elems {
		yes, u := callBool(m, f, elems[i])
		if u != nil {
			return elemUnknown(u, "filtered list", elems[i])
		}
		if yes {
			out = append(out, elems[i])
		}
	}
	if len(out) == len(elems) {
		return list
	}
	return value.NewList(out)
}

// doubledList is up to which length a list that grows is given as much room again.
const doubledList = 1 << 18

// appendCharged is append; before the list is copied to where it has room, it asks
// whether that is there.
func appendCharged(m *value.Machine, list []value.Value, v value.Value) []value.Value {
	if n := len(list); n == cap(list) {
		more := n/4 + 256
		if n < doubledList {
			more = max(n, 1)
		}
		m.Charge(16 * int64(n+more))
		list = slices.Grow(list, more)
	}
	return append(list, v)
}

func primPartition(m *value.Machine, f, list value.Value) value.Value {
	var right, wrong []value.Value
	for _, e := range wantList(m, list) {
		m.Force(&e) // Nix does, whatever the predicate looks at
		yes, u := callBool(m, f, e)
		if u != nil {
			return undecided(u, "partition by "+u.Origin, u.At)
		}
		if yes {
			right = appendCharged(m, right, e)
		} else {
			wrong = appendCharged(m, wrong, e)
		}
	}
	return host(m).Set(map[string]value.Value{"right": value.NewList(right), "wrong": value.NewList(wrong)})
}

func primFoldl(m *value.Machine, f, acc, list value.Value) value.Value {
	elems := wantList(m, list)
	if len(elems) == 0 {
		return m.Force(&acc)
	}
	for i := range elems {
		acc = call2(m, f, acc, elems[i])
	}
	return acc
}

func primConcatLists(m *value.Machine, v value.Value) value.Value {
	return concatAll(m, wantList(m, v))
}

// primConcatMap over an unknown list: each element of the result is like the
// first one the function gives for an unknown element.
func primConcatMap(m *value.Machine, f, list value.Value) value.Value {
	f = wantFunction(m, f)
	list = m.Force(&list)
	if list.Kind() == value.UnknownValue {
		u := list.Unknown()
		part := call1(m, f, elemOf(u))
		switch {
		case part.Kind() == value.List && part.Len() > 0:
			return elemUnknown(u, "concatMap over "+u.Origin, part.List()[0])
		case part.Kind() == value.UnknownValue:
			return elemUnknown(u, "concatMap over "+u.Origin, part.Unknown().Elem)
		default:
			return undecided(u, "concatMap over "+u.Origin, u.At)
		}
	}
	elems := wantList(m, list)
	parts := make([]value.Value, len(elems))
	for i := range elems {
		parts[i] = call1(m, f, elems[i])
		if parts[i].Kind() != value.UnknownValue {
			wantList(m, parts[i])
		}
	}
	return concatAll(m, parts)
}

func concatAll(m *value.Machine, parts []value.Value) value.Value {
	total, unknown := 0, false
	for i := range parts {
		p := m.Force(&parts[i])
		if p.Kind() == value.UnknownValue {
			unknown = true
		} else {
			total += len(wantList(m, p))
		}
	}
	if unknown {
		return joinUnknown(append([]value.Value(nil), parts...), "joined lists", value.Span{})
	}
	m.FitList(int64(total))
	m.Step(total / 16)
	out := m.Slots(total)[:0]
	for _, p := range parts {
		out = append(out, m.Force(&p).List()...)
	}
	return value.NewList(out)
}

func primGroupBy(m *value.Machine, f, list value.Value) value.Value {
	groups := map[value.Symbol][]value.Value{}
	var order []value.Symbol
	for _, e := range wantList(m, list) {
		key := call1(m, f, e)
		if key.Kind() == value.UnknownValue {
			return undecided(key.Unknown(), "groups by "+key.Unknown().Origin, key.Unknown().At)
		}
		sym := value.Intern(wantPlain(m, key))
		if groups[sym] == nil {
			order = append(order, sym)
		}
		groups[sym] = append(groups[sym], e)
	}
	out := m.AttrSlots(len(order))
	for i, sym := range order {
		out[i] = value.Attr{Name: sym, Value: value.NewList(groups[sym])}
	}
	return value.NewAttrs(value.NewAttrsList(out))
}
