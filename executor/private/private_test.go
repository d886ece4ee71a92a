package private

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("PRIVATE_TEST_CRASH"); dir != "" {
		crash(dir)
	}
	os.Exit(m.Run())
}

// crash makes a private directory and waits to be killed.
func crash(fallback string) {
	d, err := Create("run-of-a-child", "job", fallback)
	if err == nil {
		err = os.WriteFile(d.SecretsFile(), []byte("canary"), 0o600)
	}
	if err != nil {
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(d.Path() + "\n")
	time.Sleep(time.Hour)
}

// places has tests use only directories of their own.
func places(t *testing.T) (runtimeDir, fallback string) {
	t.Helper()
	runtimeDir = t.TempDir()
	if filesystem("/dev/shm").memory {
		dir, err := os.MkdirTemp("/dev/shm", "nixplan-test-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		runtimeDir = dir
	}
	t.Setenv("XDG_RUNTIME_DIR", runtimeDir)
	return runtimeDir, filepath.Join(t.TempDir(), "state", "nixplan")
}

func create(t *testing.T, run, job, fallback string) *Dir {
	t.Helper()
	d, err := Create(run, job, fallback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	return d
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestCreate(t *testing.T) {
	runtimeDir, fallback := places(t)
	d := create(t, "20261128T201644Z-3f9c", "environments/prod \"x\".neat-network", fallback)
	if !strings.Contains(d.Path(), "/20261128T201644Z-3f9c/environments-") {
		t.Error(d.Path())
	}
	if filesystem(runtimeDir).memory != strings.HasPrefix(d.Path(), runtimeDir+"/") {
		t.Errorf("%s is not on the tmpfs %s", d.Path(), runtimeDir)
	}
	for _, path := range []string{d.Path(), d.Home(), d.Tmp(), filepath.Dir(d.SecretsFile()), filepath.Dir(d.Path())} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	// Sockets of gpg-agent in the usual places.
	if n := len("/run/user/1000/nixplan/20261128T201644Z-3f9c/") + maxElement + len("/home/.gnupg/S.gpg-agent.browser"); n > 107 {
		t.Errorf("a socket's path would have %d bytes", n)
	}
	for _, other := range []string{"environments/prod \"x\".neat-networks", "", "..", "a/../b", strings.Repeat("x", 300)} {
		if e := create(t, "20261128T201644Z-3f9c", other, fallback); filepath.Dir(e.Path()) != filepath.Dir(d.Path()) || e.Path() == d.Path() {
			t.Errorf("%q has %s", other, e.Path())
		}
	}
	for _, run := range []string{"", ".", "..", "a/b", "/a", "a\x00b"} {
		if d, err := Create(run, "job", fallback); err == nil {
			t.Errorf("the run %q has %s", run, d.Path())
		}
	}
	again, err := Open(d.Path())
	if err != nil || again.Home() != d.Home() {
		t.Error(again, err)
	}
	// A second attempt starts afresh.
	write(t, filepath.Join(d.Home(), "left"), "x", 0o600)
	if e := create(t, "20261128T201644Z-3f9c", "environments/prod \"x\".neat-network", fallback); e.Path() != d.Path() || exists(filepath.Join(e.Home(), "left")) {
		t.Errorf("%s has what an earlier attempt left", e.Path())
	}
}

// Without a usable tmpfs the fallback is taken, and what somebody else put where
// the directory belongs is not.
func TestCreateElsewhere(t *testing.T) {
	runtimeDir, fallback := places(t)
	victim := t.TempDir()
	if err := os.Symlink(victim, filepath.Join(runtimeDir, "nixplan")); err != nil {
		t.Fatal(err)
	}
	d := create(t, "run", "job", fallback)
	entries, err := os.ReadDir(victim)
	if strings.HasPrefix(d.Path(), runtimeDir) || err != nil || len(entries) > 0 {
		t.Errorf("%s: a link was followed", d.Path())
	}
	root := filepath.Join(fallback, "private")
	if e, err := createBelow(root, "run", "job"); err != nil || !strings.HasPrefix(e.Path(), root) {
		t.Error(e, err)
	}
}

func TestRemove(t *testing.T) {
	_, fallback := places(t)
	outside := t.TempDir()
	victim, linked := filepath.Join(outside, "victim"), filepath.Join(outside, "linked")
	write(t, victim, "keep", 0o644)
	write(t, linked, "keep", 0o644)
	write(t, filepath.Join(outside, "inner"), "keep", 0o644)
	d := create(t, "run", "job", fallback)
	home := d.Home()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink(victim, filepath.Join(home, "link")))
	must(os.Symlink(outside, filepath.Join(home, "dir-link")))
	must(os.Symlink("/nonexistent", filepath.Join(home, "dangling")))
	must(os.Symlink(".", filepath.Join(home, "loop")))
	if err := os.Link(linked, filepath.Join(home, "hard")); err != nil && !errors.Is(err, syscall.EXDEV) {
		t.Fatal(err)
	}
	must(syscall.Mkfifo(filepath.Join(home, "fifo"), 0o600))
	must(os.MkdirAll(filepath.Join(home, "a/b/c"), 0o700))
	write(t, filepath.Join(home, "a/b/c/read-only"), "canary", 0o400)
	write(t, filepath.Join(home, "a/b/none"), "canary", 0)
	must(os.Chmod(filepath.Join(home, "a/b"), 0))
	must(os.Chmod(filepath.Join(home, "a"), 0o500))
	// A file that is mostly a hole: 1 TiB must not be written.
	f, err := os.Create(filepath.Join(home, "sparse"))
	must(err)
	must(f.Truncate(1 << 40))
	_, err = f.WriteAt([]byte("canary"), 1<<39)
	must(err)
	must(f.Close())

	must(d.Remove())
	if exists(d.Path()) || exists(filepath.Dir(d.Path())) {
		t.Error("the directory is still there")
	}
	for _, path := range []string{victim, linked, filepath.Join(outside, "inner")} {
		if text, err := os.ReadFile(path); string(text) != "keep" {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	must(d.Remove())
}

// What was in a file is gone for whoever still has it open.
func TestRemoveOverwrites(t *testing.T) {
	_, fallback := places(t)
	d := create(t, "run", "job", fallback)
	text := strings.Repeat("canary", 100_000)
	write(t, d.SecretsFile(), text, 0o400)
	f, err := os.Open(d.SecretsFile())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := f.ReadAt(got, 0); err != nil || bytes.Contains(got, []byte("canary")) {
		t.Errorf("the file was not overwritten (%v)", err)
	}
}

func TestSweep(t *testing.T) {
	runtimeDir, fallback := places(t)
	alive, dead := create(t, "alive", "job", fallback), create(t, "dead", "job", fallback)
	create(t, "dead", "other job", fallback)
	onDisk, err := createBelow(filepath.Join(fallback, "private"), "dead-on-disk", "job")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(runtimeDir, "not-ours"), "keep", 0o600)
	// A child that is killed leaves its directory.
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "PRIVATE_TEST_CRASH="+fallback)
	out, err := child.StdoutPipe()
	if err != nil || child.Start() != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, _ := out.Read(line)
	left := strings.TrimSpace(string(line[:n]))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if !exists(filepath.Join(left, "secrets", "secrets.json")) {
		t.Fatalf("%q: nothing is left", left)
	}
	// The roots are shared with other runs of this user, which must stay.
	ours := []string{"dead", "dead-on-disk", "run-of-a-child"}
	swept, err := Sweep([]string{fallback}, func(run string) bool { return !slices.Contains(ours, run) })
	slices.Sort(swept)
	if err != nil || !slices.Equal(swept, ours) {
		t.Errorf("%v, %v", swept, err)
	}
	for _, path := range []string{dead.Path(), onDisk.Path(), left} {
		if exists(path) {
			t.Errorf("%s is still there", path)
		}
	}
	if !exists(alive.Path()) || !exists(filepath.Join(runtimeDir, "not-ours")) {
		t.Error("too much was removed")
	}
	if swept, err := Sweep([]string{fallback, "/nonexistent"}, func(run string) bool { return !slices.Contains(ours, run) }); err != nil || len(swept) > 0 {
		t.Errorf("%v, %v", swept, err)
	}
}

// Jobs of a run come and go at the same time.
func TestConcurrentJobs(t *testing.T) {
	_, fallback := places(t)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 30 {
				d, err := Create("run", string(rune('a'+i)), fallback)
				if err == nil {
					err = os.WriteFile(filepath.Join(d.Home(), "x"), []byte("x"), 0o600)
				}
				if err == nil {
					err = d.Remove()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}
