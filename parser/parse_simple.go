package parser

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// simple parses an operand without selection: a literal, a variable, a set, a
// list, or anything in parentheses.
func (p *parser) simple() Expr {
	start := p.start
	switch p.kind {
	case tIdent:
		id := p.newIdent(p.tokenText(), p.tokenSpan())
		p.next()
		return id
	case tQuote:
		return p.quoted()
	case tIndQuote:
		return p.indented()
	case tLBrace:
		set := p.set(start, false)
		if p.misread && (p.kind == tColon || p.kind == tAt) {
			return p.misreadLambda(start)
		}
		p.misread = false
		return set
	case tLBracket:
		return p.listExpr()
	case tLParen:
		open := p.tokenSpan()
		p.next()
		p.open(tRParen)
		e := p.expr()
		p.closing(tRParen, "the parenthesis", open)
		return e
	case tInt:
		return p.intLit()
	case tFloat:
		return p.floatLit()
	case tPath, tHomePath:
		return p.pathLit()
	case tSearchPath:
		e := p.mem.path.new()
		e.Span, e.Kind = p.tokenSpan(), SearchPath
		e.Parts = append(p.mem.parts.take(1), Part{Span: Span{p.start + 1, p.end - 1}, Text: p.src[p.start+1 : p.end-1]})
		p.next()
		return e
	case tURI:
		e := p.mem.str.new()
		e.Span, e.Kind = p.tokenSpan(), URI
		e.Parts = append(p.mem.parts.take(1), Part{Span: p.tokenSpan(), Text: p.tokenText()})
		p.next()
		return e
	case tRec:
		p.next()
		if p.kind != tLBrace {
			return p.missing("'{' after 'rec'")
		}
		return p.set(start, true)
	case tLet, tIf, tWith, tAssert:
		return p.bareKeyword()
	}
	return p.missing("an expression")
}

// bareKeyword parses `let` and its like where Nix wants an operand: the old
// `let { … }` is one, the others are read as if they stood in parentheses.
func (p *parser) bareKeyword() Expr {
	start := p.start
	if p.kind == tLet {
		ahead := p.lexer
		ahead.next()
		if ahead.kind == tLBrace {
			p.next()
			set := p.set(p.start, true)
			return &LegacyLet{p.span(start), set}
		}
	}
	resume := !p.recovering
	p.unexpected(kindText[p.kind]+" cannot be an operand or an argument", p.hint())
	if resume {
		p.recovering = false
	}
	return p.expr()
}

// misreadLambda reads the rest of a function that stands where only a set can,
// and whose formals were reported already.
func (p *parser) misreadLambda(start int32) Expr {
	p.misread = false
	p.recovering = true
	if !p.skipTo(tColon) {
		return p.bad()
	}
	p.expr()
	return &Bad{p.span(start)}
}

func (p *parser) intLit() Expr {
	n, err := strconv.ParseInt(p.tokenText(), 10, 64)
	if err != nil {
		p.report(idSyntax, p.tokenSpan(), "the integer "+shorten(p.tokenText())+" is too large").Help =
			"the largest integer is 9223372036854775807"
	}
	e := p.mem.integer.new()
	e.Span, e.Value = p.tokenSpan(), n
	p.next()
	return e
}

func (p *parser) floatLit() Expr {
	text := p.tokenText()
	f, err := strconv.ParseFloat(text, 64)
	const smallestNormal = 0x1p-1022
	zero := strings.TrimLeft(mantissa(text), "0.") == ""
	if err != nil && errors.Is(err, strconv.ErrRange) || !zero && math.Abs(f) < smallestNormal {
		// Nix reads floats with strtod and refuses what that calls out of range.
		p.report(idSyntax, p.tokenSpan(), "the number "+shorten(text)+" is out of range")
	}
	e := &Float{p.tokenSpan(), f}
	p.next()
	return e
}

func mantissa(float string) string {
	if i := strings.IndexAny(float, "eE"); i >= 0 {
		return float[:i]
	}
	return float
}

// listExpr parses `[ a b ]`.
func (p *parser) listExpr() Expr {
	start, open := p.start, p.tokenSpan()
	if !p.enter(1) {
		return p.bad()
	}
	p.next()
	p.open(tRBracket)
	base := len(p.exprs)
	surprised := false // one message for all operators and commas in a list
	for {
		if startsSimple[p.kind] {
			e := p.selection(nil, p.start)
			p.exprs = append(p.exprs, e)
			continue
		}
		if p.kind == tRBracket || p.kind == tEOF || p.awaited[p.kind] > 0 && !isOperator(p.kind) {
			break
		}
		if !surprised && !p.recovering {
			surprised = true
			p.listSurprise()
		}
		if p.kind == tIf || p.kind == tWith || p.kind == tAssert {
			e := p.expr()
			p.exprs = append(p.exprs, e)
			continue
		}
		if p.kind == tRBrace || p.kind == tRParen || p.kind == tSemi {
			break
		}
		p.next()
	}
	p.leave(1)
	if surprised && p.kind != tRBracket {
		p.recovering = true // one message is enough
	}
	p.closing(tRBracket, "the list", open)
	l := p.mem.list.new()
	l.Elems = p.mem.exprs.copy(p.exprs[base:])
	p.exprs = p.exprs[:base]
	l.Span = p.span(start)
	return l
}

func isOperator(k kind) bool { return k >= tNot && k <= tPipeLeft || k == tQuestion }

// listSurprise reports a token that is no element of a list.
func (p *parser) listSurprise() {
	switch {
	case p.kind == tMinus:
		p.unexpected("unexpected '-' in a list", "write (-1) for a negative number, (a - 1) for a difference")
	case isOperator(p.kind):
		p.unexpected("unexpected "+kindText[p.kind]+" in a list", "put parentheses around an element that is an operation: [ (a + b) c ]")
	case p.kind == tComma:
		p.unexpected("unexpected ',' in a list", "elements are separated by spaces")
	default:
		p.expected("a list element or ']'")
	}
}
