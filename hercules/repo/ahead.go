package repo

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A program reads most of the Nix files of its repository, one after the other, and
// to ask git for each of them takes longer than to read it. So a snapshot has git
// write out all of them at once, when the first file is read.

const (
	// maxCached bounds the contents that are kept: they are read again for a
	// comparison. Larger files than maxKept are not kept.
	maxCached = 64 << 20
	maxKept   = 1 << 20
	// mostAhead is of how many Nix files all are read ahead: of very many a program
	// hardly reads most.
	mostAhead = 3000
)

// caches are those of repositories, by their common directories: two revisions have
// most of their files in common.
var caches sync.Map

func blobsOf(g *Git) *blobCache {
	c, ok := caches.Load(g.Common)
	if !ok {
		c, _ = caches.LoadOrStore(g.Common, newBlobCache())
	}
	return c.(*blobCache)
}

func newBlobCache() *blobCache {
	c := &blobCache{data: map[string][]byte{}, ahead: map[string]bool{}}
	c.next.L = &c.mu
	return c
}

// blobCache are the contents of objects, for all snapshots of a repository.
type blobCache struct {
	mu    sync.Mutex
	data  map[string][]byte
	size  int
	ahead map[string]bool // objects that are being read ahead
	next  sync.Cond       // something of ahead has come, or will not
}

// get gives an object's contents, when they are known or about to be.
func (c *blobCache) get(object string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if data, known := c.data[object]; known || !c.ahead[object] {
			return data, known
		}
		c.next.Wait()
	}
}

// put keeps an object's contents, if there is room.
func (c *blobCache) put(object string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.data[object]; !known && len(data) <= maxKept && c.size+len(data) <= maxCached {
		c.data[object] = data
		c.size += len(data)
	}
	c.done(object)
}

// done says that an object is not read ahead any more. The mutex is held.
func (c *blobCache) done(objects ...string) {
	for _, object := range objects {
		delete(c.ahead, object)
	}
	c.next.Broadcast()
}

// claim gives those of some objects that nobody has read or is reading.
func (c *blobCache) claim(objects []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(objects, func(object string) bool {
		if _, known := c.data[object]; known || c.ahead[object] {
			return true
		}
		c.ahead[object] = true
		return false
	})
}

// readAhead begins to read the Nix files of a snapshot, those that are likely to be
// needed first before others.
func (s *Snapshot) readAhead() {
	var names []string
	for name, e := range s.entries {
		if e.mode.IsRegular() && strings.HasSuffix(name, ".nix") {
			names = append(names, name)
		}
	}
	if len(names) > mostAhead {
		return
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
	})
	objects := make([]string, len(names))
	for i, name := range names {
		objects[i] = s.entries[name].object
	}
	if objects = s.blobs.claim(objects); len(objects) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stopAhead = cancel
	go func() {
		defer cancel()
		s.readAll(ctx, objects)
		s.blobs.mu.Lock()
		defer s.blobs.mu.Unlock()
		s.blobs.done(objects...)
	}()
}

// readAll puts objects into the cache until something is wrong: who needs the rest
// asks for it, and gets to know.
func (s *Snapshot) readAll(ctx context.Context, objects []string) {
	cmd := s.g.prepare(ctx, nil, "cat-file", "--batch", "--buffer")
	cmd.Stdin = strings.NewReader(strings.Join(objects, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	defer cmd.Wait()
	defer out.Close()
	in := bufio.NewReaderSize(out, 1<<16)
	for range objects {
		header, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fields := strings.Fields(header)
		if len(fields) == 2 && fields[1] == "missing" {
			continue
		}
		if len(fields) != 3 || fields[1] != "blob" {
			return
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || size < 0 {
			return
		}
		if size > maxKept {
			if _, err := io.CopyN(io.Discard, in, size+1); err != nil {
				return
			}
			continue
		}
		data := make([]byte, size+1) // and the line's end
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		s.blobs.put(fields[0], data[:size:size])
	}
}
