package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Disk is the files of this machine, one directory of which may be replaced by
// files from elsewhere: a repository as it is at some revision. What the
// replaced directory really holds cannot be seen then, while names stay what
// they are. The nil Disk is the machine as it is.
//
// Paths are absolute. Symbolic links of the tree lead where they would lead if
// it were checked out.
type Disk struct {
	dir    string // no link is on the way
	tree   Tree
	commit string
}

// Tree is files that replace a directory, named as package fs names them. Only
// the last element of a name may be a link, and ReadFile and ReadDir meet none.
type Tree interface {
	fs.ReadFileFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

// Overlay is the machine with tree, the files of a commit, in place of the
// directory dir, which need not exist.
func Overlay(dir, commit string, tree Tree) (*Disk, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = abs, nil
	}
	return &Disk{dir: real, tree: tree, commit: commit}, err
}

// Commit is the commit that a directory has the files of, "" when it has those
// of this machine.
func (d *Disk) Commit(dir string) string {
	if d == nil {
		return ""
	}
	if real, err := d.EvalSymlinks(dir); err != nil || real != d.dir {
		return ""
	}
	return d.commit
}

// inside is the name in the tree of a path whose parents are no links.
func (d *Disk) inside(path string) (string, bool) {
	if path == d.dir {
		return ".", true
	}
	return strings.CutPrefix(path, strings.TrimSuffix(d.dir, "/")+"/")
}

func (d *Disk) lstat(path string) (fs.FileInfo, error) {
	if name, ok := d.inside(path); ok {
		return d.tree.Lstat(name)
	}
	return os.Lstat(path)
}

func (d *Disk) readlink(path string) (string, error) {
	if name, ok := d.inside(path); ok {
		return d.tree.ReadLink(name)
	}
	return os.Readlink(path)
}

// parent follows the links on the way to a path, the path itself aside.
func (d *Disk) parent(path string) (string, error) {
	dir, base := filepath.Split(filepath.Clean(path))
	if base == "" || filepath.Clean(path) == d.dir {
		return filepath.Clean(path), nil
	}
	dir, err := d.EvalSymlinks(dir)
	return filepath.Join(dir, base), err
}

// EvalSymlinks is filepath.EvalSymlinks.
func (d *Disk) EvalSymlinks(path string) (string, error) {
	if d == nil {
		return filepath.EvalSymlinks(path)
	}
	path = filepath.Clean(path)
	done, rest := "/", path
	if name, ok := d.inside(path); ok {
		done, rest = d.dir, name
	}
	links := 0
	for rest != "" {
		var name string
		switch name, rest, _ = strings.Cut(rest, "/"); name {
		case "", ".":
			continue
		case "..":
			done = filepath.Dir(done)
			continue
		}
		next := filepath.Join(done, name)
		info, err := d.lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if rest != "" && !info.IsDir() {
				return "", &fs.PathError{Op: "lstat", Path: path, Err: syscall.ENOTDIR}
			}
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "lstat", Path: path, Err: syscall.ELOOP}
		}
		target, err := d.readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			done = "/"
		}
		rest = strings.TrimSuffix(target+"/"+rest, "/")
	}
	return done, nil
}

// Lstat is os.Lstat.
func (d *Disk) Lstat(path string) (fs.FileInfo, error) {
	if d == nil {
		return os.Lstat(path)
	}
	at, err := d.parent(path)
	if err != nil {
		return nil, err
	}
	return d.lstat(at)
}

// Stat is os.Stat.
func (d *Disk) Stat(path string) (fs.FileInfo, error) {
	if d == nil {
		return os.Stat(path)
	}
	at, err := d.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	return d.lstat(at)
}

// Readlink is os.Readlink.
func (d *Disk) Readlink(path string) (string, error) {
	if d == nil {
		return os.Readlink(path)
	}
	at, err := d.parent(path)
	if err != nil {
		return "", err
	}
	return d.readlink(at)
}

// ReadDir is os.ReadDir.
func (d *Disk) ReadDir(path string) ([]fs.DirEntry, error) {
	if d == nil {
		return os.ReadDir(path)
	}
	at, err := d.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if name, ok := d.inside(at); ok {
		return d.tree.ReadDir(name)
	}
	return os.ReadDir(at)
}

// Open is os.Open.
func (d *Disk) Open(path string) (fs.File, error) {
	if d == nil {
		return os.Open(path)
	}
	at, err := d.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if name, ok := d.inside(at); ok {
		return d.tree.Open(name)
	}
	return os.Open(at)
}

// ReadFile is os.ReadFile.
func (d *Disk) ReadFile(path string) ([]byte, error) {
	if d == nil {
		return os.ReadFile(path)
	}
	at, err := d.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if name, ok := d.inside(at); ok {
		return d.tree.ReadFile(name)
	}
	return os.ReadFile(at)
}

// FS is os.DirFS.
func (d *Disk) FS(dir string) (fs.FS, error) {
	if d != nil {
		at, err := d.EvalSymlinks(dir)
		if err != nil {
			return nil, err
		}
		if name, ok := d.inside(at); ok {
			return fs.Sub(d.tree, name)
		}
	}
	return os.DirFS(dir), nil
}
