package private

import (
	"os"
	"path/filepath"
	"strconv"
)

// Roots are the directories that private directories lie in, best first: those
// on a tmpfs where programs can be executed, other tmpfs, and one below
// fallback.
func Roots(fallback string) []string {
	user := strconv.Itoa(os.Getuid())
	var roots, noExec []string
	add := func(base, name string) {
		kind := filesystem(base)
		switch {
		case !kind.memory || contains(roots, base, name) || contains(noExec, base, name):
		case kind.noExec:
			noExec = append(noExec, filepath.Join(base, name))
		default:
			roots = append(roots, filepath.Join(base, name))
		}
	}
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/run/user/" + user} {
		if info, err := os.Stat(base); err == nil && filepath.IsAbs(base) && isOwn(info) {
			add(base, "nixplan")
		}
	}
	add("/dev/shm", "nixplan-"+user)
	roots = append(roots, noExec...)
	if fallback != "" {
		roots = append(roots, filepath.Join(fallback, "private"))
	}
	return roots
}

func contains(roots []string, base, name string) bool {
	for _, root := range roots {
		if root == filepath.Join(base, name) {
			return true
		}
	}
	return false
}

// medium is what is known of the file system that a directory lies on.
type medium struct {
	memory bool // its content is in memory, or in swap
	noExec bool // no program can be executed from it
}
