package private

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// ProtectMemory keeps the memory of this process, and of those it starts, out of
// core dumps, and that of this process from others of the same user. It cannot
// be undone.
func ProtectMemory() error {
	// 1 and not 0: when core_pattern names a program, Linux hands it the core
	// whatever the limit, except for this one.
	limit := unix.Rlimit{Cur: 1, Max: 1}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err == nil && now.Max < limit.Max {
		limit = unix.Rlimit{} // an unprivileged process cannot raise it again
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("cannot switch off core dumps: %w", err)
	}
	// Children become dumpable again when they execute a program.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot keep other processes from reading memory: %w", err)
	}
	return nil
}
