package parser

import "github.com/nixplan/nixplan/internal/diag"

// slab hands out values from larger blocks: a syntax tree is thousands of small
// nodes that live and die together, so allocating each alone would be most of
// the time of parsing. Blocks grow, so that a small file does not pay for a
// large one.
type slab[T any] struct {
	free  []T   // the rest of the last of blocks
	size  int   // of the last block made
	used  [][]T // blocks something was taken from
	spare [][]T // blocks that are empty again
}

const (
	firstBlock = 8
	lastBlock  = 512
)

func (s *slab[T]) grow(n int) {
	if last := len(s.spare) - 1; last >= 0 && len(s.spare[last]) >= n {
		s.free, s.spare = s.spare[last], s.spare[:last]
	} else {
		s.size = min(max(2*s.size, firstBlock), lastBlock)
		s.free = make([]T, max(s.size, n))
	}
	s.used = append(s.used, s.free)
}

// reset makes all blocks empty again, for another tree. Only what was taken is
// cleared: most files are small.
func (s *slab[T]) reset() {
	last := len(s.used) - 1
	if last < 0 {
		return
	}
	for _, block := range s.used[:last] {
		clear(block)
	}
	block := s.used[last]
	clear(block[:len(block)-len(s.free)])
	s.spare = append(s.spare, s.used[:last]...)
	s.free = block
	s.used = append(s.used[:0], block)
}

// new returns a zero value.
func (s *slab[T]) new() *T {
	if len(s.free) == 0 {
		s.grow(1)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}

// take returns an empty slice with exactly the capacity n.
func (s *slab[T]) take(n int) []T {
	if n == 0 {
		return nil
	}
	if len(s.free) < n {
		if n > lastBlock/4 {
			return make([]T, 0, n)
		}
		s.grow(n)
	}
	v := s.free[0:0:n]
	s.free = s.free[n:]
	return v
}

// copy returns a copy of values, nil when there are none.
func (s *slab[T]) copy(values []T) []T {
	return append(s.take(len(values)), values...)
}

// nodes holds the slabs of one parse.
type nodes struct {
	ident   slab[Ident]
	integer slab[Int]
	str     slab[String]
	path    slab[Path]
	list    slab[List]
	set     slab[AttrSet]
	let     slab[Let]
	attrs   slab[Attrs]
	bind    slab[Bind]
	inherit slab[Inherit]
	lambda  slab[Lambda]
	name    slab[Name]
	formals slab[Formals]
	apply   slab[Apply]
	sel     slab[Select]
	binary  slab[Binary]

	exprs    slab[Expr]
	parts    slab[Part]
	names    slab[AttrName]
	bindings slab[Binding]
	attr     slab[Attr]
	formal   slab[Formal]
}

func (n *nodes) reset() {
	n.ident.reset()
	n.integer.reset()
	n.str.reset()
	n.path.reset()
	n.list.reset()
	n.set.reset()
	n.let.reset()
	n.attrs.reset()
	n.bind.reset()
	n.inherit.reset()
	n.lambda.reset()
	n.name.reset()
	n.formals.reset()
	n.apply.reset()
	n.sel.reset()
	n.binary.reset()
	n.exprs.reset()
	n.parts.reset()
	n.names.reset()
	n.bindings.reset()
	n.attr.reset()
	n.formal.reset()
}

// Arena parses one file after the other and uses the room of a tree again for
// the next: a tree lives only until it is resolved. The 1,283 files of a minimal
// NixOS system have trees of 60 MB together. The zero Arena is ready to use.
type Arena struct {
	// Taking, unless it is nil, is told now and then how many bytes the tree is about to
	// take. It may panic, which ends the parsing.
	Taking func(bytes int)

	nodes nodes
}

// Parse is [Parse], and ends the life of the tree parsed before.
func (a *Arena) Parse(src *diag.Source) (*File, diag.List) {
	a.nodes.reset()
	return parseInto(src, &a.nodes, a.Taking)
}

// Free gives up the room, if it is much. The tree parsed last ends.
func (a *Arena) Free(src *diag.Source) {
	if len(src.Text) > smallText {
		a.nodes = nodes{}
	}
}

// smallText is the size of a text whose tree is no matter.
const smallText = 1 << 20
