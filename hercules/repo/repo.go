// Package repo finds out what git says about a directory: where the work tree
// is, what is checked out, which forge the repository lives on, which files are
// tracked and whether anything was changed.
//
// What lies in plain files (HEAD, refs, config, the index) is read from them,
// because a plan of a small repository takes a few milliseconds and each process
// would add as many. Whether files were changed is asked of the git program,
// once, when somebody wants to know, and so is what a reader here does not
// understand. Neither runs anything the repository configures:
// hooks, file system monitors, pagers, credential helpers and content filters
// stay off, and no network is used, except by Fetch.
package repo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Git is a git repository as seen from one of its work trees.
type Git struct {
	// WorkTree is the absolute path of the checked out files; empty for a bare
	// repository.
	WorkTree string
	// Dir is the git directory of this work tree (".git", or the place a linked
	// work tree or submodule has in its parent's), Common the one that holds
	// refs, objects and config, shared by all work trees. Often they are equal.
	Dir, Common string

	// HeadRef is the full name of what is checked out, "refs/heads/main", empty
	// when HEAD is detached. HeadRev is the commit's hex digits, empty as long
	// as there is no commit.
	HeadRef, HeadRev string

	// Scope is the directory, relative to the work tree with slashes, that Dirty
	// is about; "" for the whole work tree. Set it before the first question.
	Scope string

	// Shallow says that history was cut off when the repository was cloned.
	Shallow bool

	config config
	refs   refs

	// parts are the directories that git reads, without links, of a repository that
	// OpenWithin opened; restricted says that it did.
	parts      []string
	restricted bool
	objects    string // where objects are, if not in Common

	index    indexState
	snapshot string // the commit whose files count instead of those checked out, see AtRevision
}

// indexState holds the answers of the git program, each asked at most once.
type indexState struct {
	changesOnce sync.Once
	changes     string
	changesErr  error

	trackedOnce sync.Once
	tracked     *Tracked
	trackedErr  error
}

// Open finds the repository that dir (absolute) lies in. Outside of any
// repository it returns nil and no error.
func Open(dir string) (*Git, error) {
	for at := filepath.Clean(dir); ; {
		g, err := openAt(at, nil)
		if g != nil || err != nil {
			return g, err
		}
		parent := filepath.Dir(at)
		if parent == at {
			return nil, nil
		}
		at = parent
	}
}

// openAt looks for a repository whose work tree is dir, or which is dir itself.
// allow is that of OpenWithin, or nil.
func openAt(dir string, allow func(string) error) (*Git, error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	switch {
	case err == nil && info.IsDir():
		if isGitDir(dotGit) {
			return load(dir, dotGit, allow)
		}
	case err == nil:
		target, err := readGitFile(dotGit)
		if err != nil {
			return nil, err
		}
		if allow != nil {
			if err := allow(target); err != nil {
				return nil, err
			}
		}
		if !isGitDir(target) {
			return nil, &Error{Path: dotGit, Problem: "names " + target + ", which is not a git directory"}
		}
		return load(dir, target, allow)
	case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission):
		return nil, err
	}
	if isGitDir(dir) {
		return load("", dir, allow)
	}
	return nil, nil
}

// Error is a repository that is there but cannot be read.
type Error struct{ Path, Problem string }

func (e *Error) Error() string { return e.Path + " " + e.Problem }

// readGitFile reads the one-line file that stands for .git in linked work trees
// and submodules.
func readGitFile(path string) (string, error) {
	text, err := readFile(path)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir: ")
	if !ok {
		return "", &Error{Path: path, Problem: "is neither a directory nor a \"gitdir:\" file"}
	}
	return physical(filepath.Dir(path), target), nil
}

// isGitDir applies git's own test: a HEAD, and objects and refs here or in the
// directory that commondir names.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	common := commonDir(dir)
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(common, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

func commonDir(dir string) string {
	text, err := readFile(filepath.Join(dir, "commondir"))
	if err != nil {
		return dir
	}
	return physical(dir, strings.TrimRight(string(text), "\r\n"))
}

// physical is path taken relative to dir as the system follows it, and git when it
// looks for the parts of a repository: ".." is the directory that the one before
// it lies in, whatever link led there.
func physical(dir, path string) string {
	if !filepath.IsAbs(path) {
		path = dir + string(filepath.Separator) + path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// under is path taken relative to dir.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func load(workTree, dir string, allow func(string) error) (*Git, error) {
	g := &Git{WorkTree: workTree, Dir: dir, Common: commonDir(dir)}
	if allow != nil {
		if err := g.restrict(allow); err != nil {
			return nil, err
		}
	}
	text, err := readFile(filepath.Join(g.Common, "config"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if g.config, err = parseConfig(string(text)); err != nil {
		return nil, &Error{Path: filepath.Join(g.Common, "config"), Problem: err.Error()}
	}
	if workTree == "" && g.config.last("core", "", "bare") == "false" {
		// The inside of a .git directory: its work tree is the parent, or what
		// the repository says.
		g.WorkTree = filepath.Dir(dir)
		if at := g.config.last("core", "", "worktree"); at != "" {
			g.WorkTree = under(dir, at)
		}
	}
	_, err = os.Stat(filepath.Join(g.Common, "shallow"))
	g.Shallow = err == nil
	if err := g.readRefs(); err != nil {
		return nil, err
	}
	return g, nil
}

// AsBare is the repository without its work tree.
func (g *Git) AsBare() *Git {
	return &Git{Dir: g.Dir, Common: g.Common, HeadRef: g.HeadRef, HeadRev: g.HeadRev, Shallow: g.Shallow, config: g.config, refs: g.refs, parts: g.parts, restricted: g.restricted}
}

// Bare reports whether the repository has no checked out files.
func (g *Git) Bare() bool { return g.WorkTree == "" }
