package eval

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
)

// name is one component of an attribute path: static when code is nil.
type name struct {
	at   span
	sym  value.Symbol
	code value.Code
}

// symbol is the name, computed where it has to be. set is what it is looked up
// in, by the expression at at.
func (n *name) symbol(m *value.Machine, env *value.Env, set value.Value, at value.Span) (value.Symbol, *value.Unknown) {
	if n.code == nil {
		return n.sym, nil
	}
	key := n.code.Eval(m, env)
	if key.Kind() == value.UnknownValue {
		return 0, key.Unknown()
	}
	sym := attrName(m, key, n.at.Span())
	decideLookup(m, key, set, sym, at)
	return sym, nil
}

// attrSpec is one static attribute of a set; the list is sorted by symbol.
type attrSpec struct {
	sym  value.Symbol
	pos  value.Pos
	code value.Code
	from bool // code runs in the environment that holds the `inherit (e)` sources
}

// dynamicSpec is `${name} = value`.
type dynamicSpec struct{ name, value value.Code }

// attrsNode is `{ … }`.
type attrsNode struct {
	node
	attrs   []attrSpec
	from    []value.Code
	dynamic []dynamicSpec
}

func (n *attrsNode) Eval(m *value.Machine, env *value.Env) value.Value {
	sources := env
	if len(n.from) > 0 {
		sources = m.Capture(env, len(n.from)+1)
		for i, c := range n.from {
			*sources.Slot(i + 1) = c.Delay(m, env)
		}
	}
	list := m.AttrSlots(len(n.attrs))
	for i := range n.attrs {
		s := &n.attrs[i]
		e := env
		if s.from {
			e = sources
		}
		list[i] = value.Attr{Name: s.sym, Pos: s.pos, Value: s.code.Delay(m, e)}
	}
	set := m.NewSet(list)
	if n.dynamic != nil {
		return value.NewAttrs(addDynamic(m, env, set.Attrs(), n.dynamic))
	}
	return set
}
func (n *attrsNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// recAttr says which slot of a recursive level an attribute is.
type recAttr struct {
	sym  value.Symbol
	pos  value.Pos
	slot int
}

// recNode is `rec { … }`: the attributes share the thunks of their slots.
type recNode struct {
	node
	scope     []value.Code
	attrs     []recAttr
	dynamic   []dynamicSpec
	overrides int // the slot of __overrides, 0 when there is none
}

func (n *recNode) Eval(m *value.Machine, env *value.Env) value.Value {
	inner := n.level(m, env)
	list := m.AttrSlots(len(n.attrs))
	for i, a := range n.attrs {
		list[i] = value.Attr{Name: a.sym, Pos: a.pos, Value: *inner.Slot(a.slot)}
	}
	attrs := value.NewAttrsSorted(list)
	if n.overrides != 0 {
		attrs = n.override(m, inner, attrs)
	}
	if n.dynamic != nil {
		attrs = addDynamic(m, inner, attrs, n.dynamic)
	}
	return value.NewAttrs(attrs)
}
func (n *recNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// level is the environment of the set. With __overrides every slot gets a thunk
// of its own: what refers to an attribute must see its replacement.
func (n *recNode) level(m *value.Machine, env *value.Env) *value.Env {
	if n.overrides == 0 {
		return fill(m, env, n.scope)
	}
	inner := m.Capture(env, len(n.scope)+1)
	for i, c := range n.scope {
		*inner.Slot(i + 1) = m.NewThunk(c, inner)
	}
	return inner
}

// override applies __overrides: its attributes replace those of the set, also
// where the set refers to itself.
func (n *recNode) override(m *value.Machine, inner *value.Env, attrs *value.Attrs) *value.Attrs {
	v := m.Force(inner.Slot(n.overrides))
	if v.Kind() != value.AttrSet {
		failAt(m, value.TypeMismatch, n.At(), "expected a set for '__overrides', but found %s", describe(v))
	}
	for _, a := range n.attrs {
		if o := v.Attrs().Get(a.sym); o != nil {
			*inner.Slot(a.slot) = o.Value
		}
	}
	return m.Update(attrs, v.Attrs())
}

// addDynamic adds the attributes whose names are computed. A null name drops
// the attribute; an unknown one leaves a set of which not all names are known.
func addDynamic(m *value.Machine, env *value.Env, attrs *value.Attrs, dynamic []dynamicSpec) *value.Attrs {
	list := slices.Clone(attrs.All())
	open := attrs.Open()
	for _, d := range dynamic {
		at := d.name.At()
		v := d.name.Eval(m, env)
		switch v.Kind() {
		case value.Null:
			continue
		case value.UnknownValue:
			u := v.Unknown().Derive("attribute named "+v.Unknown().Origin, at)
			u.Elem, u.Some = d.value.Delay(m, env), true
			open = u
			continue
		}
		sym := attrName(m, v, at)
		for i := range list {
			if list[i].Name == sym {
				failAt(m, value.DuplicateAttribute, at, "dynamic attribute '%s' already defined at %s", sym, list[i].Pos.Span().Range())
			}
		}
		list = append(list, value.Attr{Name: sym, Pos: at.Start, Value: d.value.Delay(m, env)})
	}
	return value.NewAttrsList(list).WithOpen(open)
}

// attrName is a computed attribute name: a string without references.
func attrName(m *value.Machine, v value.Value, at value.Span) value.Symbol {
	if v.Kind() != value.String {
		failAt(m, value.TypeMismatch, at, "expected a string as an attribute name, but found %s", describe(v))
	}
	if refs := v.Context().References(); !refs.Empty() {
		failAt(m, value.OtherError, at, "the string '%s' is not allowed to refer to a store path (such as '%s')", v.Str(), refs.Elems()[0].Path)
	}
	m.Step(len(v.Str()) / 256)
	return value.Intern(v.Str())
}

// selectNode is `set.a.b` or `set.a.b or default`.
type selectNode struct {
	node
	set  value.Code
	path []name
	or   value.Code
}

func (n *selectNode) Eval(m *value.Machine, env *value.Env) value.Value {
	return n.from(m, env, n.set.Eval(m, env))
}

// from selects from a value in weak head normal form.
func (n *selectNode) from(m *value.Machine, env *value.Env, v value.Value) value.Value {
	for i := range n.path {
		p := &n.path[i]
		sym, unknown := p.symbol(m, env, v, n.At())
		if unknown != nil {
			return blame(m, unknown, n.At())
		}
		switch v.Kind() {
		case value.AttrSet:
			if a := v.Attrs().Get(sym); a != nil {
				v = m.ForceAttr(a)
				continue
			}
			if u := v.Attrs().Open(); u != nil && (n.or == nil || !u.Lacking(sym)) {
				v = host(m).selectUnknown(m, u, sym, n.At())
				continue
			}
		case value.UnknownValue:
			v = host(m).selectUnknown(m, v.Unknown(), sym, n.At())
			continue
		}
		if n.or != nil {
			return n.or.Eval(m, env)
		}
		n.missing(m, v, sym, p)
	}
	return v
}
func (n *selectNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

func (n *selectNode) missing(m *value.Machine, v value.Value, sym value.Symbol, p *name) {
	if v.Kind() != value.AttrSet {
		failAt(m, value.TypeMismatch, p.at.Span(), "expected a set with the attribute '%s', but found %s", sym, describe(v))
	}
	if v.Attrs() == host(m).globals().builtins && slices.Contains(experimental, sym.String()) {
		m.Throw(&value.Error{Kind: value.NotSupported, At: p.at.Span(), Message: "'builtins." + sym.String() + "' is not supported yet",
			Help: "it is experimental in Nix; `builtins ? " + sym.String() + "` is false"})
	}
	m.Throw(missingAttribute(v.Attrs(), sym, p.at.Span()))
}

// missingAttribute is the error that a set lacks an attribute.
func missingAttribute(attrs *value.Attrs, sym value.Symbol, at value.Span) *value.Error {
	e := &value.Error{Kind: value.MissingAttribute, At: at, Message: "attribute '" + beginning(sym.String()) + "' missing"}
	var known []string
	for _, a := range attrs.All() {
		known = append(known, a.Name.String())
	}
	if near := nearest(sym.String(), known); near != "" {
		e.Help = "did you mean '" + near + "'?"
	}
	return e
}

// select1 is `set.a`, by far the most frequent selection.
type select1 struct {
	node
	set value.Code
	at  span // of the name
	sym value.Symbol
}

func (n *select1) Eval(m *value.Machine, env *value.Env) value.Value {
	v := n.set.Eval(m, env)
	if v.Kind() == value.AttrSet {
		if a := v.Attrs().Get(n.sym); a != nil {
			return m.ForceAttr(a)
		}
	}
	return n.general().from(m, env, v)
}
func (n *select1) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// general is the same selection as a selectNode, for what is not frequent.
func (n *select1) general() *selectNode {
	return &selectNode{node: n.span.node(), set: n.set, path: []name{{at: n.at, sym: n.sym}}}
}

// hasAttrNode is `set ? a.b`.
type hasAttrNode struct {
	node
	set  value.Code
	path []name
}

func (n *hasAttrNode) Eval(m *value.Machine, env *value.Env) value.Value {
	v := n.set.Eval(m, env)
	for i := range n.path {
		p := &n.path[i]
		sym, unknown := p.symbol(m, env, v, n.At())
		if unknown != nil {
			return blame(m, unknown, n.At())
		}
		if v.Kind() == value.UnknownValue {
			return ofType(blame(m, v.Unknown(), n.At()), value.Bool)
		}
		if v.Kind() != value.AttrSet {
			return value.False
		}
		a := v.Attrs().Get(sym)
		switch {
		case a == nil && v.Attrs().Open() != nil:
			return ofType(blame(m, v.Attrs().Open(), n.At()), value.Bool)
		case a == nil:
			return value.False
		case i < len(n.path)-1:
			v = m.Force(&a.Value)
		}
	}
	return value.True
}
func (n *hasAttrNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// updateNode is `a // b`.
type updateNode struct {
	node
	a, b value.Code
}

func (n *updateNode) Eval(m *value.Machine, env *value.Env) value.Value {
	var a, b *value.Attrs
	if host(m).as28(updateLeftFirst) {
		a = operandSet(m, n.a.Eval(m, env), n.a)
		b = operandSet(m, n.b.Eval(m, env), n.b)
	} else { // today's Nix forces the right operand first
		b = operandSet(m, n.b.Eval(m, env), n.b)
		a = operandSet(m, n.a.Eval(m, env), n.a)
	}
	return value.NewAttrs(m.Update(a, b))
}
func (n *updateNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// operandSet is an operand of `//`; an unknown one is a set nothing is known of.
func operandSet(m *value.Machine, v value.Value, code value.Code) *value.Attrs {
	switch v.Kind() {
	case value.AttrSet:
		return v.Attrs()
	case value.UnknownValue:
		return value.EmptyAttrs.WithOpen(v.Unknown())
	}
	failAt(m, value.TypeMismatch, code.At(), "expected a set as an operand of '//', but found %s", describe(v))
	return nil
}
