package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/view"
)

type whyOptions struct {
	streams   *Streams
	job       string
	target    string
	ref       string
	format    string
	color     string
	showTrace bool
	model     modelFlags
	limits    limitFlags
}

func newWhyCommand(streams *Streams) *cobra.Command {
	o := &whyOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "why JOB [DIR | FILE]",
		Short: "Show why a job is active for a ref, or is not",
		Long: `why shows the comparisons that decide about a job, with the values they saw,
where these come from, and the calls that led there. JOB is a path as nixplan refs
and nixplan plan show it.

For a job that does not exist for the ref, the comparisons are those of a ref for
which it does. For an undetermined one, what is missing is said and where it would
come from.`,
		Example: `  nixplan why neat-network
  nixplan why neat-network fixtures/neat-repo --ref refs/heads/production
  nixplan why onPush.default.effects.deploy --ref main --format json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				err := usagef("which job? Give its path")
				err.help = "Run 'nixplan refs' for the jobs."
				return err
			case len(args) > 2:
				return noArgs(cmd, args[2:])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.job = args[0]
			if len(args) == 2 {
				o.target = args[1]
			}
			if cmd.Flags().Changed("ref") && o.ref == "" {
				return usagef("--ref needs a name; leave it out for the checked-out branch")
			}
			return runWhy(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.ref, "ref", "", "git ref `NAME`, refs/heads/main or just main; default: the checked-out branch")
	flags.StringVar(&o.format, "format", string(view.Text), "output `FORMAT`: text or json (see docs/why.schema.json)")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show everything that led to a comparison")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", names(view.WhyFormats)...)
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

func runWhy(ctx context.Context, o *whyOptions) error {
	format, err := view.ParseFormat(o.format, view.WhyFormats)
	if err != nil {
		return usagef("%v", err)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	p, err := newPlanner(ctx, o.streams, o.target, &o.model, &o.limits)
	if err != nil {
		return err
	}
	ref, err := p.Project().ResolveRef(o.ref)
	if err != nil {
		return explained(err)
	}
	why, err := p.Why(o.job, ref)
	if ctx.Err() != nil {
		return o.limits.ended(ctx)
	}
	if err != nil {
		return missingJob(err)
	}
	if err := view.Why(o.streams.Out, why, view.Options{Format: format, Width: o.streams.width(), Color: color, Trace: traceLength(o.showTrace)}); err != nil {
		return fmt.Errorf("cannot write the reasons: %w", err)
	}
	if len(why.Diagnostics) > 0 {
		return errFindings
	}
	return nil
}

// missingJob says which jobs there are instead.
func missingJob(err error) error {
	var missing *planner.NoJobError
	if !errors.As(err, &missing) {
		return err
	}
	out := usagef("%v", err)
	switch {
	case len(missing.Similar) > 0:
		out.help = "Did you mean " + strings.Join(missing.Similar[:min(3, len(missing.Similar))], " or ") + "?"
	case len(missing.Jobs) == 0:
		out.help = "There are no jobs at all; run 'nixplan check' for what may be wrong."
	default:
		out.help = "Run 'nixplan refs' for the jobs."
	}
	return out
}
