package private

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A process with protected memory leaves no core, and its children neither.
func TestProtectMemory(t *testing.T) {
	if os.Getenv("PRIVATE_TEST_PROTECT") != "" {
		if err := ProtectMemory(); err != nil {
			t.Fatal(err)
		}
		if err := ProtectMemory(); err != nil { // a helper of a helper
			t.Fatal(err)
		}
		child := exec.Command("/bin/sh", "-c", "grep 'core file' /proc/self/limits; kill -SEGV $$")
		out, _ := child.Output()
		if status := child.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGSEGV || status.CoreDump() {
			t.Errorf("%v, core: %v", status.Signal(), status.CoreDump())
		}
		if fields := strings.Fields(string(out)); len(fields) < 6 || fields[4] > "1" || fields[5] > "1" {
			t.Errorf("%s", out)
		}
		// Everything that is needed of /proc is still there.
		if _, err := os.ReadDir("/proc/self/fd"); err != nil {
			t.Error(err)
		}
		if _, err := os.Executable(); err != nil {
			t.Error(err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestProtectMemory$", "-test.v")
	cmd.Env = append(os.Environ(), "PRIVATE_TEST_PROTECT=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}
