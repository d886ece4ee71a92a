package textmap

import "github.com/nixplan/nixplan/parser"

// Bounds for programs that build texts of texts; beyond them an expression is
// not looked into.
const (
	maxDepth    = 50
	maxElements = 20_000
)

// element is a part of the text an expression gives: the text of a literal, or
// a hole, whose text only evaluation knows.
type element struct {
	text  string
	runs  []parser.Run // of the text; Offset counts from its start
	use   int          // of the literal
	outer parser.Span

	hole   parser.Expr // nil for text
	scope  *scope
	source parser.Span // of the hole
}

type flattener struct {
	file     *parser.File
	depth    int
	elements int
	uses     int // of literals

	literalOnly bool // follow no variables and operators
}

// flatten lists what the text of an expression is made of. Variables are
// followed where the file alone settles what they are.
func (f *flattener) flatten(expr parser.Expr, s *scope) []element {
	f.elements++
	if f.depth >= maxDepth || f.elements > maxElements {
		return []element{{hole: expr, scope: s, source: expr.Range()}}
	}
	f.depth++
	defer func() { f.depth-- }()
	switch e := expr.(type) {
	case *parser.String:
		return f.parts(e, s)
	case *parser.Binary:
		if e.Op == parser.OpAdd && !f.literalOnly {
			return append(f.enter(e.X, s), f.enter(e.Y, s)...)
		}
	case *parser.Let:
		return f.flatten(e.Body, &scope{parent: s, attrs: e.Attrs})
	case *parser.With:
		return f.flatten(e.Body, s)
	case *parser.Assert:
		return f.flatten(e.Body, s)
	case *parser.Ident:
		if value, at, ok := s.lookup(e.Name); ok && !f.literalOnly {
			return f.flatten(value, at)
		}
	case *parser.Select:
		if value, at, ok := selected(e, s, 0); ok && !f.literalOnly {
			return f.flatten(value, at)
		}
	}
	return []element{{hole: expr, scope: s, source: expr.Range()}}
}

func (f *flattener) parts(s *parser.String, at *scope) []element {
	f.uses++
	use := f.uses
	runs := f.file.Runs(s)
	var list []element
	for i, part := range s.Parts {
		if part.Expr != nil {
			list = append(list, f.inside(part.Expr, at, part.Span)...)
			continue
		}
		n := 0
		for n < len(runs) && runs[n].Part == i {
			n++
		}
		list = append(list, element{text: part.Text, runs: runs[:n], use: use})
		runs = runs[n:]
		f.elements++
	}
	return list
}

// enter is flatten for an operand. Where the operand is written elsewhere, its
// elements remember the place that refers to it.
func (f *flattener) enter(expr parser.Expr, s *scope) []element {
	switch expr.(type) {
	case *parser.Ident, *parser.Select:
		return f.inside(expr, s, expr.Range())
	}
	return f.flatten(expr, s)
}

// inside flattens what is written, or referred to, at the place outer.
func (f *flattener) inside(expr parser.Expr, s *scope, outer parser.Span) []element {
	list := f.flatten(expr, s)
	for i := range list {
		if list[i].hole != nil {
			list[i].source = outer
		} else {
			list[i].outer = outer
		}
	}
	return list
}

// scope is what a name may refer to in a part of a file. One of attrs and
// function is set.
type scope struct {
	parent   *scope
	attrs    *parser.Attrs
	function *parser.Lambda
}

// lookup is the expression a name is bound to and the scope it is read in, when
// the file alone says so. What a function is called with, what `with` brings
// and what is inherited from a set is not known here.
func (s *scope) lookup(name string) (parser.Expr, *scope, bool) {
	for ; s != nil; s = s.parent {
		if s.function != nil {
			if binds(s.function, name) {
				return nil, nil, false
			}
			continue
		}
		if a := attribute(s.attrs, name); a != nil {
			switch {
			case a.Inherit:
				continue
			case a.Value == nil:
				return nil, nil, false
			}
			return a.Value, s, true
		}
	}
	return nil, nil, false
}

func binds(f *parser.Lambda, name string) bool {
	if f.Param != nil && f.Param.Text == name {
		return true
	}
	if f.Formals != nil {
		for i := range f.Formals.List {
			if f.Formals.List[i].Name == name {
				return true
			}
		}
	}
	return false
}

func attribute(attrs *parser.Attrs, name string) *parser.Attr {
	for i := range attrs.Static {
		if attrs.Static[i].Name == name {
			return &attrs.Static[i]
		}
	}
	return nil
}

// selected is the value of `a.b` when a is bound to a set that is written out.
func selected(e *parser.Select, s *scope, depth int) (parser.Expr, *scope, bool) {
	value, at, ok := e.Set, s, true
	for _, name := range e.Path {
		var set *parser.AttrSet
		if set, at, ok = written(value, at, depth); !ok || name.Expr != nil {
			return nil, nil, false
		}
		a := attribute(set.Attrs, name.Text)
		if a == nil || a.Value == nil {
			return nil, nil, false
		}
		if set.Rec && !a.Inherit {
			at = &scope{parent: at, attrs: set.Attrs}
		}
		value = a.Value
	}
	return value, at, true
}

// written is the set an expression is, through variables and selections.
func written(e parser.Expr, s *scope, depth int) (*parser.AttrSet, *scope, bool) {
	for ; depth < maxDepth; depth++ {
		var ok bool
		switch x := e.(type) {
		case *parser.AttrSet:
			return x, s, true
		case *parser.Ident:
			e, s, ok = s.lookup(x.Name)
		case *parser.Select:
			e, s, ok = selected(x, s, depth+1)
		}
		if !ok {
			break
		}
	}
	return nil, nil, false
}
