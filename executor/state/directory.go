package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

// A directory keeps states and locks, one directory of its own for each name:
//
//	NAME/name           the name as it is
//	NAME/00000003-HASH  version 3; HASH is the SHA-256 of its content
//	NAME/mutex          flocked for as long as something here is changed
//	NAME/lock           flocked by whoever holds the lock, and by its children
//	NAME/lease.json     who that is
//
// NAME is encoded ([EncodeName]). Whatever is written appears by a rename, whole or
// not at all; names that begin with a dot are being written, or were when somebody
// died. The files mutex and lock stay for ever: removing a file that others flock
// would give each of two the lock of a file of its own.
type directory struct {
	path string // absolute
	// write puts data into a file that is being written. Tests replace it to see what
	// happens when the disk is full.
	write func(*os.File, []byte) error
}

const (
	dirMode  = 0o700
	fileMode = 0o600

	nameFile  = "name"
	mutexFile = "mutex"
	lockFile  = "lock"
	leaseFile = "lease.json"
)

func newDirectory(path string) *directory {
	return &directory{path: path, write: func(f *os.File, data []byte) error {
		_, err := f.Write(data)
		return err
	}}
}

// of is the directory of a name, be it there or not.
func (d *directory) of(name string) string { return filepath.Join(d.path, EncodeName(name)) }

// create makes the directory of a name if it is not there and gives its path.
func (d *directory) create(name string) (string, error) {
	dir := d.of(name)
	if known, err := d.known(name); known || err != nil {
		return dir, err
	}
	if err := os.MkdirAll(d.path, dirMode); err != nil {
		return "", err
	}
	staged, err := os.MkdirTemp(d.path, ".new-") // with mode 0700
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(staged)
	if err := d.writeFile(filepath.Join(staged, nameFile), []byte(name)); err != nil {
		return "", err
	}
	if err := os.Rename(staged, dir); err != nil && !isExist(err) {
		return "", err
	}
	if err := syncDir(d.path); err != nil {
		return "", err
	}
	_, err = d.known(name)
	return dir, err
}

func isExist(err error) bool {
	return errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY)
}

// known reports whether there is a directory of a name. That it is another name's
// is an error: some file systems take upper and lower case for the same.
func (d *directory) known(name string) (bool, error) {
	other, err := os.ReadFile(filepath.Join(d.of(name), nameFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case string(other) != name:
		return false, fmt.Errorf("%s is the directory of %q, so %q cannot be kept there", d.of(name), other, name)
	}
	return true, nil
}

// names gives the names that have a directory, sorted.
func (d *directory) names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		name, err := os.ReadFile(filepath.Join(d.path, entry.Name(), nameFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue // not ours
		}
		if err != nil {
			return nil, err
		}
		names = append(names, string(name))
	}
	sort.Strings(names)
	return names, nil
}

// writeFile writes a file that appears as a whole, and is on the disk when writeFile
// returns.
func (d *directory) writeFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(fileMode))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if err := d.write(f.File, data); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil { // syncs the file
		return err
	}
	return syncDir(dir)
}

// syncDir makes what was created, renamed or removed in a directory last.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some file systems cannot sync a directory, and need not.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// sweep removes what those who died left half-written: it may hold keys. The mutex
// is held.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// exclusively runs f while nobody else changes what is in the directory of a name.
// The lock is held for as long as a file takes to be written.
func exclusively(ctx context.Context, dir string, f func() error) error {
	mutex, err := openLock(filepath.Join(dir, mutexFile))
	if err != nil {
		return err
	}
	defer mutex.Close() // gives the lock back
	pause := time.Millisecond
	for {
		ok, err := tryFlock(mutex)
		if err != nil {
			return err
		}
		if ok {
			return f()
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 20*time.Millisecond)
	}
}

func openLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
}
