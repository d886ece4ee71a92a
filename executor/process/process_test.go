package process

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var env = []string{"PATH=" + os.Getenv("PATH")}

func start(t *testing.T, script string, more ...string) (*Process, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	p, err := Start(Command{Argv: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: append(env[:1:1], more...), Stdout: &out, Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	return p, &out
}

func TestResults(t *testing.T) {
	tests := []struct{ script, want string }{
		{"exit 0", "exit status 0"},
		{"exit 143", "exit status 143"},
		{"kill -9 $$", "ended by signal killed"},
		{"kill -INT $$", "ended by signal interrupt"},
		{"read line && exit 1", "exit status 1"}, // standard input is empty
	}
	for _, test := range tests {
		p, _ := start(t, test.script)
		got, err := p.Wait()
		if err != nil || got.String() != test.want {
			t.Errorf("%s: %s, %v; want %s", test.script, got, err, test.want)
		}
		if got.OK() != (test.want == "exit status 0") {
			t.Errorf("%s: OK is %v", test.script, got.OK())
		}
	}
}

// A signal reaches what the program started, which may be what hangs.
func TestSignalToGroup(t *testing.T) {
	p, out := start(t, "sh -c 'echo ready; exec sleep 100' ; echo after")
	waitFor(t, func() bool { return len(children(t, p.PID())) > 0 })
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.Wait(); got.Signal != syscall.SIGTERM {
		t.Errorf("%s", got)
	}
	if strings.Contains(out.String(), "after") {
		t.Errorf("the shell went on: %s", out)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("to a group that is gone: %v", err)
	}
}

func children(t *testing.T, pid int) []byte {
	t.Helper()
	out, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skip(err)
	}
	return out
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}

// Output of a process that was left behind does not keep the program from ending.
func TestLeftBehind(t *testing.T) {
	p, _ := start(t, "sleep 60 & exit 3")
	select {
	case <-p.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("still waiting for the output of sleep")
	}
	if got, err := p.Wait(); err != nil || got.ExitCode != 3 {
		t.Errorf("%s, %v", got, err)
	}
	p.Signal(syscall.SIGKILL)
}

func TestMarked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells other processes' environments")
	}
	mark := "test-" + strconv.Itoa(os.Getpid())
	p, _ := start(t, "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 100; sleep 100' & sleep 100; sleep 100", Marker+"="+mark)
	waitFor(t, func() bool { return len(Marked(mark)) >= 4 })
	if got := Marked(mark + "0"); len(got) > 0 {
		t.Errorf("another mark has %d", len(got))
	}
	found, left := EndMarked(mark, syscall.SIGTERM, 50*time.Millisecond)
	if found < 4 || left != 0 || len(Marked(mark)) > 0 {
		t.Errorf("found %d, left %d", found, left)
	}
	p.Wait()
}

// What has ended holds no locks any more, although much is left to be cleared away.
func TestMarkedLetsGo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells other processes' environments")
	}
	mark := "lock-" + strconv.Itoa(os.Getpid())
	path := filepath.Join(t.TempDir(), "lock")
	for range 5 {
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Fatalf("the lock is held: %v", err)
		}
		cmd := exec.Command("sh", "-c", "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo; sleep 100; sleep 100")
		cmd.Env = append(os.Environ(), Marker+"="+mark)
		cmd.ExtraFiles = []*os.File{file}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		file.Close()
		out.Read(make([]byte, 1)) // it is large now
		if _, left := EndMarked(mark, syscall.SIGKILL, 5*time.Second); left > 0 {
			t.Fatalf("%d are left", left)
		}
		again, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(again.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Errorf("the lock is held by what has ended: %v", err)
		}
		again.Close()
		cmd.Wait()
	}
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"program": 0o755, "data": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	env := []string{"PATH=/nowhere", "PATH=.::" + dir}
	if got, err := LookPath("program", env); err != nil || got != filepath.Join(dir, "program") {
		t.Errorf("%s, %v", got, err)
	}
	var missing *NotFoundError
	for _, test := range [][]string{{"data", env[1]}, {"program", "PATH=.:"}, {"program", "HOME=/"}} {
		if got, err := LookPath(test[0], test[1:]); !errors.As(err, &missing) {
			t.Errorf("%q: %s, %v", test, got, err)
		}
	}
}
