package repo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBlob is the largest file of a snapshot that is read, in bytes.
const maxBlob = 64 << 20

// A Snapshot is the files of a commit, read from git's objects: nothing is
// checked out. It is a file system, with names relative to the repository's
// root, and may be used by several goroutines.
//
// Files are as they are stored, which is what an agent gets: no filter or
// conversion of line endings applies. A submodule is an empty directory.
type Snapshot struct {
	// Rev is the commit, as hex digits.
	Rev string

	g        *Git
	contents contents
	entries  map[string]*snapshotEntry
	tracked  *Tracked

	blobs     *blobCache
	first     sync.Once // for readAhead
	stopAhead context.CancelFunc

	mu      sync.Mutex
	missing *MissingError
}

type snapshotEntry struct {
	name   string // the last element
	mode   fs.FileMode
	object string
	below  []string // names in a directory, sorted
}

// MissingError is something of the repository that this clone does not have.
type MissingError struct {
	What string // "the revision main~3", "the contents of ci.nix at 1a2b3c4"
	Why  string // "the clone is shallow", or ""
	Help string // how to get it
}

func (e *MissingError) Error() string {
	if e.Why == "" {
		return e.What + " is not in this repository"
	}
	return e.What + " is not in this repository: " + e.Why
}

// Deepen is how to get the history that a shallow clone lacks.
const Deepen = "git fetch --unshallow gets all of the history, git fetch --deepen=100 some of it.\n" +
	"In GitHub Actions: actions/checkout with fetch-depth: 0; in GitLab CI: the variable GIT_DEPTH: 0."

// commits are those that FindCommit gave: what a user names is looked for by its hash
// from then on.
var commits sync.Map

type commit struct{ common, rev string }

// FindCommit is Resolve with an error that says what to do about a revision that is
// not here, a *MissingError.
func (g *Git) FindCommit(ctx context.Context, name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "\x00\n") {
		return "", &MissingError{What: "the revision " + strconv.Quote(name), Help: "give a branch, a tag or a commit"}
	}
	if _, known := commits.Load(commit{g.Common, name}); known {
		return name, nil
	}
	rev, err := g.Resolve(ctx, name)
	if err == nil {
		commits.Store(commit{g.Common, rev}, true)
		return rev, nil
	}
	if errors.Is(err, ErrNoGit) || ctx.Err() != nil {
		return "", err
	}
	missing := &MissingError{What: "the revision " + name}
	switch remote := g.remoteName(); {
	case g.Shallow:
		missing.Why, missing.Help = "the clone is shallow, so it has the newest commits only", Deepen
		if remote != "" {
			missing.Help += "\nA branch that was not fetched at all: git fetch " + remote + " NAME, and then " + remote + "/NAME or FETCH_HEAD."
		}
	case g.HeadRev == "":
		missing.Why = "there is no commit yet"
	case remote != "":
		missing.Help = "git branch --all and git tag list the names there are; git fetch " + remote + " gets what is new."
	default:
		missing.Help = "git branch --all and git tag list the names there are."
	}
	return "", missing
}

// MergeBase is the newest commit that two commits have in common in their
// histories; a *MissingError when there is none here.
func (g *Git) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := g.read(ctx, nil, "merge-base", a, b)
	if base := strings.TrimSpace(string(out)); err == nil && base != "" {
		return base, nil
	}
	if errors.Is(err, ErrNoGit) || ctx.Err() != nil {
		return "", err
	}
	missing := &MissingError{What: "a commit that " + short(a) + " and " + short(b) + " both come from"}
	if g.Shallow {
		missing.Why, missing.Help = "the clone is shallow, so it has the newest commits only", Deepen
	} else {
		missing.Why, missing.Help = "their histories have nothing in common", "name the revision to compare with"
	}
	return "", missing
}

// short is a commit's name for people.
func short(rev string) string {
	const digits = 10
	if isHash(rev) {
		return rev[:digits]
	}
	return rev
}

// AtRevision is the repository as if the snapshot's commit were checked out: HeadRev is
// that commit, nothing is changed, and the commit's files are tracked. Names of
// files are those they have in the work tree, and below the git directory for a
// bare repository, which has none.
func (g *Git) AtRevision(ctx context.Context, rev string) (*Git, *Snapshot, error) {
	head, err := g.FindCommit(ctx, rev)
	if err != nil {
		return nil, nil, err
	}
	at := &Git{
		WorkTree: g.WorkTree, Dir: g.Dir, Common: g.Common, HeadRef: g.HeadRef, HeadRev: head, Scope: g.Scope, Shallow: g.Shallow,
		config: g.config, refs: g.refs, snapshot: head,
	}
	s, err := at.newSnapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	at.index.changesOnce.Do(func() {})
	at.index.trackedOnce.Do(func() { at.index.tracked = s.tracked })
	return at, s, nil
}

// Top is where files are named: the work tree, or the git directory of a bare
// repository.
func (g *Git) Top() string {
	if g.Bare() {
		return g.Dir
	}
	return g.WorkTree
}

// modes are those of git's trees.
var modes = map[string]fs.FileMode{
	"100644": 0o644, "100664": 0o644, "100755": 0o755, "120000": fs.ModeSymlink | 0o777, "160000": fs.ModeDir | 0o755,
}

func (g *Git) newSnapshot(ctx context.Context) (*Snapshot, error) {
	list, err := g.Tree(ctx, g.HeadRev)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, ErrNoGit) {
			return nil, err
		}
		missing := g.absent("the list of files of " + short(g.HeadRev))
		missing.Why += " (" + err.Error() + ")"
		return nil, missing
	}
	s := &Snapshot{
		Rev: g.HeadRev, g: g, contents: contents{g: g}, stopAhead: func() {}, blobs: blobsOf(g),
		entries: map[string]*snapshotEntry{".": {name: ".", mode: fs.ModeDir | 0o755}},
		tracked: &Tracked{files: make(map[string]bool, len(list))},
	}
	for _, e := range list {
		mode, known := modes[e.Mode]
		if !known || !fs.ValidPath(e.Path) || strings.EqualFold(path.Base(e.Path), ".git") {
			continue // git checks out none of these either
		}
		s.tracked.files[e.Path] = true
		if mode.IsDir() {
			s.tracked.submodules = append(s.tracked.submodules, e.Path)
		}
		s.add(e.Path, &snapshotEntry{name: path.Base(e.Path), mode: mode, object: e.Object})
	}
	for _, e := range s.entries {
		slices.Sort(e.below)
	}
	return s, nil
}

// add puts an entry into its directory, which is made where needed.
func (s *Snapshot) add(name string, e *snapshotEntry) {
	if s.entries[name] != nil {
		return
	}
	s.entries[name] = e
	dir := path.Dir(name)
	if s.entries[dir] == nil {
		s.add(dir, &snapshotEntry{name: path.Base(dir), mode: fs.ModeDir | 0o755})
	}
	s.entries[dir].below = append(s.entries[dir].below, e.name)
}

// absent is the error for an object that is not here.
func (g *Git) absent(what string) *MissingError {
	e := &MissingError{What: what}
	if g.partial() {
		e.Why = "it is a partial clone"
		e.Help = "git archive " + g.HeadRev + " >/dev/null fetches the files of that revision; git fetch --refetch --no-filter fetches all."
	} else {
		e.Why = "the object is lost"
		e.Help = "git fsck tells what else is; another clone may still have it."
	}
	return e
}

// partial reports whether a remote promised to give what is missing.
func (g *Git) partial() bool {
	if g.config.last("extensions", "", "partialclone") != "" {
		return true
	}
	for _, name := range g.Remotes() {
		if g.config.last("remote", name, "promisor") == "true" {
			return true
		}
	}
	return false
}

// Err is a *MissingError when a file could not be read because this clone does
// not have it, the first of them.
func (s *Snapshot) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missing == nil {
		return nil
	}
	return s.missing
}

// Close ends the git program that reads the files. They can still be read; that
// starts another one.
func (s *Snapshot) Close() {
	s.first.Do(func() {}) // too late
	s.stopAhead()
	s.contents.close()
}

// blob is the contents of a file or link. It must not be changed.
func (s *Snapshot) blob(name string, e *snapshotEntry) ([]byte, error) {
	s.first.Do(s.readAhead)
	if data, known := s.blobs.get(e.object); known {
		return data, nil
	}
	data, err := s.contents.read(e.object, maxBlob)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	if data == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		missing := s.g.absent("the contents of " + name + " at " + short(s.Rev))
		if s.missing == nil {
			s.missing = missing
		}
		return nil, missing
	}
	s.blobs.put(e.object, data)
	return data, nil
}

// find gives the entry of a name, the links on the way not followed.
func (s *Snapshot) find(op, name string) (*snapshotEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	e := s.entries[name]
	if e == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return e, nil
}

// follow gives the name that a name leads to, links followed as long as they stay
// in the repository.
func (s *Snapshot) follow(op, name string) (string, *snapshotEntry, error) {
	if !fs.ValidPath(name) {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	const most = 40 // as many as Linux follows
	at, rest := ".", name
	for links := 0; rest != ""; {
		var step string
		step, rest, _ = strings.Cut(rest, "/")
		if step == "" || step == "." {
			continue
		}
		at = path.Join(at, step)
		e := s.entries[at]
		if e == nil { // also what begins with ".."
			return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		if e.mode&fs.ModeSymlink == 0 {
			continue
		}
		target, err := s.blob(at, e)
		if err != nil {
			return "", nil, err
		}
		if links++; links > most || path.IsAbs(string(target)) {
			return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		at, rest = path.Dir(at), strings.TrimSuffix(string(target)+"/"+rest, "/")
	}
	return at, s.entries[at], nil
}

// Open opens a file or directory.
func (s *Snapshot) Open(name string) (fs.File, error) {
	at, e, err := s.follow("open", name)
	if err != nil {
		return nil, err
	}
	info := snapshotInfo{s, at, e}
	if e.mode.IsDir() {
		list, err := s.ReadDir(at)
		return &snapshotDir{snapshotInfo: info, rest: list}, err
	}
	data, err := s.blob(at, e)
	if err != nil {
		return nil, err
	}
	return &snapshotFile{snapshotInfo: info, Reader: *bytes.NewReader(data)}, nil
}

// ReadFile reads a file.
func (s *Snapshot) ReadFile(name string) ([]byte, error) {
	at, e, err := s.follow("read", name)
	if err != nil {
		return nil, err
	}
	if e.mode.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	data, err := s.blob(at, e)
	return bytes.Clone(data), err
}

// ReadDir lists a directory.
func (s *Snapshot) ReadDir(name string) ([]fs.DirEntry, error) {
	at, e, err := s.follow("readdir", name)
	if err != nil {
		return nil, err
	}
	if !e.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("is not a directory")}
	}
	list := make([]fs.DirEntry, len(e.below))
	for i, below := range e.below {
		full := path.Join(at, below)
		list[i] = fs.FileInfoToDirEntry(snapshotInfo{s, full, s.entries[full]})
	}
	return list, nil
}

// Stat describes a file or directory, links followed.
func (s *Snapshot) Stat(name string) (fs.FileInfo, error) {
	at, e, err := s.follow("stat", name)
	if err != nil {
		return nil, err
	}
	return snapshotInfo{s, at, e}, nil
}

// Lstat describes a file, link or directory.
func (s *Snapshot) Lstat(name string) (fs.FileInfo, error) {
	e, err := s.find("lstat", name)
	if err != nil {
		return nil, err
	}
	return snapshotInfo{s, name, e}, nil
}

// ReadLink is what a link points to.
func (s *Snapshot) ReadLink(name string) (string, error) {
	e, err := s.find("readlink", name)
	if err != nil {
		return "", err
	}
	if e.mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := s.blob(name, e)
	return string(target), err
}

// snapshotInfo describes an entry.
type snapshotInfo struct {
	s    *Snapshot
	path string
	e    *snapshotEntry
}

func (i snapshotInfo) Name() string       { return i.e.name }
func (i snapshotInfo) Mode() fs.FileMode  { return i.e.mode }
func (i snapshotInfo) ModTime() time.Time { return time.Unix(1, 0) } // a tree has none
func (i snapshotInfo) IsDir() bool        { return i.e.mode.IsDir() }
func (i snapshotInfo) Sys() any           { return nil }

// Size reads the file: git's trees do not say it.
func (i snapshotInfo) Size() int64 {
	if i.IsDir() {
		return 0
	}
	data, err := i.s.blob(i.path, i.e)
	if err != nil {
		return 0
	}
	return int64(len(data))
}

// snapshotFile is an open file.
type snapshotFile struct {
	snapshotInfo
	bytes.Reader
}

func (f *snapshotFile) Stat() (fs.FileInfo, error) { return f.snapshotInfo, nil }
func (f *snapshotFile) Size() int64                { return f.snapshotInfo.Size() }
func (f *snapshotFile) Close() error               { return nil }

// snapshotDir is an open directory.
type snapshotDir struct {
	snapshotInfo
	rest []fs.DirEntry
}

func (d *snapshotDir) Stat() (fs.FileInfo, error) { return d.snapshotInfo, nil }
func (d *snapshotDir) Close() error               { return nil }
func (d *snapshotDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("is a directory")}
}

func (d *snapshotDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	list := d.rest[:n]
	d.rest = d.rest[n:]
	return list, nil
}
