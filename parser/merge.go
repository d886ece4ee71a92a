package parser

// fewAttrs is the number of attributes up to which a linear search is faster
// than a map.
const fewAttrs = 12

// merge works out what bindings define, by the rules of CppNix: `a.b = 1; a.c =
// 2;` and `a = { … }; a.c = 2;` define one set a, as long as every part is
// written as a set. The first part decides whether it is recursive. Names
// defined twice are reported.
//
// As in CppNix the attributes are added to the set that came first, which may
// be a literal: its Attrs then hold more than its Bindings.
func (p *parser) merge(bindings []Binding) *Attrs {
	attrs := p.mem.attrs.new()
	n := 0
	for _, b := range bindings {
		switch b := b.(type) {
		case *Bind:
			n++
		case *Inherit:
			n += len(b.Names)
		}
	}
	if n >= tokensPerCall && p.taking != nil {
		p.taking(n * attrBytes)
	}
	attrs.Static = p.mem.attr.take(n)
	for _, b := range bindings {
		switch b := b.(type) {
		case *Bind:
			p.addBind(attrs, b)
		case *Inherit:
			p.addInherit(attrs, b)
		}
	}
	clear(p.index)
	return attrs
}

func (p *parser) addBind(attrs *Attrs, b *Bind) {
	last := len(b.Path) - 1
	for i := range b.Path[:last] {
		nested := p.nested(attrs, b, i)
		if nested == nil {
			return
		}
		attrs = nested
	}
	name := &b.Path[last]
	if name.Expr != nil {
		attrs.Dynamic = append(attrs.Dynamic, DynamicAttr{name.Expr, b.Value})
		return
	}
	p.addAttr(attrs, b.Path, Attr{Name: name.Text, NameAt: name.Span, PathAt: b.Start, Value: b.Value, From: -1})
}

// nested is the set that b's path enters with its component i, created when
// there is none; nil, after a report, when something else has the name.
func (p *parser) nested(attrs *Attrs, b *Bind, i int) *Attrs {
	name := &b.Path[i]
	fresh := func() *AttrSet {
		return &AttrSet{Span: Span{b.Path[i+1].Start, b.Value.Range().End}, Merged: true, Attrs: p.mem.attrs.new()}
	}
	if name.Expr != nil {
		set := fresh()
		attrs.Dynamic = append(attrs.Dynamic, DynamicAttr{name.Expr, set})
		return set.Attrs
	}
	at := p.find(attrs, name.Text)
	if at < 0 {
		set := fresh()
		p.define(attrs, Attr{Name: name.Text, NameAt: name.Span, PathAt: b.Start, Value: set, From: -1})
		return set.Attrs
	}
	set := mergeable(&attrs.Static[at])
	if set == nil {
		p.duplicate(b.Path[:i+1], name.Span, attrs.Static[at].NameAt)
		return nil
	}
	return set.Attrs
}

// addAttr defines an attribute, or merges it with the set already there. path
// is what messages show; its last component is the attribute's name.
func (p *parser) addAttr(attrs *Attrs, path []AttrName, a Attr) {
	at := p.find(attrs, a.Name)
	if at < 0 {
		p.define(attrs, a)
		return
	}
	old := mergeable(&attrs.Static[at])
	added := mergeable(&a)
	if old == nil || added == nil {
		p.duplicate(path, a.NameAt, attrs.Static[at].NameAt)
		return
	}
	shift := len(old.Attrs.From)
	for _, inner := range added.Attrs.Static {
		if inner.From >= 0 {
			inner.From += shift
		}
		inside := append(path[:len(path):len(path)], AttrName{Span: inner.NameAt, Text: inner.Name})
		p.addAttr(old.Attrs, inside, inner)
	}
	old.Attrs.Dynamic = append(old.Attrs.Dynamic, added.Attrs.Dynamic...)
	old.Attrs.From = append(old.Attrs.From, added.Attrs.From...)
}

func (p *parser) addInherit(attrs *Attrs, b *Inherit) {
	from := -1
	if b.From != nil {
		from = len(attrs.From)
		attrs.From = append(attrs.From, b.From)
	}
	for i := range b.Names {
		name := &b.Names[i]
		if at := p.find(attrs, name.Text); at >= 0 {
			p.duplicate(b.Names[i:i+1], name.Span, attrs.Static[at].NameAt)
			continue
		}
		a := Attr{Name: name.Text, NameAt: name.Span, PathAt: name.Start, From: from}
		if from < 0 {
			a.Inherit = true
			a.Value = p.newIdent(name.Text, name.Span)
		}
		p.define(attrs, a)
	}
}

// mergeable is the set an attribute is written as, or nil.
func mergeable(a *Attr) *AttrSet {
	set, _ := a.Value.(*AttrSet)
	return set
}

// find is the index of a static attribute, or -1.
func (p *parser) find(attrs *Attrs, name string) int {
	if len(attrs.Static) <= fewAttrs {
		for i := range attrs.Static {
			if attrs.Static[i].Name == name {
				return i
			}
		}
		return -1
	}
	index := p.index[attrs]
	if index == nil {
		index = make(map[string]int32, 2*len(attrs.Static))
		for i := range attrs.Static {
			index[attrs.Static[i].Name] = int32(i)
		}
		if p.index == nil {
			p.index = map[*Attrs]map[string]int32{}
		}
		p.index[attrs] = index
	}
	if i, ok := index[name]; ok {
		return int(i)
	}
	return -1
}

// define adds a name that find did not find.
func (p *parser) define(attrs *Attrs, a Attr) {
	if len(attrs.Static) > fewAttrs {
		p.index[attrs][a.Name] = int32(len(attrs.Static))
	}
	attrs.Static = append(attrs.Static, a)
}

func (p *parser) duplicate(path []AttrName, at, first Span) {
	d := p.report(idNames, at, "attribute "+pathText(path)+" is already defined")
	p.relate(d, first, "first defined here")
}
