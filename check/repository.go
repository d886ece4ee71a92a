package check

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// Repository is what rules look at.
type Repository struct {
	Project *hercules.Project
	Config  *config.Config
	Survey  *planner.Survey
	// Secrets are those of the agents, nil when nothing says what they are.
	Secrets *secrets.Inventory
	// Jobs are the effects, in the order of their paths.
	Jobs []*Job

	planner *planner.Planner
	ev      *eval.Evaluator
	trees   trees
	imports map[string][]imported   // see importsOf
	byPath  map[string]*diag.Source // see importsOf
	byName  map[string]*diag.Source // what was evaluated; see sharpen

	decided  decisions
	derived  map[place]bool // where something made from a fact is compared
	byRef    map[string]*planner.Reading
	names    map[string]bool       // refs the program names
	existing map[string]bool       // see exists
	deciding map[value.Span][]*Job // jobs by the comparisons they depend on

	analyzed map[string]*shell.Script // by text
	texts    map[string]*diag.Source  // files that are no Nix, by name
	searches int
	mention  *bool // see mentionsSecrets
}

// Job is an effect at an attribute path, for every ref at which it is there.
type Job struct {
	Path    string
	Trigger plan.Trigger
	At      []*JobAt // in the survey's order
}

// JobAt is a job for one ref.
type JobAt struct {
	*planner.Effect
	Reading *planner.Reading

	repo *Repository
	read *scriptReader // once the scripts were read
	// twin is the job for an earlier ref for which the effect is the very same value;
	// what its scripts and arguments are is found out once.
	twin *JobAt

	fileList   []*file
	filesKnown bool
	lost       []lostImport
	lostKnown  bool
}

func newRepository(p *planner.Planner, settings *config.Config, survey *planner.Survey) *Repository {
	r := &Repository{Project: p.Project(), Config: settings, Survey: survey, planner: p, ev: p.Evaluator()}
	byPath := map[string]*Job{}
	for _, reading := range survey.Readings {
		for _, effect := range reading.Effects {
			trigger := effect.Job.Trigger
			key := string(trigger.Kind) + "\x00" + trigger.Name + "\x00" + effect.Job.Path
			job := byPath[key]
			if job == nil {
				job = &Job{Path: effect.Job.Path, Trigger: trigger}
				byPath[key] = job
				r.Jobs = append(r.Jobs, job)
			}
			at := &JobAt{Effect: effect, Reading: reading, repo: r}
			at.twin = job.twinOf(at)
			job.At = append(job.At, at)
		}
	}
	slices.SortStableFunc(r.Jobs, func(a, b *Job) int {
		return slices.Compare(a.At[0].Job.AttrPath, b.At[0].Job.AttrPath)
	})
	return r
}

// twinOf is the first of a job's that has the same effect, nil for none.
func (job *Job) twinOf(at *JobAt) *JobAt {
	same := func(a, b value.Value) bool {
		return a.Kind() == value.AttrSet && b.Kind() == value.AttrSet && a.Attrs() == b.Attrs()
	}
	for _, other := range job.At {
		if other.Found.At == at.Found.At && same(other.Given, at.Given) && same(other.Found.Value, at.Found.Value) {
			return other
		}
	}
	return nil
}

// NixOps reports whether the job deploys with NixOps, of either version.
func (j *JobAt) NixOps() bool {
	return j.Job.Kind == plan.RunNixOps || j.Job.Kind == plan.RunNixOps2
}

// MayRun reports whether an agent runs the job for the ref, or may: its
// condition is not known.
func (j *JobAt) MayRun() bool { return j.Job.State != plan.Inactive }

// Place is where the job is defined.
func (j *JobAt) Place() diag.Range { return userRange(j.Found.At.Range()) }

// force is a value in weak head normal form; none when it fails.
func (r *Repository) force(v value.Value) value.Value {
	out, err := r.ev.Force(v)
	if err != nil {
		return value.Value{}
	}
	return out
}

// refs are the full names of the repository's branches and tags.
func (r *Repository) refs() []string {
	g := r.Project.Git
	if g == nil {
		return nil
	}
	return append(g.Branches(), g.Tags()...)
}

// absolute is the path of a file named relative to the root.
func (r *Repository) absolute(name string) string {
	return filepath.Join(r.Project.Root, filepath.FromSlash(name))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
