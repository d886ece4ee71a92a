package parser

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
)

// PrintNix writes a file as `nix-instantiate --parse` of Nix 2.8 does: every
// operation in parentheses, operators that are functions and <search> paths as
// the calls they stand for, attributes sorted. resolve gives a path's absolute
// form, without interpolations and with a trailing slash when parts follow; it
// is not asked about search paths.
//
// Nix 2.8 sorts the bindings of `let` and the formals of functions by memory
// address; here they are sorted by name, as today's Nix does. Pipe operators, which
// 2.8 lacks, are printed as today's Nix does: as calls. The file must have been
// parsed without errors.
func PrintNix(f *File, resolve func(*Path) string) string {
	var b bytes.Buffer
	WriteNix(&b, f, resolve)
	return b.String()
}

// WriteNix is PrintNix into a buffer, which can be that of the file before.
func WriteNix(b *bytes.Buffer, f *File, resolve func(*Path) string) {
	b.Grow(2 * len(f.Text)) // parentheses are about as long as comments and spaces
	p := &nixPrinter{Buffer: b, file: f, resolve: resolve}
	p.expr(f.Expr)
}

type nixPrinter struct {
	*bytes.Buffer
	file    *File
	resolve func(*Path) string
	sorted  []*Attr // of the sets being printed, innermost last
}

func (p *nixPrinter) expr(e Expr) {
	if fn, args, ok := asCall(e); ok {
		p.WriteByte('(')
		p.WriteString(fn)
		p.args(args)
		p.WriteByte(')')
		return
	}
	switch e := e.(type) {
	case *Ident:
		p.name(e.Name)
	case *Int:
		p.WriteString(strconv.FormatInt(e.Value, 10))
	case *Float:
		p.WriteString(formatG(e.Value))
	case *String:
		p.str(e)
	case *Path:
		p.path(e)
	case *List:
		p.WriteString("[ ")
		for _, elem := range e.Elems {
			p.WriteByte('(')
			p.expr(elem)
			p.WriteString(") ")
		}
		p.WriteByte(']')
	case *AttrSet:
		p.set(e)
	case *LegacyLet:
		p.WriteByte('(')
		p.set(e.Set)
		p.WriteString(").body")
	case *Let:
		p.WriteString("(let ")
		p.attrs(e.Attrs, "; ")
		p.WriteString("in ")
		p.expr(e.Body)
		p.WriteByte(')')
	case *With:
		p.join("(with ", e.Scope, "; ", e.Body, ")")
	case *Assert:
		p.join("assert ", e.Cond, "; ", e.Body, "")
	case *If:
		p.join("(if ", e.Cond, " then ", e.Then, " else ")
		p.expr(e.Else)
		p.WriteByte(')')
	case *Lambda:
		p.lambda(e)
	case *Apply:
		p.apply(e)
	case *Select:
		p.WriteByte('(')
		p.expr(e.Set)
		p.WriteString(").")
		p.attrPath(e.Path)
		if e.Default != nil {
			p.WriteString(" or (")
			p.expr(e.Default)
			p.WriteByte(')')
		}
	case *HasAttr:
		p.WriteString("((")
		p.expr(e.Set)
		p.WriteString(") ? ")
		p.attrPath(e.Path)
		p.WriteByte(')')
	case *Unary:
		p.WriteString("(! ")
		p.expr(e.X)
		p.WriteByte(')')
	case *Binary:
		switch e.Op {
		case OpLe:
			p.notLess(e.Y, e.X)
		case OpGe:
			p.notLess(e.X, e.Y)
		case OpPipeRight:
			p.call(e.Y, []Expr{e.X})
		case OpPipeLeft:
			p.call(e.X, []Expr{e.Y})
		default:
			p.join("(", e.X, " "+e.Op.String()+" ", e.Y, ")")
		}
	}
}

func (p *nixPrinter) join(before string, x Expr, between string, y Expr, after string) {
	p.WriteString(before)
	p.expr(x)
	p.WriteString(between)
	p.expr(y)
	p.WriteString(after)
}

func (p *nixPrinter) notLess(x, y Expr) {
	p.join("(! (__lessThan ", x, " ", y, "))")
}

// asCall is the call that Nix makes of an expression which is not written as
// one.
func asCall(e Expr) (fn string, args []Expr, ok bool) {
	switch e := e.(type) {
	case *Binary:
		switch e.Op {
		case OpSub:
			fn = "__sub"
		case OpMul:
			fn = "__mul"
		case OpDiv:
			fn = "__div"
		case OpLt:
			fn = "__lessThan"
		case OpGt:
			return "__lessThan", []Expr{e.Y, e.X}, true
		default:
			return "", nil, false
		}
		return fn, []Expr{e.X, e.Y}, true
	case *Unary:
		if e.Op == OpNeg {
			return "__sub", []Expr{&Int{}, e.X}, true
		}
	case *Path:
		if e.Kind == SearchPath {
			return "__findFile", []Expr{&Ident{Name: "__nixPath"}, &String{Parts: e.Parts}}, true
		}
	}
	return "", nil, false
}

func (p *nixPrinter) apply(e *Apply) {
	if isOr(e) {
		p.WriteByte('(')
		p.expr(e.Fn)
		p.args(e.Args)
		p.WriteByte(')')
		return
	}
	p.call(e.Fn, e.Args)
}

// call prints a call. A function that is a call itself is not nested: Nix adds
// the arguments to it, whatever it was written as.
func (p *nixPrinter) call(fn Expr, args []Expr) {
	p.WriteByte('(')
	p.callee(fn)
	p.args(args)
	p.WriteByte(')')
}

func (p *nixPrinter) callee(fn Expr) {
	if name, args, ok := asCall(fn); ok {
		p.WriteString(name)
		p.args(args)
		return
	}
	switch fn := fn.(type) {
	case *Apply:
		if isOr(fn) {
			p.expr(fn.Fn)
		} else {
			p.callee(fn.Fn)
		}
		p.args(fn.Args)
		return
	case *Binary:
		switch fn.Op {
		case OpPipeRight:
			p.callee(fn.Y)
			p.args([]Expr{fn.X})
			return
		case OpPipeLeft:
			p.callee(fn.X)
			p.args([]Expr{fn.Y})
			return
		}
	}
	p.expr(fn)
}

func (p *nixPrinter) args(args []Expr) {
	for _, arg := range args {
		p.WriteByte(' ')
		p.expr(arg)
	}
}

func (p *nixPrinter) set(e *AttrSet) {
	if e.Rec {
		p.WriteString("rec ")
	}
	p.WriteString("{ ")
	p.attrs(e.Attrs, " ; ")
	for _, d := range e.Attrs.Dynamic {
		p.WriteString(`"${`)
		p.expr(d.Name)
		p.WriteString(`}" = `)
		p.expr(d.Value)
		p.WriteString("; ")
	}
	p.WriteByte('}')
}

// attrs prints the static attributes, by name.
func (p *nixPrinter) attrs(of *Attrs, afterInherit string) {
	outer := len(p.sorted)
	for i := range of.Static {
		p.sorted = append(p.sorted, &of.Static[i])
	}
	list := p.sorted[outer:]
	slices.SortFunc(list, func(a, b *Attr) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range list {
		if a.Inherit {
			p.WriteString("inherit ")
			p.name(a.Name)
			p.WriteString(afterInherit)
			continue
		}
		p.name(a.Name)
		if a.From >= 0 {
			p.WriteString(" = (")
			p.expr(of.From[a.From])
			p.WriteString(").")
			p.name(a.Name)
		} else {
			p.WriteString(" = ")
			p.expr(a.Value)
		}
		p.WriteString("; ")
	}
	p.sorted = p.sorted[:outer]
}

func (p *nixPrinter) lambda(e *Lambda) {
	p.WriteByte('(')
	if e.Formals != nil {
		p.WriteString("{ ")
		sorted := slices.SortedStableFunc(slices.Values(e.Formals.List), func(a, b Formal) int { return strings.Compare(a.Name, b.Name) })
		for i, f := range sorted {
			if i > 0 {
				p.WriteString(", ")
			}
			p.name(f.Name)
			if f.Default != nil {
				p.WriteString(" ? ")
				p.expr(f.Default)
			}
		}
		if e.Formals.Ellipsis {
			if len(e.Formals.List) > 0 {
				p.WriteString(", ")
			}
			p.WriteString("...")
		}
		p.WriteString(" }")
		if e.Param != nil {
			p.WriteString(" @ ")
		}
	}
	if e.Param != nil {
		p.name(e.Param.Text)
	}
	p.WriteString(": ")
	p.expr(e.Body)
	p.WriteByte(')')
}

func (p *nixPrinter) attrPath(path []AttrName) {
	for i, name := range path {
		if i > 0 {
			p.WriteByte('.')
		}
		if name.Expr == nil {
			p.name(name.Text)
			continue
		}
		p.WriteString(`"${`)
		p.expr(name.Expr)
		p.WriteString(`}"`)
	}
}

// str prints a string: one literal, or the sum of its pieces.
func (p *nixPrinter) str(e *String) {
	if e.Kind == Indented {
		p.pieces(p.split(e))
		return
	}
	if len(e.Parts) == 0 {
		p.WriteString(`""`)
		return
	}
	if len(e.Parts) == 1 && e.Parts[0].Expr == nil {
		p.quote(e.Parts[0].Text)
		return
	}
	list := make([]piece, len(e.Parts))
	for i, part := range e.Parts {
		list[i] = piece{text: part.Text, expr: part.Expr}
	}
	p.sum(list)
}

// split reads an indented string once more: where Nix 2.8 splits its text
// shows in its output, but is of no other use and so not in the tree.
func (p *nixPrinter) split(e *String) []piece {
	src := p.file.Text[:e.End-2]
	open := lexer{src: p.file.Text, pos: e.Start}
	open.next()
	list := make([]piece, 0, 2*len(e.Parts)+2)
	interpolations := e.Parts
	for i := int(open.end); ; {
		next, ok := nextPiece(src, i)
		if !ok {
			for len(interpolations) > 0 && (interpolations[0].Expr == nil || int(interpolations[0].Start) < i) {
				interpolations = interpolations[1:]
			}
			if len(interpolations) == 0 {
				break
			}
			next = piece{Span: interpolations[0].Span, expr: interpolations[0].Expr}
			interpolations = interpolations[1:]
		}
		list = append(list, next)
		i = int(next.End)
	}
	s := stripper{indent: minIndent(list)}
	for i := range list {
		if list[i].expr != nil {
			s.expr()
			continue
		}
		list[i].text = string(s.text(nil, list[i].text, i == len(list)-1))
	}
	return list
}

// pieces prints an indented string. A single constant one is a literal, even
// when it comes from an interpolation.
func (p *nixPrinter) pieces(list []piece) {
	switch {
	case len(list) == 0:
		p.WriteString(`""`)
		return
	case len(list) == 1 && list[0].expr == nil:
		p.quote(list[0].text)
		return
	case len(list) == 1:
		if s, ok := list[0].expr.(*String); ok {
			if _, ok := constant(s); ok {
				p.str(s)
				return
			}
		}
	}
	p.sum(list)
}

func (p *nixPrinter) sum(list []piece) {
	p.WriteByte('(')
	for i, piece := range list {
		if i > 0 {
			p.WriteString(" + ")
		}
		if piece.expr != nil {
			p.expr(piece.expr)
		} else {
			p.quote(piece.text)
		}
	}
	p.WriteByte(')')
}

// path prints an absolute path, or the sum of one and its interpolations.
func (p *nixPrinter) path(e *Path) {
	first := e.Parts[0].Text
	if len(e.Parts) == 1 {
		p.WriteString(p.resolve(e))
		return
	}
	p.WriteByte('(')
	// Nix reads the text in tokens that end between two slashes.
	tokens := slashTokens(first)
	head := *e
	head.Parts = []Part{{Span: e.Parts[0].Span, Text: tokens[0]}}
	p.WriteString(p.resolve(&head))
	for _, text := range tokens[1:] {
		p.WriteString(" + ")
		p.quote(text)
	}
	for _, part := range e.Parts[1:] {
		if part.Expr != nil {
			p.WriteString(" + ")
			p.expr(part.Expr)
			continue
		}
		for _, text := range slashTokens(part.Text) {
			p.WriteString(" + ")
			p.quote(text)
		}
	}
	p.WriteByte(')')
}

func slashTokens(text string) []string {
	var tokens []string
	for {
		i := strings.Index(text, "//")
		if i < 0 {
			return append(tokens, text)
		}
		tokens = append(tokens, text[:i+1])
		text = text[i+1:]
	}
}

func (p *nixPrinter) quote(s string) {
	p.WriteByte('"')
	written := 0
	for i := range len(s) {
		if escape := nixEscapes[s[i]]; escape != 0 {
			p.WriteString(s[written:i])
			p.WriteByte('\\')
			p.WriteByte(escape)
			written = i + 1
		}
	}
	p.WriteString(s[written:])
	p.WriteByte('"')
}

// nixEscapes is what stands after the backslash for a character that needs one.
var nixEscapes = [256]byte{'"': '"', '\\': '\\', '$': '$', '\n': 'n', '\r': 'r', '\t': 't'}

// name writes a symbol; of the keywords Nix 2.8 quotes only one.
func (p *nixPrinter) name(name string) {
	if name == "if" || !isName(name) {
		p.quote(name)
	} else {
		p.WriteString(name)
	}
}

// formatG formats a float as C's %g does.
func formatG(f float64) string {
	s := strconv.FormatFloat(f, 'e', 5, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp >= -4 && exp < 6 {
		s, exponent = strconv.FormatFloat(f, 'f', 5-exp, 64), ""
	} else {
		s, exponent = mantissa, "e"+exponent
	}
	if strings.ContainsRune(s, '.') {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + exponent
}

// Resolver returns the function PrintNix needs for a file in the directory dir
// (absolute) and a user whose home is home: as in Nix 2.8, paths are cleaned
// without looking at the file system, and those in the home directory are not.
func Resolver(dir, home string) func(*Path) string {
	return func(e *Path) string {
		text := e.Parts[0].Text
		var abs string
		switch e.Kind {
		case HomePath:
			return home + text[1:]
		case AbsolutePath:
			abs = path.Clean(text)
		default:
			abs = path.Clean(dir + "/" + text)
		}
		if strings.HasSuffix(text, "/") && len(text) > 1 {
			abs += "/"
		}
		return abs
	}
}
