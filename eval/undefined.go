package eval

import (
	"context"
	"sync"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// Undefined are the undefined variables of a program as findings, sorted. It is
// what nix-instantiate --parse reports besides the parser's errors.
//
// The resolver says what they are. Most programs have none, so a walk that
// builds nothing looks first whether there is any.
func Undefined(file *parser.File) diag.List {
	c := checkers.Get().(*scopeChecker)
	defer checkers.Put(c)
	if c.allDefined(file) {
		return nil
	}
	list := resolveUndefined(c.ev, file)
	list.Sort()
	return list
}

func resolveUndefined(ev *Evaluator, file *parser.File) diag.List {
	r := resolver{ev: ev, base: value.AddSource(file.Source), source: file.Source, dir: "/"}
	r.expr(file.Expr, nil)
	return r.findings()
}

// checkers are kept: to make an evaluator with its globals for each of many
// files takes as long as to check them.
var checkers = sync.Pool{New: func() any { return newScopeChecker() }}

// scopeChecker looks for a variable that nothing defines, by the scopes of the
// resolver. It may say that there is one where the resolver finds none, never
// the reverse.
type scopeChecker struct {
	ev *Evaluator
	// known are the globals and the names that enclosing levels bind.
	known map[string]struct{}
	// bound are the names in known that are no globals, innermost last.
	bound []string
}

func newScopeChecker() *scopeChecker {
	c := &scopeChecker{ev: New(context.Background(), Options{}), known: make(map[string]struct{})}
	for name := range c.ev.globals().names() {
		c.known[name] = struct{}{}
	}
	return c
}

func (c *scopeChecker) allDefined(file *parser.File) bool {
	ok := c.expr(file.Expr)
	c.leave(0)
	return ok
}

// bind adds a name to the innermost level. A name that an outer level binds too
// stays until that one ends.
func (c *scopeChecker) bind(name string) {
	if _, ok := c.known[name]; !ok {
		c.known[name] = struct{}{}
		c.bound = append(c.bound, name)
	}
}

func (c *scopeChecker) bindNames(attrs *parser.Attrs) {
	for i := range attrs.Static {
		c.bind(attrs.Static[i].Name)
	}
}

// leave ends the levels entered since so many names were bound.
func (c *scopeChecker) leave(bound int) {
	for _, name := range c.bound[bound:] {
		delete(c.known, name)
	}
	clear(c.bound[bound:])
	c.bound = c.bound[:bound]
}

// expr is whether every variable in x is defined. After the first that is not,
// levels are left open.
func (c *scopeChecker) expr(x parser.Expr) bool {
	switch x := x.(type) {
	case *parser.Ident:
		_, ok := c.known[x.Name]
		return ok || x.Name == "__curPos"
	case *parser.String:
		return c.parts(x.Parts)
	case *parser.Path: // what <path> calls is global
		return c.parts(x.Parts)
	case *parser.List:
		return c.exprs(x.Elems)
	case *parser.AttrSet:
		if x.Rec {
			return c.recursive(x.Attrs, nil)
		}
		return c.values(x.Attrs) && c.dynamic(x.Attrs)
	case *parser.Let:
		return c.recursive(x.Attrs, x.Body)
	case *parser.LegacyLet:
		return c.expr(x.Set)
	case *parser.With:
		// Any name may come from the scope, so the body has none to report.
		return c.expr(x.Scope)
	case *parser.Assert:
		return c.expr(x.Cond) && c.expr(x.Body)
	case *parser.If:
		return c.expr(x.Cond) && c.expr(x.Then) && c.expr(x.Else)
	case *parser.Lambda:
		return c.function(x)
	case *parser.Apply:
		return c.expr(x.Fn) && c.exprs(x.Args)
	case *parser.Select:
		return c.expr(x.Set) && c.path(x.Path) && (x.Default == nil || c.expr(x.Default))
	case *parser.HasAttr:
		return c.expr(x.Set) && c.path(x.Path)
	case *parser.Unary:
		return c.expr(x.X)
	case *parser.Binary:
		return c.expr(x.X) && c.expr(x.Y)
	default: // literals, and *parser.Bad
		return true
	}
}

func (c *scopeChecker) exprs(list []parser.Expr) bool {
	for _, x := range list {
		if !c.expr(x) {
			return false
		}
	}
	return true
}

func (c *scopeChecker) parts(parts []parser.Part) bool {
	for i := range parts {
		if parts[i].Expr != nil && !c.expr(parts[i].Expr) {
			return false
		}
	}
	return true
}

func (c *scopeChecker) path(path []parser.AttrName) bool {
	for i := range path {
		if path[i].Expr != nil && !c.expr(path[i].Expr) {
			return false
		}
	}
	return true
}

// values checks the attributes of a set that is not recursive.
func (c *scopeChecker) values(attrs *parser.Attrs) bool {
	for i := range attrs.Static {
		if a := &attrs.Static[i]; a.From < 0 && !c.expr(a.Value) {
			return false
		}
	}
	return c.exprs(attrs.From)
}

func (c *scopeChecker) dynamic(attrs *parser.Attrs) bool {
	for i := range attrs.Dynamic {
		if d := &attrs.Dynamic[i]; !c.expr(d.Name) || !c.expr(d.Value) {
			return false
		}
	}
	return true
}

// recursive checks a recursive level and the body that sees it, if there is one.
// `inherit name;` alone looks outside the level.
func (c *scopeChecker) recursive(attrs *parser.Attrs, body parser.Expr) bool {
	for i := range attrs.Static {
		if a := &attrs.Static[i]; a.Inherit && a.From < 0 && !c.expr(a.Value) {
			return false
		}
	}
	outer := len(c.bound)
	c.bindNames(attrs)
	for i := range attrs.Static {
		if a := &attrs.Static[i]; !a.Inherit && a.From < 0 && !c.expr(a.Value) {
			return false
		}
	}
	if !c.exprs(attrs.From) || !c.dynamic(attrs) || body != nil && !c.expr(body) {
		return false
	}
	c.leave(outer)
	return true
}

func (c *scopeChecker) function(x *parser.Lambda) bool {
	outer := len(c.bound)
	if x.Param != nil {
		c.bind(x.Param.Text)
	}
	if x.Formals != nil {
		list := x.Formals.List
		for i := range list {
			c.bind(list[i].Name)
		}
		for i := range list {
			if list[i].Default != nil && !c.expr(list[i].Default) {
				return false
			}
		}
	}
	if !c.expr(x.Body) {
		return false
	}
	c.leave(outer)
	return true
}
