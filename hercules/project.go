// Package hercules sees a repository as a Hercules CI agent does: which file it
// evaluates, with what arguments, and which attributes of the result it builds
// or runs.
//
// The conventions are those of hercules-ci-agent 0.10. Where they leave a
// choice to the server (the owner of a repository, the time of a schedule) the
// facts come from git or stay open.
package hercules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules/repo"
)

// searchPath is where an agent looks for the entry file: the first group with a
// hit wins, and a group must not have two.
var searchPath = [][]string{{"nix/ci.nix", "ci.nix"}, {"flake.nix"}, {"default.nix"}}

// Project is a directory taken as a repository's root.
type Project struct {
	// Root is its absolute path.
	Root string
	// Entry is the file to evaluate, relative to Root with slashes. It is empty
	// when EntryErr says why there is none.
	Entry    string
	EntryErr *EntryError

	// Git is the repository that Root lies in, nil when there is none, or when
	// GitErr says why it cannot be read.
	Git    *repo.Git
	GitErr error
	// Identity is what the user says about the repository, instead of git.
	Identity Identity
	// Snapshot are the files of the commit that is looked at, nil when it is the
	// files that are there. Disk has them where they would be checked out.
	Snapshot *repo.Snapshot
	Disk     *world.Disk
	// Inner is Root relative to Git's work tree, with slashes, "" when they are
	// the same. A directory inside of a larger repository that has an entry
	// file of its own is planned as if it were a repository.
	Inner string

	// First is the path of an attribute to look at before its siblings, so that
	// what several share is evaluated on its behalf. Usually there is none.
	First []string
}

// Identity is how an agent knows a repository. What is empty is taken from git.
type Identity struct {
	Forge, Owner, Name string
	DefaultBranch      string // full name
}

// EntryError says why a directory has no entry file an agent would take.
type EntryError struct {
	Root string
	// Found are the candidates when there are too many, empty when there is none.
	Found []string
	// Unusable says of one that is there why it is no file: "ci.nix is a
	// directory"; empty when there is nothing of the name.
	Unusable string
}

func (e *EntryError) Error() string {
	if len(e.Found) > 0 {
		return "there must be only one of " + strings.Join(e.Found, " and ")
	}
	var names []string
	for _, group := range searchPath {
		names = append(names, group...)
	}
	last := len(names) - 1
	if e.Unusable != "" {
		return "no Nix file to evaluate: " + e.Unusable
	}
	return "no Nix file to evaluate: there is no " + strings.Join(names[:last], ", ") + " or " + names[last]
}

// findEntry looks for the entry file in a directory.
func (p *Project) findEntry(root string) (string, *EntryError) {
	unusable := ""
	for _, group := range searchPath {
		var found []string
		for _, name := range group {
			file := filepath.Join(root, filepath.FromSlash(name))
			info, err := p.Disk.Stat(file)
			if err == nil && !info.IsDir() {
				found = append(found, name)
				continue
			}
			if _, lerr := p.Disk.Lstat(file); lerr == nil && unusable == "" {
				unusable = name + " is " + notAFile(err)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return "", &EntryError{Root: root, Found: found}
		}
	}
	return "", &EntryError{Root: root, Unusable: unusable}
}

// notAFile says what something is that Stat, which gave err, finds no file.
func notAFile(err error) string {
	switch {
	case err == nil:
		return "a directory"
	case errors.Is(err, fs.ErrNotExist):
		return "a link to nothing"
	case errors.Is(err, fs.ErrPermission):
		return "not to be read: permission denied"
	default:
		return "a link that leads nowhere"
	}
}

// hasEntry reports whether an agent would find something, be it too much.
func (p *Project) hasEntry(root string) bool {
	entry, err := p.findEntry(root)
	return entry != "" || len(err.Found) > 0
}

// FindProject finds the root and the entry file from what a user names: nothing
// (the repository of the working directory), a directory, or the entry file
// itself. An error means that path cannot be read; a missing entry file is no
// error here, see [Project.EntryErr].
func FindProject(path string) (*Project, error) {
	p := &Project{}
	if err := p.find(path); err != nil {
		return nil, err
	}
	return p, nil
}

// FindProjectAt finds what FindProject would if a git revision were checked out:
// a branch, a tag, a commit, or whatever git takes for one. Its files are read
// from git's objects; close the Snapshot when that is no longer needed. The
// error is a *repo.MissingError when this clone does not have the revision.
func FindProjectAt(ctx context.Context, path, rev string) (*Project, error) {
	at, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dir := at
	if info, err := os.Stat(at); err == nil && !info.IsDir() {
		dir = filepath.Dir(at)
	}
	g, err := repo.Open(dir)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, fmt.Errorf("%s is in no git repository, so it has no revision %s", at, rev)
	}
	p := &Project{}
	if p.Git, p.Snapshot, err = g.AtRevision(ctx, rev); err != nil {
		return nil, err
	}
	if p.Disk, err = world.Overlay(g.Top(), p.Snapshot.Rev, p.Snapshot); err == nil {
		if _, serr := p.Disk.Stat(at); path == "" && serr != nil {
			path = g.Top() // the working directory is of another revision
		}
		err = p.find(path)
	}
	if err != nil {
		p.Snapshot.Close()
		return nil, err
	}
	return p, nil
}

// find fills in a project of which Disk, and Git when it is a Snapshot's, are
// known.
func (p *Project) find(path string) error {
	at, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := p.Disk.Stat(at)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		if p.Snapshot != nil {
			return fmt.Errorf("%s at %s: %w", path, p.Snapshot.Rev, err)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	dir := at
	if !info.IsDir() {
		dir = filepath.Dir(at)
	}
	top := ""
	if p.Snapshot == nil {
		if p.Git, p.GitErr = repo.Open(dir); p.Git != nil {
			top = p.Git.WorkTree
		}
	} else {
		top = p.Git.Top()
	}
	switch {
	case !info.IsDir():
		p.Root = rootOfFile(at, top)
		rel, err := filepath.Rel(p.Root, at)
		if err != nil {
			return err
		}
		p.Entry = filepath.ToSlash(rel)
	case path == "" && top != "" && p.hasEntry(top):
		p.Root = top
	default:
		p.Root = p.nearestRoot(dir, top)
	}
	if info.IsDir() {
		p.Entry, p.EntryErr = p.findEntry(p.Root)
	}
	if top != "" {
		if inner, ok := p.Git.Rel(p.Root); ok && inner != "." {
			p.Inner, p.Git.Scope = inner, inner
		}
	}
	return nil
}

// Top is the top of git's work tree, or Root without git.
func (p *Project) Top() string {
	if p.Git != nil {
		return p.Git.Top()
	}
	return p.Root
}

// nearestRoot is the innermost directory from dir up to the work tree's top
// that has an entry file, else top, else dir.
func (p *Project) nearestRoot(dir, top string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if p.hasEntry(at) {
			return at
		}
		if at == top {
			return top
		}
		if top == "" || at == filepath.Dir(at) {
			return dir
		}
	}
}

// rootOfFile is the directory that has file where an agent would look for it,
// else the work tree's top, else the file's directory.
func rootOfFile(file, top string) string {
	dir := filepath.Dir(file)
	for _, group := range searchPath {
		for _, name := range group {
			if root, ok := strings.CutSuffix(file, string(filepath.Separator)+filepath.FromSlash(name)); ok {
				if root == "" {
					root = string(filepath.Separator)
				}
				return root
			}
		}
	}
	if top != "" {
		return top
	}
	return dir
}

// Name is what people call the project: the forge's name for it, else the
// directory's.
func (p *Project) Name() string {
	if r := p.Remote(); r != nil && r.Name != "" {
		return r.Name
	}
	return filepath.Base(p.Root)
}

// Remote is where the repository lives, nil when unknown. A directory inside of
// another repository lives nowhere by itself.
func (p *Project) Remote() *repo.Remote {
	if p.Git == nil || p.Inner != "" {
		return nil
	}
	found := p.Git.Remote()
	if found == nil {
		return nil
	}
	remote := *found
	for _, fact := range []struct {
		to   *string
		said string
	}{{&remote.Forge, p.Identity.Forge}, {&remote.Owner, p.Identity.Owner}, {&remote.Name, p.Identity.Name}} {
		if fact.said != "" {
			*fact.to = fact.said
		}
	}
	return &remote
}

// DefaultBranch is the full name of the branch that a forge shows first, "" when
// nobody knows.
func (p *Project) DefaultBranch() string {
	switch {
	case p.Identity.DefaultBranch != "":
		return p.Identity.DefaultBranch
	case p.Git != nil:
		return p.Git.DefaultBranch()
	}
	return ""
}

// Rel gives an absolute path relative to the root, with slashes; false when it
// lies outside.
func (p *Project) Rel(file string) (string, bool) {
	rel, err := filepath.Rel(p.Root, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// IsFlake reports whether the entry file is evaluated as a flake.
func (p *Project) IsFlake() bool { return p.Entry == "flake.nix" }
