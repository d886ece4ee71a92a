package check

import (
	"slices"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var ownAgent = &Rule{
	ID: "NP504", Name: "own-agent", Severity: diag.Warning,
	Summary: "A deployment includes the machine of the agent that runs it.",
	run:     checkOwnAgent,
}

func checkOwnAgent(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.NixOps() || at.Job.State == plan.Inactive {
				continue
			}
			for i := range at.Machines {
				if m := &at.Machines[i]; p.runsAgent(m) {
					p.ownAgent(at, m)
				}
			}
		}
	}
}

// runsAgent reports whether the deploying agent is on a machine. Where the
// configuration says which machines agents are on, it is right.
func (r *Repository) runsAgent(m *planner.Machine) bool {
	said := false
	for _, agent := range r.Config.Agents {
		if slices.Contains(agent.Machines, m.Name) || m.TargetHost != "" && slices.Contains(agent.Hosts, m.TargetHost) {
			return true
		}
		said = said || len(agent.Machines)+len(agent.Hosts) > 0
	}
	return m.Agent && !said
}

func (p *pass) ownAgent(at *JobAt, m *planner.Machine) {
	d := diag.Diagnostic{
		Range:   p.nameAt(m.Name, userRange(m.At.Range())),
		Summary: "the machine " + m.Name + " runs an agent, and may be the one that deploys it",
		Detail: "When the deployment restarts the agent, the effect is interrupted half-way and the deployment's state is lost " +
			"(https://github.com/hercules-ci/hercules-ci-agent/issues/273).",
		Help: "deploy the agent's machine by other means, or say in nixplan.hcl which machines run this repository's agents",
	}
	if !m.Agent || len(p.Config.Agents) > 0 {
		d.Summary = "the machine " + m.Name + " runs the agent that deploys it"
		d.Help = "deploy the agent's machine by other means"
	}
	if !d.Range.Valid() {
		d.Range = at.Place()
	} else {
		d.Related = []diag.Related{{Range: at.Place(), Message: "it is deployed here"}}
	}
	p.reportAt(d, at.Job.Path, nil)
}
