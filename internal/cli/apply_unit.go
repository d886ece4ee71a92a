package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/internal/view"
)

// A deployment of this machine may restart the service that nixplan runs in, and end
// nixplan with it. Where systemd runs, such jobs are left to a process of their own,
// in a transient unit, which carries the run on.

// hasSystemd reports whether systemd runs here and takes transient units.
func hasSystemd(ctx context.Context) bool {
	if _, err := exec.LookPath("systemd-run"); err != nil {
		return false
	}
	// The status is not 0 for a degraded system, which runs all the same.
	out, _ := exec.CommandContext(ctx, "systemctl", "is-system-running").Output()
	return slices.Contains([]string{"running", "degraded", "starting", "maintenance"}, strings.TrimSpace(string(out)))
}

// unitVariables are what the process in the unit gets of the environment. Their
// values are on no command line: systemd-run takes them from its own environment.
var unitVariables = []string{
	"HOME", "PATH", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HERCULES_CI_SECRETS_JSON", "HERCULES_CI_API_BASE_URL", "HERCULES_CI_API_TOKEN",
	"HERCULES_CI_PROJECT_ID", "HERCULES_CI_PROJECT_PATH", "IN_HERCULES_CI_EFFECT", "LANG", "SSL_CERT_FILE",
}

// handOver carries a run on in a transient unit and waits for its end, which may be
// that of this process before.
func (a *application) handOver(ctx context.Context, others *executor.Result) error {
	run := others.Run
	self, err := os.Executable()
	if err != nil {
		return err
	}
	unit := "nixplan-" + run
	args := []string{"--collect", "--wait", "--quiet", "--unit=" + unit, "--description=nixplan apply --resume " + run}
	for _, name := range append(slices.Clone(unitVariables), a.o.keep...) {
		if _, set := os.LookupEnv(name); set {
			args = append(args, "--setenv="+name)
		}
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "NIX_") {
			args = append(args, "--setenv="+name)
		}
	}
	args = append(args, "--", self, "apply", "--resume", run, "--grace="+a.o.grace.String(), "--save-timeout="+a.o.saveTime.String(), "--lock-timeout="+a.o.lockTimeout)
	if a.o.timeout > 0 {
		args = append(args, "--timeout="+a.o.timeout.String())
	}
	for _, job := range a.jobs {
		if job.Last {
			args = append(args, "--job="+exactly(job.Plan.Path)) // not again what failed before
		}
	}
	for _, name := range a.o.keep {
		args = append(args, "--keep="+name)
	}
	if a.o.gitToken != "" {
		args = append(args, "--git-token="+a.o.gitToken)
	}
	fmt.Fprintf(a.o.streams.Err, "nixplan: the rest is carried out in the unit %s (journalctl -u %s)\n", unit, unit)
	err = exec.CommandContext(ctx, "systemd-run", args...).Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("cannot start a unit; carry the run on with %s: %w", text.ShellLine(append(a.run.Resume, run)), err)
	}
	history, err := a.runs.History(run)
	if err != nil {
		return err
	}
	if !a.out.json {
		if err := view.Run(a.o.streams.Out, history, view.Options{Width: a.o.streams.width(), Color: a.out.style.On()}); err != nil {
			return err
		}
	}
	if history.Status != string(executor.Succeeded) || others.Status == executor.Failed {
		return errFindings
	}
	return nil
}

// hasLast reports whether a job deploys this machine.
func (a *application) hasLast() bool {
	return slices.ContainsFunc(a.jobs, func(job executor.Job) bool { return job.Last })
}
