package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/check"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/internal/view"
)

type checkOptions struct {
	streams *Streams

	targets   []string
	refs      []string
	config    string
	secrets   string
	format    string
	outputs   []string // FORMAT=FILE
	severity  string
	fix       bool
	explain   string
	color     string
	showTrace bool
	model     modelFlags
	limits    limitFlags
}

func newCheckCommand(streams *Streams) *cobra.Command {
	o := &checkOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "check [PATH]...",
		Short: "Find what would go wrong at deployment time",
		Long: `Find what would go wrong at deployment time: branches that are no full refs,
network files that are missing or not tracked by git, secrets that are not there
or not allowed for the branch, misspelt arguments, and more. See nixplan rules.

PATH is a repository's directory or its entry file, by default the repository
around the working directory. It is checked for every ref that matters: the
default branch, the branches and tags there are, and every ref that ci.nix
compares with. Nothing is fetched, built or changed.

What cannot be known without fetching is not reported. A comment allows a
finding in its line or the next; a reason is required:

  # nixplan: allow NP202 every branch has a preview of its own`,
		Example: `  nixplan check
  nixplan check --ref refs/heads/production --severity error
  nixplan check --format github --output sarif=nixplan.sarif
  nixplan check --fix
  nixplan check --explain NP203`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.explain != "" {
				return runExplain(streams, o.explain)
			}
			o.targets = args
			return runCheck(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.Var((*stringList)(&o.refs), "ref", "check for git ref `NAME` only; may be given several times")
	flags.StringVar(&o.config, "config", "", "read settings from `FILE` instead of nixplan.hcl")
	flags.StringVar(&o.secrets, "secrets", "", "the secrets.json or manifest `FILE` that says which secrets there are")
	flags.StringVar(&o.format, "format", string(view.Text), "output `FORMAT`: "+strings.Join(names(view.FindingFormats), ", "))
	flags.Var((*stringList)(&o.outputs), "output", "also write `FORMAT=FILE`; may be given several times")
	flags.StringVar(&o.severity, "severity", "note", "show findings of at least `LEVEL`: note, warning or error")
	flags.BoolVar(&o.fix, "fix", false, "apply the fixes that are certain")
	flags.StringVar(&o.explain, "explain", "", "explain the rule `ID`")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show the whole trace of errors")
	o.model.register(cmd)
	o.limits.register(flags, planTimeout)
	complete(cmd, "format", names(view.FindingFormats)...)
	complete(cmd, "severity", "note", "warning", "error")
	complete(cmd, "color", "auto", "always", "never")
	complete(cmd, "explain", check.IDs()...)
	return cmd
}

func names(formats []view.Format) []string {
	var out []string
	for _, f := range formats {
		out = append(out, string(f))
	}
	return out
}

// output is a file to write findings to.
type output struct {
	format view.Format
	path   string
}

func (o *checkOptions) parseOutputs() ([]output, error) {
	var out []output
	for _, text := range o.outputs {
		format, path, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return nil, usagef("invalid value %q for --output: want FORMAT=FILE, such as sarif=nixplan.sarif", text)
		}
		parsed, err := view.ParseFormat(format, view.FindingFormats)
		if err != nil {
			return nil, usagef("--output: %v", err)
		}
		out = append(out, output{parsed, path})
	}
	return out, nil
}

// levels are what --severity takes.
var levels = map[string]diag.Severity{
	diag.Note.String(): diag.Note, diag.Warning.String(): diag.Warning, diag.Error.String(): diag.Error,
}

func runCheck(ctx context.Context, o *checkOptions) error {
	format, err := view.ParseFormat(o.format, view.FindingFormats)
	if err != nil {
		return usagef("%v", err)
	}
	outputs, err := o.parseOutputs()
	if err != nil {
		return err
	}
	least, ok := levels[o.severity]
	if !ok {
		return usagef("invalid value %q for --severity: want note, warning or error", o.severity)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	reports, err := o.run(ctx)
	if err != nil {
		return err
	}
	if o.fix {
		mended, err := o.mend(reports)
		if err != nil {
			return err
		}
		if mended {
			if reports, err = o.run(ctx); err != nil {
				return err
			}
		}
	}
	options := view.FindingOptions{
		Format: format,
		TextOptions: diag.TextOptions{
			Style: text.NewStyle(color), Width: o.streams.width(), Trace: traceLength(o.showTrace),
		},
	}
	if err := o.write(o.streams.Out, reports, least, options); err != nil {
		return fmt.Errorf("cannot write the findings: %w", err)
	}
	for _, out := range outputs {
		var b bytes.Buffer
		options.Format, options.Style = out.format, text.Style{}
		if err := o.write(&b, reports, least, options); err != nil {
			return err
		}
		if err := writeFile(out.path, b.Bytes()); err != nil {
			return fmt.Errorf("cannot write the findings: %w", err)
		}
	}
	for _, r := range reports {
		if r.Cut {
			fmt.Fprintf(o.streams.Err, "nixplan: %s has more refs that matter than were looked at (%d); --ref checks a certain one\n", r.Root, len(r.Refs))
		}
	}
	if slices.ContainsFunc(reports, (*check.Report).HasErrors) {
		return errFindings
	}
	return nil
}

// run checks every repository that was named. What it takes in all is bounded.
func (o *checkOptions) run(ctx context.Context) ([]*check.Report, error) {
	targets := o.targets
	if len(targets) == 0 {
		targets = []string{""}
	}
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	var reports []*check.Report
	for _, target := range targets {
		report, err := check.Run(ctx, check.Options{
			Path: target, Refs: o.refs, Config: o.config, Secrets: o.secrets,
			SearchPath: o.model.searchPath("", dir), // an agent has no NIX_PATH
			NoModel:    !o.model.enabled(),
			Fetcher:    o.model.fetcher(o.streams),
			Limits:     o.limits.limits(),
		})
		if ctx.Err() != nil {
			return nil, o.limits.ended(ctx)
		}
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// mend applies the fixes there are, says so, and reports whether there were any.
func (o *checkOptions) mend(reports []*check.Report) (bool, error) {
	dir, err := workingDir()
	if err != nil {
		return false, err
	}
	any := false
	for _, report := range reports {
		mended := *report
		if mended.Findings, err = check.Fix(report); err != nil {
			return any, err
		}
		for _, f := range mended.RelativeTo(dir).Findings {
			any = true
			fmt.Fprintf(o.streams.Err, "fixed: %s: %s\n", f.Place, f.Fix.Summary)
		}
	}
	return any, nil
}

// write shows findings in a format. People get files named relative to the
// working directory, forges relative to the top of the work tree.
func (o *checkOptions) write(w io.Writer, reports []*check.Report, least diag.Severity, options view.FindingOptions) error {
	dir, err := workingDir()
	if err != nil {
		return err
	}
	named := make([]*check.Report, len(reports))
	for i, r := range reports {
		base := dir
		if options.Format != view.Text {
			base = r.Top
		}
		named[i] = r.RelativeTo(base).AtLeast(least)
	}
	return view.Findings(w, findings(check.Join(named)), options)
}

// findings is a report as views take it.
func findings(r *check.Report) *view.Report {
	out := &view.Report{ToolVersion: Version()}
	finding := func(f check.Finding) view.Finding {
		return view.Finding{Record: f.Record, Attrs: f.Attrs, Refs: f.Refs}
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, finding(f))
	}
	for _, f := range r.Suppressed {
		out.Suppressed = append(out.Suppressed, view.Suppressed{Finding: finding(f), Reason: f.Reason, By: f.By})
	}
	for _, rule := range check.Rules {
		out.Rules = append(out.Rules, view.Rule{
			ID: rule.ID, Name: rule.Name, Summary: rule.Summary,
			Severity: rule.Severity.String(), HelpURI: rule.URL(),
		})
	}
	return out
}
