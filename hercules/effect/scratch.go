package effect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
)

// scratch is a directory for checkouts and roots of the garbage collector, which is
// locked for as long as it is in use.
type scratch struct {
	dir  string
	lock *flock.Flock
}

const scratchName = "nixplan-nix-"

// newScratch makes one in parent, "" for the system's directory, and removes those
// that killed processes left there. There is no link on the way to it: Nix does not
// evaluate files below one everywhere.
func newScratch(parent string) (*scratch, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweep(parent)
	dir, err := os.MkdirTemp(parent, scratchName)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	s := &scratch{dir, flock.New(scratchLock(dir), flock.SetPermissions(0o600))}
	if _, err := s.lock.TryLock(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func scratchLock(dir string) string { return filepath.Join(dir, "lock") }

func (s *scratch) remove() error {
	err := os.RemoveAll(s.dir)
	return errors.Join(err, s.lock.Close())
}

func own(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// sweep removes what nobody uses any more. One without a lock has just been made.
func sweep(parent string) {
	found, _ := filepath.Glob(filepath.Join(parent, scratchName+"*"))
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !own(info) {
			continue
		}
		if _, err := os.Lstat(scratchLock(dir)); err != nil {
			continue
		}
		lock := flock.New(scratchLock(dir), flock.SetFlag(os.O_RDWR))
		if free, err := lock.TryLock(); err == nil && free {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}
