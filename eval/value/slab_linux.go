package value

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	hugePage = 2 << 20

	// slowHugePage is what a huge page takes at least that is not at hand, instead of
	// 0.3 ms.
	slowHugePage = 2 * time.Millisecond

	// Small pages are handed out some at a time, which takes 1.2 µs for each instead of
	// 2 when it is touched.
	somePages = 256 << 10
)

// slowHuge says for all machines of the process that a huge page was slow.
var slowHuge atomic.Bool

// takenBack reports whether the host of a virtual machine takes back memory that is
// free (free page reporting), which it then gives again 4 KB at a time: a huge page
// takes 6.5 ms. Small pages mostly come from what other programs just gave back.
// Half of the huge pages were slow in lists of thunks, and 12 ms of 95 were lost with
// trying again after some small ones.
//
// Kernels before 5.19 say so whenever they could report: small pages in vain take 0.6 ms
// for what a huge one would be.
var takenBack = sync.OnceValue(func() bool {
	text, err := os.ReadFile("/sys/module/page_reporting/parameters/page_reporting_order")
	if err != nil {
		return false
	}
	order, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && order >= 0 // -1 without a device to report to
})

// handOut has the kernel hand out memory for the beginning of b, and gives where that
// ends in b. A huge page is used where those are quick.
func handOut(b []byte) int {
	if slowHuge.Load() || takenBack() {
		return handOutSmall(b)
	}
	start := -misplaced(b, hugePage) & (hugePage - 1)
	end := start + hugePage
	if end > len(b) || unix.Madvise(b[start:end], unix.MADV_HUGEPAGE) != nil {
		return len(b)
	}
	begin := time.Now()
	b[start] = 0 // it will be used in any case
	if time.Since(begin) >= slowHugePage {
		slowHuge.Store(true)
	}
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
