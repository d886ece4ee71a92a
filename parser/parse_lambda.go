package parser

// lambda parses the rest of `x: body` or `x @ { … }: body`; the current token
// is the colon or the at sign.
func (p *parser) lambda(name string, at Span) Expr {
	param := p.mem.name.new()
	param.Span, param.Text = at, name
	if p.kind == tColon {
		p.next()
		return p.newLambda(at.Start, param, nil, false)
	}
	p.next()
	if p.kind != tLBrace {
		p.expected("'{' after '" + name + " @'")
		f := &Formals{Span: Span{p.start, p.start}}
		p.skipTo(tColon)
		return p.newLambda(at.Start, param, f, false)
	}
	open := p.tokenSpan()
	p.next()
	f := p.formalList(open, nil)
	p.colon(f)
	return p.newLambda(at.Start, param, f, false)
}

// formalsLambda parses a function after its `{`; first is a name already read.
func (p *parser) formalsLambda(open Span, param *Name, first *Name) Expr {
	return p.lambdaTail(open.Start, param, p.formalList(open, first))
}

// lambdaTail parses `@ param: body` or `: body`.
func (p *parser) lambdaTail(start int32, param *Name, f *Formals) Expr {
	last := false
	if p.kind == tAt {
		p.next()
		last = true
		if p.kind == tIdent {
			param = p.mem.name.new()
			param.Span, param.Text = p.tokenSpan(), p.tokenText()
			p.next()
		} else {
			p.expected("a name after '@'").Help = ""
		}
	}
	p.colon(f)
	return p.newLambda(start, param, f, last)
}

func (p *parser) colon(f *Formals) {
	if p.kind == tColon {
		p.recovering = false
		p.next()
		return
	}
	d := p.expected("':' after the function's arguments")
	switch {
	case p.kind == tLBrace || p.kind == tLet:
		d.Help = "add ':' here"
	case d.Help == "" && len(f.List) > 0 && !f.Ellipsis:
		d.Help = "an attribute set that takes a name from outside is written { inherit " + f.List[0].Name + "; }"
	}
	p.skipTo(tColon)
}

func (p *parser) newLambda(start int32, param *Name, f *Formals, last bool) Expr {
	p.checkFormals(param, f)
	body := p.expr()
	l := p.mem.lambda.new()
	l.Span, l.Param, l.ParamLast, l.Formals, l.Body = p.span(start), param, last, f, body
	return l
}

// formalList parses `a, b ? e, ... }`; first is a name already read.
func (p *parser) formalList(open Span, first *Name) *Formals {
	f := p.mem.formals.new()
	errors := len(p.diags)
	base := len(p.formals)
	p.open(tRBrace)
	p.open(tComma)
	for {
		formal := Formal{}
		switch {
		case first != nil:
			formal.Span, formal.Name, first = first.Span, first.Text, nil
		case p.kind == tIdent:
			formal.Span, formal.Name = p.tokenSpan(), p.tokenText()
			p.next()
		case p.kind == tEllipsis:
			f.Ellipsis = true
			p.next()
			if p.kind == tComma {
				p.unexpected("'...' must be the last argument, and no comma may follow it", "remove this comma, or move '...' to the end")
				p.recovering = false
				p.next()
				continue
			}
		case p.kind == tComma:
			p.expected("the name of an argument").Help = "remove one of the commas"
			p.recovering = false
			p.next()
			continue
		case p.kind == tRBrace:
		default:
			p.expected("the name of an argument, '...' or '}'")
		}
		if formal.Name != "" {
			if p.kind == tAssign {
				p.unexpected("expected '?' before the default of '"+formal.Name+"', found '='", "a default is written name ? value")
				p.recovering = false
				p.kind = tQuestion
			}
			if p.kind == tQuestion {
				p.next()
				if p.kind == tComma || p.kind == tRBrace {
					p.expected("a default for '" + formal.Name + "'").Help = ""
					p.recovering = false
					formal.Default = p.bad()
				} else {
					formal.Default = p.expr()
				}
				formal.End = p.prevEnd
			}
			p.formals = append(p.formals, formal)
			switch {
			case p.kind == tComma:
				p.recovering = false
				p.next()
				continue
			case p.recovering && p.skipTo(tComma):
				continue
			case p.kind == tIdent || p.kind == tEllipsis:
				p.fail(Span{p.prevEnd, p.prevEnd}, "expected ',' between arguments, found "+p.found()).Help = "add ',' here"
				continue // and stay silent until a comma or the brace confirms it
			}
		} else if p.recovering && p.skipTo(tComma) {
			continue
		}
		break
	}
	p.awaited[tComma]--
	p.closing(tRBrace, "the function's arguments", open)
	f.Span = p.span(open.Start)
	f.List = p.mem.formal.copy(p.formals[base:])
	p.formals = p.formals[:base]
	p.unsure = len(p.diags) > errors
	return f
}

// checkFormals reports arguments named twice, the name after or before `@`
// included.
func (p *parser) checkFormals(param *Name, f *Formals) {
	if f == nil || p.unsure {
		p.unsure = false
		return
	}
	twice := func(name string, first, second Span) {
		d := p.report(idNames, second, "function argument '"+name+"' is defined twice")
		p.relate(d, first, "first defined here")
	}
	var seen map[string]int
	if len(f.List) > fewAttrs {
		seen = make(map[string]int, len(f.List))
	}
	for i := range f.List {
		a := &f.List[i]
		at := Span{a.Start, a.Start + int32(len(a.Name))}
		if param != nil && param.Text == a.Name {
			if param.Start < a.Start {
				twice(a.Name, param.Span, at)
			} else {
				twice(a.Name, at, param.Span)
			}
		}
		first := -1
		if seen != nil {
			if j, ok := seen[a.Name]; ok {
				first = j
			} else {
				seen[a.Name] = i
			}
		} else {
			for j := range i {
				if f.List[j].Name == a.Name {
					first = j
					break
				}
			}
		}
		if first >= 0 {
			b := &f.List[first]
			twice(a.Name, Span{b.Start, b.Start + int32(len(b.Name))}, at)
		}
	}
}
