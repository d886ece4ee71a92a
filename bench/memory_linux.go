//go:build bench

package main

import (
	"os"
	"syscall"
)

// peakMemory is the largest resident set of a finished process, in bytes.
func peakMemory(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
