package parser

import "strings"

// braceExpr parses what starts with `{` where a function is allowed.
func (p *parser) braceExpr() Expr {
	start := p.start
	open := p.tokenSpan()
	p.next()
	switch p.kind {
	case tEllipsis, tComma:
		return p.formalsLambda(open, nil, nil)
	case tIdent:
		name := Name{p.tokenSpan(), p.tokenText()}
		p.next()
		switch p.kind {
		case tComma, tQuestion, tRBrace:
			return p.formalsLambda(open, nil, &name)
		}
		first := AttrName{Span: name.Span, Text: name.Text}
		return p.pipes(p.setBody(start, open, false, &first), start)
	case tRBrace:
		p.next()
		if p.kind == tColon || p.kind == tAt {
			return p.lambdaTail(start, nil, &Formals{Span: Span{start, p.prevEnd}})
		}
		set := p.mem.set.new()
		set.Span, set.Attrs = p.span(start), p.mem.attrs.new()
		return p.pipes(set, start)
	}
	return p.pipes(p.setBody(start, open, false, nil), start)
}

// set parses `{ … }` where no function can stand; the current token is `{`.
func (p *parser) set(start int32, rec bool) *AttrSet {
	open := p.tokenSpan()
	p.next()
	return p.setBody(start, open, rec, nil)
}

// setBody parses what follows `{`. first is a name already read, or nil.
func (p *parser) setBody(start int32, open Span, rec bool, first *AttrName) *AttrSet {
	set := p.mem.set.new()
	set.Rec = rec
	p.open(tRBrace)
	set.Bindings = p.bindingList(tRBrace, first)
	p.closing(tRBrace, "the attribute set", open)
	set.Span = p.span(start)
	set.Attrs = p.merge(set.Bindings)
	return set
}

// letExpr parses `let … in e`, or the old `let { … }`, which is an operand.
func (p *parser) letExpr() Expr {
	start := p.start
	open := p.tokenSpan()
	p.next()
	if p.kind == tLBrace {
		set := p.set(p.start, true)
		return p.pipes(&LegacyLet{p.span(start), set}, start)
	}
	let := p.mem.let.new()
	p.open(tIn)
	let.Bindings = p.bindingList(tIn, nil)
	p.closing(tIn, "'let'", open)
	let.Attrs = p.merge(let.Bindings)
	for _, d := range let.Attrs.Dynamic {
		p.report(idNames, d.Name.Range(), "computed attribute names are not allowed in 'let'")
	}
	let.Body = p.expr()
	let.Span = p.span(start)
	return let
}

// bindingList parses bindings up to the token end, which it leaves. first is a
// name already read, or nil.
func (p *parser) bindingList(end kind, first *AttrName) []Binding {
	base := len(p.bindings)
	var path []AttrName // of the next binding, when already read
	if first != nil {
		path = p.attrPathFrom(*first)
	}
	for {
		switch {
		case path != nil:
			path = p.bindingTail(end, path)
			continue
		case p.kind == tIdent || p.kind == tOr || p.kind == tQuote || p.kind == tDollarCurly:
			path = p.bindingTail(end, p.attrPath())
			continue
		case p.kind == tInherit:
			p.inherit()
			continue
		case p.kind == end || p.kind == tEOF:
		case p.kind == tSemi:
			p.unexpected("unexpected ';'", "there is nothing for this ';' to end")
			p.recovering = false
			p.next()
			continue
		case p.stray():
			continue
		case p.awaited[p.kind] > 0:
			// Something around ends here; closing says what is missing.
		default:
			p.expected("a name, 'inherit' or " + kindText[end]).Help = p.keywordHelp()
			p.skipOne()
			continue
		}
		list := p.mem.bindings.copy(p.bindings[base:])
		p.bindings = p.bindings[:base]
		return list
	}
}

// bindingTail parses `= value;`. When the `;` is missing and the value ran into
// the name of the next binding, it returns that name's path.
func (p *parser) bindingTail(end kind, path []AttrName) (next []AttrName) {
	start, assign := path[0].Start, p.start
	switch p.kind {
	case tAssign:
		p.next()
	case tColon:
		p.expected("'=' after " + pathText(path)).Help = "an attribute is written 'name = value;'"
		p.recovering = false
		p.next()
	default:
		d := p.expected("'=' after " + pathText(path))
		switch {
		case p.kind == tSemi && len(path) == 1:
			d.Help = "'inherit " + path[0].Text + ";' takes the value of the same name from outside"
		case (p.kind == tComma || p.kind == tQuestion) && end == tRBrace:
			d.Help = "a function that is an operand or an argument needs parentheses: ({ … }: …)"
			p.misread = true
		case p.kind == tLParen && len(path) == 1:
			d.Help = "a function is written '" + path[0].Text + " = x: …;'"
		case end == tIn:
			d.Help = "if this is the body of the 'let', write 'in' before it"
		}
		p.skipTo(tSemi)
		return nil
	}
	if !p.enter(len(path)) {
		return nil
	}
	p.open(tSemi)
	value := p.expr()
	p.awaited[tSemi]--
	p.leave(len(path))
	valueEnd := p.prevEnd
	switch {
	case p.kind == tSemi:
		p.recovering = false
		p.next()
	case p.kind == tAssign && !p.recovering && p.arg != nil && p.arg.Range().End == p.prevEnd:
		if next = p.asPath(p.arg); next == nil {
			p.semicolon(p.valueOf(path))
			break
		}
		valueEnd = p.argBefore
		p.fail(Span{valueEnd, valueEnd}, "expected ';' after "+p.valueOf(path)).Help = "add ';' here"
		p.recovering = false
	case p.kind == tAssign && !p.recovering && p.newline(assign, value.Range().Start) && value.Range().End == p.prevEnd:
		if next = p.asPath(value); next == nil {
			p.semicolon(p.valueOf(path))
			break
		}
		p.fail(Span{assign, assign + 1}, "expected a value for "+pathText(path)+" after '='")
		p.recovering = false
		value, valueEnd = &Bad{Span{assign + 1, assign + 1}}, assign+1
	default:
		p.semicolon(p.valueOf(path))
	}
	b := p.mem.bind.new()
	b.Span, b.Path, b.Value = Span{start, max(p.prevEnd, valueEnd)}, path, value
	if next != nil {
		b.End = valueEnd
	}
	p.bindings = append(p.bindings, b)
	return next
}

func (p *parser) valueOf(path []AttrName) string { return "the value of " + pathText(path) }

// newline reports whether a line ends between two offsets.
func (p *parser) newline(from, to int32) bool {
	return from < to && strings.IndexByte(p.src[from:to], '\n') >= 0
}

// asPath is the attribute path an expression looks like, or nil.
func (p *parser) asPath(e Expr) []AttrName {
	switch e := e.(type) {
	case *Ident:
		return []AttrName{{Span: e.Span, Text: e.Name}}
	case *String:
		if e.Kind != Quoted {
			return nil
		}
		return []AttrName{p.nameOf(e, e.Span)}
	case *Select:
		if e.Default != nil {
			return nil
		}
		if first := p.asPath(e.Set); first != nil {
			return append(first, e.Path...)
		}
	}
	return nil
}

// inherit parses `inherit a b;` or `inherit (e) a b;`.
func (p *parser) inherit() {
	start := p.start
	p.open(tSemi)
	p.next()
	b := p.mem.inherit.new()
	if p.kind == tLParen {
		open := p.tokenSpan()
		p.next()
		p.open(tRParen)
		b.From = p.expr()
		p.closing(tRParen, "the source of 'inherit'", open)
	}
	base := len(p.names)
	for p.kind == tIdent || p.kind == tOr || p.kind == tQuote || p.kind == tDollarCurly {
		name := p.attrName()
		if name.Expr != nil {
			p.report(idNames, name.Span, "computed attribute names are not allowed in 'inherit'")
			continue
		}
		p.names = append(p.names, name)
	}
	b.Names = p.mem.names.copy(p.names[base:])
	p.names = p.names[:base]
	p.awaited[tSemi]--
	switch {
	case p.recovering:
		p.semicolon("'inherit'")
	case p.kind == tDot:
		p.expected("';' after 'inherit'").Help = "'inherit (set) name;' takes an attribute of a set"
		p.skipTo(tSemi)
	case p.kind == tComma:
		p.expected("';' after 'inherit'").Help = "inherited names are separated by spaces"
		p.skipTo(tSemi)
	case p.kind == tAssign && len(b.Names) > 0:
		// The `;` before the next binding is missing.
		last := b.Names[len(b.Names)-1]
		at := last.Start
		if len(b.Names) > 1 {
			at = b.Names[len(b.Names)-2].End
		}
		p.fail(Span{at, at}, "expected ';' after 'inherit'").Help = "add ';' here"
		p.skipTo(tSemi)
	default:
		p.semicolon("'inherit'")
	}
	b.Span = p.span(start)
	p.bindings = append(p.bindings, b)
}

// attrPath parses `a."b".${c}`; it is never empty.
func (p *parser) attrPath() []AttrName {
	return p.attrPathFrom(p.attrName())
}

func (p *parser) attrPathFrom(first AttrName) []AttrName {
	if p.kind != tDot {
		return append(p.mem.names.take(1), first)
	}
	base := len(p.names)
	p.names = append(p.names, first)
	for p.kind == tDot {
		p.next()
		p.names = append(p.names, p.attrName())
	}
	path := p.mem.names.copy(p.names[base:])
	p.names = p.names[:base]
	return path
}

// attrName parses one component of an attribute path.
func (p *parser) attrName() AttrName {
	start := p.start
	switch p.kind {
	case tIdent, tOr:
		name := AttrName{Span: p.tokenSpan(), Text: p.tokenText()}
		p.next()
		return name
	case tQuote:
		s := p.quoted()
		return p.nameOf(s, s.Range())
	case tDollarCurly:
		open := p.tokenSpan()
		p.next()
		p.open(tRBrace)
		e := p.expr()
		p.awaited[tRBrace]--
		if p.kind != tRBrace {
			d := p.expected("'}' to close the attribute name")
			p.relate(d, open, "opened here")
			d.Help = ""
			p.toBrace(true)
		}
		if p.kind == tRBrace {
			p.recovering = false
			p.next()
		}
		return p.nameOf(e, p.span(start))
	}
	p.expected("an attribute name").Help = p.keywordHelp()
	e := p.bad()
	return AttrName{Span: e.Range(), Expr: e}
}

// nameOf is the name an expression gives: static when it is a constant string.
func (p *parser) nameOf(e Expr, at Span) AttrName {
	if text, ok := constant(e); ok {
		return AttrName{Span: at, Text: text}
	}
	return AttrName{Span: at, Expr: e}
}

// constant is the text of a string without interpolations. Nix also sees
// through the single interpolation of an indented string, but not of a quoted
// one.
func constant(e Expr) (string, bool) {
	s, ok := e.(*String)
	if !ok {
		return "", false
	}
	switch {
	case len(s.Parts) == 0:
		return "", true
	case len(s.Parts) > 1:
		return "", false
	case s.Parts[0].Expr == nil:
		return s.Parts[0].Text, true
	case s.Kind == Indented:
		return constant(s.Parts[0].Expr)
	}
	return "", false
}

// pathText is an attribute path as messages show it.
func pathText(path []AttrName) string {
	text := "'"
	for i, name := range path {
		if i > 0 {
			text += "."
		}
		if name.Expr != nil {
			text += "${…}"
		} else {
			text += attrText(name.Text)
		}
	}
	return shorten(text) + "'"
}
