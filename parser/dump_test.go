package parser

import (
	"fmt"
	"strconv"
	"strings"
)

// dump writes a tree as an S-expression. Sets show what they define after
// merging: names in the order of definition, `inherit` as (inherit x), a name
// from the nth source as (from n x).
func dump(e Expr) string {
	var b strings.Builder
	dumpTo(&b, e)
	return b.String()
}

func dumpTo(b *strings.Builder, e Expr) {
	list := func(head string, children ...Expr) {
		b.WriteString("(" + head)
		for _, c := range children {
			b.WriteByte(' ')
			dumpTo(b, c)
		}
		b.WriteByte(')')
	}
	switch e := e.(type) {
	case *Ident:
		b.WriteString(e.Name)
	case *Int:
		b.WriteString(strconv.FormatInt(e.Value, 10))
	case *Float:
		fmt.Fprintf(b, "%vf", e.Value)
	case *String:
		dumpParts(b, []string{"str", "ind", "uri"}[e.Kind], e.Parts)
	case *Path:
		dumpParts(b, []string{"rel", "abs", "home", "search"}[e.Kind], e.Parts)
	case *List:
		list("list", e.Elems...)
	case *AttrSet:
		head := "set"
		if e.Rec {
			head = "rec"
		}
		dumpAttrs(b, head, e.Attrs)
		b.WriteByte(')')
	case *Let:
		dumpAttrs(b, "let", e.Attrs)
		b.WriteByte(' ')
		dumpTo(b, e.Body)
		b.WriteByte(')')
	case *LegacyLet:
		list("legacy-let", e.Set)
	case *With:
		list("with", e.Scope, e.Body)
	case *Assert:
		list("assert", e.Cond, e.Body)
	case *If:
		list("if", e.Cond, e.Then, e.Else)
	case *Lambda:
		b.WriteString("(fn")
		if e.Param != nil && !e.ParamLast {
			b.WriteString(" " + e.Param.Text)
		}
		if f := e.Formals; f != nil {
			b.WriteString(" {")
			for i, formal := range f.List {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(formal.Name)
				if formal.Default != nil {
					b.WriteByte('=')
					dumpTo(b, formal.Default)
				}
			}
			if f.Ellipsis {
				b.WriteString(" ...")
			}
			b.WriteByte('}')
		}
		if e.Param != nil && e.ParamLast {
			b.WriteString(" " + e.Param.Text)
		}
		b.WriteByte(' ')
		dumpTo(b, e.Body)
		b.WriteByte(')')
	case *Apply:
		list("call", append([]Expr{e.Fn}, e.Args...)...)
	case *Select:
		b.WriteString("(. ")
		dumpTo(b, e.Set)
		dumpPath(b, e.Path)
		if e.Default != nil {
			b.WriteString(" or ")
			dumpTo(b, e.Default)
		}
		b.WriteByte(')')
	case *HasAttr:
		b.WriteString("(? ")
		dumpTo(b, e.Set)
		dumpPath(b, e.Path)
		b.WriteByte(')')
	case *Unary:
		list(e.Op.String(), e.X)
	case *Binary:
		list(e.Op.String(), e.X, e.Y)
	case *Bad:
		b.WriteString("<bad>")
	default:
		panic(fmt.Sprintf("dump: %T", e))
	}
}

func dumpParts(b *strings.Builder, head string, parts []Part) {
	b.WriteString("(" + head)
	for _, p := range parts {
		b.WriteByte(' ')
		if p.Expr != nil {
			dumpTo(b, p.Expr)
		} else {
			b.WriteString(strconv.Quote(p.Text))
		}
	}
	b.WriteByte(')')
}

func dumpPath(b *strings.Builder, path []AttrName) {
	for _, name := range path {
		b.WriteByte(' ')
		if name.Expr != nil {
			b.WriteString("${")
			dumpTo(b, name.Expr)
			b.WriteByte('}')
		} else {
			b.WriteString(attrText(name.Text))
		}
	}
}

func dumpAttrs(b *strings.Builder, head string, attrs *Attrs) {
	b.WriteString("(" + head)
	for _, a := range attrs.Static {
		name := attrText(a.Name)
		switch {
		case a.Inherit:
			b.WriteString(" (inherit " + name + ")")
		case a.From >= 0:
			fmt.Fprintf(b, " (from %d %s)", a.From, name)
		default:
			b.WriteString(" (" + name + " ")
			dumpTo(b, a.Value)
			b.WriteByte(')')
		}
	}
	for _, d := range attrs.Dynamic {
		b.WriteString(" (${")
		dumpTo(b, d.Name)
		b.WriteString("} ")
		dumpTo(b, d.Value)
		b.WriteByte(')')
	}
	for i, from := range attrs.From {
		fmt.Fprintf(b, " (source %d ", i)
		dumpTo(b, from)
		b.WriteByte(')')
	}
}
