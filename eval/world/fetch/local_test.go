package fetch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// localArchive writes an archive with one file and gives a request for it.
func localArchive(t *testing.T, file, text string) Request {
	t.Helper()
	if err := os.WriteFile(file, tarOf(t, []member{{name: "top/a", text: text}}), 0o666); err != nil {
		t.Fatal(err)
	}
	return Request{URL: "file://" + file, Local: file, Name: "source", Unpack: true}
}

// All archives and commits of this machine together may not become larger than is
// allowed, and what nothing pins is gone in the end.
func TestLocalTotal(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	one := localArchive(t, filepath.Join(dir, "one"), strings.Repeat("1", 600<<10))
	two := localArchive(t, filepath.Join(dir, "two"), strings.Repeat("2", 600<<10))
	f := newFetcher(t, cache, nil)
	result, err := f.Fetch(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fetch(t.Context(), one); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err := f.Fetch(t.Context(), two); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes in all") {
		t.Errorf("the second: %v", err)
	}
	s := &gitServer{dir: dir}
	s.run(t, "git init -q -b main r; cd r; head -c 600000 /dev/zero > a; git add .; git commit -qm 1; git tag v1")
	local := filepath.Join(dir, "r")
	if _, err := f.Git(t.Context(), GitRequest{URL: local, Local: local, Ref: "v1"}); err == nil || !strings.Contains(err.Error(), "bytes in all") {
		t.Errorf("a commit: %v", err)
	}
	f.Close()
	clean(t, cache)
	if _, err := os.Stat(result.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	f = newFetcher(t, cache, nil)
	tree, err := f.Git(t.Context(), GitRequest{URL: local, Local: local, Ref: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, sub := range []string{"objects", "entries"} {
		if left, _ := os.ReadDir(filepath.Join(cache, sub)); len(left) > 0 {
			t.Errorf("%d %s are left", len(left), sub)
		}
	}
	// What is pinned stays.
	pinned := one
	pinned.Hash = &result.Hash
	if _, err := newFetcher(t, cache, nil).Fetch(t.Context(), pinned); err != nil {
		t.Error(err)
	}
	if _, err := newFetcher(t, cache, nil).Git(t.Context(), GitRequest{URL: local, Local: local, Rev: tree.Rev}); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Join(cache, "objects")); len(left) != 2 {
		t.Errorf("%d of two pinned objects are kept", len(left))
	}
}

// Directories of processes that were killed are removed, not those in use.
func TestLeftBehind(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	request := localArchive(t, filepath.Join(dir, "a"), "a")
	f := newFetcher(t, cache, nil)
	used, err := f.Fetch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := newFetcher(t, cache, nil).private()
	if err != nil {
		t.Fatal(err)
	}
	dead.owner.Unlock()
	old := time.Now().Add(-48 * time.Hour)
	for _, dir := range []string{dead.dir, f.own.dir} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newFetcher(t, cache, nil).Fetch(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(used.Path); err != nil {
		t.Errorf("what is used was removed: %v", err)
	}
	if _, err := os.Stat(dead.dir); err == nil {
		t.Error("what nobody uses is left")
	}
}

// An archive is what it is now, whatever its times say.
func TestLocalTimes(t *testing.T) {
	file, cache := filepath.Join(t.TempDir(), "a"), t.TempDir()
	for _, text := range []string{"1", "2"} {
		request := localArchive(t, file, text)
		if err := os.Chtimes(file, epoch, epoch); err != nil {
			t.Fatal(err)
		}
		result, err := newFetcher(t, cache, nil).Fetch(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"./", "a -r--r--r-- " + text}, describe(t, result.Path)); diff != "" {
			t.Error(diff)
		}
	}
}

// Nothing waits for the other end of a pipe.
func TestLocalPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, unpack := range []bool{true, false} {
		done := make(chan error, 1)
		go func() {
			_, err := newFetcher(t, t.TempDir(), nil).Fetch(t.Context(), Request{URL: "file://" + file, Local: file, Name: "x", Unpack: unpack})
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "is not a regular file") {
				t.Errorf("got %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits")
		}
	}
}
