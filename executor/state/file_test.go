package state

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A writer that is killed at any moment leaves the newest version whole, and every
// version that it was told is stored.
func TestWriterKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := NewFileStore(dir)
	total := 0
	for round := range 6 {
		name := "web-" + strconv.Itoa(round)
		cmd, out := child(t, "write", dir, name)
		last := 0
		for range 3 + round {
			last++
			says(t, out, strconv.Itoa(last))
		}
		time.Sleep(time.Duration(round*300) * time.Microsecond)
		cmd.Process.Kill()
		for out.Scan() { // what it said before it died
			last, _ = strconv.Atoi(out.Text())
		}
		cmd.Wait()
		list, err := store.Versions(t.Context(), name)
		if err != nil || list[0].Number < last {
			t.Fatalf("after %d versions were stored: %v, %v", last, list, err)
		}
		for _, v := range list {
			file, err := store.GetVersion(t.Context(), name, v.Number)
			if err != nil || !bytes.Equal(file.Data, numbered(v.Number)) {
				t.Fatalf("version %d: %v", v.Number, err)
			}
		}
		// Whoever comes next can go on, and clears away what was half-written.
		if _, err := store.Put(t.Context(), name, []byte("next"), &list[0]); err != nil {
			t.Error(err)
		}
		left, err := filepath.Glob(filepath.Join(dir, name, ".*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		total += last
	}
	t.Logf("%d versions were stored", total)
}

// A full disk costs nothing that is stored.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, locker := NewFileStore(dir), NewFileLocker(dir)
	full := func(f *os.File, data []byte) error {
		n, err := f.Write(data[:len(data)/2])
		if err != nil || n == len(data) {
			t.Errorf("wrote %d: %v", n, err)
		}
		return &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	works := store.dir.write
	// Not even a name can be written.
	store.dir.write, locker.dir.write = full, full
	if _, err := store.Put(t.Context(), "web", []byte("first"), nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Put: %v", err)
	}
	if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Acquire: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	store.dir.write = works
	v, err := store.Put(t.Context(), "web", []byte("first"), nil)
	if err != nil {
		t.Fatal(err)
	}
	store.dir.write = full
	if _, err := store.Put(t.Context(), "web", []byte("second"), &v); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "second") {
		t.Errorf("Put: %v", err)
	}
	if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Acquire: %v", err)
	}
	if file, err := store.Get(t.Context(), "web"); err != nil || string(file.Data) != "first" {
		t.Errorf("Get: %v, %v", file, err)
	}
	// When there is room again, nothing is in the way.
	store.dir.write, locker.dir.write = works, works
	if v, err := store.Put(t.Context(), "web", []byte("second"), &v); err != nil || v.Number != 2 {
		t.Errorf("Put: %v, %v", v, err)
	}
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lease.Release(t.Context())
	if left, _ := filepath.Glob(filepath.Join(dir, "*", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Nothing that is written can be read by others, whatever the umask.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	if _, err := NewFileStore(dir).Put(t.Context(), "web", []byte("key"), nil); err != nil {
		t.Fatal(err)
	}
	lease, err := NewFileLocker(dir).Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release(t.Context())
	files := 0
	err = filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files != 5 {
		t.Errorf("%d files, want 5; %v", files, err)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := NewFileStore(dir)
	v, err := store.Put(t.Context(), "web", []byte("one"), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err = store.Put(t.Context(), "web", []byte("two"), &v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "web", v.fileName())
	if err := os.WriteFile(path, []byte("tw"), 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := store.Get(t.Context(), "web"); !errors.As(err, &damaged) || damaged.Path != path || damaged.Version.Number != 2 {
		t.Errorf("Get: %v", err)
	}
	if file, err := store.GetVersion(t.Context(), "web", 1); err != nil || string(file.Data) != "one" {
		t.Errorf("GetVersion: %v, %v", file, err)
	}
	// What is to be stored is not taken for stored because a damaged file says so.
	if v, err := store.Put(t.Context(), "web", []byte("two"), &v); err != nil || v.Number != 3 {
		t.Errorf("Put: %v, %v", v, err)
	}
	if file, err := store.Get(t.Context(), "web"); err != nil || string(file.Data) != "two" {
		t.Errorf("Get: %v, %v", file, err)
	}
}

func TestEncodeName(t *testing.T) {
	seen := map[string]string{}
	for _, name := range append(oddNames, unusualNames...) {
		at := EncodeName(name)
		if other, ok := seen[at]; ok {
			t.Errorf("%q and %q are both %q", name, other, at)
		}
		seen[at] = name
		if !filepath.IsLocal(at) || strings.ContainsAny(at, "/\\") || strings.HasPrefix(at, ".") || len(at) > longestElement || at == "" {
			t.Errorf("%q becomes %q", name, at)
		}
	}
	for name, want := range map[string]string{
		"nixops-neat.known_hosts": "nixops-neat.known_hosts", "../x": "%2e.%2fx", "": "%", "é": "%c3%a9", ".": "%2e",
	} {
		if got := EncodeName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

// Where upper and lower case are the same, two names must not share a directory.
func TestDirectoryOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := NewFileStore(dir)
	if _, err := store.Put(t.Context(), "web", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "web"), filepath.Join(dir, "Web")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "Web", []byte("y"), nil); err == nil || !strings.Contains(err.Error(), `is the directory of "web"`) {
		t.Errorf("Put: %v", err)
	}
	if _, err := store.Get(t.Context(), "Web"); err == nil || isNotExist(err) {
		t.Errorf("Get: %v", err)
	}
	// Things that somebody puts there are left alone.
	if err := os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if list, err := store.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("List: %v, %v", list, err)
	}
}
