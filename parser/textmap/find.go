package textmap

import (
	"sort"

	"github.com/nixplan/nixplan/parser"
)

// descend calls f for the expressions around the place target, from the outside
// in, until f returns false. Of a set's bindings only the one at the place is
// looked at, so that files with thousands of them are no trouble.
func descend(file *parser.File, target parser.Span, f func(parser.Expr) bool) {
	var visit func(e parser.Expr) bool
	visit = func(e parser.Expr) bool {
		if span := e.Range(); span.Start > target.Start || span.End < target.End || !f(e) {
			return false
		}
		var bindings []parser.Binding
		switch e := e.(type) {
		case *parser.AttrSet:
			bindings = e.Bindings
		case *parser.Let:
			bindings = e.Bindings
		}
		b, ok := bindingAt(bindings, target.Start).(*parser.Bind)
		if !ok {
			return true
		}
		for _, name := range b.Path {
			parser.Walk(name.Expr, visit)
		}
		parser.Walk(b.Value, visit)
		return false
	}
	parser.Walk(file.Expr, visit)
}

// bindingAt is the binding that the byte at offset lies in, or nil.
func bindingAt(bindings []parser.Binding, offset int32) parser.Binding {
	i := sort.Search(len(bindings), func(i int) bool { return bindings[i].Range().End > offset })
	if i == len(bindings) || bindings[i].Range().Start > offset {
		return nil
	}
	return bindings[i]
}

// scopeOf is the scope expr is read in.
func scopeOf(file *parser.File, expr parser.Expr) *scope {
	var s *scope
	found := false
	descend(file, expr.Range(), func(e parser.Expr) bool {
		if found = found || e == expr; found {
			return false
		}
		switch e := e.(type) {
		case *parser.Let:
			s = &scope{parent: s, attrs: e.Attrs}
		case *parser.AttrSet:
			if e.Rec {
				s = &scope{parent: s, attrs: e.Attrs}
			}
		case *parser.Lambda:
			s = &scope{parent: s, function: e}
		}
		return true
	})
	return s
}

// ValueAt is the expression bound at a place: the value of the binding whose
// attribute path, or the last name in it, starts at the byte offset at. That is
// the position Nix gives for an attribute. It is nil when no binding is there.
func ValueAt(file *parser.File, at int32) parser.Expr {
	var value parser.Expr
	descend(file, parser.Span{Start: at, End: at + 1}, func(e parser.Expr) bool {
		switch e := e.(type) {
		case *parser.AttrSet:
			value = boundAt(e.Bindings, e.Attrs, at)
		case *parser.Let:
			value = boundAt(e.Bindings, e.Attrs, at)
		}
		return value == nil
	})
	return value
}

func boundAt(bindings []parser.Binding, attrs *parser.Attrs, at int32) parser.Expr {
	switch b := bindingAt(bindings, at).(type) {
	case *parser.Bind:
		if b.Start == at || b.Path[len(b.Path)-1].Start == at {
			return b.Value
		}
	case *parser.Inherit:
		for _, name := range b.Names {
			if name.Start != at {
				continue
			}
			if a := attribute(attrs, name.Text); a != nil && a.Inherit {
				return a.Value
			}
		}
	}
	return nil
}
