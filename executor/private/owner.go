package private

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

func isOwn(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 0
}

// stopAgent ends the gpg-agent of a home directory. gpg leaves it behind, with
// the keys in its memory, and no signal to the job's processes reaches it.
func stopAgent(home string) {
	gnupg := filepath.Join(home, ".gnupg")
	if info, err := os.Lstat(gnupg); err != nil || !info.IsDir() {
		return
	}
	program, err := exec.LookPath("gpgconf")
	if err != nil {
		return // then gpg ran from elsewhere; its agent notices within a minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--homedir", gnupg, "--kill", "gpg-agent")
	cmd.WaitDelay = time.Second
	_ = cmd.Run()
}
