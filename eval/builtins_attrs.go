package eval

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
)

func attrsPrims() []value.Prim {
	return []value.Prim{
		{Name: "attrNames", Arity: 1, F1: primAttrNames},
		{Name: "attrValues", Arity: 1, F1: primAttrValues},
		{Name: "catAttrs", Result: value.List, Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesList}, F2: primCatAttrs},
		{Name: "getAttr", Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesSet}, F2: primGetAttr},
		{Name: "hasAttr", Result: value.Bool, Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesSet}, F2: primHasAttr},
		{Name: "intersectAttrs", Arity: 2, Strict: 0b11, Takes: takes{takesSet, takesSet}, F2: primIntersectAttrs},
		{Name: "listToAttrs", Arity: 1, F1: primListToAttrs},
		{Name: "mapAttrs", Arity: 2, F2: primMapAttrs},
		{Name: "removeAttrs", Arity: 2, F2: primRemoveAttrs},
		{Name: "unsafeGetAttrPos", Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesSet}, F2: primUnsafeGetAttrPos},
		{Name: "zipAttrsWith", Arity: 2, Strict: 0b11, Takes: takes{takesFunction, takesList}, F2: primZipAttrsWith},
	}
}

// elemName and elemValue are what an unknown attribute of an open set is called
// and holds.
func elemName(u *value.Unknown) value.Value {
	return value.NewUnknown(u.Derive("an attribute name of "+u.Origin, u.At).OfType(value.String))
}

func primAttrNames(m *value.Machine, v value.Value) value.Value {
	attrs := attrsOrOpen(m, v)
	m.Step(attrs.Len() / 16)
	out := m.Slots(attrs.Len())
	for i, a := range attrs.ByName() {
		out[i] = value.NewString(a.Name.String())
	}
	return openList(attrs, value.NewList(out), "attrNames", elemName)
}

func primAttrValues(m *value.Machine, v value.Value) value.Value {
	attrs := attrsOrOpen(m, v)
	m.Step(attrs.Len() / 16)
	out := m.Slots(attrs.Len())
	for i, a := range attrs.ByName() {
		out[i] = a.Value
	}
	return openList(attrs, value.NewList(out), "attrValues", elemOf)
}

// openList is a list made from a set's attributes: of an open set more elements
// may follow, so the list as a whole is unknown.
func openList(attrs *value.Attrs, known value.Value, fn string, elem func(*value.Unknown) value.Value) value.Value {
	u := attrs.Open()
	if u == nil {
		return known
	}
	list := u.Derive(fn+" "+u.Origin, u.At).OfType(value.List)
	list.Elem = elem(u)
	if known.Len() > 0 {
		list.Parts = []value.Value{known, value.NewUnknown(u)}
	}
	return value.NewUnknown(list)
}

// attrsOrOpen is wantAttrs that takes an unknown for an open set.
func attrsOrOpen(m *value.Machine, v value.Value) *value.Attrs {
	v = m.Force(&v)
	if v.Kind() == value.UnknownValue {
		return value.EmptyAttrs.WithOpen(v.Unknown())
	}
	return wantAttrs(m, v)
}

func primCatAttrs(m *value.Machine, name, list value.Value) value.Value {
	sym := value.Intern(wantPlain(m, name))
	var out []value.Value
	for _, e := range wantList(m, list) {
		m.Step(1)
		attrs := wantAttrs(m, e)
		if a := attrs.Get(sym); a != nil {
			out = append(out, a.Value)
		} else if u := attrs.Open(); u != nil {
			return undecided(u, "catAttrs of "+u.Origin, u.At)
		}
	}
	return value.NewList(out)
}

func primGetAttr(m *value.Machine, name, set value.Value) value.Value {
	text := wantPlain(m, name)
	attrs, sym := wantAttrs(m, set), value.Intern(text)
	at := here(m)
	decideLookup(m, name, set, sym, at)
	if a := attrs.Get(sym); a != nil {
		return m.Force(&a.Value)
	}
	if u := attrs.Open(); u != nil {
		return host(m).selectUnknown(m, u, sym, at)
	}
	m.Throw(missingAttribute(attrs, sym, value.Span{}))
	return value.Value{}
}

func primHasAttr(m *value.Machine, name, set value.Value) value.Value {
	attrs, sym := wantAttrs(m, set), value.Intern(wantPlain(m, name))
	decideLookup(m, name, set, sym, here(m))
	if attrs.Get(sym) != nil {
		return value.True
	}
	if u := attrs.Open(); u != nil {
		return undecided(u, u.Origin+" ? "+sym.String(), u.At)
	}
	return value.False
}

func primIntersectAttrs(m *value.Machine, a, b value.Value) value.Value {
	x, y := wantAttrs(m, a), wantAttrs(m, b)
	m.Step(x.Len() / 16)
	out := m.AttrSlots(min(x.Len(), y.Len()))[:0]
	for _, attr := range x.All() {
		if other := y.Get(attr.Name); other != nil {
			out = append(out, *other)
		}
	}
	result := value.NewAttrsSorted(out)
	switch {
	case x.Open() != nil && y.Open() != nil:
		result = result.WithOpen(y.Open())
	case x.Open() != nil: // any of b's attributes may be in a
		result = y.WithOpen(x.Open())
	case y.Open() != nil: // all of a's may be in b
		list := slices.Clone(out)
		for _, attr := range x.All() {
			if y.Get(attr.Name) == nil {
				list = append(list, value.Attr{Name: attr.Name, Pos: attr.Pos, Value: host(m).delaySelect(m, y.Open(), attr.Name, y.Open().At)})
			}
		}
		result = value.NewAttrsList(list)
	}
	return value.NewAttrs(result)
}

// primListToAttrs forces all names; the first of equal ones wins. An unknown
// list gives an open set of which nothing is known but, perhaps, what each
// attribute would be.
func primListToAttrs(m *value.Machine, v value.Value) value.Value {
	v = m.Force(&v)
	if v.Kind() == value.UnknownValue {
		return value.NewAttrs(unknownToAttrs(m, v.Unknown()))
	}
	list := wantList(m, v)
	out := m.AttrSlots(len(list))[:0]
	var open *value.Unknown
	for i := range list {
		m.Step(1)
		item := m.Force(&list[i])
		if item.Kind() == value.UnknownValue {
			open = item.Unknown()
			continue
		}
		attrs := wantAttrs(m, item)
		n := attrs.Get(symName)
		if n == nil {
			failAt(m, value.MissingAttribute, firstPlace(attrs), "attribute 'name' missing in an element of the list given to 'listToAttrs'")
		}
		key := m.Force(&n.Value)
		val := attrs.Get(symValue)
		if key.Kind() == value.UnknownValue {
			open = key.Unknown().Derive("attribute named "+key.Unknown().Origin, key.Unknown().At)
			if val != nil {
				open.Elem, open.Some = val.Value, true
			}
			continue
		}
		sym := value.Intern(wantPlain(m, key))
		if val == nil { // an error unless the name came before
			out = append(out, value.Attr{Name: sym, Pos: n.Pos})
			continue
		}
		out = append(out, value.Attr{Name: sym, Pos: val.Pos, Value: val.Value})
	}
	attrs := value.NewAttrsList(out)
	for _, a := range attrs.All() {
		if a.Value.IsNone() {
			failAt(m, value.MissingAttribute, a.Pos.Span(), "attribute 'value' missing in the element with the name '%s' of the list given to 'listToAttrs'", a.Name)
		}
	}
	return value.NewAttrs(attrs.WithOpen(open))
}

// firstPlace is where the first attribute of a set stands.
func firstPlace(attrs *value.Attrs) value.Span {
	var first value.Span
	for _, a := range attrs.All() {
		if at := a.Pos.Span(); first.Start == 0 || at.Start != 0 && at.Start < first.Start {
			first = at
		}
	}
	return first
}

// unknownToAttrs is listToAttrs of an unknown list.
func unknownToAttrs(m *value.Machine, u *value.Unknown) *value.Attrs {
	d := u.Derive("listToAttrs "+u.Origin, u.At)
	known := value.EmptyAttrs
	for _, part := range u.Parts {
		if part.Kind() == value.List {
			known = m.Update(primListToAttrs(m, part).Attrs(), known)
		}
	}
	if !u.Elem.IsNone() {
		elem := u.Elem
		item := m.Force(&elem)
		if item.Kind() == value.AttrSet {
			if val := item.Attrs().Get(symValue); val != nil {
				d.Elem = val.Value
			}
		}
	}
	return known.WithOpen(d)
}

// primMapAttrs over an unknown or open set gives an open set: what each unknown
// attribute would be is the function applied to an unknown name and value.
func primMapAttrs(m *value.Machine, f, v value.Value) value.Value {
	attrs := attrsOrOpen(m, v)
	open := attrs.Open()
	all := attrs.All()
	out := m.AttrSlots(len(all))
	// In Nix mapped attributes have no position. A plan wants to say where a job
	// comes from, so the modelled world keeps it.
	pos := func(a *value.Attr) value.Pos { return 0 }
	if host(m).opts.Model {
		pos = func(a *value.Attr) value.Pos { return a.Pos }
	}
	m.Step(len(all) / 16)
	for i := range all {
		a := &all[i]
		out[i] = value.Attr{Name: a.Name, Pos: pos(a), Value: apply2Thunk(m, f, value.NewString(a.Name.String()), a.Value)}
	}
	mapped := value.NewAttrsSorted(out)
	if open != nil {
		d := open.Derive("mapAttrs over "+open.Origin, open.At)
		d.Elem = apply2Thunk(m, f, elemName(open), elemOf(open))
		mapped = mapped.WithOpen(d)
	}
	return value.NewAttrs(mapped)
}

// apply2Thunk delays `f a b`.
func apply2Thunk(m *value.Machine, f, a, b value.Value) value.Value {
	env := m.NewEnv(nil, 4)
	*env.Slot(1), *env.Slot(2), *env.Slot(3) = f, a, b
	return host(m).apply2.Delay(m, env)
}

// apply2Code calls slot 1 with slots 2 and 3.
type apply2Code struct{ node }

func (n *apply2Code) Eval(m *value.Machine, env *value.Env) value.Value {
	return call(m, n, call(m, n, m.Force(env.Slot(1)), *env.Slot(2)), *env.Slot(3))
}
func (n *apply2Code) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

func primRemoveAttrs(m *value.Machine, set, names value.Value) value.Value {
	set = m.Force(&set)
	if set.Kind() == value.UnknownValue {
		return set
	}
	attrs := wantAttrs(m, set)
	names = m.Force(&names)
	if names.Kind() == value.UnknownValue { // any attribute may be missing
		return value.NewAttrs(attrs.WithOpen(names.Unknown()))
	}
	drop := map[value.Symbol]bool{}
	for _, n := range wantList(m, names) {
		drop[value.Intern(wantPlain(m, n))] = true
	}
	if len(drop) == 0 {
		return set
	}
	m.Step((len(drop) + attrs.Len()) / 16)
	out := m.AttrSlots(attrs.Len())[:0]
	for _, a := range attrs.All() {
		if !drop[a.Name] {
			out = append(out, a)
		}
	}
	return value.NewAttrs(value.NewAttrsSorted(out).WithOpen(attrs.Open()))
}

func primUnsafeGetAttrPos(m *value.Machine, name, set value.Value) value.Value {
	a := wantAttrs(m, set).Lookup(wantPlain(m, name))
	if a == nil {
		return value.NullValue
	}
	return host(m).position(a.Pos)
}

func primZipAttrsWith(m *value.Machine, f, list value.Value) value.Value {
	values := map[value.Symbol][]value.Value{}
	var order []value.Symbol
	var open *value.Unknown
	for _, e := range wantList(m, list) {
		e = m.Force(&e)
		if e.Kind() == value.UnknownValue {
			open = e.Unknown()
			continue
		}
		attrs := wantAttrs(m, e)
		if attrs.Open() != nil {
			open = attrs.Open()
		}
		for _, a := range attrs.All() {
			m.Step(1)
			if values[a.Name] == nil {
				order = append(order, a.Name)
			}
			values[a.Name] = append(values[a.Name], a.Value)
		}
	}
	out := m.AttrSlots(len(order))
	for i, sym := range order {
		out[i] = value.Attr{Name: sym, Value: apply2Thunk(m, f, value.NewString(sym.String()), value.NewList(values[sym]))}
	}
	if open != nil { // what f makes of names that are not known is not known either
		open = open.Derive("zipAttrsWith over "+open.Origin, open.At)
	}
	return value.NewAttrs(value.NewAttrsList(out).WithOpen(open))
}
