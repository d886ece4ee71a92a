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

// Context is an immutable sorted set of elements; nil is the empty one. Sets
// share their elements: a package's inputs are in the contexts of many texts, and
// five words for each took a tenth of what the packages of nixpkgs take.
type Context struct{ elems []*ContextElem }

func compareElems(a, b *ContextElem) int {
	if a == b {
		return 0
	}
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
	sorted := make([]*ContextElem, len(elems))
	for i := range elems {
		sorted[i] = &elems[i]
	}
	slices.SortFunc(sorted, compareElems)
	return &Context{slices.CompactFunc(sorted, func(a, b *ContextElem) bool { return *a == *b })}
}

// Empty reports whether the context has no element.
func (c *Context) Empty() bool { return c == nil || len(c.elems) == 0 }

// Elems are the elements in order; the caller must not change them.
func (c *Context) Elems() []*ContextElem {
	if c == nil {
		return nil
	}
	return c.elems
}

// Union is the set of elements in either. Where one has all the elements of the
// other, nothing is made: texts of one derivation have much the same context.
func (c *Context) Union(d *Context) *Context {
	switch {
	case c.Empty() || c == d:
		return d
	case d.Empty():
		return c
	}
	switch both := c.overlap(d); {
	case both == len(d.elems):
		return c
	case both == len(c.elems):
		return d
	default:
		return c.merge(d, len(c.elems)+len(d.elems)-both)
	}
}

// overlap is the number of elements that are in both.
func (c *Context) overlap(d *Context) (n int) {
	x, y := c.elems, d.elems
	for len(x) > 0 && len(y) > 0 {
		switch order := compareElems(x[0], y[0]); {
		case order < 0:
			x = x[1:]
		case order > 0:
			y = y[1:]
		default:
			x, y = x[1:], y[1:]
			n++
		}
	}
	return n
}

func (c *Context) merge(d *Context, size int) *Context {
	out := make([]*ContextElem, 0, size)
	x, y := c.elems, d.elems
	for len(x) > 0 && len(y) > 0 {
		switch order := compareElems(x[0], y[0]); {
		case order < 0:
			out = append(out, x[0])
			x = x[1:]
		case order > 0:
			out = append(out, y[0])
			y = y[1:]
		default:
			out = append(out, x[0])
			x, y = x[1:], y[1:]
		}
	}
	return &Context{append(append(out, x...), y...)}
}

// ContextBuilder joins many contexts. Joining them one by one would copy the
// first as often as there are others: for the packages of nixpkgs that was two
// fifths of all memory ever allocated.
type ContextBuilder struct{ parts []*Context }

// Add adds a context's elements.
func (b *ContextBuilder) Add(c *Context) {
	if c.Empty() || len(b.parts) > 0 && b.parts[len(b.parts)-1] == c {
		return
	}
	if len(b.parts) == cap(b.parts) && len(b.parts) >= 32 {
		b.parts[0] = b.Context()
		b.parts = b.parts[:1]
	}
	b.parts = append(b.parts, c)
}

// Context is everything that was added.
func (b *ContextBuilder) Context() *Context { return unionAll(b.parts) }

func unionAll(parts []*Context) *Context {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	half := len(parts) / 2
	return unionAll(parts[:half]).Union(unionAll(parts[half:]))
}

// References is the part Nix knows: everything but marks.
func (c *Context) References() *Context {
	return c.filter(func(e *ContextElem) bool { return e.Kind != Marked })
}

// Marks is the part that says which facts about the ref a text derives from.
func (c *Context) Marks() *Context {
	return c.filter(func(e *ContextElem) bool { return e.Kind == Marked })
}

func (c *Context) filter(keep func(*ContextElem) bool) *Context {
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
	kept := make([]*ContextElem, 0, n)
	for _, e := range c.elems {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return &Context{kept}
}
