package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/view"
)

type planOptions struct {
	streams   *Streams
	target    string // DIR or FILE, "" for the repository of the working directory
	ref       string
	format    string
	color     string
	out       string // the file to save to
	all       bool
	steps     bool
	model     modelFlags
	limits    limitFlags
	showTrace bool
}

func newPlanCommand(streams *Streams) *cobra.Command {
	o := &planOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "plan [DIR | FILE]",
		Short: "Show which jobs an agent would run for a ref, and why",
		Long: `plan evaluates the entry file of a repository as a Hercules CI agent would for a
git ref: nix/ci.nix or ci.nix, else flake.nix, else default.nix.

DIR is the repository's root or a directory with an entry file of its own; FILE
is the entry file itself. Without either it is the repository around the working
directory.

Every job is shown with its state:
  ● active         the agent would run it
  ○ inactive       its condition is false for this ref
  ◌ undetermined   its condition needs a value that is not here; what, and where
                   it would come from, is said

nixpkgs, hercules-ci-effects and other well-known sources are modelled. Nothing is
built, and nothing is fetched unless --fetch says so.`,
		Example: `  nixplan plan
  nixplan plan fixtures/neat-repo --ref refs/heads/production
  nixplan plan nix/ci.nix --format yaml
  nixplan plan --ref production --out production.json
  nixplan plan -I nixpkgs=$HOME/src/nixpkgs --all`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.target = args[0]
			}
			if cmd.Flags().Changed("ref") && o.ref == "" { // of a variable that is not set, say
				return usagef("--ref needs a name; leave it out to plan for the checked-out branch")
			}
			return runPlan(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.ref, "ref", "", "git ref `NAME`, refs/heads/main or just main; default: the checked-out branch")
	flags.StringVar(&o.format, "format", string(view.Human), "output `FORMAT`: human, json or yaml (see docs/plan.schema.json)")
	flags.BoolVar(&o.all, "all", false, "show plain builds and pins as well")
	flags.BoolVar(&o.steps, "steps", false, "show what each step of a job runs, reads and writes")
	flags.StringVar(&o.out, "out", "", "also save the plan to `FILE`, for nixplan show and nixplan diff")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show the whole trace of errors")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", "human", "json", "yaml")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

// planTimeout is how long making a plan may take. A ci.nix takes milliseconds, a
// system evaluated from real nixpkgs seconds.
const planTimeout = 10 * time.Minute

func runPlan(ctx context.Context, o *planOptions) error {
	format, err := view.ParseFormat(o.format, view.PlanFormats)
	if err != nil {
		return usagef("%v", err)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	dir, err := workingDir()
	if err != nil {
		return err
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	p, err := planner.Plan(ctx, planner.Options{
		Path:        o.target,
		Ref:         o.ref,
		SearchPath:  o.model.searchPath("", dir), // an agent has no NIX_PATH
		NoModel:     !o.model.enabled(),
		Fetcher:     o.model.fetcher(o.streams),
		Limits:      o.limits.limits(),
		Stderr:      o.streams.Err,
		ToolVersion: Version(),
	})
	if err != nil {
		return explained(err)
	}
	if o.out != "" {
		if err := savePlan(o.out, p); err != nil {
			return err
		}
	}
	err = view.Plan(o.streams.Out, p, view.Options{
		Format: format,
		Width:  o.streams.width(),
		Color:  color,
		All:    o.all,
		Steps:  o.steps,
		Trace:  traceLength(o.showTrace),
	})
	if err != nil {
		return fmt.Errorf("cannot write the plan: %w", err)
	}
	for _, d := range p.Diagnostics {
		if d.Severity == "error" {
			return errFindings
		}
	}
	return nil
}

// traceLength is how many entries of a trace to show.
func traceLength(all bool) int {
	if all {
		return -1
	}
	return 3
}
