//go:build !linux

package private

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// ProtectMemory keeps the memory of this process, and of those it starts, out of
// core dumps. It cannot be undone.
func ProtectMemory() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("cannot switch off core dumps: %w", err)
	}
	return nil
}
