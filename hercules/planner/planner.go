// Package planner makes plans: it evaluates a repository as an agent would for a
// ref and writes down what it finds, as package plan describes it.
//
// What a job is comes from evaluation alone. Functions of the model leave an
// attribute __nixplan on what they make, with their name and arguments; of other
// effects only the derivation's own attributes are known.
package planner

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/eval/world/fetch"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// Options say what to plan.
type Options struct {
	// Path is a directory or the entry file; "" is the repository around the
	// working directory.
	Path string
	// Ref is the git ref to plan for, a full name or a branch or tag; "" is
	// what is checked out.
	Ref string
	// Rev is the git revision whose files are planned, whatever git takes for
	// one; "" is the files that are there. Nothing is checked out.
	Rev string
	// Config is the path of the configuration; "" is nixplan.hcl in the root,
	// where there is one.
	Config string
	// SearchPath is what <name> looks in. Agents have none.
	SearchPath []world.SearchEntry
	// NoModel evaluates only what is there: fetchers fail, and so does what
	// needs them.
	NoModel bool
	// Fetcher gets what fetchers ask for; nil is one without cache and network.
	Fetcher *fetch.Fetcher
	// Limits bound the evaluation. Zero Steps mean a thousand million.
	Limits value.Limits
	// Stderr gets what the program's trace and warn print, each line once however
	// often it is evaluated; nil discards it.
	Stderr io.Writer
	// ToolVersion is recorded in the plan.
	ToolVersion string
}

// maxSteps is the bound of an evaluation unless Options say otherwise. It is far
// beyond what a ci.nix takes; what reaches it does not end.
const maxSteps = 1_000_000_000

// Ids of findings. Evaluation errors have the id that `nixplan eval` gives them.
const (
	idEvaluation = diag.IDEvaluation
	idEntry      = diag.IDEntry      // no entry file, or two
	idGit        = diag.IDRepository // git facts that could not be had
	idArgument   = diag.IDArgument   // an effect's argument is not what its function takes
	idSecret     = diag.IDSecretMap  // a secretsMap entry that agents refuse
)

// Plan makes the plan of a repository for one ref. An error means that there is
// nothing to plan: the path or the repository cannot be read. Whatever is wrong
// with the program is a finding of the plan.
func Plan(ctx context.Context, o Options) (*plan.Plan, error) {
	p, err := New(ctx, o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	ref, err := p.project.ResolveRef(o.Ref)
	if err != nil {
		return nil, err
	}
	if p.project.Git != nil {
		p.project.Git.Prefetch()
	}
	made, _, err := p.PlanJobs(ref)
	return made, err
}

// Planner plans one repository for any number of refs. Files are read and
// evaluated once for all of them; so the pins, assumptions and reads of a later
// plan include those of the earlier ones. It is for one goroutine.
type Planner struct {
	ctx         context.Context // of all evaluations
	project     *hercules.Project
	ev          *eval.Evaluator
	toolVersion string
	real        bool // derivations are: nothing is modelled
	settings    *config.Config
	problems    diag.List // of the settings
	files       map[string]*foundFile
	program     map[string]bool       // files read to find the jobs
	turned      map[string]*turnedRef // refs that were evaluated before
	known       map[*value.Attrs]*knownFacts
	written     map[operation]sides
}

// New opens the repository that the options name; their Ref is not looked at.
func New(ctx context.Context, o Options) (*Planner, error) {
	project, err := findProject(ctx, o)
	if err != nil {
		return nil, err
	}
	p, err := open(ctx, o, project)
	if err != nil && project.Snapshot != nil {
		project.Snapshot.Close()
	}
	return p, err
}

// findProject finds the files to plan.
func findProject(ctx context.Context, o Options) (*hercules.Project, error) {
	if o.Rev != "" {
		return hercules.FindProjectAt(ctx, o.Path, o.Rev)
	}
	project, err := hercules.FindProject(o.Path)
	if err == nil && project.Git != nil && project.Git.Bare() && project.Entry == "" {
		return nil, fmt.Errorf("%s: a bare repository has no files to evaluate; clone it, or compare two of its revisions with nixplan diff", project.Root)
	}
	return project, err
}

func open(ctx context.Context, o Options, project *hercules.Project) (*Planner, error) {
	settings, problems, err := configuration(o.Config, project)
	if err != nil {
		return nil, err
	}
	project.Identity = Identity(settings)
	look := world.Config{Roots: []string{project.Root}, SearchPath: o.SearchPath, Disk: project.Disk}
	if g := project.Git; g != nil && (!g.Bare() || project.Snapshot != nil) {
		look.Roots = append(look.Roots, g.Top())
		look.Checkout = g.Top()
	}
	for _, entry := range o.SearchPath {
		if world.IsAddress(entry.Path) {
			continue
		}
		if err := entry.Missing(project.Disk); err != nil {
			return nil, err
		}
		look.Roots = append(look.Roots, entry.Path)
	}
	w, err := world.New(look)
	if err != nil {
		return nil, err
	}
	limits := o.Limits
	if limits.Steps == 0 {
		limits.Steps = maxSteps
	}
	var tracked func(string, bool) bool
	if o.NoModel && project.Snapshot == nil {
		tracked = project.InCheckout(o.SearchPath)
	}
	var libraries []string
	for _, entry := range o.SearchPath {
		inside := strings.HasPrefix(entry.Path+"/", project.Root+"/")
		if around := strings.HasPrefix(project.Root+"/", entry.Path+"/"); !inside && !around {
			libraries = append(libraries, entry.Path)
		}
	}
	return &Planner{
		ctx:     ctx,
		project: project,
		ev: eval.New(ctx, eval.Options{
			World: w, Model: !o.NoModel, Fetcher: o.Fetcher, Partial: true, Share: true, Limits: limits, DisplayDir: project.Root, Libraries: libraries,
			Stderr: once(o.Stderr), SourceKind: settings.SourceKind, Tracked: tracked,
		}),
		settings: settings, problems: problems, files: map[string]*foundFile{}, known: map[*value.Attrs]*knownFacts{}, written: map[operation]sides{},
		toolVersion: o.ToolVersion,
		real:        o.NoModel,
	}, nil
}

// configuration reads the settings. A path that the user names must exist.
func configuration(path string, project *hercules.Project) (*config.Config, diag.List, error) {
	if path == "" {
		return config.Find(project.Disk, project.Root, project.Top())
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	return config.Load(at, path)
}

// Identity is what the settings say about the repository.
func Identity(c *config.Config) (id hercules.Identity) {
	if p := c.Project; p != nil {
		id.Forge, id.Owner, id.Name = p.Forge, p.Owner, p.Name
	}
	if c.DefaultBranch != "" {
		id.DefaultBranch = heads + c.DefaultBranch
	}
	return id
}

// Err is why the files of a revision could not be read: a *repo.MissingError
// when the clone lacks some of them. A plan made without is wrong.
func (p *Planner) Err() error {
	if p.project.Snapshot == nil {
		return nil
	}
	return p.project.Snapshot.Err()
}

// Close ends what reads the files of a revision. The planner must not be used
// any more, while what it gave may be.
func (p *Planner) Close() {
	if p.project.Snapshot != nil {
		p.project.Snapshot.Close()
	}
}

// Settings are what the repository's configuration says, and what is wrong with
// it.
func (p *Planner) Settings() (*config.Config, diag.List) { return p.settings, p.problems }

// Project is the repository.
func (p *Planner) Project() *hercules.Project { return p.project }

// Evaluator is what evaluates it.
func (p *Planner) Evaluator() *eval.Evaluator { return p.ev }

// PlanJobs makes the whole plan for a ref, and gives for each of its jobs, in the
// plan's order, what it was read from. The error is Err's.
func (p *Planner) PlanJobs(ref hercules.Ref) (*plan.Plan, []*Effect, error) {
	b := p.builder(ref)
	for _, d := range p.problems {
		b.report("", d)
	}
	b.evaluate()
	b.repository()
	b.assumptions()
	b.pins()
	reads := p.ev.World().Reads()
	b.conditions() // last: what it evaluates does not belong to the plan
	b.limit()
	effects := map[string]*Effect{}
	for _, pending := range b.pending {
		effects[jobKey(&b.plan.Jobs[pending.job])] = pending.effect
	}
	b.plan.AddSteps()
	b.plan.Normalize()
	b.plan.Digest = b.digest(reads)
	list := make([]*Effect, len(b.plan.Jobs))
	for i := range b.plan.Jobs {
		list[i] = effects[jobKey(&b.plan.Jobs[i])]
		list[i].Job = b.plan.Jobs[i]
	}
	return b.plan, list, p.Err()
}

// Reading is what a repository comes to for one ref: a plan without its digest,
// without steps, without what only the git program knows, and with conditions as the
// evaluation met them, together with the values the plan was read from.
type Reading struct {
	Ref        hercules.Ref
	Origin     Origin // in a survey
	Plan       *plan.Plan
	Evaluation *hercules.Evaluation // nil without an entry file
	Effects    []*Effect            // one for each of the plan's jobs
}

// Effect is what a job was read from.
type Effect struct {
	Job     plan.Job
	Found   *hercules.Found
	Handler *hercules.Handler
	// Args are the effect's arguments, defaults applied, and Given those that
	// the program gave, whose positions are its own. For an effect that none of
	// the model's functions made both are the derivation. They are none when the
	// effect is unknown.
	Args, Given value.Value
	// Faults are what is wrong with the files of its network, Taken what those
	// of them that are functions take.
	Faults []Fault
	Taken  []Taken
	// Machines are those of its network, Settings the attributes `network` of
	// its files.
	Machines []Machine
	Settings []*value.Attr
}

// Fault is why a network file, or a file it imports, cannot be had.
type Fault struct {
	File   string // absolute path
	Module bool   // imported by a machine, as a NixOS module
	// Err is why it cannot be evaluated; nil when it evaluates to something that
	// is no network, which Is names: "a list".
	Err error
	Is  string
}

// Taken are the arguments that a network's function takes.
type Taken struct {
	Formals    []Formal
	Any        bool // others as well
	DeployOnly bool // the build before the deployment does not read the file
}

// Formal is an argument of a network's function.
type Formal struct {
	Name       string
	At         value.Span
	HasDefault bool
}

// Read evaluates the repository for a ref.
func (p *Planner) Read(ref hercules.Ref) *Reading {
	b := p.builder(ref)
	b.evaluate()
	b.assumptions()
	b.pins()
	b.limit()
	r := &Reading{Ref: ref, Plan: b.plan, Evaluation: b.result}
	for _, pending := range b.pending {
		pending.effect.Job = b.plan.Jobs[pending.job]
		r.Effects = append(r.Effects, pending.effect)
	}
	b.plan.NormalizeRest(b.cleaned)
	return r
}

// builder fills a plan.
type builder struct {
	*Planner
	plan    *plan.Plan
	ref     hercules.Ref
	result  *hercules.Evaluation
	gitTold bool // that git failed was reported
	quiet   [][2]int
	pending []pending
	cleaned map[int]bool // jobs of the plan; see plan.Plan.NormalizeRest
	failed  map[reported]bool

	limited     bool // an attribute that met a limit was reported
	tooLate     int  // attributes; see late
	firstLate   string
	firstLateAt value.Span
}

func (p *Planner) builder(ref hercules.Ref) *builder {
	return &builder{Planner: p, ref: ref, plan: &plan.Plan{ToolVersion: p.toolVersion, Ref: ref.Name}, cleaned: map[int]bool{}, failed: map[reported]bool{}}
}

// quietly runs f, whose assumptions have no bearing on the jobs.
func (b *builder) quietly(f func()) {
	before := len(b.ev.Assumptions())
	f()
	b.quiet = append(b.quiet, [2]int{before, len(b.ev.Assumptions())})
}

// assumptions writes down what the evaluation took for granted.
func (b *builder) assumptions() {
	for i, a := range b.ev.Assumptions() {
		if slices.ContainsFunc(b.quiet, func(r [2]int) bool { return i >= r[0] && i < r[1] }) {
			continue
		}
		b.plan.Assumptions = append(b.plan.Assumptions, plan.Assumption{Text: a.Text, Position: b.position(a.At)})
	}
}

// evaluate does what an agent would and writes down what there is.
func (b *builder) evaluate() {
	p := b.plan
	if b.ref.Assumed != "" {
		p.Assumptions = append(p.Assumptions, plan.Assumption{Text: b.ref.Assumed})
	}
	p.Entry = plan.Entry{Path: b.project.Entry, Form: plan.Legacy}
	if err := b.project.EntryErr; err != nil {
		b.report("", &diag.Diagnostic{ID: idEntry, Summary: err.Error()})
		return
	}
	b.programReads(func() { b.result = b.project.Evaluate(b.ev, b.ref.Name) })
	switch b.result.Form {
	case hercules.HerculesCI:
		p.Entry.Form = plan.HerculesCI
	case hercules.Flake:
		p.Entry.Form = plan.Flake
	}
	for _, arg := range b.result.Source.Arguments(b.result.Form == hercules.Legacy) {
		p.Arguments = append(p.Arguments, plan.Argument{Name: arg.Name, Value: arg.Value})
	}
	for i := range b.result.Handlers {
		b.handler(&b.result.Handlers[i])
	}
	for _, f := range b.result.Unknown {
		b.someJobs(&f, nil)
	}
	for _, f := range b.result.Failures {
		b.failure(f.Job, f.At, f.Err)
	}
}

// repository writes down the facts from git. The slow ones come last: git runs
// beside the evaluation.
func (b *builder) repository() {
	r := &b.plan.Repository
	r.Name, r.Root = b.project.Name(), b.project.Root
	g := b.project.Git
	if b.project.GitErr != nil {
		b.gitProblem(b.project.GitErr)
	}
	if g == nil {
		return
	}
	r.Rev = g.HeadRev
	r.DefaultBranch = b.project.DefaultBranch()
	if remote := b.project.Remote(); remote != nil {
		r.Remote = &plan.Remote{URL: remote.URL, Forge: remote.Forge, Owner: remote.Owner, Name: remote.Name}
	}
	dirty, err := g.Dirty()
	if err != nil {
		b.gitProblem(err)
	}
	r.Dirty = dirty
	if b.real {
		if _, err := g.Tracked(); err != nil {
			b.gitProblem(err)
		}
	}
}

// gitProblem reports, once, that git could not be asked.
func (b *builder) gitProblem(err error) {
	if b.gitTold {
		return
	}
	b.gitTold = true
	d := &diag.Diagnostic{
		ID: idGit, Severity: diag.Warning,
		Summary: "git cannot tell whether files were changed",
		Detail:  err.Error(),
	}
	if err == repo.ErrNoGit {
		d.Help = "install git to have them checked"
	}
	b.report("", d)
}

// pins are the sources that were fetched, or would have been.
func (b *builder) pins() {
	for _, s := range b.ev.World().Sources() {
		kind := s.Kind
		if kind == "" {
			kind = "other"
		}
		b.plan.Pins = append(b.plan.Pins, plan.Pin{Name: pinName(s.Name), URL: s.URL, Rev: pinRev(s), Hash: s.Hash, Kind: kind})
	}
}

// pinRev is a source's revision; forges' archives have it in their URL.
func pinRev(s *world.Source) string {
	name := path.Base(s.URL)
	if name, _, _ = strings.Cut(name, "."); s.Rev == "" && len(name) == 40 && strings.Trim(name, "0123456789abcdef") == "" {
		return name
	}
	return s.Rev
}

// pinName drops the name that every fetched source has.
func pinName(name string) string {
	if name == "source" {
		return ""
	}
	return name
}
