package value

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	hugePage = 2 << 20

	// slowHugePage is what a huge page takes at least that is not at hand: some 6 ms
	// in a virtual machine whose host took back what was free (free page reporting)
	// and gives it 4 KB at a time, instead of 0.3. Small pages mostly come from what
	// other programs just gave back. Lists of thunks took 0.19 s in such a machine, at
	// times 0.27, and take 0.13 since a slow page is followed by small ones.
	slowHugePage = 2 * time.Millisecond

	// Small pages are handed out some at a time, which takes 1.2 µs for each instead of
	// 2 when it is touched: 0.11 s for the lists of thunks, where it was 0.13.
	somePages = 256 << 10

	// After a slow page the room of so many huge ones is filled with small pages.
	// The number doubles from one slow page to the next.
	leastSkipped = 4
	mostSkipped  = 32
)

// For all machines of the process: how many times small pages are handed out next, and
// how many times that will be after another slow page.
var skipped, nextSkipped atomic.Int32

// handOut has the kernel hand out memory for the beginning of b, and gives where that
// ends in b.
func handOut(b []byte) int {
	if skipped.Load() > 0 {
		skipped.Add(-1)
		return handOutSmall(b)
	}
	start := -misplaced(b, hugePage) & (hugePage - 1)
	end := start + hugePage
	if end > len(b) || unix.Madvise(b[start:end], unix.MADV_HUGEPAGE) != nil {
		return len(b)
	}
	begin := time.Now()
	b[start] = 0 // it will be used in any case
	if time.Since(begin) < slowHugePage {
		nextSkipped.Store(0)
		return end
	}
	const inOne = hugePage / somePages
	n := min(max(2*nextSkipped.Load(), leastSkipped*inOne), mostSkipped*inOne)
	nextSkipped.Store(n)
	skipped.Store(n)
	return end
}

func handOutSmall(b []byte) int {
	page := syscall.Getpagesize()
	end := somePages - misplaced(b, somePages)
	if end < page { // too little for one of what b is made of, perhaps
		end += somePages
	}
	end = min(end, len(b))
	if start := -misplaced(b, page) & (page - 1); start < end {
		// Kernels before 5.14 do not know it, and hand out what is touched.
		unix.Madvise(b[start:end], unix.MADV_POPULATE_WRITE)
	}
	return end
}

// misplaced is how far b begins behind a multiple of size, a power of two.
func misplaced(b []byte, size int) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (size - 1)
}
