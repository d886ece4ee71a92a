package parser

// expr parses a whole expression: a function, let, if, with, assert, or
// operators. Those before the last are no operands: `1 + let …` is an error.
func (p *parser) expr() Expr {
	if !p.enter(1) {
		return p.bad()
	}
	var e Expr
	start := p.start
	switch p.kind {
	case tIdent:
		name := p.tokenText()
		at := p.tokenSpan()
		p.next()
		switch p.kind {
		case tColon, tAt:
			e = p.lambda(name, at)
		default:
			e = p.pipes(p.newIdent(name, at), start)
		}
	case tLBrace:
		e = p.braceExpr()
	case tLet:
		e = p.letExpr()
	case tIf:
		e = p.ifExpr()
	case tWith:
		p.next()
		scope := p.guarded("the scope of 'with'")
		body := p.expr()
		e = &With{p.span(start), scope, body}
	case tAssert:
		p.next()
		cond := p.guarded("the condition of 'assert'")
		body := p.expr()
		e = &Assert{p.span(start), cond, body}
	default:
		e = p.pipes(nil, start)
	}
	p.leave(1)
	return e
}

// guarded parses `e ;` after `with` or `assert`.
func (p *parser) guarded(what string) Expr {
	p.awaited[tSemi]++
	e := p.expr()
	p.awaited[tSemi]--
	p.semicolon(what)
	return e
}

func (p *parser) ifExpr() Expr {
	start := p.start
	p.next()
	e := &If{}
	p.awaited[tElse]++
	p.awaited[tThen]++
	e.Cond = p.expr()
	p.awaited[tThen]--
	p.keyword(tThen, "the condition of 'if'", start)
	e.Then = p.expr()
	p.awaited[tElse]--
	p.keyword(tElse, "the 'then' branch", start)
	e.Else = p.expr()
	e.Span = p.span(start)
	return e
}

// pipes parses operators and the pipes between them. first is an operand
// already read, or nil. A chain of `|>` groups to the left, one of `<|` to the
// right, and Nix allows no mix.
func (p *parser) pipes(first Expr, start int32) Expr {
	x := p.operators(precImpl, first, start)
	if p.kind == tPipeLeft {
		x = p.pipeLeft(x, start)
	}
	for n := 0; p.kind == tPipeRight || p.kind == tPipeLeft; n++ {
		if n == maxChain {
			p.giveUp("more than 100,000 operators in a row")
			break
		}
		if b, ok := x.(*Binary); p.kind == tPipeLeft || ok && b.Op == OpPipeLeft && b.Start == start {
			p.unexpected("'<|' and '|>' cannot be mixed", "put parentheses around one of them")
		}
		at := p.tokenSpan()
		p.next()
		y := p.operators(precImpl, nil, p.start)
		x = p.newBinary(start, OpPipeRight, at, x, y)
	}
	return x
}

// pipeLeft parses a chain of `<|` after its first operand.
func (p *parser) pipeLeft(x Expr, start int32) Expr {
	if !p.enter(1) {
		return x
	}
	at := p.tokenSpan()
	p.next()
	inner := p.start
	y := p.operators(precImpl, nil, inner)
	if p.kind == tPipeLeft {
		y = p.pipeLeft(y, inner)
	}
	p.leave(1)
	return p.newBinary(start, OpPipeLeft, at, x, y)
}

// operators parses an operand and the infix operators after it that bind at
// least as strongly as weakest. first is an operand already read, or nil.
func (p *parser) operators(weakest uint8, first Expr, start int32) Expr {
	var x Expr
	if first == nil && (p.kind == tNot || p.kind == tMinus) {
		x = p.unary()
	} else {
		x = p.application(first, start)
	}
	var unchained uint8 // strength of a `none` operator just read
	for n := 0; ; n++ {
		o := infix[p.kind]
		if o.prec < weakest || o.prec == 0 {
			return x
		}
		if n == maxChain {
			p.giveUp("more than 100,000 operators in a row")
			return x
		}
		if p.kind == tQuestion {
			p.next()
			path := p.attrPath()
			x = &HasAttr{p.span(start), x, path}
			continue
		}
		if o.assoc == none && unchained == o.prec {
			p.unexpected("operator "+kindText[p.kind]+" cannot follow another comparison of the same strength",
				"put parentheses around the first one")
		}
		unchained = 0
		if o.assoc == none {
			unchained = o.prec
		}
		at := p.tokenSpan()
		p.next()
		var y Expr
		if o.assoc == right {
			if !p.enter(1) {
				return x
			}
			y = p.operators(o.prec, nil, p.start)
			p.leave(1)
		} else {
			y = p.operators(o.prec+1, nil, p.start)
		}
		x = p.newBinary(start, o.op, at, x, y)
	}
}

// unary parses `!x` or `-x`. The operand takes in every operator stronger than
// the prefix: `!a ? b` is `!(a ? b)`, `-a ? b` is `(-a) ? b`.
func (p *parser) unary() Expr {
	start := p.start
	if !p.enter(1) {
		return p.bad()
	}
	op, prec := OpNot, uint8(precNot)
	if p.kind == tMinus {
		op, prec = OpNeg, precNeg
	}
	p.next()
	x := p.operators(prec+1, nil, p.start)
	p.leave(1)
	return &Unary{p.span(start), op, x}
}

// application parses `f a b`.
func (p *parser) application(first Expr, start int32) Expr {
	fn := p.selection(first, start)
	if !startsSimple[p.kind] {
		return fn
	}
	base := len(p.exprs)
	before := p.prevEnd
	for startsSimple[p.kind] {
		before = p.prevEnd
		arg := p.selection(nil, p.start)
		p.exprs = append(p.exprs, arg)
	}
	args := p.exprs[base:]
	p.arg, p.argBefore = args[len(args)-1], before
	var call *Apply
	if inner, ok := fn.(*Apply); ok {
		// `(f a) b` is `f a b`; Nix joins them as well.
		call = inner
		call.Args = append(inner.Args[:len(inner.Args):len(inner.Args)], args...)
	} else {
		call = p.mem.apply.new()
		call.Fn, call.Args = fn, p.mem.exprs.copy(args)
	}
	call.Span = p.span(start)
	p.exprs = p.exprs[:base]
	return call
}

// selection parses `x`, `x.a.b`, `x.a.b or d`, and `x or`, which applies x to a
// variable named or: old nixpkgs had such a function.
func (p *parser) selection(first Expr, start int32) Expr {
	x := first
	if x == nil {
		x = p.simple()
	}
	switch p.kind {
	case tDot:
		p.next()
		s := p.mem.sel.new()
		s.Set, s.Path = x, p.attrPath()
		if p.kind == tOr {
			p.next()
			if !p.enter(1) {
				return x
			}
			if startsSimple[p.kind] {
				s.Default = p.selection(nil, p.start)
			} else {
				s.Default = p.missing("a default after 'or'")
			}
			p.leave(1)
		}
		s.Span = p.span(start)
		return s
	case tOr:
		call := p.mem.apply.new()
		call.Fn = x
		call.Args = append(p.mem.exprs.take(1), p.newIdent("or", p.tokenSpan()))
		p.next()
		call.Span = p.span(start)
		return call
	}
	return x
}

func (p *parser) newIdent(name string, at Span) *Ident {
	id := p.mem.ident.new()
	id.Span, id.Name = at, name
	return id
}

func (p *parser) newBinary(start int32, op Op, at Span, x, y Expr) *Binary {
	b := p.mem.binary.new()
	b.Span, b.Op, b.OpAt, b.X, b.Y = p.span(start), op, at, x, y
	return b
}
