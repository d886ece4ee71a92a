package effect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/lazy"
)

// checkout is what Nix evaluates: the files that an agent's checkout would have.
type checkout struct {
	// Top is the directory, in place of the repository's work tree.
	Top string
	// Root is the project's root in it.
	Root string
}

// storeNames are names that a store path may have.
var storeNames = lazy.Regexp(`^[0-9a-zA-Z+_?=-][0-9a-zA-Z+._?=-]*$`)

// checkOut makes a copy of what git tracks, below dir: a file that is there and
// not tracked would otherwise get into a source that is not filtered, and make the
// derivation another one than the agent's. It is called what an agent calls it, by
// the repository's name. Tracked files have the content that they have in the work
// tree, of a revision that of git's objects; a submodule is an empty directory.
//
// Without git there is nothing to tell what an agent would have, so the directory
// is evaluated as it is.
func checkOut(ctx context.Context, p *hercules.Project, dir string) (checkout, error) {
	if p.Git == nil {
		return checkout{Top: p.Root, Root: p.Root}, nil
	}
	tracked, err := p.Git.Tracked()
	if err != nil {
		return checkout{}, fmt.Errorf("git cannot tell which files an agent would have: %w", err)
	}
	entry := path.Join(p.Inner, p.Entry)
	if !tracked.File(entry) {
		return checkout{}, fmt.Errorf("%s is not tracked by git, so an agent has no such file; git add %s", entry, entry)
	}
	name := filepath.Base(p.Git.Top())
	if p.Inner == "" {
		name = p.Name()
	}
	if !storeNames().MatchString(name) {
		name = "source"
	}
	top := filepath.Join(dir, name)
	w, err := newWriter(top)
	if err != nil {
		return checkout{}, err
	}
	names := tracked.Names()
	slices.Sort(names)
	for _, name := range names {
		if err = ctx.Err(); err == nil {
			err = w.tracked(p, name)
		}
		if err != nil {
			break
		}
	}
	return checkout{Top: top, Root: filepath.Join(top, filepath.FromSlash(p.Inner))}, w.finish(err)
}

// tracked copies a file of the work tree, if it is there.
func (w *writer) tracked(p *hercules.Project, name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("git tracks %q, which is no name of a file in the repository", name)
	}
	from := filepath.Join(p.Git.Top(), filepath.FromSlash(name))
	info, err := p.Disk.Lstat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // deleted, and not yet committed
	case err != nil:
		return err
	}
	if parent := path.Dir(name); parent != "." {
		if err := w.root.MkdirAll(filepath.FromSlash(parent), 0o777); err != nil {
			return err
		}
	}
	switch mode := info.Mode(); {
	case mode.IsDir(): // a submodule, or in the place of a file
		return w.mkdir(name)
	case mode&fs.ModeSymlink != 0:
		target, err := p.Disk.Readlink(from)
		if err != nil {
			return err
		}
		return w.symlink(name, target)
	case !mode.IsRegular():
		return fmt.Errorf("%s is neither a file nor a directory nor a link", from)
	}
	in, err := p.Disk.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return w.file(name, in, info.Mode())
}
