package value

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	hugePage = 2 << 20

	// slowHugePage is what a huge page takes at least that is not at hand: some 6 ms
	// in a virtual machine whose host took back what was free (free page reporting)
	// and gives it 4 KB at a time, instead of 0.3. Small pages mostly come from what
	// other programs just gave back. Lists of thunks took 0.19 s in such a machine, at
	// times 0.27, and take 0.13 since a slow page is followed by small ones.
	slowHugePage = 2 * time.Millisecond
	// mostSkipped is how many huge pages' room small ones are taken for at a time.
	mostSkipped = 32
)

// For all machines of the process: how many huge pages are not asked for next, and how
// many that will be after another slow one. It doubles from one to the next.
var skipped, nextSkipped atomic.Int32

// adviseHugePage asks for a huge page for the first of b that can be one, and gives
// where that ends in b.
func adviseHugePage(b []byte) int {
	start := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (hugePage - 1)
	end := start + hugePage
	if end > len(b) {
		return len(b)
	}
	if skipped.Load() > 0 {
		skipped.Add(-1)
		return end
	}
	if syscall.Madvise(b[start:end], syscall.MADV_HUGEPAGE) != nil {
		return len(b)
	}
	begin := time.Now()
	b[start] = 0 // it will be used in any case
	if time.Since(begin) < slowHugePage {
		nextSkipped.Store(0)
		return end
	}
	n := min(max(2*nextSkipped.Load(), 4), mostSkipped)
	nextSkipped.Store(n)
	skipped.Store(n)
	return end
}
