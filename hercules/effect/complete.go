package effect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/plan"
)

// Complete fills in what a plan could not know of a job and its effect has: the
// deployment's name, the action, files, names of states, and the network's arguments,
// hidden as a plan hides them. What it filled in is no unknown of the job any more.
func (e *Effect) Complete(job *plan.Job) {
	if len(job.Unknowns) == 0 {
		return
	}
	job.Unknowns = slices.Clone(job.Unknowns)
	unknown := func(field string) bool {
		found := false
		job.Unknowns = slices.DeleteFunc(job.Unknowns, func(u plan.Unknown) bool {
			is := u.Field == field || strings.HasPrefix(u.Field, field+".")
			found = found || is
			return is
		})
		return found
	}
	if unknown(plan.FieldDeployment) {
		job.Deployment = e.Env["NIXOPS_DEPLOYMENT"]
	}
	if argv, err := nixopsCall(e.Env["effectScript"], "deploy"); err == nil && len(argv) > 0 && unknown(plan.FieldAction) {
		job.Action = &plan.Action{Name: cmp.Or(e.Env["action"], "switch"), Argv: argv}
	}
	if job.Kind != plan.RunNixOps {
		return
	}
	e.completeFiles(job, plan.NetworkFile, "networkFiles", unknown(plan.FieldNetworkFiles))
	e.completeFiles(job, plan.DeployOnlyFile, "deployOnlyNetworkFiles", unknown(plan.FieldDeployOnlyFiles))
	e.completeState(job, plan.DeploymentState, "stateName", unknown(plan.FieldStateName))
	e.completeState(job, plan.KnownHostsState, "knownHostsName", unknown(plan.FieldKnownHostsName))
	if unknown(plan.FieldNetworkArgs) {
		hidden := map[string]bool{}
		for _, arg := range job.NetworkArgs {
			hidden[arg.Name] = arg.Hidden
		}
		job.NetworkArgs = nil
		for _, arg := range e.NetworkArgs {
			shown := plan.NetworkArg{Name: arg.Name, Hidden: hidden[arg.Name] || planner.HoldsSecret(arg.Name, arg.JSON)}
			if !shown.Hidden {
				shown.JSON = arg.JSON
			}
			job.NetworkArgs = append(job.NetworkArgs, shown)
		}
	}
}

func (e *Effect) completeFiles(job *plan.Job, role plan.FileRole, variable string, unknown bool) {
	if !unknown {
		return
	}
	job.Files = slices.DeleteFunc(slices.Clone(job.Files), func(f plan.File) bool { return f.Role == role })
	for name := range strings.FieldsSeq(e.Env[variable]) {
		job.Files = append(job.Files, plan.File{Role: role, Path: name})
	}
}

func (e *Effect) completeState(job *plan.Job, role, variable string, unknown bool) {
	if !unknown {
		return
	}
	job.StateFiles = slices.DeleteFunc(slices.Clone(job.StateFiles), func(f plan.StateFile) bool { return f.Role == role })
	job.StateFiles = append(job.StateFiles, plan.StateFile{Name: e.Env[variable], Role: role})
}
