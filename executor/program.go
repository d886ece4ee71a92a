package executor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nixplan/nixplan/executor/process"
	"github.com/nixplan/nixplan/executor/shell"
	"github.com/nixplan/nixplan/plan"
)

const (
	interruptSignal = syscall.SIGINT
	endSignal       = syscall.SIGTERM
	killSignal      = syscall.SIGKILL
)

// program runs a step's command line.
func (j *jobRun) program(step plan.Step, gentle bool) error {
	argv := step.Argv
	switch step.ID {
	case "set-args":
		var err error
		if argv, err = j.setArgs(); err != nil {
			return err
		}
	case "import", "create":
		// What an earlier attempt left half-way would be there twice.
		if err := j.emptyDatabase(); err != nil {
			return err
		}
	}
	c := process.Command{Argv: argv, Env: append(slices.Clip(j.env), step.Env...)}
	if step.Stdin != "" {
		file, err := os.Open(filepath.Join(j.cwd, step.Stdin))
		if err != nil {
			return err
		}
		defer file.Close()
		c.Stdin = file
	}
	if step.Stdout == "" {
		return j.start(step, c, nil, gentle)
	}
	// The disk may be full, which is no reason to lose what is written.
	var out bytes.Buffer
	if err := j.start(step, c, &out, gentle); err != nil {
		return err
	}
	return j.takeOutput(step, out.Bytes())
}

// scripts runs a step's scripts in bash, and takes over the variables they export
// and the directory they end in.
func (j *jobRun) scripts(step plan.Step, gentle bool) error {
	o := shell.Options{
		Dir:    filepath.Join(j.private.Path(), "shell"),
		Helper: j.r.o.Helper, SecretsFile: j.private.SecretsFile(), Socket: j.socket(),
	}
	for _, name := range step.Scripts {
		hook := strings.HasPrefix(name, "pre") || strings.HasPrefix(name, "post") || strings.HasSuffix(name, "Hook")
		o.Scripts = append(o.Scripts, shell.Script{Name: name, Text: j.values.Env[name], Hook: hook})
	}
	argv, env, err := shell.Command(o)
	if err != nil {
		return err
	}
	c := process.Command{Argv: argv, Env: append(slices.Clip(j.env), env...)}
	if err := j.start(step, c, nil, gentle); err != nil {
		return err
	}
	exported, cwd, err := shell.ReadResult(o.Result())
	var none *shell.NoResult
	if errors.As(err, &none) {
		return &stepError{status: Failed, message: none.Error(), help: none.Help()}
	}
	if err != nil {
		return err
	}
	j.env, j.cwd = exported, cwd
	return nil
}

// start runs a program to its end. Its output is redacted, kept in a log and told
// line by line; standard output goes to stdout instead, if that is not nil.
func (j *jobRun) start(step plan.Step, c process.Command, stdout io.Writer, gentle bool) error {
	log, err := j.openLog(step)
	if err != nil {
		if !gentle {
			return err
		}
		j.warn("there will be no log of %s: %v", step.ID, err)
	}
	out := j.output(step, log)
	c.Dir, c.Stdout, c.Stderr = j.cwd, out, out
	if stdout != nil {
		c.Stdout = stdout
	}
	if j.lease != nil {
		c.Files = j.lease.Files()
	}
	p, err := process.Start(c)
	if err != nil {
		out.Close()
		var missing *process.NotFoundError
		if errors.As(err, &missing) {
			return &stepError{status: Failed, message: err.Error(), help: "install " + missing.Name + ", or use --evaluator nix, which takes the one that the effect names"}
		}
		return fmt.Errorf("cannot start %s: %w", c.Argv[0], err)
	}
	interrupted, why := j.wait(p, gentle)
	result, err := p.Wait()
	out.Close()
	switch {
	case result.OK() && err != nil && stdout != nil:
		return err
	case result.OK():
		return nil
	}
	who := c.Argv[0]
	if len(step.Scripts) > 0 {
		who = strings.Join(step.Scripts, ", ")
	}
	e := failed("%s: %s", who, result)
	if text := out.message(); text != "" {
		e.message = text + " (" + result.String() + ")"
	}
	if result.Signal == 0 {
		e.exitCode = &result.ExitCode
	}
	if interrupted {
		e.status, e.message = Interrupted, "interrupted by "+why
	}
	if out.path != "" {
		e.help = "the whole output is in " + out.path
	}
	return e
}

// wait waits until a program has ended, and sees to it when it is not to go on. A
// gentle one saves the state: the first interrupt is not for it, but it has its own
// limit.
func (j *jobRun) wait(p *process.Process, gentle bool) (interrupted bool, why string) {
	stop := j.r.stop
	var limit <-chan time.Time
	if gentle {
		stop = nil
		timer := time.NewTimer(j.r.o.saveTime())
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-p.Done():
		return false, ""
	case <-j.r.kill:
		why = "a second interrupt"
	case <-limit:
		why = "its time limit of " + j.r.o.saveTime().String()
	case <-stop:
		_, why = j.r.stopped()
	}
	for _, s := range []syscall.Signal{interruptSignal, endSignal} {
		if j.r.killed() {
			break
		}
		p.Signal(s) // what cannot be reached has ended
		select {
		case <-p.Done():
			return true, why
		case <-j.r.kill:
		case <-time.After(j.r.o.grace()):
		}
	}
	p.Signal(killSignal)
	<-p.Done()
	return true, why
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
