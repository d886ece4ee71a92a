package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan/diff"
)

type diffOptions struct {
	streams    *Streams
	base, head string
	dir        string // DIR or FILE, "" for the repository of the working directory
	refs       []string
	config     string
	secrets    string
	format     string
	color      string
	detailed   bool
	model      modelFlags
	limits     limitFlags
}

func newDiffCommand(streams *Streams) *cobra.Command {
	o := &diffOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "diff [BASE] [HEAD]",
		Short: "Show what a change would do to deployments",
		Long: `diff compares what an agent would do before and after a change, for every ref that
matters: jobs that come, go or become active, machines, network files, scripts,
secrets by name, pins, and findings of nixplan check.

BASE and HEAD are git revisions: branches, tags, commits. Without HEAD it is the
work tree as it is; without BASE it is the commit that HEAD and the default branch
have in common. Revisions are read from git's objects: nothing is checked out and
no file is touched, so shallow clones and bare repositories will do, as long as
they have both revisions.

Two files that nixplan plan --out saved can be compared as well. Where a file and
a revision have the same name, the file is meant, but for HEAD and its kin; ./NAME is
never a revision.`,
		Example: `  nixplan diff
  nixplan diff main feature
  nixplan diff HEAD~1 HEAD --ref refs/heads/production
  nixplan diff --format markdown origin/main HEAD
  nixplan diff --format html >change.html
  nixplan diff before.json after.json --detailed-exitcode`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 {
				return noArgs(cmd, args[2:])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, arg := range args {
				if arg == "" {
					return usagef("argument %d is empty: give a revision or a saved plan, or leave it out", i+1)
				}
			}
			if len(args) > 0 {
				o.base = args[0]
			}
			if len(args) > 1 {
				o.head = args[1]
			}
			return runDiff(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.dir, "dir", "", "look at the repository in `DIR`, or at a directory of one with an entry file of its own")
	flags.Var((*stringList)(&o.refs), "ref", "compare for git ref `NAME` only; may be given several times")
	flags.StringVar(&o.format, "format", string(view.Text), "output `FORMAT`: text, json (see docs/diff.schema.json), markdown or html")
	flags.BoolVar(&o.detailed, "detailed-exitcode", false, "end with status 2 when something changes")
	flags.StringVar(&o.config, "config", "", "read settings from `FILE` instead of each side's nixplan.hcl")
	flags.StringVar(&o.secrets, "secrets", "", "the secrets.json or manifest `FILE` that says which secrets there are")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", names(view.DiffFormats)...)
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

func runDiff(ctx context.Context, o *diffOptions) error {
	format, err := view.ParseFormat(o.format, view.DiffFormats)
	if err != nil {
		return usagef("%v", err)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	base, head, err := o.sides(ctx)
	if err != nil {
		return o.explain(ctx, err)
	}
	defer base.close()
	defer head.close()
	options := view.Options{Format: format, Width: o.streams.width(), Color: color, Trace: traceLength(false)}
	var changes *diff.Changes
	if format == view.HTML {
		changes, options.Overview = diff.CompareAll(base.Side, head.Side)
	} else {
		changes = diff.Compare(base.Side, head.Side)
	}
	if err := errors.Join(base.err(), head.err()); err != nil { // of files read for the comparison
		return o.explain(ctx, err)
	}
	if err := view.Diff(o.streams.Out, changes, options); err != nil {
		return fmt.Errorf("cannot write the changes: %w", err)
	}
	if o.detailed && !changes.Empty() {
		return &exitError{code: exitChanges}
	}
	return nil
}

// explain adds to an error what to do about it.
func (o *diffOptions) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return o.limits.ended(ctx)
	}
	var missing *repo.MissingError
	if errors.As(err, &missing) {
		out := usagef("%v", missing)
		out.help = missing.Help
		return out
	}
	return err
}

// sides finds the two sides to compare and evaluates them, both at a time.
func (o *diffOptions) sides(ctx context.Context) (base, head *diffSide, err error) {
	saved := [2]bool{isFile(o.base), isFile(o.head)}
	switch {
	case saved[0] && o.head == "":
		return nil, nil, usagef("%s is a saved plan: name a second one to compare it with", o.base)
	case saved[0] != saved[1]:
		return nil, nil, usagef("cannot compare a saved plan with a revision: give two of a kind")
	case saved[0]:
		if len(o.refs) > 0 {
			return nil, nil, usagef("--ref is for revisions: a saved plan is for one ref")
		}
		if base, err = savedSide(o.base); err != nil {
			return nil, nil, err
		}
		head, err = savedSide(o.head)
		return base, head, err
	}
	from, err := o.revisions(ctx)
	if err != nil {
		return nil, nil, err
	}
	// The table of the model's files and of symbols is shared; all else is each
	// side's own.
	var both errgroup.Group
	both.Go(func() (err error) { base, err = o.survey(ctx, from[0]); return err })
	both.Go(func() (err error) { head, err = o.survey(ctx, from[1]); return err })
	if err = both.Wait(); err == nil {
		both = errgroup.Group{}
		baseRefs, headRefs := base.refs(), head.refs()
		both.Go(func() error { return base.complete(ctx, headRefs) })
		both.Go(func() error { return head.complete(ctx, baseRefs) })
		err = both.Wait()
	}
	if err != nil {
		base.close()
		head.close()
		return nil, nil, err
	}
	return base, head, nil
}

// isFile reports whether an argument names something that is no revision.
func isFile(arg string) bool {
	// In a bare repository git's own HEAD and FETCH_HEAD are files.
	if arg == "" || strings.HasSuffix(arg, "HEAD") && strings.Trim(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return false
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// revision is a side by its name and the commit it is, "" for the work tree.
type revision struct{ name, rev string }

const workTree = "work tree"

// revisions are the two sides as the user means them.
func (o *diffOptions) revisions(ctx context.Context) (from [2]revision, err error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return from, err
	}
	g, err := repo.Open(dir)
	if err != nil {
		return from, err
	}
	if g == nil {
		none := usagef("%s is in no git repository, so there is nothing to compare", dir)
		none.help = "Two saved plans can be compared anywhere: nixplan diff BEFORE.json AFTER.json"
		return from, none
	}
	from[1] = revision{name: workTree}
	names := [2]string{o.base, o.head}
	if g.Bare() { // there is no work tree
		names[1] = cmp.Or(o.head, "HEAD")
	}
	var failed [2]error
	var both sync.WaitGroup // git takes a while to start
	for i, name := range names {
		if name != "" {
			both.Go(func() { from[i], failed[i] = resolve(ctx, g, name) })
		}
	}
	both.Wait()
	if err := cmp.Or(failed[:]...); err != nil || o.base != "" {
		return from, err
	}
	// What the change starts from.
	head := from[1].rev
	if head == "" {
		head = g.HeadRev
	}
	if head == "" {
		return from, usagef("there is no commit yet, so there is nothing to compare with")
	}
	name, branch, err := o.defaultBranch(ctx, g)
	if err != nil {
		return from, err
	}
	at, err := g.MergeBase(ctx, branch, head)
	from[0] = revision{name: "merge base with " + name, rev: at}
	return from, err
}

func resolve(ctx context.Context, g *repo.Git, name string) (revision, error) {
	rev, err := g.FindCommit(ctx, name)
	return revision{name: name, rev: rev}, err
}

// defaultBranch is the default branch by the name it has here, the remote's
// first: the local one may be behind.
func (o *diffOptions) defaultBranch(ctx context.Context, g *repo.Git) (name, rev string, err error) {
	project, err := hercules.FindProject(o.dir)
	if err != nil {
		return "", "", err
	}
	project.Identity, err = o.identity(project)
	if err != nil {
		return "", "", err
	}
	branch := project.DefaultBranch()
	if branch == "" {
		unknown := usagef("nobody knows the default branch here")
		unknown.help = "Name the revision to compare with: nixplan diff BASE"
		return "", "", unknown
	}
	for _, candidate := range g.Copies(branch) {
		if rev, err = g.FindCommit(ctx, candidate); err == nil {
			return strings.TrimPrefix(strings.TrimPrefix(candidate, "refs/heads/"), "refs/remotes/"), rev, nil
		}
	}
	_, err = g.FindCommit(ctx, branch)
	return "", "", err
}
