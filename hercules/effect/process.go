package effect

import (
	"os/exec"
	"syscall"
	"time"
)

// patience is how long Nix may take to end its builders after it was told to.
const patience = 5 * time.Second

// group makes a command the leader of a process group that ends as a whole when
// the command's context does.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		pgid := -cmd.Process.Pid
		time.AfterFunc(patience, func() { syscall.Kill(pgid, syscall.SIGKILL) })
		return syscall.Kill(pgid, syscall.SIGTERM)
	}
	cmd.WaitDelay = patience + time.Second
}
