package check

import (
	"path"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var fileOutside = &Rule{
	ID: "NP304", Name: "file-outside",
	Summary: "A network file, or a file it imports, lies outside of src, or is given in a form that cannot work.",
	run:     checkFileOutside,
}

func checkFileOutside(p *pass) {
	p.eachFile(func(f *file) {
		d := diag.Diagnostic{Range: f.At}
		switch {
		case f.job.flake():
			return // there names are no files; see below
		case f.Value.Kind() == value.Path:
			if !f.job.Job.Prebuild {
				return // nothing but the deployment reads it, which gets a copy
			}
			d.Summary = "a path is given where the name of a file in src is needed"
			d.Detail = "The path is copied to the store by itself and looked for below src there."
			d.Help = "write it as a string relative to src"
			if !f.outside() && f.isLiteral() {
				d.Help = "write " + f.quoted()
				d.Fix = &diag.Fix{Summary: d.Help, Edits: []diag.Edit{{Range: f.At, Text: f.quoted()}}}
			}
		case path.IsAbs(f.Path):
			d.Summary = f.quoted() + " is an absolute path where one relative to src is needed"
			d.Help = "write it relative to src"
		case f.outside() && f.deployed():
			d.Summary = f.quoted() + " lies outside of src"
			d.Detail = "The deployment runs in a copy of src and has no other files."
			d.Help = "make src the directory that has all of them, or move the file"
		default:
			return
		}
		p.reportFor(d, f.job)
	})
	p.lostImports(true, "lies outside of src",
		"The deployment runs in a copy of src and has no other files.",
		"make src the directory that has all of them, or move the file")
	p.eachFlakeFile()
}

// flake reports whether runNixOps2 takes the network from a flake.
func (j *JobAt) flake() bool {
	arg := j.Arg("flake")
	return j.Job.Kind == plan.RunNixOps2 && arg != nil && arg.Value.Kind() != value.Null && arg.Value.Kind() != value.None
}

// eachFlakeFile reports names of files where a network's value is needed: with a
// flake, prebuildOnlyNetworkFiles are taken as they are.
func (p *pass) eachFlakeFile() {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.flake() {
				continue
			}
			arg := at.Arg("prebuildOnlyNetworkFiles")
			if arg == nil || !at.Job.Prebuild {
				continue
			}
			for _, elem := range arg.Elems() {
				if elem.Value.Kind() != value.String || path.IsAbs(elem.Value.Str()) {
					continue
				}
				name := elem.Value.Str()
				d := diag.Diagnostic{
					Range:   elem.At,
					Summary: "with flake, " + text.QuoteNix(name) + " is no network: a path or a value is needed",
					Detail:  "Names relative to src are for networkFiles. With flake, prebuildOnlyNetworkFiles are passed to NixOps as they are.",
					Help:    "write a path, such as ./" + name,
				}
				p.reportFor(d, at)
			}
		}
	}
}
