package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
)

// drvDir is --write-drv: a directory that gets the derivations of the values,
// named as in the store.
type drvDir struct {
	root    *os.Root
	written map[string]bool
}

// openDrvDir makes the directory if need be. Nothing is ever written outside of
// it, through a symbolic link neither.
func openDrvDir(dir string) (*drvDir, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, usagef("cannot write derivations: %v", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usagef("cannot write derivations: %v", err)
	}
	return &drvDir{root: root, written: map[string]bool{}}, nil
}

// write writes the derivations that v stands for and all they are made from.
func (d *drvDir) write(ev *eval.Evaluator, v value.Value) error {
	files, err := ev.Derivations(v)
	if err != nil {
		return err
	}
	for _, file := range files {
		name := path.Base(file.Path)
		if d.written[name] {
			continue
		}
		d.written[name] = true
		if err := d.file(name, file.Text); err != nil {
			return usagef("cannot write derivations: %v", err)
		}
	}
	return nil
}

// file writes one file, read-only as in the store: whole or not at all. A name
// is made from the content, so what is there and equal stays.
func (d *drvDir) file(name, text string) error {
	if there, err := d.root.ReadFile(name); err == nil && string(there) == text {
		return nil
	}
	temporary := fmt.Sprintf(".%s.%d", name[:min(len(name), 200)], os.Getpid())
	if err := d.root.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := d.root.WriteFile(temporary, []byte(text), 0o444)
	if err == nil {
		err = d.root.Rename(temporary, name)
	}
	if err != nil {
		_ = d.root.Remove(temporary) // what failed first is told
	}
	return err
}
