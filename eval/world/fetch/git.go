package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/text"
)

// GitRequest asks for a git tree.
type GitRequest struct {
	// URL is where the repository is, in any form git takes.
	URL string
	// Local is the directory of this machine that the URL names, "" for none.
	Local string
	// Commit is the commit whose files are taken for those of Local's work tree,
	// "" for what is there.
	Commit string
	// Allow says, by its error, whether a directory of this machine may be read,
	// which is given without symbolic links; nil: any. A repository can lead to others.
	Allow func(dir string) error
	// Root says that Local is the repository that the user named: where git put
	// its parts is believed, wherever that is.
	Root bool
	// Rev is the commit, as hex digits; "" for the tip of Ref.
	Rev string
	// Ref is a branch, a tag or a full name; "" for what HEAD is, or, of a local
	// repository without Rev, for the work tree as it is.
	Ref string
	// Submodules asks for their files as well, AllRefs for commits of any ref,
	// Shallow for no more history than needed. ExportIgnore leaves away what
	// `git archive` would.
	Submodules, AllRefs, Shallow, ExportIgnore bool
	// WholeIfDirty leaves nothing away of a work tree that differs from its
	// commit, as old versions of Nix do.
	WholeIfDirty bool
	// EmptySubmodules takes submodules of a work tree that are not checked out for
	// empty, with a warning.
	EmptySubmodules bool

	own []string // parts of the user's repository, which Allow need not know
}

// Tree is a git tree.
type Tree struct {
	// Dir is the directory of this machine that has the files.
	Dir string
	// Keep tells the files of Dir that belong to the tree, by their path inside;
	// nil: all do.
	Keep func(sub string) bool
	// Rev is the commit; "" for a work tree that differs from its commit, which
	// is DirtyRev.
	Rev, DirtyRev string
	// LastModified is when the commit was made, in seconds since 1970; 0 when
	// there is none yet.
	LastModified int64
	// RevCount counts the commits up to Rev. An error says that the history is
	// not here.
	RevCount func(context.Context) (int64, error)
	// NARHash is known for commits, nil for work trees.
	NARHash *hash.Hash
}

// Git gives a git tree. The error is a NotHereError, an Error, or the context's.
func (f *Fetcher) Git(ctx context.Context, r GitRequest) (*Tree, error) {
	tree, err := f.git(ctx, &r)
	if err != nil {
		return nil, failure(r.URL, err)
	}
	return tree, nil
}

func (f *Fetcher) git(ctx context.Context, r *GitRequest) (*Tree, error) {
	if strings.HasPrefix(r.URL, "-") || strings.HasPrefix(r.Local, "-") {
		return nil, errors.New("an address must not begin with '-'")
	}
	if r.Ref != "" && !validRef(r.Ref) {
		return nil, fmt.Errorf("'%s' is not a valid branch or tag name", r.Ref)
	}
	if r.Rev != "" && !validRev(r.Rev) {
		return nil, fmt.Errorf("'%s' is not a commit: 40 hex digits are", r.Rev)
	}
	if r.Local == "" {
		return f.gitRemote(ctx, r)
	}
	g, err := r.openLocal()
	switch {
	case err != nil:
		return nil, err
	case g == nil:
		return nil, ErrNoRepository
	}
	if g.WorkTree != r.Local {
		g = g.AsBare() // a git directory: it does not choose its work tree
	}
	switch {
	case r.Rev == "" && r.Ref == "" && r.Commit != "" && r.Submodules:
		return f.commit(ctx, r, g, r.Commit) // what replaces the work tree has none of theirs
	case r.Rev == "" && r.Ref == "" && r.Commit != "":
		at, err := g.CommitTime(ctx, r.Commit)
		return &Tree{Dir: r.Local, Rev: r.Commit, LastModified: at, RevCount: revCount(g, r.Commit)}, err
	case r.Rev == "" && r.Ref == "" && !g.Bare():
		return f.workTree(ctx, r, g)
	}
	rev := r.Rev
	if rev == "" {
		name := r.Ref
		if name == "" {
			name = "HEAD"
		}
		if rev, err = resolve(ctx, g, name, name); err != nil {
			return nil, err
		}
	}
	return f.commit(ctx, r, g, rev)
}

// resolve is the commit of a ref, which the user calls name.
func resolve(ctx context.Context, g *repo.Git, ref, name string) (string, error) {
	rev, err := g.Resolve(ctx, ref)
	if failed := (*repo.Error)(nil); errors.As(err, &failed) { // git ran, and found none
		return "", fmt.Errorf("it has no branch or tag '%s'", name)
	}
	return rev, err
}

// openLocal opens the repository at Local, nil when there is none.
func (r *GitRequest) openLocal() (*repo.Git, error) {
	if r.Allow == nil || !r.Root {
		return r.open(r.Local)
	}
	g, err := repo.OpenWithin(r.Local, func(string) error { return nil })
	if g != nil {
		r.own = g.Parts()
	}
	return g, err
}

// open opens a repository of this machine, nil when there is none. One whose parts
// lie where nothing may be read is refused: the files of a bare one can be
// committed like any others.
func (r *GitRequest) open(dir string) (*repo.Git, error) {
	if r.Allow == nil {
		return repo.OpenAt(dir)
	}
	return repo.OpenWithin(dir, func(part string) error {
		for _, own := range r.own {
			if part == own || strings.HasPrefix(part, own+"/") {
				return nil
			}
		}
		return r.Allow(part)
	})
}

// ErrNoRepository says that a directory is no git repository.
var ErrNoRepository = errors.New("it is not a git repository")

// validRev reports whether a text is a full object name, of either kind git has.
func validRev(rev string) bool {
	return (len(rev) == 40 || len(rev) == 64) && strings.Trim(rev, "0123456789abcdef") == ""
}

// validRef is git's rule for the names of branches and tags.
func validRef(ref string) bool {
	if strings.HasPrefix(ref, "-") || strings.HasSuffix(ref, ".") || strings.HasSuffix(ref, "/") || ref == "@" ||
		strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.ContainsAny(ref, " ~^:?*[\\\x7f") {
		return false
	}
	for part := range strings.SplitSeq(ref, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return strings.IndexFunc(ref, func(c rune) bool { return c < ' ' }) < 0
}

// workTree is a repository's work tree: the files git tracks, as they are now.
func (f *Fetcher) workTree(ctx context.Context, r *GitRequest, g *repo.Git) (*Tree, error) {
	dirty, err := g.Dirty()
	if err != nil {
		return nil, err
	}
	t := &Tree{Dir: r.Local, RevCount: func(context.Context) (int64, error) { return 0, nil }}
	if t.Keep, err = f.tracked(ctx, r, g, &dirty); err != nil {
		return nil, err
	}
	if g.HeadRev != "" {
		if t.LastModified, err = g.CommitTime(ctx, g.HeadRev); err != nil {
			return nil, err
		}
	}
	switch {
	case dirty:
		t.DirtyRev = g.HeadRev
	case g.HeadRev != "":
		t.Rev, t.RevCount = g.HeadRev, revCount(g, g.HeadRev)
	}
	return t, nil
}

// tracked tells which files of a work tree belong to it; with submodules theirs
// too, of those that are checked out.
func (f *Fetcher) tracked(ctx context.Context, r *GitRequest, g *repo.Git, dirty *bool) (func(string) bool, error) {
	files, err := g.Tracked()
	if err != nil {
		return nil, err
	}
	keep := map[string]bool{"": true}
	below := map[string]func(string) bool{} // a submodule's path -> its files
	for _, name := range files.Names() {
		if files.Submodule(name) == name {
			if !r.Submodules {
				// Git has an empty directory there, and so do archives.
				below[name] = func(sub string) bool { return sub == "" }
				addParents(keep, name)
				continue
			}
			dir := filepath.Join(r.Local, filepath.FromSlash(name))
			sub, err := r.open(dir)
			if err != nil {
				return nil, err
			}
			addParents(keep, name)
			if sub == nil || sub.WorkTree != dir {
				err := notCheckedOut(name)
				if !r.EmptySubmodules {
					return nil, err
				}
				f.warnOnce(text.WithoutCredentials(r.URL) + ": " + err.Error() + "; it counts as empty")
				continue
			}
			subDirty, err := sub.Dirty()
			if err != nil {
				return nil, err
			}
			*dirty = *dirty || subDirty
			of := *r
			of.Local = sub.WorkTree
			if below[name], err = f.tracked(ctx, &of, sub, dirty); err != nil {
				return nil, err
			}
			continue
		}
		keep[name] = true
		addParents(keep, name)
	}
	if r.ExportIgnore && !(r.WholeIfDirty && *dirty) {
		if err := dropIgnored(ctx, g, "", "", keep); err != nil {
			return nil, err
		}
	}
	return func(sub string) bool {
		if keep[sub] {
			return true
		}
		for name, of := range below {
			if sub == name {
				return true
			}
			if rest, ok := strings.CutPrefix(sub, name+"/"); ok {
				return of(rest)
			}
		}
		return false
	}, nil
}

// notCheckedOut says that a submodule of a repository of this machine is not here.
func notCheckedOut(name string) error {
	return fmt.Errorf("its submodule %s is not here: git submodule update --init --recursive gets it", name)
}

// addParents adds the directories that a file lies in.
func addParents(keep map[string]bool, name string) {
	for dir := path.Dir(name); dir != "." && !keep[dir]; dir = path.Dir(dir) {
		keep[dir] = true
	}
}

// dropIgnored removes what has the attribute export-ignore, and what lies in a
// directory that has it. Without a .gitattributes
// nothing has.
func dropIgnored(ctx context.Context, g *repo.Git, rev, scratch string, keep map[string]bool) error {
	attributes, directories := false, map[string]bool{}
	for name := range keep {
		attributes = attributes || path.Base(name) == ".gitattributes"
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			directories[dir] = true
		}
	}
	if !attributes {
		return nil
	}
	var paths []string
	for name := range keep {
		if name != "" && !directories[name] {
			paths = append(paths, name)
		}
	}
	for name := range directories {
		paths = append(paths, name+"/")
	}
	ignored, err := g.ExportIgnored(ctx, rev, scratch, paths)
	if err != nil || len(ignored) == 0 {
		return err
	}
	for name := range keep {
		for at := name; at != "." && at != ""; at = path.Dir(at) {
			if ignored[at] || ignored[at+"/"] {
				delete(keep, name)
				break
			}
		}
	}
	return nil
}

// commit exports a commit into the cache. Nothing is checked out: no hook, no
// filter and no line ending conversion has a say.
func (f *Fetcher) commit(ctx context.Context, r *GitRequest, g *repo.Git, rev string) (*Tree, error) {
	modified, err := g.CommitTime(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("it does not have the commit %s", rev)
	}
	t := &Tree{Rev: rev, LastModified: modified, RevCount: revCount(g, rev)}
	// A commit's name says what is in it, whatever the repository: it is verified.
	// Submodules come from where the repository says.
	key := entryKey("commit", rev, fmt.Sprint(r.ExportIgnore))
	if r.Submodules {
		key = entryKey("commit", rev, "submodules", r.URL)
	}
	unlock, err := f.cache.lock(ctx, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	caches := []*cache{f.cache}
	limits := f.archiveLimits()
	if r.Local != "" {
		f.unpacking.Lock()
		defer f.unpacking.Unlock()
		limits = &f.left
		if r.Rev == "" {
			own, err := f.private()
			if err != nil {
				return nil, err
			}
			caches = append(caches, own)
		}
	}
	for _, c := range caches {
		var e entry
		if !c.readEntry(key, &e) {
			continue
		}
		if got, err := hash.Parse(e.Hash, hash.NoAlgo); err == nil {
			if t.Dir = c.object(objectKey(true, got)); t.Dir != "" {
				t.NARHash = &got
				return t, nil
			}
		}
	}
	c := caches[len(caches)-1]
	temp, err := c.temp()
	if err != nil {
		return nil, err
	}
	defer temp.remove()
	x := &export{f: f, r: r, limits: limits}
	content := filepath.Join(temp.path, contentName)
	if err := os.Mkdir(content, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(content)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := x.tree(ctx, g, rev, root, filepath.Join(temp.path, "attributes")); err != nil {
		return nil, err
	}
	got, err := hashContent(ctx, content, true, hash.SHA256)
	if err != nil {
		return nil, err
	}
	if t.Dir, err = c.add(objectKey(true, got), temp); err != nil {
		return nil, err
	}
	t.NARHash = &got
	return t, c.writeEntry(key, entry{URL: text.WithoutCredentials(r.URL), Rev: rev, Hash: got.Format(hash.SRI), Fetched: time.Now()})
}

// revCount counts a commit's history when somebody asks.
func revCount(g *repo.Git, rev string) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		if g.Shallow {
			return 0, errors.New("the repository is shallow, so the number of commits is not known")
		}
		return g.RevCount(ctx, rev)
	}
}

// export writes commits to a directory.
type export struct {
	f      *Fetcher
	r      *GitRequest
	limits *unpackLimits
	depth  int
}

// maxSubmodules bounds how deep submodules may have submodules.
const maxSubmodules = 32

func (x *export) tree(ctx context.Context, g *repo.Git, rev string, root *os.Root, scratch string) error {
	entries, err := g.Files(ctx, rev, x.limits.entries)
	if errors.Is(err, repo.ErrTooManyFiles) {
		return x.limits.tooMany
	}
	if err != nil {
		return err
	}
	x.limits.entries -= len(entries)
	keep := map[string]bool{}
	var attributes []string
	for _, e := range entries {
		keep[e.Path] = true
		if path.Base(e.Path) == ".gitattributes" {
			attributes = append(attributes, e.Object)
		}
	}
	if x.r.ExportIgnore {
		// Git reads them as well, and one that is ignored is not among what is written.
		err := g.Blobs(ctx, attributes, func(_ int, _ int64, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if err != nil {
			return err
		}
		if err := dropIgnored(ctx, g, rev, scratch, keep); err != nil {
			return err
		}
	}
	var objects []string
	var files []repo.TreeEntry
	for _, e := range entries {
		if !keep[e.Path] {
			continue
		}
		if dir := path.Dir(e.Path); dir != "." {
			if err := root.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		if e.Mode == "160000" {
			if err := x.submodule(ctx, g, entries, root, scratch, e); err != nil {
				return err
			}
			continue
		}
		objects, files = append(objects, e.Object), append(files, e)
	}
	return g.Blobs(ctx, objects, func(i int, size int64, r io.Reader) error {
		if x.limits.bytes -= size; x.limits.bytes < 0 {
			return x.limits.tooLarge
		}
		return writeBlob(root, files[i], size, r)
	})
}

// writeBlob writes one file of a commit. Names were made by whoever made the
// commit; root refuses those that lead elsewhere.
func writeBlob(root *os.Root, e repo.TreeEntry, size int64, r io.Reader) error {
	if e.Mode == "120000" {
		if size > maxName {
			return fmt.Errorf("its link %q has a target that is too long", e.Path)
		}
		target, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return root.Symlink(string(target), e.Path)
	}
	mode := os.FileMode(0o644)
	if e.Mode == "100755" {
		mode = 0o755
	}
	out, err := root.OpenFile(e.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// submodule writes a submodule's files: from the repository itself when it was
// checked out there once, else from where .gitmodules says.
func (x *export) submodule(ctx context.Context, g *repo.Git, files []repo.TreeEntry, root *os.Root, scratch string, e repo.TreeEntry) error {
	if err := root.MkdirAll(e.Path, 0o755); err != nil || !x.r.Submodules {
		return err
	}
	if x.depth++; x.depth > maxSubmodules {
		return errors.New("its submodules nest too deeply")
	}
	defer func() { x.depth-- }()
	sub, err := x.openSubmodule(ctx, g, files, e)
	if absent := (*NotHereError)(nil); errors.As(err, &absent) && x.r.Local != "" {
		return notCheckedOut(e.Path)
	}
	if err != nil {
		return fmt.Errorf("submodule %s: %w", e.Path, err)
	}
	below, err := root.OpenRoot(e.Path)
	if err != nil {
		return err
	}
	defer below.Close()
	return x.tree(ctx, sub, e.Object, below, scratch)
}

func (x *export) openSubmodule(ctx context.Context, g *repo.Git, files []repo.TreeEntry, e repo.TreeEntry) (*repo.Git, error) {
	list, err := g.Submodules(ctx, files)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if path.Clean(s.Path) != e.Path {
			continue
		}
		if filepath.IsLocal(s.Name) {
			kept, err := x.r.open(filepath.Join(g.Common, "modules", filepath.FromSlash(s.Name)))
			if err != nil {
				return nil, err
			}
			if kept != nil {
				kept = kept.AsBare()
				if _, err := kept.CommitTime(ctx, e.Object); err == nil {
					return kept, nil
				}
			}
		}
		address, err := submoduleURL(g, x.r, s.URL)
		if err != nil {
			return nil, err
		}
		return x.f.bare(ctx, &GitRequest{URL: address, Rev: e.Object, Ref: s.Branch, AllRefs: true})
	}
	return nil, errors.New("it is not in .gitmodules")
}

// submoduleURL resolves an address that starts with "./" or "../", relative to
// where the repository comes from. Others must be remote: a commit does not
// choose what is read on this machine.
func submoduleURL(g *repo.Git, r *GitRequest, address string) (string, error) {
	if !strings.HasPrefix(address, "./") && !strings.HasPrefix(address, "../") {
		return address, nil
	}
	base := r.URL
	if r.Local != "" {
		base = g.RemoteURL("origin")
	}
	if base == "" {
		return "", fmt.Errorf("its address %s is relative, and the repository has no remote 'origin'", address)
	}
	base = strings.TrimRight(base, "/")
	for {
		if rest, ok := strings.CutPrefix(address, "./"); ok {
			address = rest
			continue
		}
		rest, ok := strings.CutPrefix(address, "../")
		cut := strings.LastIndexAny(base, "/:")
		if !ok || cut < 0 {
			break
		}
		base, address = base[:cut], rest
	}
	return base + "/" + address, nil
}

// gitRemote is a commit of a repository elsewhere.
func (f *Fetcher) gitRemote(ctx context.Context, r *GitRequest) (*Tree, error) {
	if r.Rev != "" && f.cache.dir != "" {
		if g := f.cachedRepository(r); g != nil {
			if _, err := g.CommitTime(ctx, r.Rev); err == nil {
				return f.commit(ctx, r, g, r.Rev)
			}
		}
	}
	g, err := f.bare(ctx, r)
	if err != nil {
		return nil, err
	}
	rev := r.Rev
	if rev == "" {
		if rev, err = resolve(ctx, g, localRef(r.Ref), r.Ref); err != nil {
			return nil, err
		}
	}
	return f.commit(ctx, r, g, rev)
}

// localRef is the name in our repository of what a ref of the remote is.
func localRef(ref string) string {
	switch {
	case ref == "" || ref == "HEAD":
		return "refs/nixplan/HEAD"
	case strings.HasPrefix(ref, "refs/"):
		return ref
	default:
		return "refs/heads/" + ref
	}
}

func (f *Fetcher) repositoryDir(r *GitRequest) string {
	return filepath.Join(f.cache.dir, "git", entryKey("git", r.URL, strconv.FormatBool(r.Shallow))+".git")
}

// cachedRepository is the cache's copy of a repository, nil when there is none.
func (f *Fetcher) cachedRepository(r *GitRequest) *repo.Git {
	g, err := repo.OpenAt(f.repositoryDir(r))
	if err != nil {
		return nil
	}
	return g
}

// bare brings what a request needs into the cache's copy of a repository.
func (f *Fetcher) bare(ctx context.Context, r *GitRequest) (*repo.Git, error) {
	address, err := remoteAddress(r.URL)
	if err != nil {
		return nil, err
	}
	if !f.config.Network {
		return nil, &NotHereError{URL: r.URL}
	}
	dir := f.repositoryDir(r)
	unlock, err := f.cache.lock(ctx, entryKey("repository", dir))
	if err != nil {
		return nil, err
	}
	defer unlock()
	g := f.cachedRepository(r)
	if g == nil {
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			return nil, err
		}
		if err := repo.InitBare(ctx, dir); err != nil {
			return nil, err
		}
		if g = f.cachedRepository(r); g == nil {
			return nil, errors.New("git made no repository of " + dir)
		}
	}
	ref := localRef(r.Ref)
	remote := ref
	if ref == localRef("") {
		remote = "HEAD"
	}
	tip := []string{"+" + remote + ":" + ref}
	if r.AllRefs {
		tip = []string{"+refs/*:refs/*"}
	}
	if r.Rev != "" {
		if _, err := g.CommitTime(ctx, r.Rev); err == nil {
			return g, nil
		}
		// Most servers give a commit by its name; of the others it has to be on
		// the branch.
		for _, specs := range [][]string{{r.Rev + ":refs/nixplan/" + r.Rev}, tip} {
			if err = g.Fetch(ctx, repo.FetchOptions{URL: address, Refspecs: specs, Shallow: r.Shallow}); err != nil {
				continue
			}
			if _, have := g.CommitTime(ctx, r.Rev); have == nil {
				return f.cachedRepository(r), nil
			}
		}
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the commit %s is not on '%s': name its branch with `ref`, or set `allRefs = true`", r.Rev, remote)
	}
	key := entryKey("ref", r.URL, ref, strconv.FormatBool(r.AllRefs))
	var e entry
	_, missing := g.Resolve(ctx, ref)
	if missing == nil && f.cache.readEntry(key, &e) && e.fresh(f.config.TTL) {
		return g, nil
	}
	if err := g.Fetch(ctx, repo.FetchOptions{URL: address, Refspecs: tip, Shallow: r.Shallow}); err != nil {
		if missing != nil || ctx.Err() != nil {
			return nil, err
		}
		f.config.Warn(failure(r.URL, err).Error() + "; taking what was fetched before")
		return g, nil
	}
	if err := f.cache.writeEntry(key, entry{URL: text.WithoutCredentials(r.URL), Fetched: time.Now()}); err != nil {
		return nil, err
	}
	return f.cachedRepository(r), nil // which may be shallow now
}

// remoteAddress is an address as git takes it. Those that are commands or paths
// of this machine are refused.
func remoteAddress(address string) (string, error) {
	address = strings.TrimPrefix(address, "git+")
	scheme, rest, isURL := strings.Cut(address, "://")
	switch {
	case strings.HasPrefix(address, "-") || strings.HasPrefix(rest, "-"):
		return "", errors.New("an address must not begin with '-'")
	case strings.Contains(scheme, "::"):
		return "", errors.New("addresses with '::' are commands and not fetched")
	case isURL:
		switch strings.ToLower(scheme) {
		case "https", "http", "ssh", "git":
			return address, nil
		}
		return "", fmt.Errorf("'%s' is not a scheme that git repositories are fetched by: https, http, ssh and git are", scheme)
	case strings.Contains(address, ":") && !strings.HasPrefix(address, "/"):
		return address, nil // host:path
	}
	return "", ErrNoRepository
}

// StorePath is the path that a tree with a NAR hash has in a store.
func (f *Fetcher) StorePath(name string, h hash.Hash) (string, error) {
	return store.Dir(f.config.StoreDir).FixedPath(name, true, h)
}
