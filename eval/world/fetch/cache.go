package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// cache keeps what was fetched, below one directory:
//
//	objects/KEY/content    a file or tree, named by its hash
//	objects/KEY/meta.json  how to tell that it is unharmed
//	entries/KEY.json       what a URL gave, and when
//	git/KEY.git            bare repositories
//	locks/KEY              held while an entry or repository is being fetched
//	tmp/…                  what is being written
//
// An object appears by a rename, whole or not at all, so a process that dies
// leaves nothing worse than a directory in tmp.
type cache struct {
	dir string

	owner *flock.Flock // of a private cache: it is held for as long as the cache is used

	mu       sync.Mutex
	verified map[string]bool // objects that were looked at
}

const (
	contentName = "content"
	metaName    = "meta.json"

	fileMode       = 0o444
	executableMode = 0o555
)

// epoch is the modification time of everything in the cache: a file that
// somebody changed has another.
var epoch = time.Unix(1, 0)

// meta is written beside an object's content.
type meta struct {
	// Stamp is a digest of the content's names, types, sizes and times. It shows
	// most damage at a fraction of what hashing takes.
	Stamp string `json:"stamp"`
}

// entry is what a URL, or another unpinned thing, was when it was fetched.
type entry struct {
	URL     string    `json:"url,omitempty"` // for people who look
	Hash    string    `json:"hash"`
	ETag    string    `json:"etag,omitempty"`
	Rev     string    `json:"rev,omitempty"` // of git
	Fetched time.Time `json:"fetched"`
}

func (e *entry) fresh(ttl time.Duration) bool {
	age := time.Since(e.Fetched)
	return age >= 0 && age < ttl
}

// object is the path of an object's content, "" when it is not there or was
// damaged; a damaged one is removed.
func (c *cache) object(key string) string {
	if c.dir == "" {
		return ""
	}
	dir := filepath.Join(c.dir, "objects", key)
	content := filepath.Join(dir, contentName)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.verified[key] {
		return content
	}
	data, err := os.ReadFile(filepath.Join(dir, metaName))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err != nil {
			return ""
		}
	}
	var m meta
	if err == nil && json.Unmarshal(data, &m) == nil {
		if s, err := stamp(content); err == nil && s == m.Stamp {
			c.see(key)
			return content
		}
	}
	c.discard(dir)
	return ""
}

// see notes that an object was looked at. The caller holds the lock.
func (c *cache) see(key string) {
	if c.verified == nil {
		c.verified = map[string]bool{}
	}
	c.verified[key] = true
}

// discard removes an object. It is moved away first, so that nobody sees half
// of it.
func (c *cache) discard(dir string) {
	temp, err := c.temp()
	if err != nil {
		return
	}
	defer temp.remove()
	os.Rename(dir, filepath.Join(temp.path, "discarded"))
}

// add moves temp's content to an object and gives the path.
func (c *cache) add(key string, temp *tempDir) (string, error) {
	staged := filepath.Join(temp.path, "object")
	if err := os.Mkdir(staged, 0o755); err != nil {
		return "", err
	}
	content := filepath.Join(staged, contentName)
	if err := os.Rename(filepath.Join(temp.path, contentName), content); err != nil {
		return "", err
	}
	s, err := settle(content)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(meta{Stamp: s})
	if err != nil {
		return "", err
	}
	if err := renameio.WriteFile(filepath.Join(staged, metaName), data, fileMode); err != nil {
		return "", err
	}
	if c.owner == nil { // what is removed at the end need not survive anything
		if err := flush(staged); err != nil {
			return "", err
		}
	}
	objects := filepath.Join(c.dir, "objects")
	if err := os.MkdirAll(objects, 0o755); err != nil {
		return "", err
	}
	final := filepath.Join(objects, key)
	if err := os.Rename(staged, final); err != nil {
		// Somebody else was faster. Objects are named by what they are.
		if path := c.object(key); path != "" {
			return path, nil
		}
		if err := os.Rename(staged, final); err != nil {
			return "", err
		}
	}
	c.mu.Lock()
	c.see(key)
	c.mu.Unlock()
	return filepath.Join(final, contentName), syncDir(objects)
}

// settle makes everything in a tree read-only and as old as everything else in
// the cache, and gives its stamp. Directories stay writable, so that the cache
// can be removed like any other directory.
func settle(content string) (string, error) {
	err := filepath.WalkDir(content, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := os.FileMode(fileMode)
		if info.Mode()&0o100 != 0 {
			mode = executableMode
		}
		if info.Mode().Perm() != mode {
			if err := os.Chmod(path, mode); err != nil {
				return err
			}
		}
		return os.Chtimes(path, epoch, epoch)
	})
	if err != nil {
		return "", err
	}
	return stamp(content)
}

// stamp is a digest of a tree that does not read its files.
func stamp(content string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(content, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name := path[len(content):]
		switch {
		case d.Type().IsRegular():
			fmt.Fprintf(h, "%q %v %d %d\n", name, info.Mode()&0o100 != 0, info.Size(), info.ModTime().UnixNano())
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%q -> %q\n", name, target)
		default:
			fmt.Fprintf(h, "%q %v\n", name, d.Type())
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// syncDir brings a file or directory to the disk.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (c *cache) readEntry(key string, e *entry) bool {
	data, err := os.ReadFile(filepath.Join(c.dir, "entries", key+".json"))
	return err == nil && json.Unmarshal(data, e) == nil
}

func (c *cache) writeEntry(key string, e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.dir, "entries")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(dir, key+".json"), append(data, '\n'), 0o644)
}

var errNoCache = errors.New("there is no cache directory to put it in: set HOME or XDG_CACHE_HOME")

// lock waits until no other process or goroutine holds the key.
func (c *cache) lock(ctx context.Context, key string) (unlock func(), err error) {
	if c.dir == "" {
		return nil, errNoCache
	}
	dir := filepath.Join(c.dir, "locks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(dir, key))
	const look = 50 * time.Millisecond
	if _, err := l.TryLockContext(ctx, look); err != nil {
		return nil, err
	}
	return func() { l.Unlock() }, nil
}

// tempDir is a directory of the cache for something that is being written.
type tempDir struct{ path string }

func (t *tempDir) remove() { os.RemoveAll(t.path) }

// abandoned is the age of a temporary directory that nobody can be using.
const abandoned = 24 * time.Hour

// ownerName is a file of a private cache that its process holds.
const ownerName = "owner"

// leftBehind reports whether nobody uses a temporary directory of some age any more.
func leftBehind(dir string, age time.Duration) bool {
	owner := flock.New(filepath.Join(dir, ownerName))
	if _, err := os.Lstat(owner.Path()); err != nil {
		return age > abandoned
	}
	const beginning = time.Minute // the owner may not hold it yet
	if age < beginning {
		return false
	}
	free, err := owner.TryLock()
	owner.Unlock()
	return err == nil && free
}

// private makes a cache in a temporary directory, for one process.
func (c *cache) private() (*cache, error) {
	if c.dir == "" {
		return nil, errNoCache
	}
	temp, err := c.temp()
	if err != nil {
		return nil, err
	}
	p := &cache{dir: temp.path, owner: flock.New(filepath.Join(temp.path, ownerName))}
	if _, err := p.owner.TryLock(); err != nil {
		temp.remove()
		return nil, err
	}
	return p, nil
}

// remove removes a private cache.
func (c *cache) remove() {
	os.RemoveAll(c.dir)
	c.owner.Unlock()
}

// temp makes a temporary directory, and removes those that processes left behind
// which were killed.
func (c *cache) temp() (*tempDir, error) {
	parent := filepath.Join(c.dir, "tmp")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && leftBehind(filepath.Join(parent, e.Name()), time.Since(info.ModTime())) {
			os.RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
	path, err := os.MkdirTemp(parent, "")
	if err != nil {
		return nil, err
	}
	return &tempDir{path}, nil
}
