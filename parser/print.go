package parser

import (
	"math"
	"strconv"
	"strings"
)

const lineWidth = 80

// Print formats a tree as Nix source that parses to an Equal tree, with two
// spaces of indentation and lines of about 80 columns. There is no newline at
// the end. Comments are not part of the tree and so not printed. A *Bad node is
// printed as a comment, which does not parse.
func Print(e Expr) string {
	p := &printer{}
	p.expr(e, printExpr)
	return string(p.buf)
}

type printer struct {
	buf    []byte
	indent int

	// While something is tried on one line: the length buf may reach, and
	// whether it went beyond or needs more lines.
	limit int
	flat  bool
	over  bool
}

func (p *printer) write(s string) {
	p.buf = append(p.buf, s...)
	if p.flat && len(p.buf) > p.limit {
		p.over = true
	}
}

func (p *printer) newline() {
	p.buf = append(p.buf, '\n')
	for range min(p.indent, lineWidth) { // keeps the output linear for hostile depths
		p.buf = append(p.buf, ' ')
	}
}

func (p *printer) column() int {
	for i := len(p.buf); i > 0 && len(p.buf)-i <= lineWidth; i-- {
		if p.buf[i-1] == '\n' {
			return len(p.buf) - i
		}
	}
	return min(len(p.buf), lineWidth)
}

// fits writes the short form when it fits on the line; else it writes nothing
// and returns false.
func (p *printer) fits(short func()) bool {
	if p.flat {
		short()
		return true
	}
	start := len(p.buf)
	p.flat, p.over, p.limit = true, false, start+lineWidth-p.column()
	short()
	over := p.over
	p.flat, p.over = false, false
	if over {
		p.buf = p.buf[:start]
	}
	return !over
}

// expr prints e, in parentheses when it binds less strongly than prec.
func (p *printer) expr(e Expr, prec int) {
	if p.over {
		return
	}
	if strength(e) < prec {
		p.write("(")
		p.expr(e, printExpr)
		p.write(")")
		return
	}
	switch e := e.(type) {
	case *Ident:
		p.write(e.Name)
	case *Int:
		p.write(strconv.FormatInt(e.Value, 10))
	case *Float:
		p.write(floatText(e.Value))
	case *String:
		p.str(e)
	case *Path:
		p.path(e)
	case *List:
		p.list(e)
	case *AttrSet:
		p.set(e)
	case *LegacyLet:
		p.write("let ")
		rec := *e.Set
		rec.Rec = false
		p.set(&rec)
	case *Let:
		p.let(e)
	case *With:
		p.guard("with ", e.Scope, e.Body)
	case *Assert:
		p.guard("assert ", e.Cond, e.Body)
	case *If:
		p.ifElse(e)
	case *Lambda:
		p.lambda(e)
	case *Apply:
		if isOr(e) {
			p.expr(e.Fn, precSimple)
		} else {
			p.expr(e.Fn, precSelect)
		}
		for i, arg := range e.Args {
			p.write(" ")
			if i == 0 && isOr(e) {
				p.write("or")
			} else {
				p.expr(arg, precSelect)
			}
		}
	case *Select:
		p.expr(e.Set, precSimple)
		p.write(".")
		p.attrPath(e.Path)
		if e.Default != nil {
			p.write(" or ")
			p.expr(e.Default, precSelect)
		}
	case *HasAttr:
		p.expr(e.Set, precHasAttr+1)
		p.write(" ? ")
		p.attrPath(e.Path)
	case *Unary:
		p.write(e.Op.String())
		if startsWithPath(e.X) {
			p.write(" ") // `-./a` would be one path
		}
		p.expr(e.X, strength(e))
	case *Binary:
		x, y := sides(e)
		p.expr(e.X, x)
		p.write(" ")
		p.write(e.Op.String())
		p.write(" ")
		p.expr(e.Y, y)
	default:
		p.write("/* unreadable */")
	}
}

// Strengths below those of the operators.
const (
	printExpr  = -2 // functions, let, if, with, assert
	printPipes = -1
)

// opPrec is the strength of each binary operator and how it groups.
var opPrec = func() (t [OpPipeLeft + 1]operator) {
	for _, o := range infix {
		if o.prec != 0 && o.prec != precHasAttr {
			t[o.op] = o
		}
	}
	return t
}()

// strength is how strongly an expression holds together when printed without
// parentheses.
func strength(e Expr) int {
	switch e := e.(type) {
	case *Lambda, *Let, *With, *Assert, *If:
		return printExpr
	case *Binary:
		if e.Op == OpPipeLeft || e.Op == OpPipeRight {
			return printPipes
		}
		return int(opPrec[e.Op].prec)
	case *Unary:
		if e.Op == OpNot {
			return precNot
		}
		return precNeg
	case *HasAttr:
		return precHasAttr
	case *Apply:
		return precApply
	case *Select:
		return precSelect
	case *Int, *Float, *Path:
		return precSelect // `1.a` and `./b.a` would be read as one token
	}
	return precSimple
}

// sides is the strength each operand of an operator needs.
func sides(e *Binary) (x, y int) {
	// A chain of pipes may go on with the same pipe only.
	chain := func(operand Expr) int {
		if b, ok := operand.(*Binary); ok && b.Op == e.Op {
			return printPipes
		}
		return precImpl
	}
	switch e.Op {
	case OpPipeRight:
		return chain(e.X), precImpl
	case OpPipeLeft:
		return precImpl, chain(e.Y)
	}
	o := opPrec[e.Op]
	x, y = int(o.prec)+1, int(o.prec)+1
	switch o.assoc {
	case left:
		x--
	case right:
		y--
	}
	return x, y
}

func startsWithPath(e Expr) bool {
	if call, ok := e.(*Apply); ok {
		e = call.Fn
	}
	_, ok := e.(*Path)
	return ok
}

// isOr reports whether a call is written `f or`.
func isOr(e *Apply) bool {
	if len(e.Args) == 0 {
		return false
	}
	id, ok := e.Args[0].(*Ident)
	return ok && id.Name == "or"
}

// floatText writes a float so that Nix reads it as one: with a dot, and before
// it a digit other than 0 unless digits follow.
func floatText(f float64) string {
	s := strconv.FormatFloat(math.Abs(f), 'g', -1, 64)
	if strings.ContainsRune(s, '.') {
		return s
	}
	mantissa, exponent, scientific := strings.Cut(s, "e")
	switch {
	case scientific:
		return mantissa + ".e" + exponent
	case s == "0":
		return "0.0"
	}
	return s + "."
}

func (p *printer) attrPath(path []AttrName) {
	for i, name := range path {
		if i > 0 {
			p.write(".")
		}
		p.attrName(name)
	}
}

func (p *printer) attrName(name AttrName) {
	if name.Expr == nil {
		p.write(attrText(name.Text))
		return
	}
	if s, ok := name.Expr.(*String); ok && s.Kind == Quoted {
		p.str(s)
		return
	}
	p.interpolation(name.Expr)
}

func (p *printer) interpolation(e Expr) {
	p.write("${")
	p.expr(e, printExpr)
	p.write("}")
}

// attrText is a static attribute name as it must be written.
func attrText(name string) string {
	if isName(name) {
		if k := keyword(name); k == tIdent || k == tOr {
			return name
		}
	}
	return quoteText(name, false)
}

// isName reports whether s has the form of an identifier.
func isName(s string) bool {
	if s == "" || class[s[0]]&isLetter == 0 && s[0] != '_' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if class[s[i]]&isIdent == 0 {
			return false
		}
	}
	return true
}
