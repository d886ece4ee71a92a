// Package textmap finds where in a Nix file a piece of a text was written, for
// a text that the file's program evaluated to.
//
// A script that stands in ci.nix has lost its indentation, its escapes and its
// interpolations when it is read as a script. A Map leads back:
//
//	''
//	  writeAWSSecret ${name}     "writeAWSSecret aws\n"
//	''
//
// The literals an expression is made of are known from the file; what the
// interpolations gave is not. The literals are looked for in the text, in
// order, the first at its start and the last at its end. Where one could stand
// in several places, no place better than the whole doubtful region is given.
package textmap

import (
	"sort"

	"github.com/nixplan/nixplan/parser"
)

// Map relates the bytes of a text to the bytes of the file it was written in.
type Map struct {
	expr     parser.Span
	segments []segment // they cover the text, in order
	length   int
}

// segment is a stretch of the text, [start, end), and where it comes from.
type segment struct {
	start, end int
	source     parser.Span
	// verbatim is set where the source has the same bytes, so that a part of
	// the segment has a place of its own.
	verbatim bool
	// use numbers the literals that make up the text, once for each time one is
	// used; 0 where the text comes from something that is not understood.
	use int
	// outer is where the text enters the expression, when source lies
	// elsewhere: the "${name}" whose variable is bound to a literal.
	outer parser.Span
}

// New relates text, which expr of file evaluated to, to the file. Text that
// cannot have come from expr gives a Map that knows only where expr is.
func New(file *parser.File, expr parser.Expr, text string) *Map {
	m := &Map{expr: expr.Range(), length: len(text)}
	scope := scopeOf(file, expr)
	// What variables are bound to and what `+` joins need not end up in the
	// text as it is: paths become store paths. Then the literal alone is tried.
	for _, literalOnly := range []bool{false, true} {
		f := flattener{file: file, literalOnly: literalOnly}
		if segments, ok := f.align(f.flatten(expr, scope), text); ok {
			m.segments = segments
			return m
		}
	}
	m.segments = []segment{{end: len(text), source: m.expr}}
	return m
}

// Span is where the bytes [start, end) of the text were written; offsets
// outside the text are clamped, and an empty range is a place between bytes.
// exact is false when the span covers more than that: it lies in what an
// interpolation gave, or could be in several places.
func (m *Map) Span(start, end int) (span parser.Span, exact bool) {
	start = max(0, min(start, m.length))
	end = max(start, min(end, m.length))
	if len(m.segments) == 0 { // the text is empty
		return m.expr, false
	}
	first := m.at(start)
	if start == end {
		return first.point(start)
	}
	last := m.at(end - 1)
	if first == last {
		return first.part(start, end)
	}
	a, aExact := first.part(start, first.end)
	b, bExact := last.part(last.start, end)
	if first.use == 0 || first.use != last.use {
		if first.outer != (parser.Span{}) {
			a, aExact = first.outer, aExact && start == first.start
		}
		if last.outer != (parser.Span{}) {
			b, bExact = last.outer, bExact && end == last.end
		}
	}
	if a.Start > b.Start || a.End > b.End {
		return m.expr, false
	}
	return parser.Span{Start: a.Start, End: b.End}, aExact && bExact
}

// at is the segment that holds the byte at offset, the last one at the end.
func (m *Map) at(offset int) *segment {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].end > offset })
	return &m.segments[min(i, len(m.segments)-1)]
}

// point is the place of a position between two bytes.
func (s *segment) point(at int) (parser.Span, bool) {
	switch {
	case s.use == 0:
		return s.source, false
	case s.verbatim:
		offset := s.source.Start + int32(at-s.start)
		return parser.Span{Start: offset, End: offset}, true
	case at == s.end:
		return parser.Span{Start: s.source.End, End: s.source.End}, true
	}
	return parser.Span{Start: s.source.Start, End: s.source.Start}, at == s.start
}

// part is the place of [start, end) of the text, which lies in the segment.
func (s *segment) part(start, end int) (parser.Span, bool) {
	if s.verbatim {
		return parser.Span{
			Start: s.source.Start + int32(start-s.start),
			End:   s.source.Start + int32(end-s.start),
		}, true
	}
	return s.source, s.use != 0 && start == s.start && end == s.end
}
