package parser

// slab hands out values from larger blocks: a syntax tree is thousands of small
// nodes that live and die together, so allocating each alone would be most of
// the time of parsing. Blocks grow, so that a small file does not pay for a
// large one.
type slab[T any] struct {
	free []T
	size int
}

const (
	firstBlock = 8
	lastBlock  = 512
)

func (s *slab[T]) grow(n int) {
	s.size = min(max(2*s.size, firstBlock), lastBlock)
	s.free = make([]T, max(s.size, n))
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
