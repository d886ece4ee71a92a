package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/executor/secretfile"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/hercules/effect"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
)

// application is what is about to be carried out.
type application struct {
	o        *applyOptions
	out      *applyOutput
	planner  *planner.Planner
	ref      hercules.Ref
	plan     *plan.Plan
	effects  map[string]*planner.Effect // by the jobs' paths
	jobs     []executor.Job
	runs     *executor.Runs
	manifest executor.Manifest
	run      executor.Options
	nix      *effect.Nix
}

func (a *application) close() {
	if a.nix != nil {
		a.nix.Close()
	}
	a.planner.Close()
}

// prepare makes the plan, compares it with the one that was given, shows it, and
// picks the jobs.
func (o *applyOptions) prepare(ctx context.Context, out *applyOutput) (*application, error) {
	var saved *plan.Plan
	ref := o.ref
	if o.plan != "" {
		var err error
		if saved, err = loadPlan(o.plan); err != nil {
			return nil, err
		}
		if ref != "" && ref != saved.Ref {
			return nil, usagef("the plan %s is for %s; --ref says %s", o.plan, saved.Ref, ref)
		}
		ref = saved.Ref
	}
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	o.limits.timeout = planTimeout
	planning, done := o.limits.begin(ctx, o.streams)
	defer done()
	p, err := planner.New(ctx, planner.Options{
		Path: o.target, SearchPath: o.model.searchPath("", dir), NoModel: !o.model.enabled(), Fetcher: o.model.fetcher(o.streams),
		Limits: o.limits.limits(), Stderr: o.streams.Err, ToolVersion: Version(),
	})
	if err != nil {
		return nil, err
	}
	a := &application{o: o, out: out, planner: p, effects: map[string]*planner.Effect{}}
	if err := a.makePlan(planning, ref, saved); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *application) makePlan(ctx context.Context, ref string, saved *plan.Plan) (err error) {
	o := a.o
	if a.ref, err = a.planner.Project().ResolveRef(ref); err != nil {
		return explained(err)
	}
	if g := a.planner.Project().Git; g != nil {
		g.Prefetch()
	}
	var effects []*planner.Effect // one for each job of the plan
	if a.plan, effects, err = a.planner.PlanJobs(a.ref); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return o.limits.ended(ctx)
	}
	if saved != nil && saved.Digest != a.plan.Digest {
		return stale(o.plan, saved, a.plan)
	}
	match, err := newJobMatcher(o.jobs, o.exclude)
	if err != nil {
		return err
	}
	broken := a.broken(match)
	chosen, other, err := o.selected(a.plan, match)
	if err != nil && len(broken) == 0 {
		return err
	}
	if !a.out.json {
		err := view.Plan(o.streams.Out, a.plan, view.Options{Format: view.Human, Width: o.streams.width(), Color: a.out.style.On(), Trace: traceLength(o.showTrace)})
		if err != nil {
			return err
		}
		fmt.Fprintln(o.streams.Out)
	}
	if len(broken) > 0 {
		return a.refuseBroken(broken)
	}
	for _, i := range other {
		job := &a.plan.Jobs[i]
		fmt.Fprintf(o.streams.Err, "nixplan: %s is not applied: nixplan carries out runNixOps and runNixOps2, and this is %s. This would run it:\n  %s\n",
			text.Line(job.Path), job.Kind, text.ShellLine([]string{"hci", "effect", "run", hercules.JoinPath(job.AgentPath), "--as-ref", a.plan.Ref}))
	}
	for i := range a.plan.Jobs {
		if job := &a.plan.Jobs[i]; job.State == plan.Undetermined && match.matches(job.Path) {
			fmt.Fprintf(o.streams.Err, "nixplan: %s is not applied: whether it is active is not known; nixplan why tells what is missing\n", text.Line(job.Path))
		}
	}
	if saveState := o.saveState; saveState != "changed" && saveState != "always" {
		return usagef("unknown value %q for --save-state, want changed or always", saveState)
	}
	for _, i := range chosen {
		a.jobs = append(a.jobs, executor.Job{Plan: a.plan.Jobs[i], Steps: o.steps(&a.plan.Jobs[i])})
		a.effects[a.plan.Jobs[i].Path] = effects[i]
	}
	if len(a.jobs) == 0 {
		fmt.Fprintf(o.streams.Err, "nixplan: nothing to apply for %s\n", text.Line(a.plan.Ref))
	}
	return nil
}

func (o *applyOptions) steps(job *plan.Job) []plan.Step {
	return plan.StepsOf(job, plan.StepOptions{SaveAlways: o.saveState == "always"})
}

// stale refuses a plan that was made of something else.
func stale(file string, saved, now *plan.Plan) error {
	why := "its files changed since"
	switch {
	case saved.ToolVersion != now.ToolVersion:
		why = fmt.Sprintf("it was made by nixplan %s, and this is %s", text.Line(saved.ToolVersion), now.ToolVersion)
	case saved.Repository.Rev != now.Repository.Rev:
		why = fmt.Sprintf("it was made at commit %.12s, and this is %.12s", cmp.Or(saved.Repository.Rev, "(none)"), cmp.Or(now.Repository.Rev, "(none)"))
	case saved.Repository.Dirty != now.Repository.Dirty:
		why = "the work tree has other changes"
	}
	return &exitError{
		code: exitStale, message: fmt.Sprintf("the plan %s is stale: %s [%s]", text.Line(file), why, diag.IDStale),
		help: "Make a new one with nixplan plan --out and look at it. nixplan diff OLD NEW tells what differs.",
	}
}

// unchanged compares the repository with the one that was planned. What was shown and
// approved must be what is deployed.
func (a *application) unchanged() error {
	same, err := a.planner.Unchanged()
	if err != nil {
		return fmt.Errorf("whether the files are still those of the plan is not known: %w", err)
	}
	if !same {
		return &exitError{
			code: exitStale, message: fmt.Sprintf("the files of the repository changed after they were planned; nothing was touched [%s]", diag.IDStale),
			help: "Run nixplan apply again and look at the new plan.",
		}
	}
	return nil
}

// broken are the errors that the plan has about the jobs that are asked for. An
// attribute that cannot be evaluated is no job of the plan, and would be missed.
func (a *application) broken(match *jobMatcher) []plan.Diagnostic {
	inactive := map[string]bool{}
	for _, job := range a.plan.Jobs {
		inactive[job.Path] = job.State == plan.Inactive
	}
	var list []plan.Diagnostic
	for _, d := range a.plan.Diagnostics {
		if d.Severity == diag.Error.String() && (d.Attr == "" || match.matches(d.Attr) && !inactive[d.Attr]) {
			list = append(list, d)
		}
	}
	return list
}

// refuseBroken applies nothing, as an agent does not when the evaluation has errors.
func (a *application) refuseBroken(broken []plan.Diagnostic) error {
	named := true
	for _, d := range broken {
		named = named && d.Attr != ""
		if a.out.json {
			where := ""
			if d.Attr != "" {
				where = text.Line(d.Attr) + ": "
			}
			fmt.Fprintf(a.o.streams.Err, "nixplan: %s%s [%s]\n", where, text.Line(d.Summary), d.ID)
		}
	}
	err := &exitError{code: exitFindings, message: "the plan has errors, so nothing is applied", help: "nixplan check tells more."}
	if named {
		err.help += " --job and --exclude pick jobs that are without."
	}
	return err
}

// getReady gets everything that the jobs need, and looks whether it will do. Nothing
// of the deployment is touched.
func (a *application) getReady(ctx context.Context) (err error) {
	o := a.o
	if a.runs, err = runsOf(o.streams); err != nil {
		return err
	}
	settings, _ := a.planner.Settings()
	if a.run, err = o.runOptions(); err != nil {
		return err
	}
	if a.run.Store, a.run.Locker, err = o.openStates(ctx, &a.run, a.planner.Project(), settings); err != nil {
		return err
	}
	a.run.Observe, a.run.Unchanged = a.out.observe, a.unchanged
	a.describe(settings)
	if err := a.values(ctx); err != nil {
		return err
	}
	problems := a.runs.Preflight(ctx, a.jobs, a.run)
	if ctx.Err() != nil {
		return &exitError{code: exitFindings, message: "interrupted; nothing was touched"}
	}
	for i := range a.jobs {
		job := &a.jobs[i]
		if job.Secrets, err = o.readSecrets(&a.manifest, job.Effect.Env); err != nil {
			problems = append(problems, executor.Problem{ID: diag.IDSecret, Job: job.Plan.Path, Text: err.Error()})
		}
	}
	problems = append(problems, a.selfDeploys(settings)...)
	if len(problems) == 0 {
		return nil
	}
	for _, p := range problems {
		o.problem(p)
	}
	return &exitError{code: exitFindings, message: "nothing was touched"}
}

// runOptions are what flags and environment say about the run.
func (o *applyOptions) runOptions() (run executor.Options, err error) {
	wait, err := o.lockWait()
	if err != nil {
		return run, err
	}
	if o.parallelism < 1 {
		return run, usagef("invalid value %d for --parallelism: want 1 or more", o.parallelism)
	}
	return executor.Options{
		Parallelism: o.parallelism, LockWait: wait, Timeout: o.timeout, Grace: o.grace, SaveTime: o.saveTime,
		Environ: os.Environ(), Keep: o.keep,
		Resume: append([]string{"nixplan", "apply"}, "--resume"), ToolVersion: Version(),
	}, nil
}

// openStates opens the backend for a run, whose scripts get its token.
func (o *applyOptions) openStates(ctx context.Context, run *executor.Options, project *hercules.Project, settings *config.Config) (store stateStore, locker stateLocker, err error) {
	o.backend.retryFor = o.saveTime
	// While the run goes on its output is the only one.
	notices := make(chan string, 16)
	run.Notices = notices
	o.backend.onRetry = func(r api.Retry) {
		line := fmt.Sprintf("%s; trying again in %s", text.Line(r.Err.Error()), r.Wait.Round(100*time.Millisecond))
		if !o.running.Load() {
			fmt.Fprintf(o.streams.Err, "nixplan: %s\n", line)
			return
		}
		select {
		case notices <- line:
		default: // there is enough of them
		}
	}
	store, locker, err = o.backend.open(ctx, o.streams, project, settings)
	if err != nil {
		return nil, nil, err
	}
	run.APIBaseURL = o.streams.Getenv("HERCULES_CI_API_BASE_URL")
	if token := o.backend.token.Value(); token != "" {
		run.APIToken = []byte(token)
	}
	return store, locker, nil
}

// describe fills the manifest.
func (a *application) describe(settings *config.Config) {
	r := a.plan.Repository
	a.manifest = executor.Manifest{
		Repository: r.Root, Ref: a.plan.Ref, Rev: r.Rev, DefaultBranch: r.DefaultBranch, Backend: a.o.backend.flags(),
	}
	places := secrets.Places{Flag: a.o.secretsFile, Getenv: a.o.streams.Getenv, Agent: secrets.AgentFile}
	if s := settings.Secrets; s != nil {
		places.Config = settings.Path(s.File)
	}
	if remote := r.Remote; remote != nil {
		a.manifest.Owner, a.manifest.Name = remote.Owner, remote.Name
		places.Site = remote.Forge
	}
	if p := settings.Project; p != nil {
		a.manifest.Owner, a.manifest.Name = cmp.Or(p.Owner, a.manifest.Owner), cmp.Or(p.Name, a.manifest.Name)
		places.Site = cmp.Or(p.Forge, places.Site)
	}
	places.Owner = a.manifest.Owner
	at, looked := secrets.Locate(places)
	if at != nil {
		a.manifest.SecretsFile, a.manifest.SecretsOrigin = at.Path, at.Origin
		if path, err := filepath.Abs(at.Path); err == nil {
			a.manifest.SecretsFile = path // it may be what a variable says
		}
	}
	a.manifest.SecretsLooked = looked
}

// readSecrets reads what a job's scripts may read.
func (o *applyOptions) readSecrets(m *executor.Manifest, env map[string]string) (*secretfile.Selection, error) {
	wanted, err := secretfile.ParseMap(env)
	if err != nil {
		return nil, err
	}
	from := secretfile.Options{
		Map: wanted, Looked: m.SecretsLooked,
		Facts:   secrets.Facts{Ref: m.Ref, DefaultBranch: m.DefaultBranch, Owner: m.Owner, Repo: m.Name},
		Granted: api.InEffect(o.streams.Getenv),
	}
	if m.SecretsFile != "" {
		from.File = &secrets.Location{Path: m.SecretsFile, Origin: m.SecretsOrigin}
	}
	if o.gitToken != "" {
		from.GitToken = func() ([]byte, error) {
			token, err := readRegular(o.gitToken, 1<<16)
			return bytes.TrimSpace(token), bareError(err)
		}
	}
	return secretfile.Select(from)
}

// values gets what plans leave out, from Nix or from the model.
func (a *application) values(ctx context.Context) error {
	name, err := a.o.evaluatorName()
	if err != nil {
		return err
	}
	if name == effect.EvaluatorNix {
		if err := a.openNix(ctx); err != nil {
			return a.refused(err)
		}
	}
	for i := range a.jobs {
		job := &a.jobs[i]
		if name == effect.EvaluatorNix {
			job.Effect, err = a.nix.Effect(ctx, a.effects[job.Plan.Path])
		} else {
			job.Effect, err = effect.Model(a.planner, a.effects[job.Plan.Path])
		}
		if err != nil {
			return a.refused(err)
		}
		// What the plan could not know is known now.
		job.Effect.Complete(&job.Plan)
		job.Steps = a.o.steps(&job.Plan)
	}
	return nil
}

func (a *application) openNix(ctx context.Context) (err error) {
	dir, err := workingDir()
	if err != nil {
		return err
	}
	a.nix, err = effect.OpenNix(ctx, a.planner, a.ref, effect.NixOptions{
		Output: a.o.streams.Err, ShowTrace: a.o.showTrace, SearchPath: a.o.model.searchPath("", dir),
	})
	return err
}

// prebuild has the networks built before anything is deployed.
func (a *application) prebuild(ctx context.Context) error {
	if a.nix == nil {
		if err := a.openNix(ctx); err != nil {
			return a.refused(err)
		}
	}
	for i := range a.jobs {
		if err := a.nix.Prebuild(ctx, a.effects[a.jobs[i].Plan.Path]); err != nil {
			return a.refused(err)
		}
	}
	return nil
}

// problem tells what keeps a job from being carried out.
func (o *applyOptions) problem(p executor.Problem) {
	where := ""
	if p.Job != "" {
		where = text.Line(p.Job) + ": "
	}
	first, rest, _ := strings.Cut(text.Printable(p.Text), "\n")
	fmt.Fprintf(o.streams.Err, "nixplan: %s%s [%s]\n", where, first, p.ID)
	for line := range strings.Lines(rest) {
		fmt.Fprintf(o.streams.Err, "  %s\n", strings.TrimSuffix(line, "\n"))
	}
	if p.Help != "" {
		fmt.Fprintf(o.streams.Err, "  help: %s\n", strings.ReplaceAll(text.Printable(p.Help), "\n", "\n  "))
	}
}

// refused tells why the values of a job cannot be had.
func (a *application) refused(err error) error {
	var (
		unknown     *effect.UnknownError
		mismatch    *effect.MismatchError
		unsupported *effect.UnsupportedError
	)
	p := executor.Problem{Text: err.Error()}
	switch {
	case errors.As(err, &unknown):
		record := diag.Diagnostic{ID: diag.IDUnknown, Summary: unknown.Summary(), Range: a.rangeOf(unknown.Value.Position), Help: unknown.Help()}
		if err := a.o.streams.findings(diag.List{&record}); err != nil {
			return err
		}
		return &exitError{code: exitFindings, message: "nothing was touched"}
	case errors.As(err, &mismatch):
		p.ID, p.Help = diag.IDMismatch, mismatch.Help()
	case errors.As(err, &unsupported):
		p.ID, p.Help = diag.IDUnsupported, unsupported.Help
	default:
		return &exitError{code: exitFindings, message: text.Printable(err.Error())}
	}
	a.o.problem(p)
	return &exitError{code: exitFindings, message: "nothing was touched"}
}

// rangeOf is a place of a plan in the text of its file.
func (a *application) rangeOf(at *plan.Position) diag.Range {
	if at == nil {
		return diag.Range{}
	}
	content, _ := a.planner.File(at.File) // without it the place is said, and no line shown
	source := diag.NewSource(at.File, content)
	offset := source.Offset(at.Line, at.Column)
	return diag.Range{Source: source, Start: offset, End: offset + 1}
}
