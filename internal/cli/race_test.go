//go:build race

package cli

import (
	"os"
	"syscall"
)

const raceEnabled = true

// The race detector waits a second at the end of each process unless a variable tells
// it not to, of which the programs that apply starts know nothing.
func init() {
	const name, value = "GORACE", "atexit_sleep_ms=0"
	if os.Getenv(name) != "" {
		return
	}
	if self, err := os.Executable(); err == nil {
		syscall.Exec(self, os.Args, append(os.Environ(), name+"="+value))
	}
}
