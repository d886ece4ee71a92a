package cli

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// selfDeploys finds jobs whose network has the machine that this runs on. A
// deployment that restarts what carries it out ends half-way
// (hercules-ci/hercules-ci-agent#273). Where it is allowed such jobs come last.
func (a *application) selfDeploys(settings *config.Config) []executor.Problem {
	own := ownNames(settings)
	var problems []executor.Problem
	for i := range a.jobs {
		job := &a.jobs[i].Plan
		machine := ownMachine(job, own)
		if machine == "" {
			continue
		}
		a.jobs[i].Last = true
		if !a.o.selfDeploy {
			problems = append(problems, executor.Problem{
				ID: diag.IDOwnMachine, Job: job.Path,
				Text: fmt.Sprintf("its machine %s is the one that this runs on; the deployment would end what carries it out", text.Line(machine)),
				Help: "deploy it from elsewhere, or pass --allow-self-deploy, which leaves it for the end",
			})
		}
	}
	return problems
}

// ownNames are the names and addresses of this machine.
func ownNames(settings *config.Config) map[string]bool {
	names := map[string]bool{}
	if host, err := os.Hostname(); err == nil && host != "" && host != "localhost" {
		names[strings.ToLower(host)] = true
	}
	if addresses, err := net.InterfaceAddrs(); err == nil {
		for _, address := range addresses {
			if ip, ok := address.(*net.IPNet); ok {
				names[ip.IP.String()] = true
			}
		}
	}
	names["localhost"] = true
	// nixplan.hcl tells under which names others know an agent's machine.
	for _, agent := range settings.Agents {
		all := append(slices.Clone(agent.Hosts), agent.Machines...)
		if slices.ContainsFunc(all, func(name string) bool { return names[strings.ToLower(name)] }) {
			for _, name := range all {
				names[strings.ToLower(name)] = true
			}
		}
	}
	return names
}

// ownMachine is a machine of the job's network that is this one, "" if none is. A
// machine is known by its address; without one, by its name.
func ownMachine(job *plan.Job, own map[string]bool) string {
	for _, m := range job.Machines {
		host := strings.ToLower(strings.TrimSuffix(m.TargetHost, "."))
		switch {
		case host != "":
			if own[host] || own[strings.Trim(host, "[]")] {
				return m.Name
			}
		case m.TargetEnv == "" || m.TargetEnv == "none":
			if own[strings.ToLower(m.Name)] {
				return m.Name
			}
		}
	}
	return ""
}
