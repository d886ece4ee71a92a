package textmap

import (
	"sort"
	"strings"

	"github.com/nixplan/nixplan/parser"
)

// minPlain is the length from which a literal that occurs once in a text is
// taken to be where that part of the text comes from.
const minPlain = 8

// align finds the elements in a text and tells where each of its bytes comes
// from. It fails when the text cannot be made of the elements.
func (f *flattener) align(elements []element, text string) ([]segment, bool) {
	chunks, holes := split(elements)
	left, right, ok := place(chunks, text)
	if !ok {
		return nil, false
	}
	var segments []segment
	end := 0 // of the text that has segments
	for i := 0; i < len(chunks); {
		segments = append(segments, chunks[i].segments(left[i])...)
		end = left[i] + len(chunks[i].text)
		if i == len(chunks)-1 {
			break
		}
		next := i + 1
		for left[next] != right[next] {
			next++ // the last one stands at the end of the text
		}
		if end < left[next] {
			if group := holes[i]; next == i+1 && len(group) == 1 {
				segments = append(segments, f.within(group[0], text[end:left[next]], end)...)
			} else {
				segments = append(segments, segment{start: end, end: left[next], source: hull(chunks[i+1:next], holes[i:next])})
			}
		}
		i = next
	}
	return segments, true
}

// chunk is text that stands together: what is between two holes.
type chunk struct {
	text     string
	elements []element
}

// split sorts elements into chunks and, after each but the last, the holes that
// follow it. Chunks other than the first and the last are not empty.
func split(elements []element) (chunks []chunk, holes [][]element) {
	chunks = []chunk{{}}
	for _, e := range elements {
		last := &chunks[len(chunks)-1]
		switch {
		case e.hole == nil:
			last.text += e.text
			last.elements = append(last.elements, e)
		case last.text == "" && len(holes) > 0:
			holes[len(holes)-1] = append(holes[len(holes)-1], e)
		default:
			holes = append(holes, []element{e})
			chunks = append(chunks, chunk{})
		}
	}
	return chunks, holes
}

// place gives the leftmost and the rightmost place each chunk can have.
func place(chunks []chunk, text string) (left, right []int, ok bool) {
	last := len(chunks) - 1
	left, right = make([]int, len(chunks)), make([]int, len(chunks))
	if !strings.HasPrefix(text, chunks[0].text) || !strings.HasSuffix(text, chunks[last].text) {
		return nil, nil, false
	}
	left[last] = len(text) - len(chunks[last].text)
	right[last] = left[last]
	if last == 0 {
		return left, right, left[0] == 0
	}
	end := len(chunks[0].text)
	for i := 1; i < last; i++ {
		at := strings.Index(text[min(end, left[last]):left[last]], chunks[i].text)
		if at < 0 {
			return nil, nil, false
		}
		left[i] = end + at
		end = left[i] + len(chunks[i].text)
	}
	if end > left[last] {
		return nil, nil, false
	}
	before := left[last]
	for i := last - 1; i > 0; i-- {
		right[i] = strings.LastIndex(text[:before], chunks[i].text)
		before = right[i]
	}
	return left, right, true
}

// segments are the segments of a chunk that starts at the offset at.
func (c *chunk) segments(at int) []segment {
	var list []segment
	for _, e := range c.elements {
		for _, run := range e.runs {
			start := at + int(run.Offset)
			list = append(list, segment{
				start: start, end: start + int(run.Len),
				source: run.Source, verbatim: run.Verbatim(), use: e.use, outer: e.outer,
			})
		}
		at += len(e.text)
	}
	return list
}

// hull is the region of the file that chunks and holes were written in.
func hull(chunks []chunk, holes [][]element) parser.Span {
	var span parser.Span
	add := func(s parser.Span) {
		if span == (parser.Span{}) {
			span = s
		}
		span = parser.Span{Start: min(span.Start, s.Start), End: max(span.End, s.End)}
	}
	for _, group := range holes {
		for _, e := range group {
			add(e.source)
		}
	}
	for _, c := range chunks {
		for _, e := range c.elements {
			if e.outer != (parser.Span{}) {
				add(e.outer)
				continue
			}
			for _, run := range e.runs {
				add(run.Source)
			}
		}
	}
	return span
}

// within gives the segments of the text a hole gave, which starts at the offset
// at. A literal in the hole's expression is the origin when the whole text can
// be made of it, and of no other: `${lib.optionalString c ”…”}`. Otherwise
// literals are, of which each occurs once: `concatStringsSep "\n" [ … ]`.
func (f *flattener) within(hole element, text string, at int) []segment {
	unknown := segment{start: at, end: at + len(text), source: hole.source}
	if f.depth >= maxDepth || strings.TrimSpace(text) == "" {
		return []segment{unknown}
	}
	f.depth++
	defer func() { f.depth-- }()
	var whole []segment
	var plain []chunk
	for _, expr := range origins(hole.hole) {
		elements := f.flatten(expr, hole.scope)
		chunks, _ := split(elements)
		if len(chunks) == 1 && len(chunks[0].text) >= minPlain && strings.Count(text, chunks[0].text) == 1 {
			plain = append(plain, chunks[0])
		}
		if segments, ok := f.align(elements, text); ok && mostlyKnown(segments, len(text)) {
			if whole != nil {
				return []segment{unknown}
			}
			whole = segments
		}
	}
	if whole == nil {
		whole = occurrences(plain, text, hole.source)
	}
	for i := range whole {
		whole[i].start += at
		whole[i].end += at
		whole[i].outer = hole.source
	}
	return whole
}

// origins are the expressions of which one, or several, may have given the text
// that an expression gave.
func origins(e parser.Expr) []parser.Expr {
	var list []parser.Expr
	add := func(e parser.Expr) {
		switch e.(type) {
		case *parser.If, *parser.Apply, *parser.List:
			list = append(list, origins(e)...)
		case *parser.String, *parser.Binary, *parser.Ident, *parser.Select, *parser.Let, *parser.With:
			list = append(list, e)
		}
	}
	switch e := e.(type) {
	case *parser.If:
		add(e.Then)
		add(e.Else)
	case *parser.Apply:
		for _, arg := range e.Args {
			add(arg)
		}
	case *parser.List:
		for _, elem := range e.Elems {
			add(elem)
		}
	}
	return list
}

// mostlyKnown reports whether literals make up at least half of a text.
func mostlyKnown(segments []segment, length int) bool {
	known := 0
	for _, s := range segments {
		if s.use != 0 {
			known += s.end - s.start
		}
	}
	return 2*known >= length
}

// occurrences gives the segments of a text in which each chunk occurs once;
// what lies between them was written somewhere in rest. Chunks that overlap are
// left out: one of them is there by chance.
func occurrences(plain []chunk, text string, rest parser.Span) []segment {
	starts := make(map[*chunk]int, len(plain))
	sorted := make([]*chunk, len(plain))
	for i := range plain {
		sorted[i] = &plain[i]
		starts[sorted[i]] = strings.Index(text, plain[i].text)
	}
	sort.SliceStable(sorted, func(i, j int) bool { return starts[sorted[i]] < starts[sorted[j]] })
	var list []segment
	end, taken := 0, 0 // taken is the end of every chunk so far, used or not
	for i, c := range sorted {
		start, stop := starts[c], starts[c]+len(c.text)
		overlaps := start < taken || i+1 < len(sorted) && starts[sorted[i+1]] < stop
		taken = max(taken, stop)
		if overlaps {
			continue
		}
		if end < start {
			list = append(list, segment{start: end, end: start, source: rest})
		}
		list = append(list, c.segments(start)...)
		end = stop
	}
	if end < len(text) {
		list = append(list, segment{start: end, end: len(text), source: rest})
	}
	return list
}
