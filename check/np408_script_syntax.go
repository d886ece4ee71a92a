package check

import (
	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/internal/diag"
)

var scriptSyntax = &Rule{
	ID: "NP408", Name: "script-syntax",
	Summary: "A script is not bash, or a filter on a secret is not jq.",
	run:     checkScriptSyntax,
}

func checkScriptSyntax(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.MayRun() {
				continue
			}
			scripts, _ := at.scripts()
			for _, s := range scripts {
				if s.Error != nil {
					p.scriptSyntax(at, s, s.Error, "bash cannot read "+s.Name+": ", "the script fails as a whole, before its first command runs")
				}
				for _, r := range s.Reads {
					if r.Filter != nil && r.Filter.Error != nil {
						p.scriptSyntax(at, s, r.Filter.Error, "", "")
					}
				}
			}
		}
	}
}

func (p *pass) scriptSyntax(j *JobAt, s *script, mistake *shell.SyntaxError, lead, help string) {
	p.reportFor(diag.Diagnostic{Range: s.place(mistake.Range), Summary: lead + mistake.Message, Help: help}, j)
}
