package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/hercules/api/apitest"
)

func isNotExist(err error) bool { return errors.Is(err, ErrNotExist) }

// backends are what the conformance tests run against.
var backends = []struct {
	name string
	open func(*testing.T) (Store, Locker)
	// compares: the backend itself keeps two writers apart.
	compares bool
	// any: every name can be used.
	any bool
}{
	{"file", func(t *testing.T) (Store, Locker) {
		dir := filepath.Join(t.TempDir(), "some", "where")
		return NewFileStore(dir), NewFileLocker(dir)
	}, true, true},
	{"hercules by id", func(t *testing.T) (Store, Locker) {
		client := newClient(t, apitest.New(apitest.Options{}), apitest.UserToken)
		return openHercules(client, api.Project{ID: apitest.NeatRepo.ID}, false)
	}, false, false},
	{"hercules by name", func(t *testing.T) (Store, Locker) {
		client := newClient(t, apitest.New(apitest.Options{}), apitest.UserToken)
		return openHercules(client, neatRepo, false)
	}, false, false},
	{"hercules in an effect", func(t *testing.T) (Store, Locker) {
		client := newClient(t, apitest.New(apitest.Options{}), apitest.TaskToken)
		return openHercules(client, neatRepo, true)
	}, false, false},
}

var neatRepo = api.Project{Site: "github", Owner: "neat-org", Name: "neat-repo"}

// openHercules waits less for locks than usual.
func openHercules(client *api.Client, project api.Project, current bool) (Store, Locker) {
	locker := NewHerculesLocker(client, project, "")
	locker.waitFirst, locker.waitMost = time.Millisecond, 20*time.Millisecond
	return NewHerculesStore(client, project, current), locker
}

func newClient(t *testing.T, server *apitest.Server, token string) *api.Client {
	t.Helper()
	t.Cleanup(server.Close)
	client, err := api.New(server.URL, api.NewToken(token, "the test"), api.Options{
		RetryFor: 10 * time.Second, FirstPause: time.Millisecond, MostPause: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestConformance(t *testing.T) {
	tests := []struct {
		name string
		test func(*testing.T, Store, Locker)
	}{
		{"versions", conformVersions},
		{"conflicts", conformConflicts},
		{"contents", conformContents},
		{"lock", conformLock},
		{"waiting", conformWaiting},
		{"lease taken over", conformPrevious},
		{"one after the other", conformTurns},
		{"cancelled", conformCancelled},
	}
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					store, locker := b.open(t)
					test.test(t, store, locker)
				})
			}
			t.Run("names", func(t *testing.T) {
				t.Parallel()
				store, locker := b.open(t)
				conformNames(t, store, locker, b.any)
			})
			if b.compares {
				t.Run("writers", func(t *testing.T) {
					t.Parallel()
					store, _ := b.open(t)
					conformWriters(t, store)
				})
			}
		})
	}
}

func conformVersions(t *testing.T, store Store, _ Locker) {
	ctx := t.Context()
	if _, err := store.Get(ctx, "web"); !isNotExist(err) {
		t.Errorf("Get of nothing: %v", err)
	}
	if _, err := store.Versions(ctx, "web"); !isNotExist(err) {
		t.Errorf("Versions of nothing: %v", err)
	}
	if _, err := store.GetVersion(ctx, "web", 1); !isNotExist(err) {
		t.Errorf("GetVersion of nothing: %v", err)
	}
	if list, err := store.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("List of nothing: %v, %v", list, err)
	}
	var base *Version
	for i, text := range []string{"one", "two", "three"} {
		v, err := store.Put(ctx, "web", []byte(text), base)
		if err != nil {
			t.Fatal(err)
		}
		if want := versionOf([]byte(text)); v.SHA256 != want.SHA256 || v.Size != want.Size {
			t.Errorf("Put gives %+v, want %+v", v, want)
		}
		if v.Number != 0 && v.Number != i+1 {
			t.Errorf("version %d, want %d", v.Number, i+1)
		}
		base = &v
	}
	if _, err := store.Put(ctx, "db", nil, nil); err != nil {
		t.Fatal(err)
	}
	// The same once more stores nothing, whatever the base.
	for _, base := range []*Version{nil, base} {
		if _, err := store.Put(ctx, "web", []byte("three"), base); err != nil {
			t.Error(err)
		}
	}
	file, err := store.Get(ctx, "web")
	if err != nil || string(file.Data) != "three" || file.Version.SHA256 != base.SHA256 {
		t.Errorf("Get: %+v, %v", file, err)
	}
	list, err := store.Versions(ctx, "web")
	if err != nil || len(list) != 3 {
		t.Fatalf("Versions: %+v, %v", list, err)
	}
	for i, text := range []string{"three", "two", "one"} {
		v := list[i]
		if v.Number != 3-i || v.SHA256 != versionOf([]byte(text)).SHA256 || v.Size != int64(len(text)) || time.Since(v.Time).Abs() > time.Minute {
			t.Errorf("version %d is %+v", 3-i, v)
		}
		file, err := store.GetVersion(ctx, "web", v.Number)
		if err != nil || string(file.Data) != text || file.Version != v {
			t.Errorf("GetVersion %d: %+v, %v", v.Number, file, err)
		}
	}
	if _, err := store.GetVersion(ctx, "web", 4); !isNotExist(err) {
		t.Errorf("GetVersion of the next: %v", err)
	}
	entries, err := store.List(ctx)
	if err != nil || len(entries) != 2 || entries[0].Name != "db" || entries[1].Name != "web" || entries[1].Newest != list[0] {
		t.Errorf("List: %+v, %v", entries, err)
	}
	if file, err := store.Get(ctx, "db"); err != nil || len(file.Data) != 0 || file.Version.Size != 0 {
		t.Errorf("Get of an empty state: %+v, %v", file, err)
	}
	if place := store.Place(); !strings.Contains(place, "/") || strings.Contains(place, "token") {
		t.Errorf("Place: %s", place)
	}
	argv := store.PutCommand("-web", "f.json", base)
	if tail := argv[len(argv)-6:]; !slices.Equal(tail, []string{"--file", "f.json", "--base", base.SHA256, "--", "-web"}) {
		t.Errorf("PutCommand: %q", argv)
	}
}

func conformConflicts(t *testing.T, store Store, _ Locker) {
	ctx := t.Context()
	put := func(text string, base *Version) *Version {
		t.Helper()
		v, err := store.Put(ctx, "web", []byte(text), base)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	conflicts := func(base *Version) {
		t.Helper()
		_, err := store.Put(ctx, "web", []byte("mine"), base)
		var conflict *ConflictError
		if !errors.As(err, &conflict) || conflict.Name != "web" || !sameContent(conflict.Base, base) {
			t.Fatalf("Put: %v, want a conflict", err)
		}
		newest, err := store.Get(ctx, "web")
		switch {
		case isNotExist(err):
			if conflict.Newest != nil {
				t.Errorf("the conflict says that there is %+v", conflict.Newest)
			}
		case err != nil:
			t.Fatal(err)
		case conflict.Newest == nil || conflict.Newest.SHA256 != newest.Version.SHA256 || string(newest.Data) == "mine":
			t.Errorf("the conflict says %+v, the newest is %q", conflict.Newest, newest.Data)
		}
	}
	ghost := versionOf([]byte("ghost"))
	conflicts(&ghost) // there is nothing
	first := put("one", nil)
	conflicts(nil)
	second := put("two", first)
	conflicts(first)
	if v, err := store.Replace(ctx, "web", []byte("forced")); err != nil || v.SHA256 != versionOf([]byte("forced")).SHA256 {
		t.Errorf("Replace: %+v, %v", v, err)
	}
	conflicts(second)
	if _, err := store.Replace(ctx, "new", []byte("forced")); err != nil {
		t.Error(err)
	}
}

func conformContents(t *testing.T, store Store, _ Locker) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for i, data := range [][]byte{{}, every, bytes.Repeat(every, 4000), []byte("\r\n\r\n0\r\n")} {
		name := fmt.Sprint("content-", i)
		if _, err := store.Put(t.Context(), name, data, nil); err != nil {
			t.Fatal(err)
		}
		file, err := store.Get(t.Context(), name)
		if err != nil || !bytes.Equal(file.Data, data) {
			t.Errorf("%s: %d bytes, want %d; %v", name, len(file.Data), len(data), err)
		}
	}
}

// oddNames are names that a backend has to keep apart.
var oddNames = []string{
	"nixops-neat.json", "Nixops-neat.json", "../x", "..%2fx", "a/b", "a%2fb", "/", "//", "...", "a..", ".a", "-x", "--", " ", "a b", "a+b", "a?b=c", "a#b",
	"a;b", "a&b", "a\\b", "a:b", "a*b", "é", "e\u0301", "日本", "\u202e", "~", "%", "%%", "%25", "name", "mutex", "lock", "lease.json",
	"00000001-" + strings.Repeat("0", 64), "\n", "a\tb", "\x7f", "\"", "'", "${x}", strings.Repeat("x", 300), strings.Repeat("x", 301), strings.Repeat("é", 150),
}

// unusualNames are those that a server cannot keep.
var unusualNames = []string{"", ".", "..", "a\x00b", "\xff\xfe", "\x00"}

func conformNames(t *testing.T, store Store, locker Locker, unusual bool) {
	ctx := t.Context()
	names := slices.Clone(oddNames)
	if unusual {
		names = append(names, unusualNames...)
	} else {
		for _, name := range unusualNames {
			var refused *api.NameError
			if _, err := store.Replace(ctx, name, nil); !errors.As(err, &refused) {
				// By project the list is asked for first.
				t.Errorf("Replace %q: %v", name, err)
			}
			if _, err := locker.Acquire(ctx, name, AcquireOptions{}); !errors.As(err, &refused) {
				t.Errorf("Acquire %q: %v", name, err)
			}
		}
	}
	for i, name := range names {
		if _, err := store.Put(ctx, name, fmt.Appendf(nil, "%d %q", i, name), nil); err != nil {
			t.Fatalf("Put %q: %v", name, err)
		}
		if _, err := locker.Acquire(ctx, name, AcquireOptions{}); err != nil {
			t.Fatalf("Acquire %q: %v", name, err)
		}
	}
	for i, name := range names {
		file, err := store.Get(ctx, name)
		if err != nil || string(file.Data) != fmt.Sprintf("%d %q", i, name) {
			t.Errorf("Get %q: %s, %v", name, file.Data, err)
		}
	}
	entries, err := store.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, e := range entries {
		listed = append(listed, e.Name)
	}
	slices.Sort(names)
	if !slices.Equal(listed, names) {
		t.Errorf("listed %q\nwant   %q", listed, names)
	}
	holders, err := locker.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	listed = nil
	for _, h := range holders {
		listed = append(listed, h.Name)
	}
	if !slices.Equal(listed, names) {
		t.Errorf("locked %q\nwant   %q", listed, names)
	}
}

func conformLock(t *testing.T, store Store, locker Locker) {
	ctx := t.Context()
	// Names that can be listed are those of states.
	if _, err := store.Put(ctx, "web", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	if holders, err := locker.List(ctx); err != nil || len(holders) != 0 {
		t.Errorf("List of nothing: %v, %v", holders, err)
	}
	if err := locker.Release(ctx, "web", ""); !errors.Is(err, ErrNoLease) {
		t.Errorf("Release of nothing: %v", err)
	}
	if err := locker.Release(ctx, "web", api.NewKey()); !errors.Is(err, ErrNoLease) {
		t.Errorf("Release of nothing: %v", err)
	}
	lease, err := locker.Acquire(ctx, "web", AcquireOptions{Description: "deploy web", Run: "20260101T000000Z-0001"})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := locker.Acquire(ctx, "db", AcquireOptions{}); err != nil {
		t.Errorf("another lock: %v", err)
	} else if err := other.Release(ctx); err != nil {
		t.Error(err)
	}
	var seen []Holder
	start := time.Now()
	_, err = locker.Acquire(ctx, "web", AcquireOptions{Blocked: func(h []Holder) { seen = h }})
	var blocked *BlockedError
	if !errors.As(err, &blocked) || len(blocked.Holders) != 1 || !sameHolders(seen, blocked.Holders) || time.Since(start) > 5*time.Second {
		t.Fatalf("Acquire: %v after %s, seen %v", err, time.Since(start), seen)
	}
	h := blocked.Holders[0]
	if h.Name != "web" || h.LeaseID != lease.ID() || h.Abandoned || h.Orphaned || !h.Exclusive || !strings.Contains(h.Description, "deploy web") ||
		time.Since(h.Since).Abs() > time.Minute || !strings.Contains(err.Error(), "20260101T000000Z-0001") {
		t.Errorf("held by %+v: %v", h, err)
	}
	for _, list := range []func() ([]Holder, error){
		func() ([]Holder, error) { return locker.List(ctx) },
		func() ([]Holder, error) { return locker.Holders(ctx, "web") },
	} {
		if holders, err := list(); err != nil || !sameHolders(holders, blocked.Holders) {
			t.Errorf("List: %v, %v, want %v", holders, err, blocked.Holders)
		}
	}
	if err := locker.Release(ctx, "web", ""); !errors.As(err, &blocked) {
		t.Errorf("Release of a live lease: %v", err)
	}
	for range 2 {
		if err := lease.Release(ctx); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-lease.Lost():
		t.Error("a released lease is lost")
	default:
	}
	if holders, err := locker.Holders(ctx, "web"); err != nil || len(holders) != 0 {
		t.Errorf("after the release: %v, %v", holders, err)
	}
	if holders, err := locker.Holders(ctx, "unheard-of"); err != nil || len(holders) != 0 {
		t.Errorf("Holders of nothing: %v, %v", holders, err)
	}
	again, err := locker.Acquire(ctx, "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again.Release(ctx)
}

func conformWaiting(t *testing.T, _ Store, locker Locker) {
	ctx := t.Context()
	lease, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "first"})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var blocked *BlockedError
	if _, err := locker.Acquire(ctx, "web", AcquireOptions{Wait: 100 * time.Millisecond}); !errors.As(err, &blocked) || time.Since(start) < 100*time.Millisecond {
		t.Errorf("Acquire: %v after %s", err, time.Since(start))
	}
	waits := make(chan struct{})
	calls := 0
	go func() {
		<-waits
		time.Sleep(50 * time.Millisecond)
		lease.Release(context.Background())
	}()
	second, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "second", Wait: -1, Blocked: func([]Holder) {
		if calls++; calls == 1 {
			close(waits)
		}
	}})
	if err != nil || calls != 1 {
		t.Fatalf("Acquire: %v, Blocked was called %d times", err, calls)
	}
	second.Release(ctx)
}

// A lease that is left is taken over by the one who knows it.
func conformPrevious(t *testing.T, _ Store, locker Locker) {
	ctx := t.Context()
	left, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "first"})
	if err != nil {
		t.Fatal(err)
	}
	dieWithout(t, left)
	again, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "first", Previous: left.ID()})
	if err != nil || again.ID() != left.ID() {
		t.Fatalf("Acquire: %v", err)
	}
	if err := again.Release(ctx); err != nil {
		t.Error(err)
	}
	// One that has ended meanwhile is no obstacle.
	fresh, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "first", Previous: left.ID()})
	if err != nil || fresh.ID() == left.ID() {
		t.Fatalf("Acquire: %v", err)
	}
	// And with somebody else's it is theirs.
	var blocked *BlockedError
	if _, err := locker.Acquire(ctx, "web", AcquireOptions{Run: "second", Previous: left.ID()}); !errors.As(err, &blocked) {
		t.Errorf("Acquire: %v", err)
	}
	fresh.Release(ctx)
}

// dieWithout ends what a killed process would: its descriptors, its renewals.
func dieWithout(t *testing.T, lease Lease) {
	t.Helper()
	switch l := lease.(type) {
	case *fileLease:
		if err := l.file.Close(); err != nil {
			t.Fatal(err)
		}
	case *herculesLease:
		l.stop()
		<-l.stopped
	}
}

func conformTurns(t *testing.T, store Store, locker Locker) {
	alone := filepath.Join(t.TempDir(), "alone")
	var group sync.WaitGroup
	const writers, times = 10, 3
	for range writers {
		group.Go(func() {
			for range times {
				if err := appendOnce(t.Context(), store, locker, "web", alone); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	file, err := store.Get(t.Context(), "web")
	if err != nil || bytes.Count(file.Data, []byte("\n")) != writers*times {
		t.Errorf("%d lines, want %d; %v", bytes.Count(file.Data, []byte("\n")), writers*times, err)
	}
	if list, err := store.Versions(t.Context(), "web"); err != nil || len(list) != writers*times {
		t.Errorf("%d versions, want %d; %v", len(list), writers*times, err)
	}
}

func conformCancelled(t *testing.T, _ Store, locker Locker) {
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = locker.Acquire(ctx, "web", AcquireOptions{Wait: -1, Blocked: func([]Holder) { cancel() }})
	var blocked *BlockedError
	if !errors.Is(err, context.Canceled) || errors.As(err, &blocked) {
		t.Errorf("Acquire: %v", err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
	// What was given up holds nothing.
	again, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again.Release(t.Context())
}

// Writers without a lock: each version is the successor of the one that its writer
// read, and nothing is lost.
func conformWriters(t *testing.T, store Store) {
	const writers = 10
	var group sync.WaitGroup
	var mu sync.Mutex
	conflicts := 0
	for i := range writers {
		group.Go(func() {
			line := fmt.Sprintf("writer %d\n", i)
			for {
				var data []byte
				var base *Version
				if file, err := store.Get(t.Context(), "web"); err == nil {
					data, base = file.Data, &file.Version
				} else if !isNotExist(err) {
					t.Error(err)
					return
				}
				_, err := store.Put(t.Context(), "web", append(data, line...), base)
				var conflict *ConflictError
				switch {
				case err == nil:
					return
				case errors.As(err, &conflict):
					mu.Lock()
					conflicts++
					mu.Unlock()
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	list, err := store.Versions(t.Context(), "web")
	if err != nil || len(list) != writers {
		t.Fatalf("%d versions, want %d; %v", len(list), writers, err)
	}
	newest, err := store.Get(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		if !bytes.Contains(newest.Data, fmt.Appendf(nil, "writer %d\n", i)) {
			t.Errorf("what writer %d stored is lost", i)
		}
	}
	t.Logf("%d conflicts", conflicts)
}
