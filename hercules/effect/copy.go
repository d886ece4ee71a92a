package effect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nixplan/nixplan/hercules/planner"
)

// copyMembers writes what a tree of the modelled world has to dir.
func copyMembers(ctx context.Context, members []planner.Member, dir string) error {
	w, err := newWriter(dir)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err = ctx.Err(); err == nil {
			err = w.member(m)
		}
		if err != nil {
			break
		}
	}
	return w.finish(err)
}

func (w *writer) member(m planner.Member) error {
	switch {
	case m.Mode.IsDir():
		return w.mkdir(m.Path)
	case m.Mode&fs.ModeSymlink != 0:
		return w.symlink(m.Path, m.Target)
	}
	in, err := m.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	return w.file(m.Path, in, m.Mode)
}

// copyDir writes a directory of this machine to dir.
func copyDir(ctx context.Context, from, dir string) error {
	w, err := newWriter(dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(from)
	if err != nil {
		return w.finish(err)
	}
	defer root.Close()
	return w.finish(fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || name == "." {
			return err
		}
		switch mode := entry.Type(); {
		case mode.IsDir():
			return w.mkdir(name)
		case mode&fs.ModeSymlink != 0:
			target, err := root.Readlink(name)
			if err != nil {
				return err
			}
			return w.symlink(name, target)
		case !mode.IsRegular():
			return fmt.Errorf("%s is neither a file nor a directory nor a link", filepath.Join(from, name))
		}
		in, err := root.Open(name)
		if err != nil {
			return err
		}
		defer in.Close()
		info, err := in.Stat()
		if err != nil {
			return err
		}
		return w.file(name, in, info.Mode())
	}))
}

// writer fills a new directory. Everything in it is made anew, so nothing is
// written through a link that came with the tree: os.Root sees to the directories
// on the way, O_EXCL to the file.
type writer struct{ root *os.Root }

func newWriter(dir string) (*writer, error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	return &writer{root}, err
}

func (w *writer) finish(err error) error { return errors.Join(err, w.root.Close()) }

func (w *writer) mkdir(name string) error { return w.root.Mkdir(filepath.FromSlash(name), 0o777) }

func (w *writer) symlink(name, target string) error {
	return w.root.Symlink(target, filepath.FromSlash(name))
}

// file writes a file with one of the two modes that a store knows, made writable.
// The umask applies.
func (w *writer) file(name string, in io.Reader, mode fs.FileMode) error {
	perm := fs.FileMode(0o666)
	if mode&0o100 != 0 {
		perm = 0o777
	}
	out, err := w.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
