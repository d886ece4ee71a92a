package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process that is killed leaves its lease, which nobody gets unasked.
func TestLeaseAbandoned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	locker := NewFileLocker(dir)
	cmd, out := child(t, "hold", dir, "web", "run-1")
	id := says(t, out, "held")
	var blocked *BlockedError
	if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-2"}); !errors.As(err, &blocked) || blocked.Abandoned() {
		t.Fatalf("while it runs: %v", err)
	}
	if h := blocked.Holders[0]; h.PID != cmd.Process.Pid || h.LeaseID != id || h.Run != "run-1" || h.Host != hostName() || h.User != userName() {
		t.Errorf("held by %+v", h)
	}
	cmd.Process.Kill()
	cmd.Wait()
	start := time.Now()
	_, err := locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-2", Wait: time.Minute})
	if !errors.As(err, &blocked) || !blocked.Abandoned() || blocked.Holders[0].LeaseID != id || time.Since(start) > 30*time.Second {
		t.Fatalf("after it died: %v", err)
	}
	if holders, err := locker.List(t.Context()); err != nil || len(holders) != 1 || !holders[0].Abandoned || holders[0].Orphaned {
		t.Errorf("List: %v, %v", holders, err)
	}
	// Its own run gets it, also when it does not know the lease's id.
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-1"})
	if err != nil {
		t.Fatal(err)
	}
	dieWithout(t, lease)
	// Or it is released by hand.
	if err := locker.Release(t.Context(), "web", "other"); !errors.Is(err, ErrNoLease) {
		t.Errorf("Release of another lease: %v", err)
	}
	if err := locker.Release(t.Context(), "web", ""); err != nil {
		t.Error(err)
	}
	lease, err = locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-2"})
	if err != nil {
		t.Fatal(err)
	}
	lease.Release(t.Context())
}

// A child that inherits the lock holds it when its parent is killed.
func TestLeaseOrphaned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	locker := NewFileLocker(dir)
	cmd, out := child(t, "parent", dir, "web", "run-1")
	pid, err := strconv.Atoi(says(t, out, "started"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	sleeper, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer sleeper.Kill()
	var blocked *BlockedError
	// Not even its own run gets it.
	if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-1"}); !errors.As(err, &blocked) || blocked.Abandoned() || !blocked.Holders[0].Orphaned {
		t.Fatalf("while the child runs: %v", err)
	}
	if err := locker.Release(t.Context(), "web", ""); !errors.As(err, &blocked) {
		t.Errorf("Release: %v", err)
	}
	sleeper.Kill()
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{Run: "run-1", Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	lease.Release(t.Context())
}

// A lease that its holder releases is free for others even if a child that inherited
// it still runs.
func TestReleaseWithChildren(t *testing.T) {
	t.Parallel()
	locker := NewFileLocker(t.TempDir())
	lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(lease.Files()[0].Fd())) // what a child would have
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := lease.Files(); len(files) != 0 {
		t.Errorf("after the release: %v", files)
	}
	again, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again.Release(t.Context())
}

// Processes hold the lock one after the other.
func TestProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	alone := filepath.Join(t.TempDir(), "alone")
	const processes, times = 4, 5
	var group sync.WaitGroup
	for range processes {
		cmd, _ := child(t, "append", dir, "web", alone, strconv.Itoa(times))
		group.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	file, err := NewFileStore(dir).Get(t.Context(), "web")
	if err != nil || bytes.Count(file.Data, []byte("\n")) != processes*times {
		t.Errorf("%v, %v", file, err)
	}
}

// A lease file that cannot be understood is no lock to take.
func TestLeaseFileBroken(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "{", "null", "[]", `{"lease_id": 1}`, "{}"} {
		dir := t.TempDir()
		locker := NewFileLocker(dir)
		lease, err := locker.Acquire(t.Context(), "web", AcquireOptions{})
		if err != nil {
			t.Fatal(err)
		}
		dieWithout(t, lease)
		if err := os.WriteFile(filepath.Join(dir, "web", leaseFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var blocked *BlockedError
		if _, err := locker.Acquire(t.Context(), "web", AcquireOptions{}); !errors.As(err, &blocked) || !blocked.Abandoned() {
			t.Errorf("%q: %v", content, err)
		}
		if err := locker.Release(t.Context(), "web", ""); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestProcessAlive(t *testing.T) {
	self := thisProcess()
	if !self.alive() {
		t.Errorf("%+v is this process", self)
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("processes have no start here")
	}
	for what, change := range map[string]func(*process){
		"another boot":  func(p *process) { p.Boot = "00000000-0000-0000-0000-000000000000" },
		"another start": func(p *process) { p.Start = "1" },
		"no process":    func(p *process) { p.PID = 1 << 30 },
		"nothing":       func(p *process) { *p = process{Boot: p.Boot} },
	} {
		p := self
		if change(&p); p.alive() {
			t.Errorf("%s: %+v is alive", what, p)
		}
	}
}
