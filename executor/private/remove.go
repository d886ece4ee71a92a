package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Remove overwrites the regular files of the directory and removes all of it. It
// follows no symlink, and leaves the content of a file alone that has another
// name elsewhere. It goes on after an error; what could not be removed is in the
// error, and a second call tries again. Removing what is gone is no error.
func (d *Dir) Remove() error {
	stopAgent(d.Home())
	return errors.Join(RemoveTree(d.path), removeEmpty(filepath.Dir(d.path)))
}

// Sweep removes the private directories of runs that are not alive, in all the
// places that [Roots] lists for one of the fallbacks. It returns the runs whose
// directories it removed. A run must be alive from before its Create until after
// its Remove.
func Sweep(fallbacks []string, alive func(run string) bool) ([]string, error) {
	if len(fallbacks) == 0 {
		fallbacks = []string{""}
	}
	var swept []string
	var failed []error
	seen := map[string]bool{}
	for _, fallback := range fallbacks {
		for _, root := range Roots(fallback) {
			if seen[root] {
				continue
			}
			seen[root] = true
			runs, err := sweepRoot(root, alive)
			swept = append(swept, runs...)
			failed = append(failed, err)
		}
	}
	return swept, errors.Join(failed...)
}

func sweepRoot(root string, alive func(run string) bool) ([]string, error) {
	// What is not ours was not made by Create.
	info, err := os.Lstat(root)
	if err != nil || !info.IsDir() || !isOwn(info) {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var swept []string
	var failed []error
	for _, entry := range entries {
		run := entry.Name()
		if alive(run) {
			continue
		}
		dir := filepath.Join(root, run)
		jobs, _ := os.ReadDir(dir)
		for _, job := range jobs {
			stopAgent((&Dir{filepath.Join(dir, job.Name())}).Home())
		}
		if err := RemoveTree(dir); err != nil {
			failed = append(failed, err)
			continue
		}
		swept = append(swept, run)
	}
	return swept, errors.Join(append(failed, removeEmpty(root))...)
}

// removeEmpty removes a directory if nothing is in it.
func removeEmpty(dir string) error {
	switch err := syscall.Rmdir(dir); {
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, syscall.EEXIST):
		return nil
	default:
		return &fs.PathError{Op: "rmdir", Path: dir, Err: err}
	}
}

// RemoveTree overwrites the regular files of a directory and removes it, or whatever
// is at the path, as [Dir.Remove] does.
func RemoveTree(path string) error {
	parent, err := os.OpenRoot(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer parent.Close()
	w := &wiper{}
	w.remove(parent, filepath.Base(path), path)
	return errors.Join(w.failed...)
}

type wiper struct {
	failed []error
}

func (w *wiper) fail(path string, err error) {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	w.failed = append(w.failed, fmt.Errorf("cannot remove %s: %w", path, err))
}

// remove removes the entry of a directory. An os.Root stays inside of the tree
// even if something replaces a directory by a link meanwhile.
func (w *wiper) remove(dir *os.Root, name, path string) {
	info, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		w.fail(path, err)
		return
	case info.IsDir():
		w.empty(dir, name, path)
	case info.Mode().IsRegular():
		if err := wipe(dir, name, info); err != nil {
			// It is removed all the same.
			w.failed = append(w.failed, fmt.Errorf("cannot overwrite %s: %w", path, err))
		}
	}
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.fail(path, err)
	}
}

// empty removes what is in a directory.
func (w *wiper) empty(dir *os.Root, name, path string) {
	// Scripts make directories that not even their owner may write to.
	_ = dir.Chmod(name, 0o700)
	inner, err := dir.OpenRoot(name)
	if err != nil {
		w.fail(path, err)
		return
	}
	defer inner.Close()
	self, err := inner.Open(".")
	if err != nil {
		w.fail(path, err)
		return
	}
	entries, err := self.ReadDir(-1)
	self.Close()
	if err != nil {
		w.fail(path, err)
	}
	for _, entry := range entries {
		w.remove(inner, entry.Name(), filepath.Join(path, entry.Name()))
	}
}

// wipe overwrites a regular file with zeros. A file with several names is left
// alone: the others may lie outside, where it is not ours to destroy.
func wipe(dir *os.Root, name string, info fs.FileInfo) error {
	if links(info) != 1 || info.Size() == 0 {
		return nil
	}
	if info.Mode().Perm()&0o200 == 0 {
		if err := dir.Chmod(name, 0o600); err != nil {
			return err
		}
	}
	f, err := dir.OpenFile(name, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) || links(now) != 1 {
		return err
	}
	if err := zero(f, info.Size()); err != nil {
		return err
	}
	return f.Sync()
}

var zeros [64 << 10]byte

// zero overwrites the parts of a file that hold data, so that a file that is
// mostly a hole does not fill the file system.
func zero(f *os.File, size int64) error {
	for at := int64(0); at < size; {
		start, end := dataAfter(f, at, size)
		for at = start; at < end; {
			n, err := f.WriteAt(zeros[:min(int64(len(zeros)), end-at)], at)
			if err != nil {
				return err
			}
			at += int64(n)
		}
	}
	return nil
}
