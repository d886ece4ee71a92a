package check

import (
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// An action that does not exist is refused by the model of runNixOps, as the
// original does; see eval/model.
var action = &Rule{
	ID: diag.IDAction, Name: "action",
	Summary: "A deployment's action does not exist, or changes the state without changing a machine.",
	run:     checkAction,
}

// stateOnly are the actions that touch no machine, and after which runNixOps
// uploads the state all the same.
var stateOnly = map[string]string{
	"build": "builds the machines",
	"plan":  "shows what would be done",
}

func checkAction(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if at.Job.Kind != plan.RunNixOps || at.Job.Action == nil || at.Job.State != plan.Active {
				continue
			}
			does := stateOnly[at.Job.Action.Name]
			arg := at.Arg("action")
			if does == "" || arg == nil {
				continue
			}
			p.reportFor(diag.Diagnostic{
				Severity: diag.Warning,
				Range:    arg.At,
				Summary:  "the action " + at.Job.Action.Name + " only " + does + ", and then the deployment's state is uploaded",
				Detail: "NixOps notes in its state what it was about to do, so the state no longer tells what runs on the machines " +
					"(https://github.com/NixOS/nixops/issues/1499). For machines that do not exist yet the effect fails at the end.",
				Help: "write \"dry-run\", which leaves the state alone; prebuild builds the machines for every ref",
			}, at)
		}
	}
}
