//go:build unix

package value

import (
	"runtime"
	"syscall"
)

// peakMemory is the most memory that the process ever had, in bytes: no less than what is
// in use and not swapped out. In Linux what the process had before it became nixplan counts.
func peakMemory() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil || usage.Maxrss <= 0 {
		return noPeak
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
