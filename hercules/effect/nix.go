package effect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

// NixOptions are those of OpenNix.
type NixOptions struct {
	// Output gets what Nix prints while it fetches and builds; nil discards it.
	Output io.Writer
	// ShowTrace lets Nix's errors have their whole trace.
	ShowTrace bool
	// SearchPath is what <name> looks in. Agents have none.
	SearchPath []world.SearchEntry
	// TempDir is where a directory for the checkout is made, "" for the system's.
	TempDir string
}

// Nix takes effects from the installed Nix, for one plan. Like the planner it is
// for one goroutine; the effects it gives may be used by any.
type Nix struct {
	runner
	options NixOptions
	planner *planner.Planner
	x       expression
	scratch *scratch
	roots   int
}

// OpenNix prepares to evaluate the planner's repository for a ref as an agent
// would: with its arguments, without a search path, and from a checkout that has
// what git tracks and nothing else (see docs/evaluators.md). What Nix builds stays
// in its store at least until Close.
//
// Errors: a *NoNixError without Nix; a *repo.MissingError when the clone lacks files
// of the revision that is planned.
func OpenNix(ctx context.Context, p *planner.Planner, ref hercules.Ref, o NixOptions) (*Nix, error) {
	found, err := findNix()
	if err != nil {
		return nil, err
	}
	scratch, err := newScratch(o.TempDir)
	if err != nil {
		return nil, err
	}
	n := &Nix{options: o, planner: p, scratch: scratch}
	n.runner = runner{programs: found, output: o.Output, trace: o.ShowTrace, shown: strings.NewReplacer()}
	n.x = expression{project: p.Project(), source: p.Project().Source(ref.Name)}
	if err := n.prepare(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Nix) prepare(ctx context.Context) (err error) {
	project := n.x.project
	if project.EntryErr != nil {
		return project.EntryErr
	}
	if project.IsFlake() {
		return n.prepareFlake(ctx)
	}
	if n.x.checkout, err = checkOut(ctx, project, n.scratch.dir); err != nil {
		return err
	}
	// Places are those of the repository.
	n.shown = strings.NewReplacer(n.x.checkout.Root+"/", "", n.x.checkout.Root, ".")
	return nil
}

// prepareFlake finds out whether this Nix has flakes. What it takes of the
// repository it copies itself.
func (n *Nix) prepareFlake(ctx context.Context) error {
	project := n.x.project
	if project.Git == nil {
		return &UnsupportedError{Job: project.Entry, Problem: "it is a flake outside of git", Help: "put the directory under version control: git init"}
	}
	var err error
	if project.Snapshot == nil {
		if n.x.dirty, err = project.Git.Dirty(); err != nil {
			return err
		}
	}
	out, err := n.run(ctx, n.instantiate, "--extra-experimental-features", "flakes", "--eval", "-E", "builtins ? getFlake")
	if ctx.Err() != nil {
		return err
	}
	if err != nil || strings.TrimSpace(out) != "true" {
		return &UnsupportedError{
			Job: project.Entry, Problem: "the installed Nix has no flakes",
			Help: "install Nix 2.4 or newer, or use --evaluator model",
		}
	}
	return nil
}

// Close removes the checkout. What was built may be collected from then on.
func (n *Nix) Close() error { return n.scratch.remove() }

// root is the name of a new link by which the garbage collector knows what is in
// use.
func (n *Nix) root() string {
	n.roots++
	return filepath.Join(n.scratch.dir, "root-"+strconv.Itoa(n.roots))
}

// derivation instantiates what is at a path, and gives the .drv file.
func (n *Nix) derivation(ctx context.Context, e *planner.Effect, path []string) (string, error) {
	form := hercules.Legacy
	switch {
	case n.x.project.IsFlake():
		form = hercules.Flake
	case e.Handler != nil && len(e.Handler.Path) > 0:
		form = hercules.HerculesCI
	}
	root := n.root()
	args := []string{"-E", n.x.at(form, path), "--add-root", root, "--indirect", "--option", "nix-path", ""}
	for _, entry := range n.options.SearchPath {
		value := entry.Path
		if entry.Prefix != "" {
			value = entry.Prefix + "=" + value
		}
		args = append(args, "-I", value)
	}
	if form == hercules.Flake {
		args = append(args, "--extra-experimental-features", "flakes")
	}
	if _, err := n.run(ctx, n.instantiate, args...); err != nil {
		return "", explain(e, err)
	}
	return os.Readlink(root)
}

// missing finds the attribute in the message of a throw.
var missing = lazy.Regexp(regexp.QuoteMeta(throwMissing) + `'([^\n]*)'`)

// explain recognises what our own expressions throw.
func explain(e *planner.Effect, err error) error {
	var failed *NixError
	if !errors.As(err, &failed) {
		return err
	}
	if strings.Contains(failed.Message, throwInputs) {
		return &UnsupportedError{Job: e.Job.Path, Problem: "it needs extraInputs, which the CI service resolves when it makes the job"}
	}
	if found := missing().FindStringSubmatch(failed.Message); found != nil {
		return &MismatchError{Job: e.Job.Path, Facts: []Difference{{Name: "the attribute " + found[1], Plan: "is there", Nix: "is missing"}}}
	}
	return err
}

// Effect instantiates a job, compares its derivation with the plan, has its inputs
// built or fetched, and gives what an agent would run. Nothing of the effect itself
// is run.
//
// Errors: *MismatchError when plan and derivation differ, *UnsupportedError,
// *NixError with Nix's own message.
func (n *Nix) Effect(ctx context.Context, e *planner.Effect) (*Effect, error) {
	if e.Job.State != plan.Active {
		return nil, fmt.Errorf("%s is %s, so there is no effect to run", e.Job.Path, e.Job.State)
	}
	path, err := n.derivation(ctx, e, e.Job.AgentPath)
	if err != nil {
		return nil, err
	}
	drv, err := readDerivation(path)
	if err != nil {
		return nil, err
	}
	if err := unsupported(e.Job.Path, func(name string) bool { return drv.Env[name] != "" }); err != nil {
		return nil, err
	}
	if err := compare(n.planner, e, drv.Env); err != nil {
		return nil, err
	}
	out := &Effect{
		Evaluator: EvaluatorNix, Env: drv.Env, DrvPath: path, Replaced: replaced(n.planner, e),
		SourceName: strippedName(drv.Env["src"]),
	}
	if out.NetworkArgs, err = setArgs(n.planner.Evaluator(), drv.Env); err != nil {
		return nil, fmt.Errorf("postGetState of %s: %w", e.Job.Path, err)
	}
	if err := n.realise(ctx, n.root(), inputs(drv)...); err != nil {
		return nil, err
	}
	if err := n.setUp(ctx, drv, out); err != nil {
		return nil, err
	}
	src := drv.Env["src"]
	out.copy = func(ctx context.Context, dir string) error { return copySource(ctx, e.Job.Path, src, dir) }
	out.keep = func(ctx context.Context, dir string) error {
		return n.realise(ctx, filepath.Join(dir, "root"), inputs(drv)...)
	}
	return out, nil
}

// Prebuild builds the network of a job as an agent does for every ref, before
// anything is deployed. A job without prebuild has nothing to build.
func (n *Nix) Prebuild(ctx context.Context, e *planner.Effect) error {
	if !e.Job.Prebuild {
		return nil
	}
	at := e.Job.AgentPath
	if len(at) > len(e.Job.AttrPath) { // runIf's "run"
		at = at[:len(at)-1]
	}
	path, err := n.derivation(ctx, e, append(slices.Clip(at), "prebuilt"))
	if err != nil {
		return err
	}
	return n.realise(ctx, n.root(), path)
}

// realise has derivations built or fetched, each "PATH.drv" or "PATH.drv!OUT,…", and
// kept for as long as the link root, or root-2 and so on, is there.
func (n *Nix) realise(ctx context.Context, root string, what ...string) error {
	if len(what) == 0 {
		return nil
	}
	_, err := n.run(ctx, n.store, slices.Concat([]string{"--realise", "--add-root", root, "--indirect"}, what)...)
	return err
}

// copySource copies the store path of a source.
func copySource(ctx context.Context, job, src, dir string) error {
	info, err := os.Lstat(src)
	switch {
	case src == "":
		return &UnsupportedError{Job: job, Problem: "it has no src"}
	case err != nil:
		return err
	case !info.IsDir():
		return &UnsupportedError{Job: job, Problem: "src is a file; archives are unpacked by the effect alone"}
	}
	return copyDir(ctx, src, dir)
}

// hashed is what a store path's name begins with.
var hashed = lazy.Regexp(`^[0-9a-z]{32}-`)

func strippedName(path string) string { return hashed().ReplaceAllString(filepath.Base(path), "") }
