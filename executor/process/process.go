// Package process runs the programs of a deployment, each in a process group of
// its own, so that signals reach a program together with what it started.
package process

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// Command is a program to run. Nothing is inherited but what it says.
type Command struct {
	Argv   []string // Argv[0] is looked up in PATH of Env, or is a path
	Dir    string
	Env    []string // "NAME=VALUE"; of several values of a name the last counts
	Stdin  *os.File // nil: empty
	Stdout io.Writer
	Stderr io.Writer
	// Files are open in the program as well, from descriptor 3 on.
	Files []*os.File
}

// outputDelay is how long output is waited for after the end of a program. A
// process that it left behind may hold the pipe for ever.
const outputDelay = 2 * time.Second

// Process is a running program.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Result is how a program ended.
type Result struct {
	ExitCode int            // -1 when a signal ended it
	Signal   syscall.Signal // 0 when it ended by itself
}

// OK reports whether the program succeeded.
func (r Result) OK() bool { return r.ExitCode == 0 && r.Signal == 0 }

// String says how the program ended: "exit status 1", "killed".
func (r Result) String() string {
	if r.Signal != 0 {
		return "ended by signal " + r.Signal.String()
	}
	return "exit status " + strconv.Itoa(r.ExitCode)
}

// Start starts a program. When nixplan dies the program is sent an interrupt, on
// systems where the kernel does that.
func Start(c Command) (*Process, error) {
	path, err := LookPath(c.Argv[0], c.Env)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: path, Args: c.Argv, Dir: c.Dir, Env: c.Env,
		Stdout: c.Stdout, Stderr: c.Stderr, ExtraFiles: c.Files,
		SysProcAttr: attributes(), WaitDelay: outputDelay,
	}
	if c.Stdin != nil {
		cmd.Stdin = c.Stdin
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel's notice of a parent's death is about the thread that
		// started the program, so that thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the number of the process, and of its group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended and its output was written.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the program. The error is about its output, which
// could not be written.
func (p *Process) Wait() (Result, error) {
	<-p.done
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		return Result{ExitCode: p.cmd.ProcessState.ExitCode()}, nil
	}
	r := Result{ExitCode: status.ExitStatus()}
	if status.Signaled() {
		r.ExitCode, r.Signal = -1, status.Signal()
	}
	var exit *exec.ExitError
	if p.err == nil || errors.As(p.err, &exit) || errors.Is(p.err, exec.ErrWaitDelay) {
		return r, nil
	}
	return r, p.err
}

// Signal sends a signal to the program and everything in its group. That the
// group is gone is no error.
func (p *Process) Signal(s syscall.Signal) error {
	err := syscall.Kill(-p.PID(), s)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
