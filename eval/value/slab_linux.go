package value

import (
	"syscall"
	"unsafe"
)

const hugePage = 2 << 20

// adviseHugePages asks for huge pages for what of a range can have them. A kernel
// that refuses does no harm.
func adviseHugePages(b []byte) {
	start := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (hugePage - 1)
	if end := (len(b) - start) &^ (hugePage - 1); end > 0 {
		_ = syscall.Madvise(b[start:start+end], syscall.MADV_HUGEPAGE)
	}
}
