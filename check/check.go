// Package check finds what would go wrong with a repository's deployments: it
// surveys the repository for every git ref that matters and holds a table of
// rules against what it finds. Each rule is a file of its own, npNNN_….go, and a
// page of docs/checks.
//
// A rule reports what is certainly wrong. Where a value is not known it says
// nothing.
package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/eval/world/fetch"
	"github.com/nixplan/nixplan/hercules/planner"
)

// Options say what to check.
type Options struct {
	// Path is a directory or the entry file; "" is the repository around the
	// working directory.
	Path string
	// Rev is the git revision whose files are checked; "" is the files that are
	// there.
	Rev string
	// Refs are the refs to check for, as users name them; none means every ref
	// that matters.
	Refs []string
	// Config is the path of the configuration; "" is nixplan.hcl in the root,
	// where there is one.
	Config string
	// Secrets is the path of a secrets.json or of a manifest; "" takes what the
	// configuration names.
	Secrets string
	// SearchPath is what <name> looks in.
	SearchPath []world.SearchEntry
	// NoModel evaluates only what is there.
	NoModel bool
	// Fetcher gets what fetchers ask for; nil is one without cache and network.
	Fetcher *fetch.Fetcher
	// Limits bound the evaluation; see planner.Options.
	Limits value.Limits
}

// Run checks a repository. An error means that there is nothing to check: the
// path, the repository, the configuration or the secrets cannot be read, or that
// ctx ended first.
func Run(ctx context.Context, o Options) (*Report, error) {
	p, err := planner.New(ctx, planner.Options{
		Path: o.Path, Rev: o.Rev, Config: o.Config, SearchPath: o.SearchPath, NoModel: o.NoModel, Fetcher: o.Fetcher, Limits: o.Limits,
	})
	if err != nil {
		return nil, err
	}
	defer p.Close()
	report, _, err := Survey(ctx, p, o)
	return report, err
}

// Survey is Run for a repository that is open, and gives what the findings were
// made from as well. Of the options only Refs and Secrets count.
func Survey(ctx context.Context, p *planner.Planner, o Options) (*Report, *planner.Survey, error) {
	project := p.Project()
	settings, problems := p.Settings()
	inventory, more, err := openSecrets(o.Secrets, settings, project.Disk, project.Root)
	if err != nil {
		return nil, nil, err
	}
	problems = append(problems, more...)
	survey := planner.SurveyOptions{Extra: settings.Refs, Brief: true}
	for _, name := range o.Refs {
		ref, err := project.ResolveRef(name)
		if err != nil {
			return nil, nil, err
		}
		survey.Only = append(survey.Only, ref.Name)
	}
	repository := newRepository(p, settings, p.Survey(survey))
	repository.Secrets = inventory
	if err := p.Err(); err != nil {
		return nil, nil, err
	}
	c := &collector{repo: repository}
	problems = append(problems, settings.CheckRules(IDs())...)
	for _, d := range problems {
		c.add(d, "", nil)
	}
	repository.readings(c)
	for _, rule := range Rules {
		if rule.run != nil {
			rule.run(&pass{Repository: repository, rule: rule, out: c})
		}
	}
	if err := ctx.Err(); err != nil { // what was found is not everything
		return nil, nil, err
	}
	report := &Report{Root: project.Root, Top: project.Root, Cut: repository.Survey.Cut}
	if g := project.Git; g != nil && !g.Bare() {
		report.Top = g.WorkTree
	}
	report.Findings, report.Suppressed = c.finish()
	for _, r := range repository.Survey.Readings {
		if r.Origin != planner.AnyOtherBranch && r.Origin != planner.AnyOtherTag {
			report.Refs = append(report.Refs, r.Ref.Name)
		}
	}
	slices.Sort(report.Refs)
	return report, repository.Survey, nil
}

// readings hands on what the evaluation itself found.
func (r *Repository) readings(c *collector) {
	for _, reading := range r.Survey.Readings {
		for _, d := range reading.Plan.Diagnostics {
			c.record(r.sharpen(d.Record), d.Attr, []string{reading.Ref.Name})
		}
	}
}

// describeRefs names refs for people, "" when they are all of those for which
// something exists.
func describeRefs(refs []string, all int) string {
	if len(refs) == 0 || len(refs) == all {
		return ""
	}
	names := make([]string, len(refs))
	for i, ref := range refs {
		switch ref {
		case planner.OtherBranch:
			names[i] = "any other branch"
		case planner.OtherTag:
			names[i] = "any other tag"
		default:
			names[i] = ref
		}
	}
	return enumerate(names)
}

// enumerate names the first of a list, and how many more there are.
func enumerate(names []string) string {
	const most = 4
	if more := len(names) - most; more > 1 {
		names = append(names[:most:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
