// Package fetch gives what Nix's fetchers ask for: files, unpacked archives and
// git trees. What a hash pins is taken from the Nix store or the cache when it is
// there; local files and repositories are read where they are; only then, and
// only if it is allowed, the network is used. Nothing is handed out before its
// hash was compared with the one that is asked for.
package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nix-community/go-nix/pkg/nar"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/text"
)

// Config says how to fetch. The zero value of each field is the default.
type Config struct {
	// CacheDir is where fetched things are kept; it is made when needed.
	CacheDir string
	// StoreDir is the store that is looked in; "": /nix/store.
	StoreDir string
	// Network allows the network.
	Network bool
	// TTL is how long what no hash pins is taken as it was fetched: one hour.
	TTL time.Duration
	// MaxDownload and MaxUnpacked are the largest file and tree, in bytes: 4
	// and 16 GiB. MaxEntries is how many files a tree may have: two million.
	MaxDownload, MaxUnpacked int64
	MaxEntries               int
	// MaxLocal is how many bytes all archives and commits of this machine may
	// unpack to together, 4 GiB: without the network an expression needs no more
	// than a small repository to ask for much. MaxEntries holds for all as well.
	MaxLocal int64
	// Attempts is how often a download is tried: 5.
	Attempts int
	// Backoff is how long to wait after the n-th attempt failed, counted from 1.
	Backoff func(n int) time.Duration
	// HeaderTimeout and StallTimeout are how long to wait for an answer to
	// begin, and for more of it: 30 and 60 seconds.
	HeaderTimeout, StallTimeout time.Duration
	// Progress is told about downloads; nil for nobody.
	Progress func(Progress)
	// Warn is told what went wrong without being an error; nil for nobody.
	Warn func(message string)
}

// Progress is how far a download is.
type Progress struct {
	URL   string // without credentials
	Done  int64  // bytes
	Total int64  // bytes, -1 when the server does not say
	End   bool   // no more will be told of this URL
}

// Fetcher fetches. It may be used by any number of goroutines.
type Fetcher struct {
	config Config
	cache  *cache
	http   *httpClient

	mu   sync.Mutex
	done map[string]*Result // by what was asked for, for as long as the Fetcher lives
	own  *cache             // see private
	told map[string]bool    // warnings

	unpacking sync.Mutex // held while something of this machine is unpacked
	left      unpackLimits
}

// New makes a fetcher. It touches neither disk nor network.
func New(config Config) *Fetcher {
	set(&config.StoreDir, string(store.DefaultDir))
	set(&config.TTL, time.Hour)
	set(&config.MaxDownload, 4<<30)
	set(&config.MaxUnpacked, 16<<30)
	set(&config.MaxEntries, 2_000_000)
	set(&config.MaxLocal, min(4<<30, config.MaxUnpacked))
	set(&config.Attempts, 5)
	set(&config.HeaderTimeout, 30*time.Second)
	set(&config.StallTimeout, time.Minute)
	if config.Backoff == nil {
		config.Backoff = backoff
	}
	if config.Progress == nil {
		config.Progress = func(Progress) {}
	}
	if config.Warn == nil {
		config.Warn = func(string) {}
	}
	return &Fetcher{
		config: config, cache: &cache{dir: config.CacheDir}, http: newHTTPClient(&config), done: map[string]*Result{}, told: map[string]bool{},
		left: unpackLimits{bytes: config.MaxLocal, entries: config.MaxEntries,
			tooLarge: &limitError{fmt.Sprintf("archives and commits of this machine unpack to more than %d bytes in all", config.MaxLocal)},
			tooMany:  &limitError{fmt.Sprintf("archives and commits of this machine unpack to more than %d files in all", config.MaxEntries)},
		},
	}
}

// private is where things of this machine are kept that nothing pins: they are of no
// use to anybody else, and gone when the Fetcher is closed.
func (f *Fetcher) private() (*cache, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	if f.own == nil {
		f.own, err = f.cache.private()
	}
	return f.own, err
}

// Close removes what was unpacked of this machine's files and is not pinned. Results
// cannot be read any more.
func (f *Fetcher) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.own != nil {
		f.own.remove()
		f.own, f.done = nil, map[string]*Result{}
	}
}

// archiveLimits are those of one archive, or tree, from elsewhere.
func (f *Fetcher) archiveLimits() *unpackLimits {
	return &unpackLimits{bytes: f.config.MaxUnpacked, entries: f.config.MaxEntries,
		tooLarge: &limitError{fmt.Sprintf("it unpacks to more than %d bytes", f.config.MaxUnpacked)},
		tooMany:  &limitError{fmt.Sprintf("it has more than %d files", f.config.MaxEntries)},
	}
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// warnOnce warns of what comes up with each evaluation.
func (f *Fetcher) warnOnce(message string) {
	f.mu.Lock()
	told := f.told[message]
	f.told[message] = true
	f.mu.Unlock()
	if !told {
		f.config.Warn(message)
	}
}

// Network reports whether the network may be used.
func (f *Fetcher) Network() bool { return f.config.Network }

// Request asks for a file or an unpacked archive.
type Request struct {
	// URL is where it comes from: https, http or file.
	URL string
	// Local is the file of this machine that a file URL names, and Disk where it is.
	Local string
	Disk  *world.Disk
	// Name is the name part of the store path.
	Name string
	// Unpack asks for the archive's contents.
	Unpack bool
	// OneMember refuses archives with more or fewer than one file or directory
	// at the top, as old versions of Nix do.
	OneMember bool
	// Hash pins the result: the hash of the file's bytes, or of the tree's NAR;
	// nil for any.
	Hash *hash.Hash
	// Recursive says that Hash is that of the NAR although nothing is unpacked.
	Recursive bool
	// Executable makes the file one; its hash is that of the NAR.
	Executable bool
}

func (r *Request) recursive() bool { return r.Unpack || r.Recursive || r.Executable }

// Result is what was fetched.
type Result struct {
	// Path is where it is on this machine: a file, or a directory.
	Path string
	// StorePath is the path it has in a store.
	StorePath string
	// Hash is the hash of the file's bytes or the tree's NAR, SHA-256 unless the
	// request pins another.
	Hash hash.Hash
}

// NotHereError says that only the network has something, and that it may not be
// used.
type NotHereError struct{ URL string }

func (e *NotHereError) Error() string {
	return text.WithoutCredentials(e.URL) + " is not here, and the network is not used"
}

// HashError says that what was fetched is not what the hash pins.
type HashError struct {
	URL       string
	Want, Got hash.Hash
}

func (e *HashError) Error() string {
	return fmt.Sprintf("hash mismatch in what %s gives: wanted %s, got %s",
		text.WithoutCredentials(e.URL), e.Want.Format(hash.SRI), e.Got.Format(hash.SRI))
}

// Error is any other failure to fetch something.
type Error struct {
	URL string
	Err error
}

func (e *Error) Error() string {
	return text.WithoutCredentials("cannot fetch " + e.URL + ": " + e.Err.Error())
}

func (e *Error) Unwrap() error { return e.Err }

// failure wraps an error that does not name the URL yet.
func failure(url string, err error) error {
	switch err.(type) {
	case nil:
		return nil
	case *NotHereError, *HashError, *Error:
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{URL: url, Err: err}
}

// Fetch gives a file or an unpacked archive. The error is a NotHereError, a
// HashError, an Error, or the context's.
func (f *Fetcher) Fetch(ctx context.Context, r Request) (*Result, error) {
	id := fmt.Sprintf("%p %q", r.Disk, []string{r.URL, r.Local, r.Name, fmt.Sprint(r.Unpack, r.Recursive, r.Executable, r.OneMember, r.Hash)})
	f.mu.Lock()
	known := f.done[id]
	f.mu.Unlock()
	if known != nil {
		return known, nil
	}
	result, err := f.fetch(ctx, &r)
	if err != nil {
		return nil, failure(r.URL, err)
	}
	f.mu.Lock()
	f.done[id] = result
	f.mu.Unlock()
	return result, nil
}

func (f *Fetcher) fetch(ctx context.Context, r *Request) (*Result, error) {
	if r.Hash != nil {
		if result := f.pinned(r.Name, r.recursive(), *r.Hash); result != nil {
			return result, nil
		}
	}
	if r.Local != "" {
		return f.local(ctx, r)
	}
	return f.remote(ctx, r)
}

// pinned looks for something in the store and in the cache, nil when it is in
// neither.
func (f *Fetcher) pinned(name string, recursive bool, h hash.Hash) *Result {
	path, err := store.Dir(f.config.StoreDir).FixedPath(name, recursive, h)
	if err != nil {
		return nil
	}
	if inStore(path) {
		return &Result{Path: path, StorePath: path, Hash: h}
	}
	if dir := f.cache.object(objectKey(recursive, h)); dir != "" {
		return &Result{Path: dir, StorePath: path, Hash: h}
	}
	return nil
}

// inStore reports whether a path of the store is there. Nix holds a lock beside
// it while it is being written.
func inStore(path string) bool {
	if _, err := os.Lstat(path); err != nil {
		return false
	}
	_, err := os.Lstat(path + ".lock")
	return errors.Is(err, os.ErrNotExist)
}

// result makes the result of something whose hash is known and, when the request
// pins one, equal to it.
func (f *Fetcher) result(r *Request, path string, got hash.Hash) (*Result, error) {
	if r.Hash != nil && !sameHash(got, *r.Hash) {
		return nil, &HashError{URL: r.URL, Want: *r.Hash, Got: got}
	}
	storePath, err := store.Dir(f.config.StoreDir).FixedPath(r.Name, r.recursive(), got)
	if err != nil {
		return nil, err
	}
	return &Result{Path: path, StorePath: storePath, Hash: got}, nil
}

// local takes a file of this machine: as it is where it lies, or unpacked. What is
// not pinned is unpacked by each Fetcher again, since nothing but the contents says
// whether they are what they were.
func (f *Fetcher) local(ctx context.Context, r *Request) (*Result, error) {
	// Before opening, which waits for a writer when the file is a named pipe.
	info, err := r.Disk.Stat(r.Local)
	if err != nil {
		return nil, plainFileError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	file, err := r.Disk.Open(r.Local)
	if err != nil {
		return nil, plainFileError(err)
	}
	defer file.Close()
	if !r.recursive() {
		got, err := hashFile(ctx, file, r.algo())
		if err != nil {
			return nil, err
		}
		return f.result(r, r.Local, got)
	}
	source, ok := file.(archiveFile)
	if !ok {
		return nil, errors.New("it cannot be read here")
	}
	c := f.cache
	if r.Hash == nil {
		if c, err = f.private(); err != nil {
			return nil, err
		}
	}
	f.unpacking.Lock()
	defer f.unpacking.Unlock()
	temp, err := c.temp()
	if err != nil {
		return nil, err
	}
	defer temp.remove()
	if !r.Unpack {
		if f.left.bytes -= info.Size(); f.left.bytes < 0 {
			return nil, f.left.tooLarge
		}
	}
	path, got, err := f.keep(ctx, r, c, temp, source, &f.left)
	if err != nil {
		return nil, err
	}
	return f.result(r, path, got)
}

// keep puts a file, or what is packed in it, into a cache, and gives the path
// and the hash that count. Something with another hash than the one that is
// asked for does not get there.
func (f *Fetcher) keep(ctx context.Context, r *Request, c *cache, temp *tempDir, file archiveFile, limits *unpackLimits) (string, hash.Hash, error) {
	content := filepath.Join(temp.path, contentName)
	if r.Unpack {
		if err := unpack(ctx, file, temp.path, limits, r.OneMember); err != nil {
			return "", hash.Hash{}, err
		}
	} else if err := copyFile(ctx, file, content, r.Executable); err != nil {
		return "", hash.Hash{}, err
	}
	got, err := hashContent(ctx, content, r.recursive(), r.algo())
	if err != nil {
		return "", hash.Hash{}, err
	}
	if r.Hash != nil && !sameHash(got, *r.Hash) {
		return "", hash.Hash{}, &HashError{URL: r.URL, Want: *r.Hash, Got: got}
	}
	path, err := c.add(objectKey(r.recursive(), got), temp)
	return path, got, err
}

// algo is the hash algorithm that the result is identified by.
func (r *Request) algo() hash.Algo {
	if r.Hash != nil {
		return r.Hash.Algo
	}
	return hash.SHA256
}

// remote takes something from the network. Processes that want the same URL wait
// for the first one and share what it fetched.
func (f *Fetcher) remote(ctx context.Context, r *Request) (*Result, error) {
	if _, err := parseAddress(r.URL); err != nil {
		return nil, err
	}
	if !f.config.Network {
		return nil, &NotHereError{URL: r.URL}
	}
	if f.config.CacheDir == "" {
		return nil, errNoCache
	}
	key := entryKey("url", r.URL, fmt.Sprint(r.Unpack, r.Executable, r.OneMember))
	unlock, err := f.cache.lock(ctx, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if r.Hash != nil { // somebody else may have fetched it by now
		if result := f.pinned(r.Name, r.recursive(), *r.Hash); result != nil {
			return result, nil
		}
	}
	var e entry
	var cached *Result
	if f.cache.readEntry(key, &e) && r.Hash == nil {
		if got, err := hash.Parse(e.Hash, hash.NoAlgo); err == nil {
			if dir := f.cache.object(objectKey(r.recursive(), got)); dir != "" {
				if cached, err = f.result(r, dir, got); err != nil {
					return nil, err
				}
			}
		}
	}
	if cached != nil && e.fresh(f.config.TTL) {
		return cached, nil
	}
	etag := ""
	if cached != nil {
		etag = e.ETag
	}
	temp, err := f.cache.temp()
	if err != nil {
		return nil, err
	}
	defer temp.remove()
	file, err := os.Create(filepath.Join(temp.path, "download"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	answer, err := f.download(ctx, r.URL, etag, file)
	switch {
	case err != nil && cached != nil && ctx.Err() == nil:
		f.config.Warn(failure(r.URL, err).Error() + "; taking what was fetched before")
		return cached, nil
	case err != nil:
		return nil, err
	case answer.unchanged:
		e.Fetched = time.Now()
		return cached, f.cache.writeEntry(key, e)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	path, got, err := f.keep(ctx, r, f.cache, temp, file, f.archiveLimits())
	if err != nil {
		return nil, err
	}
	e = entry{URL: text.WithoutCredentials(r.URL), Hash: got.Format(hash.SRI), ETag: answer.etag, Fetched: time.Now()}
	if err := f.cache.writeEntry(key, e); err != nil {
		return nil, err
	}
	return f.result(r, path, got)
}

// hashContent hashes a file's bytes or a tree's NAR.
func hashContent(ctx context.Context, path string, recursive bool, algo hash.Algo) (hash.Hash, error) {
	if !recursive {
		file, err := os.Open(path)
		if err != nil {
			return hash.Hash{}, err
		}
		defer file.Close()
		return hashFile(ctx, file, algo)
	}
	h := algo.New()
	if err := nar.DumpPath(&contextWriter{ctx, h}, path); err != nil {
		return hash.Hash{}, err
	}
	return hash.Hash{Algo: algo, Bytes: h.Sum(nil)}, nil
}

func hashFile(ctx context.Context, r io.Reader, algo hash.Algo) (hash.Hash, error) {
	h := algo.New()
	if _, err := io.Copy(&contextWriter{ctx, h}, r); err != nil {
		return hash.Hash{}, err
	}
	return hash.Hash{Algo: algo, Bytes: h.Sum(nil)}, nil
}

func sameHash(a, b hash.Hash) bool { return a.Algo == b.Algo && bytes.Equal(a.Bytes, b.Bytes) }

// contextWriter stops writing when a context is done.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w *contextWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

// copyFile writes a file of the cache.
func copyFile(ctx context.Context, from io.Reader, to string, executable bool) error {
	mode := os.FileMode(fileMode)
	if executable {
		mode = executableMode
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(&contextWriter{ctx, out}, from)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Chmod(to, mode) // whatever the umask is
}

// plainFileError is the error without the path, which the URL tells.
func plainFileError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		if errors.Is(err, os.ErrNotExist) {
			return errors.New("the file does not exist")
		}
		return path.Err
	}
	return err
}

// entryKey identifies something by how it is asked for.
func entryKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hash.Hash{Algo: hash.SHA256, Bytes: sum[:]}.Format(hash.Nix32)
}

// objectKey identifies something by what it is.
func objectKey(recursive bool, h hash.Hash) string {
	method := "flat-"
	if recursive {
		method = "nar-"
	}
	return method + h.Algo.String() + "-" + h.Format(hash.Nix32)
}
