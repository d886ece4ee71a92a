// Package world is what an evaluation may see of its surroundings: files,
// search paths, environment variables, and the sources that fetchers stand for.
//
// Paths a Nix program uses are names in this world. Most are files of the
// machine; those below the store directory may be mounts: the repository under
// the store path an agent would see, a modelled source, or a source of which
// only the URL is known.
package world

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nix-community/go-nix/pkg/nixbase32"
)

// StoreDir is Nix's store directory.
const StoreDir = "/nix/store"

// MaxFile is the largest file that may be read unless a Config says otherwise.
const MaxFile = 64 << 20

// Config says what a world holds. The zero Config sees all files of the
// machine, no search path and no environment.
type Config struct {
	// Roots limits reading to these directories and what lies below them,
	// after symbolic links are resolved. Empty: everything may be read.
	Roots []string
	// Checkout is a git work tree that is seen as an agent sees it: without .git,
	// whose configuration may hold credentials.
	Checkout string
	// SearchPath is what <name> looks in, as -I and NIX_PATH give it.
	SearchPath []SearchEntry
	// Getenv answers builtins.getEnv; nil answers "" to everything.
	Getenv func(string) string
	// Home is what ~/ stands for; "" means "/homeless-shelter".
	Home string
	// MaxFile is the largest file that may be read, in bytes. 0: MaxFile.
	MaxFile int64
	// Disk is where files are; nil: the machine.
	Disk *Disk
}

// SearchEntry is one entry of a search path: `prefix=path`, or a path alone.
type SearchEntry struct {
	Prefix string
	Path   string
}

// String is the entry as -I takes it.
func (e SearchEntry) String() string {
	if e.Prefix == "" {
		return e.Path
	}
	return e.Prefix + "=" + e.Path
}

// Missing says that there is nothing at an entry's path; nil when there is, or when it
// is an address.
func (e SearchEntry) Missing(disk *Disk) error {
	if IsAddress(e.Path) {
		return nil
	}
	_, err := disk.Stat(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such file or directory")
	}
	if err != nil {
		return fmt.Errorf("-I %s: %w", e, err)
	}
	return nil
}

// IsAddress reports whether what a search path entry names is an archive to
// fetch rather than a path: a URL or "channel:NAME".
func IsAddress(entry string) bool {
	return strings.Contains(entry, "://") || strings.HasPrefix(entry, "channel:")
}

// Source is something fetched: a tarball, a git revision, a flake input. Its
// contents are not here; what is known of it is where it comes from.
type Source struct {
	Kind string `json:"kind,omitempty"` // "nixpkgs", "hercules-ci-effects", … when recognised
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
	Rev  string `json:"rev,omitempty"`
	Ref  string `json:"ref,omitempty"`
	Hash string `json:"hash,omitempty"`
	Path string `json:"-"` // the store path it stands at
}

// Mount is what lies at a store path: files of a tree, or a source whose files
// (some of them modelled, if Files is set) are not known.
type Mount struct {
	Path string
	Dir  string // a directory or file of this machine
	// Keep tells which of Dir's files, by their path inside, belong to the
	// mount; nil: all do.
	Keep func(sub string) bool
	// Own says that Dir may be read wherever it lies: it is what a fetcher gave.
	Own    bool
	Files  fs.FS  // modelled files
	Text   []byte // one file, whose text this is; nil for none
	Source *Source
}

func (m *Mount) kind() string {
	if m.Source == nil {
		return "nixplan"
	}
	return m.Source.Kind
}

// missing is the error for a path below the mount that it does not have.
func (m *Mount) missing(sub string) error {
	if m.Source == nil {
		return &fs.PathError{Op: "open", Path: m.Path + "/" + sub, Err: fs.ErrNotExist}
	}
	return &UnknownSourceError{m.Source, sub}
}

// World is the surroundings of one evaluation. It remembers what was read.
type World struct {
	config Config
	roots  []string
	git    string // the .git that is hidden

	mu      sync.Mutex
	mounts  map[string]*Mount
	sources []*Source
	reads   map[string]string // path -> sha256 of what was read
	order   []string          // those paths, as they were first read
	// resolved has directories with the links on the way to them followed.
	resolved map[string]string
	// provide is asked for store paths where nothing is mounted.
	provide func(storePath string) error
}

// New makes a world. Roots that do not exist are an error.
func New(config Config) (*World, error) {
	w := &World{config: config, mounts: map[string]*Mount{}, reads: map[string]string{}, resolved: map[string]string{}}
	if w.config.MaxFile == 0 {
		w.config.MaxFile = MaxFile
	}
	for _, root := range config.Roots {
		real, err := w.realPath(root)
		if err != nil {
			return nil, err
		}
		w.roots = append(w.roots, real)
	}
	if config.Checkout != "" {
		real, err := w.realPath(config.Checkout)
		if err != nil {
			return nil, err
		}
		w.git = filepath.Join(real, ".git")
	}
	return w, nil
}

// realPath is an absolute path without symbolic links.
func (w *World) realPath(path string) (string, error) {
	real, err := w.config.Disk.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// Disk is where the world's files are.
func (w *World) Disk() *Disk { return w.config.Disk }

// Home is the directory ~/ stands for.
func (w *World) Home() string {
	if w.config.Home == "" {
		return "/homeless-shelter"
	}
	return w.config.Home
}

// Getenv is an environment variable as the evaluation sees it.
func (w *World) Getenv(name string) string {
	if w.config.Getenv == nil {
		return ""
	}
	return w.config.Getenv(name)
}

// HasEnvironment reports whether there are environment variables at all.
func (w *World) HasEnvironment() bool { return w.config.Getenv != nil }

// SearchPath is the search path.
func (w *World) SearchPath() []SearchEntry { return w.config.SearchPath }

// UnknownSourceError says that a path lies in a source whose files are not here.
type UnknownSourceError struct {
	Source *Source
	Sub    string // the path inside the source, "" for the source itself
}

func (e *UnknownSourceError) Error() string {
	return fmt.Sprintf("the files of %s are not here", e.Source.URL)
}

// RestrictedError says that a path may not be read.
type RestrictedError struct{ Path string }

func (e *RestrictedError) Error() string {
	return fmt.Sprintf("access to '%s' is forbidden: it lies outside the repository's files and the search path", e.Path)
}

// StorePath makes a store path of the usual form from what identifies a thing.
// It is stable, but not the path Nix would compute.
func StorePath(identity, name string) string {
	sum := sha256.Sum256([]byte("nixplan:" + identity))
	return StoreDir + "/" + nixbase32.EncodeToString(sum[:20]) + "-" + name
}

// AddMount puts something at a store path.
func (w *World) AddMount(mount *Mount) {
	if mount.Own {
		// What is read is compared with links resolved.
		if resolved, err := w.config.Disk.EvalSymlinks(mount.Dir); err == nil {
			mount.Dir = resolved
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.mounts[mount.Path]; old != nil && old.Source != nil {
		return
	}
	w.mounts[mount.Path] = mount
	if mount.Source != nil {
		w.sources = append(w.sources, mount.Source)
	}
}

// Sources are the sources the evaluation has named so far, in order.
func (w *World) Sources() []*Source {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sources)
}

// Mounts are what lies at store paths.
func (w *World) Mounts() []*Mount {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.mounts))
}

// Reads gives what was read: path -> sha256 in hex.
func (w *World) Reads() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	reads := make(map[string]string, len(w.reads))
	for k, v := range w.reads {
		reads[k] = v
	}
	return reads
}

// ReadCount is how many files were read.
func (w *World) ReadCount() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.order)
}

// ReadOrder gives the paths that were read, in the order of their first reading,
// without the first so many.
func (w *World) ReadOrder(from int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.order[min(from, len(w.order)):])
}

// Mount finds the mount a path lies in and the path inside it.
func (w *World) Mount(path string) (*Mount, string) {
	rest, ok := strings.CutPrefix(path, StoreDir+"/")
	if !ok {
		return nil, ""
	}
	name, sub, _ := strings.Cut(rest, "/")
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mounts[StoreDir+"/"+name], sub
}

// place is where a path's bytes are: a path of the machine, or of a modelled
// source.
type place struct {
	real  string
	files fs.FS
	mount *Mount
	sub   string
	text  []byte
	own   string // a directory that may be read besides the roots
}

// Provide sets a function that is asked for a store path when something in it is
// looked for and it is neither mounted nor in the store; it may mount it.
func (w *World) Provide(f func(storePath string) error) { w.provide = f }

func (w *World) ask(storePath string) error {
	if _, err := os.Lstat(storePath); err == nil {
		return nil
	}
	return w.provide(storePath)
}

// locate finds a path. What is looked at later is the path without "..", since the
// system would follow a link before it goes up.
func (w *World) locate(path string) (place, error) {
	if path != "" {
		path = filepath.Clean(path)
	}
	mount, sub := w.Mount(path)
	if mount == nil && w.provide != nil && strings.HasPrefix(path, StoreDir+"/") {
		if err := w.ask(strings.TrimSuffix(strings.TrimSuffix(path, sub), "/")); err != nil {
			return place{}, err
		}
		mount, sub = w.Mount(path)
	}
	switch {
	case mount == nil:
		return place{real: path}, nil
	case mount.Dir != "":
		return mount.place(sub)
	case mount.Text != nil && sub == "":
		return place{text: mount.Text}, nil
	case mount.Files != nil:
		name := sub
		if name == "" {
			name = "."
		}
		if _, err := fs.Stat(mount.Files, name); err == nil {
			return place{files: mount.Files, mount: mount, sub: name}, nil
		}
	}
	return place{}, mount.missing(sub)
}

// place is where a path inside of a mounted directory is.
func (m *Mount) place(sub string) (place, error) {
	if m.Keep != nil && !m.Keep(sub) {
		return place{}, &fs.PathError{Op: "open", Path: filepath.Join(m.Dir, sub), Err: fs.ErrNotExist}
	}
	p := place{real: filepath.Join(m.Dir, sub), mount: m, sub: sub}
	if m.Own {
		p.own = m.Dir
	}
	return p, nil
}

// check refuses what lies outside the roots.
func (w *World) check(p place) error {
	if !w.Restricted() {
		return nil
	}
	resolved, err := w.resolve(p.real)
	if err != nil {
		// What does not exist is judged by the nearest directory that does.
		if parent := filepath.Dir(p.real); errors.Is(err, fs.ErrNotExist) && parent != p.real {
			if _, lerr := w.config.Disk.Lstat(p.real); lerr == nil {
				return err // a dangling link
			}
			p.real = parent
			return w.check(p)
		}
		return err
	}
	if p.own != "" && below(resolved, p.own) {
		return nil
	}
	if w.git != "" && below(resolved, w.git) {
		return &RestrictedError{p.real}
	}
	for _, root := range w.roots {
		if below(resolved, root) {
			return nil
		}
	}
	return &RestrictedError{p.real}
}

// resolve is filepath.EvalSymlinks that looks at each directory once: nearly all
// that is read lies in few of them, and each look at a path's component is a
// system call.
func (w *World) resolve(path string) (string, error) {
	dir, base := filepath.Split(path)
	if dir == "" || base == "" || base == "." || base == ".." {
		return w.config.Disk.EvalSymlinks(path)
	}
	dir = filepath.Clean(dir)
	w.mu.Lock()
	resolved, known := w.resolved[dir]
	w.mu.Unlock()
	if !known {
		var err error
		if resolved, err = w.config.Disk.EvalSymlinks(dir); err != nil {
			return "", err
		}
		w.mu.Lock()
		w.resolved[dir] = resolved
		w.mu.Unlock()
	}
	path = filepath.Join(resolved, base)
	info, err := w.config.Disk.Lstat(path)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return w.config.Disk.EvalSymlinks(path)
	}
	return path, nil
}

// below reports whether a path is a directory or lies in it.
func below(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// checkLink is check for a path whose last component is not followed.
func (w *World) checkLink(p place) error {
	parent := p
	parent.real = filepath.Dir(p.real)
	if filepath.Base(p.real) != ".git" && w.check(parent) == nil {
		return nil
	}
	return w.check(p)
}

// Restricted reports whether some files of this machine may not be read.
func (w *World) Restricted() bool { return len(w.roots) > 0 }

// Readable reports, by its error, whether a directory or file of this machine
// may be read.
func (w *World) Readable(real string) error { return w.check(place{real: real}) }

// IsRoot reports whether a directory of this machine is one that may be read as
// a whole because the caller said so.
func (w *World) IsRoot(real string) bool {
	resolved, err := w.config.Disk.EvalSymlinks(real)
	return !w.Restricted() || err == nil && slices.Contains(w.roots, resolved)
}

// ReadFile reads a whole regular file.
func (w *World) ReadFile(path string) ([]byte, error) {
	p, err := w.locate(path)
	if err != nil {
		return nil, err
	}
	if p.text != nil {
		return p.text, nil
	}
	if p.files != nil {
		return fs.ReadFile(p.files, p.sub)
	}
	if err := w.check(p); err != nil {
		return nil, err
	}
	// Before opening, which waits for a writer when the file is a named pipe and
	// has side effects on some devices.
	info, err := w.config.Disk.Stat(p.real)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: p.real, Err: errors.New("is a directory")}
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: p.real, Err: errors.New("is not a regular file")}
	}
	f, err := w.config.Disk.Open(p.real)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// io.ReadAll would allocate three times what it gives.
	text := bytes.NewBuffer(make([]byte, 0, min(info.Size(), w.config.MaxFile)+bytes.MinRead))
	if _, err := text.ReadFrom(io.LimitReader(f, w.config.MaxFile+1)); err != nil {
		return nil, err
	}
	data := text.Bytes()
	if int64(len(data)) > w.config.MaxFile {
		return nil, &fs.PathError{Op: "read", Path: p.real, Err: fmt.Errorf("is larger than %d bytes", w.config.MaxFile)}
	}
	sum := sha256.Sum256(data)
	name := p.real
	if p.own != "" { // where a cache lies should not matter
		name = p.mount.Path + "/" + p.sub
	}
	w.mu.Lock()
	if _, again := w.reads[name]; !again {
		w.order = append(w.order, name)
	}
	w.reads[name] = hex.EncodeToString(sum[:])
	w.mu.Unlock()
	return data, nil
}

// Lstat describes a path without following a final symbolic link.
func (w *World) Lstat(name string) (fs.FileInfo, error) {
	return w.stat(name, w.checkLink, w.config.Disk.Lstat)
}

// Stat describes a path, following symbolic links.
func (w *World) Stat(name string) (fs.FileInfo, error) {
	return w.stat(name, w.check, w.config.Disk.Stat)
}

func (w *World) stat(name string, check func(place) error, stat func(string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	p, err := w.locate(name)
	switch {
	case err != nil:
		return nil, err
	case p.text != nil:
		return textInfo{filepath.Base(name), int64(len(p.text))}, nil
	case p.files != nil:
		return fs.Stat(p.files, p.sub)
	}
	if err := check(p); err != nil {
		return nil, err
	}
	return stat(p.real)
}

// ReadDir lists a directory in the order of names.
func (w *World) ReadDir(path string) ([]fs.DirEntry, error) {
	p, err := w.locate(path)
	if err != nil {
		return nil, err
	}
	switch {
	case p.text != nil:
		return nil, &fs.PathError{Op: "readdir", Path: path, Err: errors.New("is not a directory")}
	case p.files != nil:
		return nil, p.mount.missing(p.sub) // only some of its files are modelled
	}
	if err := w.check(p); err != nil {
		return nil, err
	}
	entries, err := w.config.Disk.ReadDir(p.real)
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if w.git == "" || e.Name() != ".git" {
			return false
		}
		real, err := w.realPath(p.real)
		return err == nil && real == filepath.Dir(w.git)
	})
	if p.mount != nil && p.mount.Keep != nil {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
			return !p.mount.Keep(strings.TrimPrefix(p.sub+"/"+e.Name(), "/"))
		})
	}
	return entries, err
}

// Readlink is what a symbolic link points to.
func (w *World) Readlink(path string) (string, error) {
	p, err := w.locate(path)
	if err != nil {
		return "", err
	}
	if p.files != nil || p.text != nil {
		return "", &fs.PathError{Op: "readlink", Path: path, Err: errors.New("is not a symbolic link")}
	}
	if err := w.checkLink(p); err != nil {
		return "", err
	}
	return w.config.Disk.Readlink(p.real)
}

// ImportPath is the file that `import path` reads: symbolic links resolved,
// default.nix for a directory. The first result is the path as the program
// sees it (relative paths in the file start there), the second what to show.
func (w *World) ImportPath(path string) (file, display string, err error) {
	p, err := w.locate(path)
	if err != nil {
		return "", "", err
	}
	if p.text != nil {
		return path, path, nil
	}
	if p.files != nil {
		info, err := fs.Stat(p.files, p.sub)
		if err != nil {
			return "", "", err
		}
		sub := p.sub
		if info.IsDir() {
			sub = strings.TrimPrefix(sub+"/default.nix", "./")
			if _, err := fs.Stat(p.files, sub); err != nil {
				return "", "", p.mount.missing(sub)
			}
		}
		return p.mount.Path + "/" + sub, "<" + p.mount.kind() + ">/" + sub, nil
	}
	// As in Nix, only the last component's links are followed: relative paths
	// in the file start where the program says the file is.
	for range maxLinks {
		if p, err = w.locate(path); err != nil {
			return "", "", err
		}
		if err := w.checkLink(p); err != nil {
			return "", "", err
		}
		info, err := w.config.Disk.Lstat(p.real)
		if err != nil {
			return "", "", err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := w.config.Disk.Readlink(p.real)
			if err != nil {
				return "", "", err
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			path = filepath.Clean(target)
		case info.IsDir():
			return w.ImportPath(filepath.Join(path, "default.nix"))
		default:
			return path, p.real, nil
		}
	}
	return "", "", &fs.PathError{Op: "import", Path: path, Err: errors.New("too many levels of symbolic links")}
}

const maxLinks = 40

// RealPath is the file of this machine behind a path, "" when there is none.
func (w *World) RealPath(path string) string {
	p, err := w.locate(path)
	if err != nil {
		return ""
	}
	return p.real
}

// textInfo describes the file of a mount that is a text.
type textInfo struct {
	name string
	size int64
}

func (i textInfo) Name() string       { return i.name }
func (i textInfo) Size() int64        { return i.size }
func (i textInfo) Mode() fs.FileMode  { return 0o444 }
func (i textInfo) ModTime() time.Time { return time.Unix(1, 0) }
func (i textInfo) IsDir() bool        { return false }
func (i textInfo) Sys() any           { return nil }
