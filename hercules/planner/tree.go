package planner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/plan"
)

// Tree is the src of a job as the store copy would have it: what its filter
// keeps, and in a git repository only what git tracks, because an agent's checkout
// has nothing else. Files have the content they have here, changes included; of a
// revision that is planned they are git's objects.
type Tree struct {
	// Name is what the copy is called in the store, behind its hash.
	Name string
	// Dir is where the files are on this machine, before filtering. Of a revision
	// nothing needs to be there.
	Dir string

	s       *source
	tracked *repo.Tracked // nil: everything is there
	prefix  string        // Dir relative to the work tree, "" for the work tree itself
}

// TreeError says why a job's src, or a part of it, is not to be had.
type TreeError struct {
	Job  string
	File string // relative to src, "" for src itself
	// Unknown is what is not known; nil when something is wrong, see Problem.
	Unknown *plan.Unknown
	Problem string
}

func (e *TreeError) Error() string {
	what := "src of " + e.Job
	if e.File != "" {
		what = e.File + " in the " + what
	}
	if e.Unknown != nil {
		return what + " needs " + e.Unknown.Needs + ": " + e.Unknown.Reason
	}
	return what + ": " + e.Problem
}

// Tree finds the src of an effect. The error is a *TreeError.
func (p *Planner) Tree(e *Effect) (*Tree, error) {
	b := p.builder(hercules.Ref{})
	job := plan.Job{Path: e.Job.Path, Kind: e.Job.Kind}
	r := &reader{b: b, job: &job, at: e.Found.At, args: e.Args, given: e.Given}
	failed := &TreeError{Job: job.Path}
	s := r.source()
	if s == nil {
		switch {
		case len(job.Unknowns) > 0:
			failed.Unknown = &job.Unknowns[0]
		case len(b.plan.Diagnostics) > 0:
			failed.Problem = b.plan.Diagnostics[0].Summary
		default:
			failed.Problem = "there is none"
		}
		return nil, failed
	}
	t := &Tree{Name: s.name, Dir: s.dir, s: s}
	if info, err := p.ev.World().Stat(s.path); err != nil {
		failed.Problem = readable(err)
		return nil, failed
	} else if !info.IsDir() {
		failed.Problem = "it is a file; archives are unpacked by the effect alone"
		return nil, failed
	}
	if t.Name == "" {
		t.Name = p.storeName(s.path)
	}
	return t, t.trackedFiles(p)
}

// storeName is what a path is called when it is copied to the store. A checkout
// has the repository's name, as an agent's has; a flake's is in the store already.
func (p *Planner) storeName(at string) string {
	w, base := p.ev.World(), filepath.Base(at)
	if p.project.IsFlake() && w.RealPath(at) == p.project.Root {
		return "source"
	}
	if mount, sub := w.Mount(at); mount != nil && sub == "" {
		_, base, _ = strings.Cut(base, "-") // the hash
	}
	if w.RealPath(at) == p.project.Root && base == filepath.Base(p.project.Root) && p.project.Inner == "" {
		return p.project.Name()
	}
	return base
}

// trackedFiles finds which files of the tree git tracks, if it lies in the
// repository's work tree.
func (t *Tree) trackedFiles(p *Planner) error {
	g := p.project.Git
	if g == nil {
		return nil
	}
	rel, ok := g.Rel(t.Dir)
	if real, err := p.ev.World().Disk().EvalSymlinks(t.Dir); err == nil {
		if inside, yes := g.Rel(real); yes {
			rel, ok = inside, true
		}
	}
	if !ok {
		return nil
	}
	tracked, err := g.Tracked()
	if err != nil {
		return &TreeError{Job: t.s.r.job.Path, Problem: "git cannot tell which files are tracked: " + err.Error()}
	}
	t.tracked = tracked
	if rel != "." {
		t.prefix = rel + "/"
	}
	return nil
}

// Member is a file, directory or link of a tree.
type Member struct {
	Path   string // relative to the tree, with slashes
	Mode   fs.FileMode
	Target string // of a link
	// Open opens a regular file.
	Open func() (io.ReadCloser, error)
}

// Walk calls visit with all that is in the tree, a directory before what is in it,
// in the order of names. Links are not followed. It ends with the first error:
// visit's, the context's, or a *TreeError.
func (t *Tree) Walk(ctx context.Context, visit func(Member) error) error {
	return t.walk(ctx, "", visit)
}

func (t *Tree) walk(ctx context.Context, dir string, visit func(Member) error) error {
	w := t.s.r.b.ev.World()
	entries, err := w.ReadDir(filepath.Join(t.s.path, filepath.FromSlash(dir)))
	if err != nil {
		return t.failed(dir, err)
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := path.Join(dir, entry.Name())
		at := filepath.Join(t.s.path, filepath.FromSlash(name))
		info, err := w.Lstat(at)
		if err != nil {
			return t.failed(name, err)
		}
		mode := info.Mode()
		if !t.checkedOut(name, mode) {
			continue
		}
		if kept, err := t.keeps(name, at, mode); err != nil {
			return err
		} else if !kept {
			continue
		}
		m := Member{Path: name, Mode: mode}
		switch {
		case mode.IsDir():
		case mode.IsRegular():
			m.Open = func() (io.ReadCloser, error) { return t.open(name, at) }
		case mode&fs.ModeSymlink != 0:
			if m.Target, err = w.Readlink(at); err != nil {
				return t.failed(name, err)
			}
		default:
			return &TreeError{Job: t.s.r.job.Path, File: name, Problem: "it is neither a file nor a directory nor a link"}
		}
		if err := visit(m); err != nil {
			return err
		}
		if mode.IsDir() && !t.submodule(name) {
			if err := t.walk(ctx, name, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkedOut reports whether a plain checkout has something. What is there in the
// place of a tracked file counts, as it would after a commit.
func (t *Tree) checkedOut(name string, mode fs.FileMode) bool {
	switch {
	case t.tracked == nil:
		return true
	case mode.IsDir():
		return t.tracked.Directory(t.prefix + name)
	}
	return t.tracked.File(t.prefix + name)
}

// submodule reports whether a directory is one, which is empty in a checkout.
func (t *Tree) submodule(name string) bool {
	return t.tracked != nil && t.tracked.Submodule(t.prefix+name) == t.prefix+name
}

// keeps asks the filters that src was made with.
func (t *Tree) keeps(name, at string, mode fs.FileMode) (bool, error) {
	ev := t.s.r.b.ev
	kept, err := ev.Kept(at)
	if err != nil {
		return false, t.failed(name, err)
	}
	if !kept || t.s.filter.IsNone() {
		return kept, nil
	}
	answer, err := ev.Call(t.s.filter, value.NewString(at), value.NewString(kindName(mode)))
	switch {
	case err != nil:
		return false, t.failed(name, err)
	case answer.Kind() == value.Bool:
		return answer.Bool(), nil
	case answer.Kind() == value.UnknownValue:
		u := t.s.r.b.unknown("src", answer.Unknown())
		return false, &TreeError{Job: t.s.r.job.Path, File: name, Unknown: &u}
	}
	return false, &TreeError{Job: t.s.r.job.Path, File: name, Problem: "src's filter gives " + answer.Kind().InWords() + " instead of true or false"}
}

// kindName is a file's type as builtins.path calls it.
func kindName(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode.IsRegular():
		return "regular"
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	}
	return "unknown"
}

func (t *Tree) open(name, at string) (io.ReadCloser, error) {
	w := t.s.r.b.ev.World()
	real := w.RealPath(at)
	if real == "" {
		return nil, t.failed(name, fs.ErrNotExist)
	}
	if err := w.Readable(real); err != nil {
		return nil, t.failed(name, err)
	}
	f, err := w.Disk().Open(real)
	if err != nil {
		return nil, t.failed(name, err)
	}
	return f, nil
}

func (t *Tree) failed(name string, err error) error {
	var missing *repo.MissingError
	if errors.As(err, &missing) {
		return err // it says what to do
	}
	var evaluation *value.Error
	if errors.As(err, &evaluation) {
		if evaluation.Unknown != nil {
			u := t.s.r.b.unknown("src", evaluation.Unknown)
			return &TreeError{Job: t.s.r.job.Path, File: name, Unknown: &u}
		}
		return fmt.Errorf("the filter of the src of %s, asked about %s: %w", t.s.r.job.Path, name, err)
	}
	return &TreeError{Job: t.s.r.job.Path, File: name, Problem: readable(err)}
}
