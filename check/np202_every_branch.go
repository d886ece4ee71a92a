package check

import (
	"encoding/json"
	"strings"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var everyBranch = &Rule{
	ID: "NP202", Name: "every-branch",
	Severity: diag.Warning,
	Summary:  "A deployment runs for every branch, those of pull requests included.",
	run:      checkEveryBranch,
}

// deployments are the kinds of effects that change machines.
var deployments = map[plan.Kind]bool{
	plan.RunNixOps: true, plan.RunNixOps2: true, plan.RunNixOS: true, plan.RunNixDarwin: true,
	plan.RunCachixDeploy: true, plan.RunArion: true,
}

func checkEveryBranch(p *pass) {
	if p.reading(planner.OtherBranch) == nil {
		return // only some refs were asked for
	}
	for _, job := range p.Jobs {
		if job.Trigger.Kind == plan.Push && job.At[0].Place().Valid() && p.everywhere(job) && job.alike() {
			p.everyBranch(job)
		}
	}
}

// everywhere reports whether the job deploys for every branch that was looked
// at.
func (p *pass) everywhere(job *Job) bool {
	for _, reading := range p.Survey.Readings {
		if !strings.HasPrefix(reading.Ref.Name, heads) {
			continue
		}
		at := job.at(reading.Ref.Name)
		if at == nil || at.Job.State != plan.Active || !at.deploys() {
			return false
		}
	}
	return true
}

// alike reports whether the job is the same for all refs: a preview of each
// branch has a name of its own, or hosts, or arguments.
func (j *Job) alike() bool {
	first := ""
	for _, at := range j.At {
		if is := at.looks(); first == "" {
			first = is
		} else if is != first {
			return false
		}
	}
	return true
}

// looks is what the job does, as text.
func (j *JobAt) looks() string {
	job := j.Job
	job.AgentPath, job.State, job.Condition = nil, "", plan.Condition{}
	is, err := json.Marshal(&job)
	if err != nil {
		return err.Error()
	}
	out := []string{string(is)}
	for _, name := range j.ArgNames() {
		if known, ok := j.Arg(name).Text(); ok {
			out = append(out, name, known)
		}
	}
	return strings.Join(out, "\x00")
}

func (p *pass) everyBranch(job *Job) {
	at := job.At[0]
	ref, branch := "src.ref", heads+"main"
	if at.Reading.Evaluation.Form != hercules.Legacy {
		ref = "primaryRepo.ref"
	}
	if name := p.Project.DefaultBranch(); name != "" {
		branch = name
	}
	p.reportFor(diag.Diagnostic{
		Range:   at.Place(),
		Summary: job.Path + " deploys for every branch",
		Detail:  "An agent runs it for every push, to the branch of a pull request as well as to the default branch.",
		Help:    "name the branch that is to be deployed: runIf (" + ref + " == " + text.QuoteNix(branch) + ") (…)",
	}, job.At...)
}
