package private

import "golang.org/x/sys/unix"

func filesystem(dir string) medium {
	var s unix.Statfs_t
	if dir == "" || unix.Statfs(dir, &s) != nil || unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
		return medium{}
	}
	return medium{
		memory: s.Type == unix.TMPFS_MAGIC || s.Type == unix.RAMFS_MAGIC,
		noExec: s.Flags&unix.ST_NOEXEC != 0,
	}
}
