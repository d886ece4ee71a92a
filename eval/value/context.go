package value

import (
	"cmp"
	"slices"
	"strings"
)

// ContextKind says what a context element refers to.
type ContextKind uint8

const (
	// Opaque is a store path that must exist.
	Opaque ContextKind = iota
	// Built is one output of a derivation.
	Built
	// DrvDeep is a derivation with everything it needs (`=drv`).
	DrvDeep
	// Marked is not a reference: it says that the text derives from a fact
	// about the git ref (Path is the fact's name, "src.ref"). Nix code cannot
	// see it; hasContext, getContext and derivations ignore it.
	Marked
)

// ContextElem is one element of a string context.
type ContextElem struct {
	Kind   ContextKind
	Path   string
	Output string // for Built
}

// Context is an immutable sorted set of elements; nil is the empty one.
type Context struct{ elems []ContextElem }

func compareElems(a, b ContextElem) int {
	if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	return strings.Compare(a.Output, b.Output)
}

// NewContext builds a context from elements in any order.
func NewContext(elems ...ContextElem) *Context {
	if len(elems) == 0 {
		return nil
	}
	elems = slices.Clone(elems)
	slices.SortFunc(elems, compareElems)
	return &Context{slices.Compact(elems)}
}

// Empty reports whether the context has no element.
func (c *Context) Empty() bool { return c == nil || len(c.elems) == 0 }

// Elems are the elements in order; the caller must not change them.
func (c *Context) Elems() []ContextElem {
	if c == nil {
		return nil
	}
	return c.elems
}

// Union is the set of elements in either.
func (c *Context) Union(d *Context) *Context {
	switch {
	case c.Empty() || c == d:
		return d
	case d.Empty():
		return c
	}
	return NewContext(append(slices.Clone(c.elems), d.elems...)...)
}

// References is the part Nix knows: everything but marks.
func (c *Context) References() *Context {
	return c.filter(func(e ContextElem) bool { return e.Kind != Marked })
}

// Marks is the part that says which facts about the ref a text derives from.
func (c *Context) Marks() *Context {
	return c.filter(func(e ContextElem) bool { return e.Kind == Marked })
}

func (c *Context) filter(keep func(ContextElem) bool) *Context {
	if c == nil {
		return nil
	}
	n := 0
	for _, e := range c.elems {
		if keep(e) {
			n++
		}
	}
	if n == len(c.elems) {
		return c
	}
	if n == 0 {
		return nil
	}
	kept := make([]ContextElem, 0, n)
	for _, e := range c.elems {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return &Context{kept}
}
