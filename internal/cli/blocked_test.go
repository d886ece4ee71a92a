package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A command whose output nobody reads ends at the first signal.
func TestBlockedOutput(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const broken = "{ src ? { ref = null; } }: { a = throw \"b\"; }\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ci.nix"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"plan", "graph", "check", "refs"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			defer in.Close()
			if err := in.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = in.Write(make([]byte, 4096)) // until it is full
			}
			cmd := exec.Command(exe, command, dir)
			cmd.Args[0] = "nixplan"
			var stderr strings.Builder
			cmd.Stdout, cmd.Stderr = in, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
			defer late.Stop()
			time.Sleep(time.Second) // till it writes; in another state it ends as well
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitFindings || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("it ended with %d, %s", code, stderr.String())
			}
		})
	}
}
