package check

import (
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var sameHost = &Rule{
	ID: "NP508", Name: "same-host",
	Summary: "Two machines of a network are deployed to the same host.",
	run:     checkSameHost,
}

func checkSameHost(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			p.sameHosts(at)
		}
	}
}

type hostPort struct {
	host string
	port int64
}

func (p *pass) sameHosts(at *JobAt) {
	first := map[hostPort]*planner.Machine{}
	for i := range at.Machines {
		m := &at.Machines[i]
		if m.Vague || m.TargetHost == "" || m.TargetEnv != "" && m.TargetEnv != "none" {
			continue // others have the host chosen for them
		}
		const ssh = 22
		to := hostPort{m.TargetHost, m.TargetPort}
		if to.port == 0 {
			to.port = ssh
		}
		before := first[to]
		if before == nil {
			first[to] = m
			continue
		}
		d := diag.Diagnostic{
			Range:   p.nameAt(m.Name, userRange(m.At.Range())),
			Summary: before.Name + " and " + m.Name + " are both deployed to " + text.QuoteNix(m.TargetHost),
			Detail:  "NixOps activates one configuration and then the other on the same machine.",
			Help:    "correct the targetHost of one of them",
			Related: []diag.Related{{Range: p.nameAt(before.Name, userRange(before.At.Range())), Message: before.Name + " is defined here"}},
		}
		if !d.Range.Valid() {
			d.Range = at.Place()
		}
		if !d.Related[0].Range.Valid() {
			d.Related = nil
		}
		p.reportFor(d, at)
	}
}
