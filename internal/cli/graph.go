package cli

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

type graphOptions struct {
	streams *Streams
	target  string // DIR, FILE or a saved plan, "" for the repository of the working directory
	ref     string
	job     string // pattern
	limit   int
	format  string
	out     string // the file to write
	model   modelFlags
	limits  limitFlags
}

func newGraphCommand(streams *Streams) *cobra.Command {
	o := &graphOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "graph [DIR | FILE | PLAN.json]",
		Short: "Draw jobs with their network files, machines and secrets",
		Long: `graph draws what a plan deploys: from each job to its network files and secrets, and
from the files to the machines that they define. DIR and FILE are those of nixplan
plan; PLAN.json is a plan that nixplan plan --out saved.

svg is a picture of its own, which needs no other program and follows the viewer's
light or dark colours; dot is for Graphviz, and mermaid for Markdown on forges.

Many files, machines or secrets of one job are drawn as one. A picture has at most
as many jobs as --limit says, and tells how many it lacks.`,
		Example: `  nixplan graph --out plan.svg
  nixplan graph fixtures/neat-repo --ref refs/heads/production --format mermaid
  nixplan graph --job 'deploy-*' --format dot | dot -Tpdf -o plan.pdf
  nixplan graph plan.json --limit 0 --out all.svg`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.target = args[0]
			}
			if cmd.Flags().Changed("ref") && o.ref == "" { // of a variable that is not set, say
				return usagef("--ref needs a name; leave it out to plan for the checked-out branch")
			}
			return runGraph(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.ref, "ref", "", "git ref `NAME`, refs/heads/main or just main; default: the checked-out branch")
	flags.StringVar(&o.format, "format", string(view.SVG), "output `FORMAT`: svg, dot or mermaid")
	flags.StringVar(&o.out, "out", "", "write to `FILE` instead of standard output")
	flags.StringVar(&o.job, "job", "", "draw jobs whose path matches `GLOB` only: * is any text, ? any character")
	flags.IntVar(&o.limit, "limit", graph.DefaultJobs, "draw at most `N` jobs, active ones first; 0 draws all")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", names(view.GraphFormats)...)
	return cmd
}

func runGraph(ctx context.Context, o *graphOptions) error {
	format, err := view.ParseFormat(o.format, view.GraphFormats)
	if err != nil {
		return usagef("%v", err)
	}
	if o.limit < 0 {
		return usagef("--limit cannot be %d: it is a number of jobs, 0 for all", o.limit)
	}
	if _, err := path.Match(o.job, ""); err != nil {
		return usagef("--job: %q is no pattern: a [ is not closed", o.job)
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	p, err := o.plan(ctx)
	if err != nil {
		return err
	}
	options := graph.Options{Jobs: o.limit}
	if o.job != "" {
		if options.Select, err = selectPaths(p, o.job); err != nil {
			return err
		}
	}
	var picture bytes.Buffer
	if err := view.Graph(&picture, p, graph.Of([]*plan.Plan{p}, options), format); err != nil {
		return err
	}
	if o.out != "" {
		if err := writeFile(o.out, picture.Bytes()); err != nil {
			return usagef("cannot write the picture: %v", err)
		}
	} else if _, err := o.streams.Out.Write(picture.Bytes()); err != nil {
		return fmt.Errorf("cannot write the picture: %w", err)
	}
	for _, d := range p.Diagnostics {
		if d.Severity == "error" {
			return errFindings
		}
	}
	return nil
}

// plan reads a saved plan, or makes one.
func (o *graphOptions) plan(ctx context.Context) (*plan.Plan, error) {
	if isFile(o.target) && strings.HasSuffix(o.target, ".json") {
		if o.ref != "" {
			return nil, usagef("--ref is for a repository: a saved plan is for one ref")
		}
		return loadPlan(o.target)
	}
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
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
		return nil, explained(err)
	}
	return p, nil
}

// selectPaths is true for the jobs whose path matches, of which there must be
// some.
func selectPaths(p *plan.Plan, pattern string) (func(string) bool, error) {
	matches := func(name string) bool {
		ok, _ := path.Match(pattern, name) // the pattern was looked at before
		return ok
	}
	var all []string
	for i := range p.Jobs {
		if matches(p.Jobs[i].Path) {
			return matches, nil
		}
		all = append(all, p.Jobs[i].Path)
	}
	err := usagef("no job matches %q", pattern)
	err.help = suggestion(pattern, all, "Run 'nixplan plan' for the jobs.")
	return nil, err
}
