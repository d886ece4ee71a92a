package cli

import (
	"context"

	"github.com/nixplan/nixplan/check"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
)

// diffSide is one side of a comparison with what it was made from.
type diffSide struct {
	diff.Side
	planner  *planner.Planner // nil for a saved plan
	readings []*planner.Reading
}

// savedSide is a saved plan. It has no contents of files.
func savedSide(path string) (*diffSide, error) {
	p, err := loadPlan(path)
	if err != nil {
		return nil, err
	}
	return &diffSide{Side: diff.Side{Name: path, Plans: []*plan.Plan{p}}}, nil
}

// survey evaluates and checks a revision, or the work tree, for every ref that
// matters to it.
func (o *diffOptions) survey(ctx context.Context, from revision) (*diffSide, error) {
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	p, err := planner.New(ctx, planner.Options{
		Path:        o.dir,
		Rev:         from.rev,
		Config:      o.config,
		SearchPath:  o.model.searchPath("", dir), // an agent has no NIX_PATH
		NoModel:     !o.model.enabled(),
		Fetcher:     o.model.fetcher(o.streams),
		Limits:      o.limits.limits(),
		ToolVersion: Version(),
	})
	if err != nil {
		return nil, err
	}
	side := &diffSide{Side: diff.Side{Name: from.name, File: p.File, Imports: p.Imports}, planner: p}
	report, survey, err := check.Survey(ctx, p, check.Options{Refs: o.refs, Secrets: o.secrets})
	if err != nil {
		side.close()
		return nil, err
	}
	side.readings = survey.Readings
	side.Findings = []diff.Report{}
	for _, f := range report.Findings {
		side.Findings = append(side.Findings, diff.Report{Record: f.Record, Attrs: f.Attrs})
	}
	side.Titles = map[string]string{
		planner.OtherBranch: string(planner.AnyOtherBranch), planner.OtherTag: string(planner.AnyOtherTag),
	}
	return side, nil
}

// refs are those for which the side was evaluated.
func (s *diffSide) refs() []string {
	var refs []string
	for _, r := range s.readings {
		refs = append(refs, r.Ref.Name)
	}
	return refs
}

// complete evaluates the side for the refs that matter to the other one as well,
// and makes the plans.
func (s *diffSide) complete(ctx context.Context, others []string) error {
	seen := map[string]bool{}
	for _, ref := range s.refs() {
		seen[ref] = true
	}
	for _, ref := range others {
		if !seen[ref] {
			s.readings = append(s.readings, s.planner.Read(hercules.Ref{Name: ref}))
		}
	}
	s.Reads = s.planner.NetworkReads()
	s.Scripts = map[string]map[string]string{}
	for _, r := range s.readings {
		s.Plans = append(s.Plans, s.planner.Complete(r, s.readings))
		for _, effect := range r.Effects {
			if s.Scripts[effect.Job.Path] == nil || effect.Job.State == plan.Active {
				s.Scripts[effect.Job.Path] = s.planner.Scripts(effect)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return s.planner.Err()
}

func (s *diffSide) err() error {
	if s.planner == nil {
		return nil
	}
	return s.planner.Err()
}

// close ends what reads the side's files.
func (s *diffSide) close() {
	if s != nil && s.planner != nil {
		s.planner.Close()
	}
}

// identity is what the work tree's configuration says about the repository. What
// is wrong with it is told where it is checked.
func (o *diffOptions) identity(project *hercules.Project) (hercules.Identity, error) {
	var c *config.Config
	var err error
	if o.config != "" {
		c, _, err = config.Load(o.config, o.config)
	} else {
		c, _, err = config.Find(nil, project.Root, project.Top())
	}
	if err != nil {
		return hercules.Identity{}, err
	}
	return planner.Identity(c), nil
}
