package cli

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
)

type refsOptions struct {
	streams *Streams
	target  string // DIR or FILE, "" for the repository of the working directory
	format  string
	color   string
	job     string // pattern
	model   modelFlags
	limits  limitFlags
}

func newRefsCommand(streams *Streams) *cobra.Command {
	o := &refsOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "refs [DIR | FILE]",
		Short: "Show for which branches and tags each job is active",
		Long: `refs evaluates the entry file for every ref that matters: the default branch, the
branches and tags there are, the refs that the program compares with, and a
branch and a tag that nothing names. It shows the state of every job for each,
and says in words for which refs the job is active:

  refs/heads/main                  this ref
  any branch except refs/heads/x   every other branch
  refs/tags/v*                     refs that begin so; * is any text
  … if the owner is acme           a fork is planned differently

What is said holds for every ref that was tried. Among them are refs that lie
just inside and just outside of each pattern; where no pattern stands the test,
the refs tried are listed instead. See docs/conditions.md.`,
		Example: `  nixplan refs
  nixplan refs fixtures/neat-repo
  nixplan refs --job 'deploy-*'
  nixplan refs --format json | jq -r '.jobs[] | .path + ": " + .active.text'`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.target = args[0]
			}
			return runRefs(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.format, "format", string(view.Text), "output `FORMAT`: text, json (see docs/refs.schema.json) or markdown")
	flags.StringVar(&o.job, "job", "", "show jobs whose path matches `GLOB` only: * is any text, ? any character")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", names(view.RefFormats)...)
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

func runRefs(ctx context.Context, o *refsOptions) error {
	format, err := view.ParseFormat(o.format, view.RefFormats)
	if err != nil {
		return usagef("%v", err)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	if _, err := path.Match(o.job, ""); err != nil {
		return usagef("--job: %q is no pattern: a [ is not closed", o.job)
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	p, err := newPlanner(ctx, o.streams, o.target, &o.model, &o.limits)
	if err != nil {
		return err
	}
	table := p.Refs(planner.SurveyOptions{})
	if ctx.Err() != nil {
		return o.limits.ended(ctx)
	}
	if o.job != "" {
		if err := selectJobs(table, o.job); err != nil {
			return err
		}
	}
	err = view.Refs(o.streams.Out, table, view.Options{Format: format, Width: o.streams.width(), Color: color, Trace: traceLength(false)})
	if err != nil {
		return fmt.Errorf("cannot write the table: %w", err)
	}
	if len(table.Diagnostics) > 0 {
		return errFindings
	}
	return nil
}

// newPlanner opens the repository that a command is about.
func newPlanner(ctx context.Context, streams *Streams, target string, model *modelFlags, limits *limitFlags) (*planner.Planner, error) {
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	return planner.New(ctx, planner.Options{
		Path:        target,
		SearchPath:  model.searchPath("", dir), // an agent has no NIX_PATH
		NoModel:     !model.enabled(),
		Fetcher:     model.fetcher(streams),
		Limits:      limits.limits(),
		Stderr:      streams.Err,
		ToolVersion: Version(),
	})
}

// selectJobs keeps the jobs whose path matches.
func selectJobs(t *plan.RefTable, pattern string) error {
	var all []string
	for _, job := range t.Jobs {
		all = append(all, job.Path)
	}
	t.Jobs = slices.DeleteFunc(t.Jobs, func(job plan.RefJob) bool {
		matches, _ := path.Match(pattern, job.Path) // the pattern was looked at before
		return !matches
	})
	if len(t.Jobs) > 0 {
		return nil
	}
	err := usagef("no job matches %q", pattern)
	err.help = suggestion(pattern, all, "Run 'nixplan refs' for the jobs.")
	return err
}
