package value

import (
	"sort"
	"sync"

	"github.com/nixplan/nixplan/internal/diag"
)

// Pos is a place in any source of the process: the source's base plus a byte
// offset. 0 is "no place". It keeps attributes and nodes small; lines are
// computed when something is printed.
type Pos uint32

// Span is a half-open range of places within one source.
type Span struct{ Start, End Pos }

var files = struct {
	sync.RWMutex
	sources []*diag.Source
	bases   []Pos // ascending
	next    Pos
}{next: 1}

// AddSource registers a source and gives the base to add byte offsets to.
func AddSource(src *diag.Source) Pos {
	files.Lock()
	defer files.Unlock()
	base := files.next
	files.sources = append(files.sources, src)
	files.bases = append(files.bases, base)
	files.next += Pos(len(src.Text)) + 1
	return base
}

// Range is the place as diagnostics want it; no place gives an invalid range.
func (s Span) Range() diag.Range {
	if s.Start == 0 {
		return diag.Range{}
	}
	files.RLock()
	defer files.RUnlock()
	i := sort.Search(len(files.bases), func(i int) bool { return files.bases[i] > s.Start }) - 1
	base := files.bases[i]
	return diag.Range{Source: files.sources[i], Start: int32(s.Start - base), End: int32(max(s.End, s.Start) - base)}
}

// Span is the empty range at the place.
func (p Pos) Span() Span { return Span{p, p} }
