package check

import (
	"path"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var fileTwice = &Rule{
	ID: "NP306", Name: "file-twice", Severity: diag.Warning,
	Summary: "A network file is listed twice, or in roles that exclude each other.",
	run:     checkFileTwice,
}

func checkFileTwice(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			p.fileTwice(at)
		}
	}
}

func (p *pass) fileTwice(at *JobAt) {
	first := map[string]*file{}
	for _, f := range at.files() {
		name := path.Clean(f.Path)
		before := first[name]
		if before == nil {
			first[name] = f
			continue
		}
		d := diag.Diagnostic{
			Range:   f.At,
			Detail:  "NixOps merges all files it is given: what a file defines twice is a conflict, and lists have everything twice.",
			Help:    "remove one of the two",
			Related: []diag.Related{{Range: before.At, Message: "it is listed here as well"}},
		}
		switch {
		case before.Role == f.Role:
			d.Summary = f.quoted() + " is listed twice"
		case before.deployed() != f.deployed() && before.Role != plan.NetworkFile:
			// Once in each of the two runs, which is what networkFiles are for.
			d.Summary = f.quoted() + " is both in prebuildOnlyNetworkFiles and in deployOnlyNetworkFiles"
			d.Detail = "A file of both is a file of networkFiles."
			d.Help = "list it in networkFiles instead"
		default:
			d.Summary = f.quoted() + " is in networkFiles as well as in " + fileArguments[f.Role]
		}
		p.reportFor(d, at)
	}
}
