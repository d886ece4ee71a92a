package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/executor/secretfile"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// carryOn resumes a run, from what it wrote down: neither the repository nor Nix is
// asked again.
func (o *applyOptions) carryOn(ctx context.Context, out *applyOutput) error {
	runs, err := runsOf(o.streams)
	if err != nil {
		return err
	}
	id, err := runs.Find(o.resume)
	if err != nil {
		return noRun(err)
	}
	m, err := runs.Manifest(id)
	if err != nil {
		return noRun(err)
	}
	unfinished, err := runs.Unfinished(id)
	if err != nil {
		return err
	}
	if len(unfinished) == 0 {
		fmt.Fprintf(o.streams.Err, "nixplan: all jobs of run %s are done\n", id)
		return nil
	}
	match, err := newJobMatcher(o.jobs, o.exclude)
	if err != nil {
		return err
	}
	if err := match.someOf(unfinished); err != nil {
		return err
	}
	run, err := o.runOptions()
	if err != nil {
		return err
	}
	o.backend.parse(m.Backend)
	project, settings := o.repositoryOf(m)
	if run.Store, run.Locker, err = o.openStates(ctx, &run, project, settings); err != nil {
		return err
	}
	if place := run.Store.Place(); place != m.Place {
		return usagef("run %s keeps its state in %s, but here that would be %s", id, text.Line(m.Place), text.Line(place))
	}
	run.Observe = out.observe
	if o.secretsFile != "" {
		m.SecretsFile, m.SecretsOrigin = o.secretsFile, "the command line"
	}
	stop := catchSignals(&run)
	defer stop()
	o.running.Store(true)
	result, err := runs.Resume(id, match.matches, func(_ *plan.Job, env map[string]string) (*secretfile.Selection, error) {
		return o.readSecrets(m, env)
	}, run)
	switch {
	case errors.Is(err, executor.ErrRunning):
		return &exitError{code: exitLocked, message: fmt.Sprintf("run %s is still going on in another process", id)}
	case err != nil:
		return &exitError{code: exitFindings, message: text.Printable(err.Error())}
	}
	return ended(result)
}

// notResumed refuses a flag that a resumed run could only ignore: somebody who adds
// --dry-run must not get a deployment.
func notResumed(flag string) error {
	err := usagef("--resume carries on what a run began, so --%s cannot be given", flag)
	err.help = "nixplan runs RUN shows how far it has come."
	return err
}

// repositoryOf is the repository of a run, as far as it is still there.
func (o *applyOptions) repositoryOf(m *executor.Manifest) (*hercules.Project, *config.Config) {
	project, err := hercules.FindProject(m.Repository)
	if err != nil {
		return nil, nil
	}
	settings, _, err := config.Find(nil, project.Root, project.Top())
	if err != nil {
		return project, nil
	}
	return project, settings
}

func noRun(err error) error {
	if !errors.Is(err, executor.ErrNoRun) {
		return err
	}
	out := usagef("%v", err)
	out.help = "nixplan runs lists them."
	return out
}

// The interfaces by which runs are given their backends.
type (
	stateStore  = state.Store
	stateLocker = state.Locker
)
