package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// resolver turns a syntax tree into code: names become slots, constants are
// folded, and frequent shapes get nodes of their own. It reports undefined
// variables; everything else about a file was settled by the parser.
type resolver struct {
	ev     *Evaluator
	base   value.Pos
	source *diag.Source
	dir    string // for relative paths; canonical and absolute
	// extra are the variables scopedImport adds below the globals.
	extra  *value.Attrs
	model  bool // the file is ours and sees __nixplan
	errors diag.List
	// share makes nodes whose thunks may serve several rounds; used are the
	// variables that were mentioned so far.
	share bool
	used  []use
	// plain are the sets without rec whose attributes are being resolved.
	plain []*parser.Attrs
	// more is how many undefined variables were left out, firstMore where the
	// first of them is.
	more      int
	firstMore diag.Range
}

// What code takes in bytes. It is charged for a thousand expressions together, or for
// as many names, formals or elements of one.
const (
	codeBytes = 64
	nameBytes = 128 // with the entry of a map
	atOnce    = 1 << 10
)

// charge counts n names, formals or elements that are about to be made.
func (r *resolver) charge(n int) {
	if n >= atOnce {
		r.ev.machine.ChargeApart(int64(n) * nameBytes)
	}
}

// findings are what is wrong, with a note when that is not all.
func (r *resolver) findings() diag.List {
	if r.more == 0 {
		return r.errors
	}
	return append(r.errors, diag.More(diag.IDScope, r.firstMore, r.more))
}

func (r *resolver) span(s parser.Span) span {
	return span{r.base + value.Pos(s.Start), r.base + value.Pos(s.End)}
}

func (r *resolver) exprs(list []parser.Expr, sc *scope) []value.Code {
	out := make([]value.Code, len(list))
	for i, x := range list {
		out[i] = r.delayed(x, sc)
	}
	return out
}

// delayed resolves an expression that is evaluated later, if at all.
func (r *resolver) delayed(x parser.Expr, sc *scope) value.Code {
	mark := len(r.used)
	return r.shared(r.expr(x, sc), sc, mark)
}

func (r *resolver) expr(x parser.Expr, sc *scope) value.Code {
	if r.ev.resolved++; r.ev.resolved%atOnce == 0 {
		r.ev.machine.ChargeApart(atOnce * codeBytes)
	}
	switch x := x.(type) {
	case *parser.Ident:
		if x.Name == "__curPos" {
			return r.curPos(x)
		}
		return r.variable(x.Name, x.Span, sc)
	case *parser.Int:
		return &constant{r.span(x.Span), value.NewInt(x.Value)}
	case *parser.Float:
		return &constant{r.span(x.Span), value.NewFloat(x.Value)}
	case *parser.String:
		return r.text(x, sc)
	case *parser.Path:
		return r.path(x, sc)
	case *parser.List:
		if len(x.Elems) == 0 {
			return &constant{r.span(x.Span), value.NewList(nil)}
		}
		return &listNode{r.span(x.Span).node(), r.exprs(x.Elems, sc)}
	case *parser.AttrSet:
		return r.attrSet(x, sc)
	case *parser.Let:
		r.charge(2 * len(x.Attrs.Static))
		inner := bindNames(sc, x.Attrs)
		return &letNode{r.span(x.Span).node(), r.recursive(x.Attrs, sc, inner), r.expr(x.Body, inner)}
	case *parser.LegacyLet:
		return &selectNode{node: r.span(x.Span).node(), set: r.attrSet(x.Set, sc), path: []name{{at: r.span(x.Span), sym: symBody}}}
	case *parser.With:
		mark := len(r.used)
		set := r.delayed(x.Scope, sc)
		inner := &scope{outer: sc, isWith: true}
		if r.share {
			inner.uses = [][]use{1: slices.Clone(r.used[mark:])}
		}
		return &withNode{r.span(x.Span).node(), set, r.expr(x.Body, inner)}
	case *parser.Assert:
		return &assertNode{r.span(x.Span).node(), r.expr(x.Cond, sc), r.expr(x.Body, sc)}
	case *parser.If:
		return &ifNode{r.span(x.Span).node(), r.expr(x.Cond, sc), r.expr(x.Then, sc), r.expr(x.Else, sc)}
	case *parser.Lambda:
		return &lambdaNode{r.span(x.Span), r.function(x, sc)}
	case *parser.Apply:
		return r.apply(x, sc)
	case *parser.Select:
		return r.selection(x, sc)
	case *parser.HasAttr:
		return &hasAttrNode{r.span(x.Span).node(), r.expr(x.Set, sc), r.names(x.Path, sc)}
	case *parser.Unary:
		if x.Op == parser.OpNot {
			return &notNode{r.span(x.Span).node(), r.expr(x.X, sc)}
		}
		zero := &constant{r.span(x.Span), value.NewInt(0)}
		return r.arithmetic(opSub, r.span(x.Span), r.span(x.Span), zero, r.expr(x.X, sc), sc)
	case *parser.Binary:
		return r.binary(x, sc)
	default: // *parser.Bad: the parser has said why
		return &constant{r.span(x.Range()), value.NullValue}
	}
}

func (r *resolver) curPos(x *parser.Ident) value.Code {
	at := r.span(x.Span)
	return &constant{at, r.ev.position(at.Start)}
}

// variable resolves a name: lexical scopes first, then what scopedImport added,
// then the globals, and only for names found nowhere the enclosing `with`s.
func (r *resolver) variable(text string, at parser.Span, sc *scope) value.Code {
	sym := value.Intern(text)
	b := sc.lookup(sym)
	sp := r.span(at)
	if b.found {
		r.mentions(b.scope, b.slot)
		switch b.level {
		case 0:
			return &var0{sp, b.slot}
		case 1:
			return &var1{sp, b.slot}
		default:
			return &varN{sp, b.level, b.slot}
		}
	}
	if slot := r.global(sym); slot != nil {
		return &globalNode{sp, slot}
	}
	if b.withs != nil {
		for _, with := range b.withScopes {
			r.mentions(with, 1)
		}
		return &withVar{sp.node(), sym, b.withs}
	}
	r.undefined(text, at, sc)
	return &constant{sp, value.NullValue}
}

func (r *resolver) global(sym value.Symbol) *value.Value {
	if r.extra != nil {
		if a := r.extra.Get(sym); a != nil {
			return &a.Value
		}
	}
	if r.model && sym == symModel {
		return &r.ev.globals().model
	}
	return r.ev.globals().lookup(sym.String())
}

// maxUndefined is how many undefined variables of a file are reported; a text
// that is no program may have any number.
const maxUndefined = 50

func (r *resolver) undefined(text string, at parser.Span, sc *scope) {
	place := diag.Range{Source: r.source, Start: at.Start, End: at.End}
	if len(r.errors) == maxUndefined {
		if r.more == 0 {
			r.firstMore = place
		}
		r.more++
		return
	}
	d := &diag.Diagnostic{
		ID:      diag.IDScope,
		Range:   place,
		Summary: fmt.Sprintf("undefined variable '%s'", text),
	}
	var known []string
	for s := sc; s != nil; s = s.outer {
		for sym := range s.slots {
			known = append(known, sym.String())
		}
	}
	known = slices.AppendSeq(known, r.ev.globals().names())
	inSet := slices.ContainsFunc(r.plain, func(attrs *parser.Attrs) bool {
		return slices.ContainsFunc(attrs.Static, func(a parser.Attr) bool { return a.Name == text })
	})
	if inSet {
		d.Help = fmt.Sprintf("the set has '%s', but its attributes see each other only in rec { … }", text)
	} else if near := nearest(text, known); near != "" {
		d.Help = fmt.Sprintf("did you mean '%s'?", near)
	} else if r.ev.globals().builtins.Lookup(text) != nil {
		d.Help = fmt.Sprintf("did you mean 'builtins.%s'?", text)
	}
	r.errors = append(r.errors, d)
}

func (r *resolver) names(path []parser.AttrName, sc *scope) []name {
	r.charge(len(path))
	out := make([]name, len(path))
	for i, n := range path {
		out[i] = name{at: r.span(n.Span)}
		if n.Expr != nil {
			out[i].code = r.expr(n.Expr, sc)
		} else {
			out[i].sym = value.Intern(n.Text)
		}
	}
	return out
}

func (r *resolver) selection(x *parser.Select, sc *scope) value.Code {
	set := r.expr(x.Set, sc)
	path := r.names(x.Path, sc)
	var or value.Code
	if x.Default != nil {
		or = r.expr(x.Default, sc)
	}
	// `builtins.name`, when builtins is the global one, is a constant.
	if g, ok := set.(*globalNode); ok && g.slot == &r.ev.globals().variable && path[0].code == nil {
		if a := r.ev.globals().builtins.Get(path[0].sym); a != nil {
			folded := &foldedNode{r.span(x.Span), &a.Value}
			if len(path) == 1 {
				return folded
			}
			set, path = folded, path[1:]
		}
	}
	if len(path) == 1 && path[0].code == nil && or == nil {
		return &select1{r.span(x.Span).node(), set, path[0].at, path[0].sym}
	}
	return &selectNode{node: r.span(x.Span).node(), set: set, path: path, or: or}
}

func (r *resolver) attrSet(x *parser.AttrSet, sc *scope) value.Code {
	if len(x.Attrs.Static) == 0 && len(x.Attrs.Dynamic) == 0 {
		return &constant{r.span(x.Span), value.NewAttrs(value.EmptyAttrs)}
	}
	r.charge(2 * len(x.Attrs.Static))
	if x.Rec {
		inner := bindNames(sc, x.Attrs)
		n := &recNode{node: r.span(x.Span).node(), scope: r.recursive(x.Attrs, sc, inner), dynamic: r.dynamic(x.Attrs, inner)}
		for i, a := range x.Attrs.Static {
			sym := value.Intern(a.Name)
			n.attrs = append(n.attrs, recAttr{sym: sym, pos: r.base + value.Pos(a.PathAt), slot: i + 1})
			if sym == symOverrides {
				n.overrides = i + 1
			}
		}
		slices.SortFunc(n.attrs, func(a, b recAttr) int { return int(int64(a.sym) - int64(b.sym)) })
		return n
	}
	r.plain = append(r.plain, x.Attrs)
	defer func() { r.plain = r.plain[:len(r.plain)-1] }()
	n := &attrsNode{node: r.span(x.Span).node(), dynamic: r.dynamic(x.Attrs, sc)}
	for _, e := range x.Attrs.From {
		n.from = append(n.from, r.delayed(e, sc))
	}
	for _, a := range x.Attrs.Static {
		spec := attrSpec{sym: value.Intern(a.Name), pos: r.base + value.Pos(a.PathAt)}
		if a.From >= 0 {
			spec.code, spec.from = r.inheritFrom(a, a.From+1), true
		} else {
			mark := len(r.used)
			spec.code = r.shared(r.named(a.Name, a.Value, sc), sc, mark)
		}
		n.attrs = append(n.attrs, spec)
	}
	slices.SortFunc(n.attrs, func(a, b attrSpec) int { return int(int64(a.sym) - int64(b.sym)) })
	return n
}

// inheritFrom is `inherit (e) name;`: the name selected from the slot that
// holds e.
func (r *resolver) inheritFrom(a parser.Attr, slot int) value.Code {
	at := r.span(a.NameAt)
	return &select1{at.node(), &var0{at, slot}, at, value.Intern(a.Name)}
}

// recursive gives the code that fills the slots of a recursive level.
func (r *resolver) recursive(attrs *parser.Attrs, outer, inner *scope) []value.Code {
	codes := make([]value.Code, 0, len(attrs.Static)+len(attrs.From))
	overridden := slices.ContainsFunc(attrs.Static, func(a parser.Attr) bool { return a.Name == "__overrides" })
	if r.share && !overridden { // else a slot may come to hold anything
		inner.uses = make([][]use, 1, cap(codes)+1)
	}
	add := func(code value.Code, mark int) {
		codes = append(codes, code)
		if inner.uses != nil {
			inner.uses = append(inner.uses, slices.Clone(r.used[mark:]))
		}
	}
	for _, a := range attrs.Static {
		mark := len(r.used)
		switch {
		case a.From >= 0:
			slot := len(attrs.Static) + 1 + a.From
			r.mentions(inner, slot)
			add(r.shared(r.inheritFrom(a, slot), inner, mark), mark)
		case a.Inherit:
			add(&outerNode{r.expr(a.Value, outer)}, mark)
		default:
			add(r.shared(r.named(a.Name, a.Value, inner), inner, mark), mark)
		}
	}
	for _, e := range attrs.From {
		mark := len(r.used)
		add(r.delayed(e, inner), mark)
	}
	return codes
}

// named resolves a value and, when it is a function, remembers what it is called.
func (r *resolver) named(text string, x parser.Expr, sc *scope) value.Code {
	code := r.expr(x, sc)
	if l, ok := code.(*lambdaNode); ok && l.fn.Name == "" {
		l.fn.Name = text
	}
	return code
}

func (r *resolver) dynamic(attrs *parser.Attrs, sc *scope) []dynamicSpec {
	var out []dynamicSpec
	for _, d := range attrs.Dynamic {
		out = append(out, dynamicSpec{r.expr(d.Name, sc), r.delayed(d.Value, sc)})
	}
	return out
}

func (r *resolver) function(x *parser.Lambda, sc *scope) *value.Function {
	fn := &value.Function{Span: r.span(x.Span).Span()}
	slots := make(map[value.Symbol]int)
	next := 1
	if x.Param != nil {
		fn.HasParam, fn.Param = true, value.Intern(x.Param.Text)
		slots[fn.Param] = next
		next++
	}
	inner := &scope{outer: sc, slots: slots}
	if x.Formals != nil {
		fn.HasFormals, fn.Ellipsis = true, x.Formals.Ellipsis
		r.charge(2 * len(x.Formals.List))
		for _, f := range x.Formals.List {
			sym := value.Intern(f.Name)
			slots[sym] = next
			fn.Formals = append(fn.Formals, value.Formal{Name: sym, Slot: next, Span: r.span(f.Span).Span()})
			next++
		}
		for i, f := range x.Formals.List {
			if f.Default != nil {
				fn.Formals[i].Default = r.expr(f.Default, inner)
			}
		}
		slices.SortFunc(fn.Formals, func(a, b value.Formal) int { return int(int64(a.Name) - int64(b.Name)) })
	}
	fn.Slots = next
	fn.Body = r.expr(x.Body, inner)
	return fn
}

func (r *resolver) apply(x *parser.Apply, sc *scope) value.Code {
	if len(x.Args) == 1 {
		return &call1Node{r.span(x.Span).node(), r.expr(x.Fn, sc), r.delayed(x.Args[0], sc)}
	}
	return &callNode{r.span(x.Span).node(), r.expr(x.Fn, sc), r.exprs(x.Args, sc)}
}

func (r *resolver) text(x *parser.String, sc *scope) value.Code {
	at := r.span(x.Span)
	switch {
	case len(x.Parts) == 0:
		return &constant{at, value.NewString("")}
	case len(x.Parts) == 1 && x.Parts[0].Expr == nil:
		return &constant{at, value.NewString(x.Parts[0].Text)}
	}
	return &textNode{at.node(), r.parts(x.Parts, sc)}
}

func (r *resolver) parts(parts []parser.Part, sc *scope) []value.Code {
	r.charge(len(parts))
	out := make([]value.Code, len(parts))
	for i, p := range parts {
		if p.Expr != nil {
			out[i] = r.expr(p.Expr, sc)
		} else {
			out[i] = &constant{r.span(p.Span), value.NewString(p.Text)}
		}
	}
	return out
}

func (r *resolver) path(x *parser.Path, sc *scope) value.Code {
	at := r.span(x.Span)
	first := x.Parts[0].Text
	if x.Kind == parser.SearchPath {
		find := r.variable("__findFile", x.Span, sc)
		path := r.variable("__nixPath", x.Span, sc)
		return &callNode{at.node(), find, []value.Code{path, &constant{at, value.NewString(first)}}}
	}
	switch x.Kind {
	case parser.RelativePath:
		first = r.dir + "/" + first
	case parser.HomePath:
		first = r.ev.world.Home() + "/" + strings.TrimPrefix(first, "~/")
	}
	if len(x.Parts) == 1 {
		return &constant{at, value.NewPath(canonPath(first))}
	}
	// The text keeps its trailing slash until the parts are joined.
	parts := r.parts(x.Parts, sc)
	prefix := canonPath(first)
	if strings.HasSuffix(first, "/") && prefix != "/" {
		prefix += "/"
	}
	parts[0] = &constant{at, value.NewString(prefix)}
	return &pathNode{at.node(), parts}
}

func (r *resolver) binary(x *parser.Binary, sc *scope) value.Code {
	at, op := r.span(x.Span), r.span(x.OpAt)
	switch x.Op {
	case parser.OpPipeRight:
		return &callNode{at.node(), r.expr(x.Y, sc), []value.Code{r.expr(x.X, sc)}}
	case parser.OpPipeLeft:
		return &callNode{at.node(), r.expr(x.X, sc), []value.Code{r.expr(x.Y, sc)}}
	}
	a, b := r.expr(x.X, sc), r.expr(x.Y, sc)
	switch x.Op {
	case parser.OpConcat:
		return &concatNode{at.node(), a, b}
	case parser.OpUpdate:
		return &updateNode{at.node(), a, b}
	case parser.OpAdd:
		return &addNode{at.node(), a, b}
	case parser.OpEq:
		return &equalNode{at.node(), a, b, false}
	case parser.OpNe:
		return &equalNode{at.node(), a, b, true}
	case parser.OpAnd:
		return &logicNode{at.node(), a, b, opAnd}
	case parser.OpOr:
		return &logicNode{at.node(), a, b, opOr}
	case parser.OpImpl:
		return &logicNode{at.node(), a, b, opImpl}
	case parser.OpSub:
		return r.arithmetic(opSub, at, op, a, b, sc)
	case parser.OpMul:
		return r.arithmetic(opMul, at, op, a, b, sc)
	case parser.OpDiv:
		return r.arithmetic(opDiv, at, op, a, b, sc)
	case parser.OpLt:
		return r.less(at, a, b, sc)
	case parser.OpGt:
		return r.less(at, b, a, sc)
	case parser.OpLe:
		return &notNode{at.node(), r.less(at, b, a, sc)}
	default: // OpGe
		return &notNode{at.node(), r.less(at, a, b, sc)}
	}
}

// arithmetic is `-`, `*`, `/`. Nix looks up __sub, __mul and __div as ordinary
// variables, so a program may rebind them.
func (r *resolver) arithmetic(op arithOp, at, opAt span, a, b value.Code, sc *scope) value.Code {
	if f := r.rebound(op.variable(), at, sc); f != nil {
		return &callNode{at.node(), f, []value.Code{a, b}}
	}
	return &arithNode{at.node(), a, b, op}
}

func (r *resolver) less(at span, a, b value.Code, sc *scope) value.Code {
	if f := r.rebound("__lessThan", at, sc); f != nil {
		return &callNode{at.node(), f, []value.Code{a, b}}
	}
	return &lessNode{at.node(), a, b}
}

func (r *resolver) rebound(variable string, at span, sc *scope) value.Code {
	sym := value.Intern(variable)
	if !sc.lookup(sym).found && (r.extra == nil || r.extra.Get(sym) == nil) {
		return nil
	}
	start := int32(at.Start - r.base)
	return r.variable(variable, parser.Span{Start: start, End: start}, sc)
}
