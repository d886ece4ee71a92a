package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/hercules/effect"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
)

type applyOptions struct {
	streams *Streams
	plan    string // a saved plan
	target  string // DIR or FILE
	ref     string

	jobs, exclude []string // globs
	autoApprove   bool
	dryRun        bool
	prebuild      bool
	evaluator     string
	saveState     string
	selfDeploy    bool
	resume        string

	parallelism int
	lockTimeout string
	timeout     time.Duration
	grace       time.Duration
	saveTime    time.Duration
	keep        []string
	secretsFile string
	gitToken    string
	running     atomic.Bool // the run has begun

	format    string
	jsonInto  string
	color     string
	showTrace bool

	model   modelFlags
	limits  limitFlags
	backend backendFlags
}

func newApplyCommand(streams *Streams) *cobra.Command {
	o := &applyOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "apply [PLAN | DIR | FILE]",
		Short: "Carry out the active jobs of a plan, step by step",
		Long: `apply does what an agent would do with the jobs of kind runNixOps and runNixOps2 that
are active for a ref: the same NixOps commands in the same order, in a copy of src,
with the same scripts, secrets and environment. PLAN is a file that nixplan plan --out
saved; it is refused when the repository has changed since. Without it a plan is made,
shown, and carried out after you answered "yes".

What it adds: a lock around the deployment, retries, state that is saved whatever
happens, and a journal, from which an interrupted run is carried on with --resume.
The first interrupt ends the running step and saves the state, the second kills.

With --evaluator nix, the default where Nix is installed, scripts, programs and src
are those of the derivation that an agent would run; it must agree with the plan. The
model knows no packages: programs are then those of your PATH.

` + whereState,
		Example: `  nixplan apply --ref refs/heads/production
  nixplan apply --ref production --dry-run
  nixplan plan --ref production --out plan.json && nixplan apply plan.json
  nixplan apply --job 'prod-*' --exclude prod-db --auto-approve
  nixplan apply --resume 20261128T201644Z-3f9c`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("ref") && o.ref == "" {
				return usagef("--ref needs a name; leave it out to apply for the checked-out branch")
			}
			if o.resume != "" {
				for _, flag := range []string{"dry-run", "ref", "prebuild", "save-state", "evaluator"} {
					if cmd.Flags().Changed(flag) {
						return notResumed(flag)
					}
				}
			}
			if len(args) == 1 {
				if err := o.named(args[0]); err != nil {
					return err
				}
			}
			return runApply(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.ref, "ref", "", "git ref `NAME`, refs/heads/main or just main; default: the checked-out branch")
	flags.Var((*stringList)(&o.jobs), "job", "only jobs whose path matches `GLOB`; may be given several times")
	flags.Var((*stringList)(&o.exclude), "exclude", "no jobs whose path matches `GLOB`")
	flags.BoolVar(&o.autoApprove, "auto-approve", false, "do not ask")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show the steps, and do nothing")
	flags.BoolVar(&o.prebuild, "prebuild", false, "build the network first, as agents do for every ref; needs Nix")
	flags.StringVar(&o.evaluator, "evaluator", "", "`WHERE` scripts and programs come from: nix or model; default: nix where it is installed")
	flags.StringVar(&o.saveState, "save-state", "changed", "`WHEN` to store the state: changed, after actions that may change machines, or always, as the effect does")
	flags.BoolVar(&o.selfDeploy, "allow-self-deploy", false, "deploy also networks that this machine is a part of; they come last")
	flags.StringVar(&o.resume, "resume", "", "carry on the interrupted `RUN`")
	flags.IntVar(&o.parallelism, "parallelism", 4, "how many jobs run at once")
	flags.StringVar(&o.lockTimeout, "lock-timeout", "0s", "how long to wait for a lock: `DURATION`, or forever")
	flags.DurationVar(&o.timeout, "timeout", 0, "interrupt the run after `DURATION`; 0 is never")
	flags.DurationVar(&o.grace, "grace", 30*time.Second, "how long interrupted programs may take to end before they are killed")
	flags.DurationVar(&o.saveTime, "save-timeout", 15*time.Minute, "how long to try to store a state before it is left on disk")
	flags.Var((*stringList)(&o.keep), "keep", "let programs see the variable `NAME` of the environment")
	flags.StringVar(&o.secretsFile, "secrets", "", "the agent's secrets.json, `FILE`; default: where agents and hci have it")
	flags.StringVar(&o.gitToken, "git-token", "", "a token of the forge, in `FILE`, for secretsMap entries of type GitToken")
	flags.StringVar(&o.format, "format", "text", "output `FORMAT`: text, or json, an event a line (see docs/apply.md)")
	flags.StringVar(&o.jsonInto, "json-into", "", "also write the events as JSON lines to `FILE`")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show the whole trace of errors")
	o.model.register(cmd)
	o.backend.register(cmd)
	o.limits.registerMemory(flags)
	complete(cmd, "format", "text", "json")
	complete(cmd, "evaluator", "nix", "model")
	complete(cmd, "save-state", "changed", "always")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

// named takes the argument: a saved plan, or what to plan.
func (o *applyOptions) named(arg string) error {
	info, err := os.Stat(arg)
	if err != nil {
		return usagef("cannot read %s: %v", arg, bareError(err))
	}
	if info.Mode().IsRegular() && filepath.Ext(arg) != ".nix" {
		o.plan = arg
	} else {
		o.target = arg
	}
	return nil
}

// lockWait is the wait for a lock, negative for ever.
func (o *applyOptions) lockWait() (time.Duration, error) {
	if o.lockTimeout == "forever" {
		return -1, nil
	}
	d, err := time.ParseDuration(o.lockTimeout)
	if err != nil || d < 0 {
		return 0, usagef("invalid value %q for --lock-timeout: want a duration such as 10m, or forever", o.lockTimeout)
	}
	return d, nil
}

func runApply(ctx context.Context, o *applyOptions) error {
	// Everything that is made is for this user alone.
	syscall.Umask(0o077)
	if err := o.absolute(); err != nil {
		return err
	}
	out, err := o.output()
	if err != nil {
		return err
	}
	defer out.close()
	if o.resume != "" {
		if o.plan != "" || o.target != "" {
			return usagef("--resume carries on what a run began; it takes no plan")
		}
		return o.carryOn(ctx, out)
	}
	a, err := o.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer a.close()
	if o.dryRun {
		return out.dryRun(a.jobs)
	}
	if len(a.jobs) == 0 {
		return nil
	}
	if err := a.getReady(ctx); err != nil {
		return err
	}
	if err := o.confirm(len(a.jobs)); err != nil {
		return err
	}
	if o.prebuild {
		if err := a.prebuild(ctx); err != nil {
			return err
		}
	}
	a.run.LeaveLast = a.hasLast() && hasSystemd(ctx)
	stop := catchSignals(&a.run)
	defer stop()
	o.running.Store(true)
	result, err := a.runs.Run(a.plan, a.jobs, a.manifest, a.run)
	if err != nil {
		return err
	}
	if a.run.LeaveLast && result.Status != executor.Interrupted {
		return a.handOver(ctx, result)
	}
	return ended(result)
}

// absolute makes the paths of flags independent of the working directory: a run is
// carried on from anywhere.
func (o *applyOptions) absolute() error {
	for _, path := range []*string{&o.secretsFile, &o.gitToken, &o.backend.dir} {
		if *path == "" || filepath.IsAbs(*path) {
			continue
		}
		dir, err := workingDir()
		if err != nil {
			return err
		}
		*path = filepath.Join(dir, *path)
	}
	return nil
}

// ended is the exit status of a run.
func ended(r *executor.Result) error {
	switch r.Status {
	case executor.Succeeded:
		return nil
	case executor.Blocked:
		return &exitError{code: exitLocked}
	}
	return errFindings
}

// catchSignals sends signals to the run rather than to the process.
func catchSignals(o *executor.Options) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Output that nobody reads any more must not end a deployment half-way.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	o.Interrupts = signals
	return func() { signal.Stop(signals); signal.Stop(pipe) }
}

// applyOutput is where the events go.
type applyOutput struct {
	o       *applyOptions
	style   text.Style
	json    bool
	events  []func(executor.Event)
	toClose []io.Closer
}

func (o *applyOptions) output() (*applyOutput, error) {
	if o.format != "text" && o.format != "json" {
		return nil, usagef("unknown format %q, want text or json", o.format)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return nil, err
	}
	out := &applyOutput{o: o, style: text.NewStyle(color), json: o.format == "json"}
	if out.json {
		out.events = append(out.events, view.JSONEvents(&lossy{w: o.streams.Out, name: "standard output", errors: o.streams.Err}))
	} else {
		live := o.streams.Terminal() && o.streams.Getenv("TERM") != "dumb"
		out.events = append(out.events, view.TextEvents(o.streams.Out, view.EventOptions{Color: color, Live: live, Width: o.streams.width, Height: o.streams.Height}))
	}
	if o.jsonInto != "" {
		file, err := os.OpenFile(o.jsonInto, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, usagef("cannot write %s: %v", o.jsonInto, bareError(err))
		}
		out.events = append(out.events, view.JSONEvents(&lossy{w: file, name: o.jsonInto, errors: o.streams.Err}))
		out.toClose = append(out.toClose, file)
	}
	return out, nil
}

// lossy tells once when events cannot be written. The run goes on: its journal and
// its logs have everything.
type lossy struct {
	w      io.Writer
	name   string
	errors io.Writer
	lost   bool
}

func (l *lossy) Write(p []byte) (int, error) {
	if l.lost {
		return len(p), nil // with a gap what follows would mislead
	}
	n, err := l.w.Write(p)
	if err != nil {
		l.lost = true
		fmt.Fprintf(l.errors, "nixplan: cannot write the events to %s: %v; the run goes on without\n", text.Line(l.name), bareError(err))
	}
	return n, err
}

func (a *applyOutput) close() {
	for _, c := range a.toClose {
		c.Close()
	}
}

func (a *applyOutput) observe(e executor.Event) {
	for _, f := range a.events {
		f(e)
	}
}

// dryRun shows the steps that a run would take, from the list that it takes them
// from.
func (a *applyOutput) dryRun(jobs []executor.Job) error {
	if a.json {
		return view.StepsJSON(a.o.streams.Out, jobs)
	}
	return view.StepsText(a.o.streams.Out, jobs, view.Options{Width: a.o.streams.width(), Color: a.style.On()})
}

// confirm asks, unless the user said yes beforehand or applies a plan that was
// looked at.
func (o *applyOptions) confirm(jobs int) error {
	if o.autoApprove || o.plan != "" {
		return nil
	}
	if o.streams.InTerminal == nil || !o.streams.InTerminal() {
		err := usagef("nobody is here to say yes")
		err.help = "Pass --auto-approve, or a plan that nixplan plan --out saved."
		return err
	}
	what := "this job"
	if jobs > 1 {
		what = fmt.Sprintf("these %d jobs", jobs)
	}
	fmt.Fprintf(o.streams.Err, "\nDo you want to carry out %s? Only \"yes\" is taken for an answer: ", what)
	answer, err := bufio.NewReader(o.streams.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return &exitError{code: exitFindings, message: "nothing was done"}
	}
	return nil
}

// evaluatorName decides where the values of jobs come from.
func (o *applyOptions) evaluatorName() (string, error) {
	switch o.evaluator {
	case effect.EvaluatorNix, effect.EvaluatorModel:
		return o.evaluator, nil
	case "":
		if _, err := exec.LookPath("nix-instantiate"); err == nil {
			return effect.EvaluatorNix, nil
		}
		return effect.EvaluatorModel, nil
	}
	return "", usagef("unknown evaluator %q, want nix or model", o.evaluator)
}

// runsOf is where runs leave their files.
func runsOf(streams *Streams) (*executor.Runs, error) {
	home, err := stateHome(streams)
	if err != nil {
		return nil, err
	}
	return &executor.Runs{Dir: filepath.Join(home, "runs")}, nil
}

// selected picks the jobs that are to be carried out, and tells of active ones that
// nixplan cannot.
func (o *applyOptions) selected(p *plan.Plan, match *jobMatcher) (jobs, other []int, err error) {
	for i := range p.Jobs {
		job := &p.Jobs[i]
		if job.State != plan.Active || !match.matches(job.Path) {
			continue
		}
		if job.Trigger.Kind == plan.Schedule && len(o.jobs) == 0 {
			continue // it is not the push that runs it
		}
		if len(job.Steps) == 0 {
			other = append(other, i)
			continue
		}
		jobs = append(jobs, i)
	}
	for _, glob := range match.unused() {
		return nil, nil, notMatched(p, glob)
	}
	return jobs, other, nil
}

// notMatched explains that a glob names no job that could be carried out.
func notMatched(p *plan.Plan, glob string) error {
	err := usagef("no active job matches --job %s", text.ShellWord(glob))
	var names []string
	for i := range p.Jobs {
		names = append(names, fmt.Sprintf("  %s (%s)", text.Line(p.Jobs[i].Path), p.Jobs[i].State))
	}
	err.help = cmp.Or(strings.Join(append([]string{"The jobs for " + text.Line(p.Ref) + " are:"}, names...), "\n"), "There are no jobs.")
	return err
}
