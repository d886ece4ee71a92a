package check

import (
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var idleFiles = &Rule{
	ID: "NP307", Name: "idle-files", Severity: diag.Warning,
	Summary: "Files are listed in an argument that has no effect.",
	run:     checkIdleFiles,
}

func checkIdleFiles(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.NixOps() {
				continue
			}
			if arg := at.Arg("prebuildOnlyNetworkFiles"); arg != nil && len(arg.Elems()) > 0 && !at.Job.Prebuild {
				d := diag.Diagnostic{
					Range:   arg.NameAt,
					Summary: "prebuildOnlyNetworkFiles has no effect, since prebuild is false",
					Help:    "remove one of the two",
				}
				if prebuild := at.Arg("prebuild"); prebuild != nil {
					d.Related = []diag.Related{{Range: prebuild.At, Message: "prebuild is set here"}}
				}
				p.reportFor(d, at)
			}
			if arg := at.Arg("deployOnlyNetworkFiles"); arg != nil && len(arg.Elems()) > 0 && at.Job.Kind == plan.RunNixOps2 {
				p.reportFor(diag.Diagnostic{
					Range:   arg.NameAt,
					Summary: "deployOnlyNetworkFiles has no effect: runNixOps2 does not have it",
					Detail:  "NixOps 2 deploys what nixops.nix or flake.nix in src says. The argument becomes an environment variable that nothing reads.",
					Help:    "let nixops.nix import the files",
				}, at)
			}
		}
	}
}
