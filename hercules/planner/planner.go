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
	"path"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
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
	// SearchPath is what <name> looks in. Agents have none.
	SearchPath []world.SearchEntry
	// NoModel evaluates only what is there: fetchers fail, and so does what
	// needs them.
	NoModel bool
	// Limits bound the evaluation; the zero value means generous ones.
	Limits value.Limits
	// ToolVersion is recorded in the plan.
	ToolVersion string
}

// Limits are the bounds of an evaluation unless Options say otherwise. They are
// far beyond what a ci.nix takes; what reaches them does not end.
var Limits = value.Limits{Steps: 1_000_000_000, Heap: 8 << 30}

// Ids of findings. Evaluation errors have the id that `nixplan eval` gives them.
const (
	idEvaluation = diag.IDEvaluation
	idEntry      = diag.IDEntry      // no entry file, or two
	idGit        = diag.IDRepository // git facts that could not be had
	idArgument   = diag.IDArgument   // an effect's argument is not what its function takes
	idSecret     = diag.IDSecretMap  // a secretsMap entry that agents refuse
)

// Plan makes the plan. An error means that there is nothing to plan: the path
// or the repository cannot be read. Whatever is wrong with the program is a
// finding of the plan.
func Plan(ctx context.Context, o Options) (*plan.Plan, error) {
	project, err := hercules.FindProject(o.Path)
	if err != nil {
		return nil, err
	}
	if project.Git != nil && project.Git.Bare() && project.Entry == "" {
		return nil, fmt.Errorf("%s: a bare repository has no files to evaluate", project.Root)
	}
	if project.Git != nil {
		project.Git.Prefetch()
	}
	b, err := newBuilder(ctx, project, o)
	if err != nil {
		return nil, err
	}
	b.run()
	return b.plan, nil
}

// builder fills a plan.
type builder struct {
	project *hercules.Project
	ev      *eval.Evaluator
	plan    *plan.Plan
	ref     hercules.Ref
	result  *hercules.Evaluation
	gitTold bool // that git failed was reported
	quiet   [][2]int
	pending []pending
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

func newBuilder(ctx context.Context, project *hercules.Project, o Options) (*builder, error) {
	config := world.Config{Roots: []string{project.Root}, SearchPath: o.SearchPath}
	if project.Git != nil && !project.Git.Bare() {
		config.Roots = append(config.Roots, project.Git.WorkTree)
	}
	for _, entry := range o.SearchPath {
		config.Roots = append(config.Roots, entry.Path)
	}
	w, err := world.New(config)
	if err != nil {
		return nil, err
	}
	ref, err := project.ResolveRef(o.Ref)
	if err != nil {
		return nil, err
	}
	limits := o.Limits
	if limits == (value.Limits{}) {
		limits = Limits
	}
	return &builder{
		project: project,
		ref:     ref,
		ev: eval.New(ctx, eval.Options{
			World: w, Model: !o.NoModel, Limits: limits, DisplayDir: project.Root,
		}),
		plan: &plan.Plan{ToolVersion: o.ToolVersion},
	}, nil
}

func (b *builder) run() {
	p := b.plan
	p.Ref = b.ref.Name
	if b.ref.Assumed != "" {
		p.Assumptions = append(p.Assumptions, plan.Assumption{Text: b.ref.Assumed})
	}
	p.Entry = plan.Entry{Path: b.project.Entry, Form: plan.Legacy}
	if err := b.project.EntryErr; err != nil {
		b.report("", &diag.Diagnostic{ID: idEntry, Summary: err.Error()})
	} else {
		b.evaluate()
	}
	b.repository()
	b.assumptions()
	b.pins()
	reads := b.ev.World().Reads()
	b.conditions() // last: what it evaluates does not belong to the plan
	p.Normalize()
	p.Digest = b.digest(reads)
}

func (b *builder) evaluate() {
	b.result = b.project.Evaluate(b.ev, b.ref.Name)
	p := b.plan
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
		b.failure(f.Path, f.At, f.Err)
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
	r.DefaultBranch = g.DefaultBranch()
	if remote := b.project.Remote(); remote != nil {
		r.Remote = &plan.Remote{URL: remote.URL, Forge: remote.Forge, Owner: remote.Owner, Name: remote.Name}
	}
	dirty, err := g.Dirty()
	if err != nil {
		b.gitProblem(err)
	}
	r.Dirty = dirty
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
