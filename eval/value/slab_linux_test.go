package value

import (
	"testing"
	"unsafe"
)

// TestSmallPages cuts large slabs up where small pages are handed out, from
// wherever they may begin.
func TestSmallPages(t *testing.T) {
	defer slowHuge.Store(slowHuge.Swap(true))
	type element [5]uint64
	const size = int(unsafe.Sizeof(element{}))
	all := make([]element, largeBytes/size)
	for offset := range 2 * somePages / size {
		m := Machine{allocated: largeFrom}
		rest := all[offset : offset+3*somePages/size]
		next, got := &rest[0], 0
		for len(rest) > 0 {
			slab := newSlab(&m, &rest)
			if len(slab) == 0 {
				t.Fatalf("offset %d: an empty slab after %d elements", offset, got)
			}
			if &slab[0] != next {
				t.Fatalf("offset %d: what comes after %d elements is elsewhere", offset, got)
			}
			got += len(slab)
			if len(rest) > 0 {
				next = &rest[0]
			}
		}
		if want := 3 * somePages / size; got != want {
			t.Fatalf("offset %d: %d elements, want %d", offset, got, want)
		}
	}
}
