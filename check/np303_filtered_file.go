package check

import "github.com/nixplan/nixplan/internal/diag"

var filteredFile = &Rule{
	ID: "NP303", Name: "filtered-file",
	Summary: "A network file, or a file it imports, is left out of src by src's filter.",
	run:     checkFilteredFile,
}

// The build before a deployment reads files from the unfiltered source, the
// deployment runs in a filtered copy: nothing else notices before it is too late.
func checkFilteredFile(p *pass) {
	p.eachFile(func(f *file) {
		copied := f.Error != "" // src is what builtins.filterSource made, so there is no original
		if !f.deployed() && !copied || f.Exists == nil || !*f.Exists || f.Included == nil || *f.Included || f.outside() {
			return
		}
		d := diag.Diagnostic{
			Range:   f.At,
			Summary: f.quoted() + " is left out of src by its filter",
			Detail:  "The deployment runs in the filtered copy of src. The build before it does not notice: it reads the original.",
			Help:    "let the filter of src keep the file",
		}
		if copied {
			d.Summary = f.quoted() + " is left out by the filter that src is copied with"
			d.Detail = "src is a copy without it: neither the build before the deployment nor the deployment has the file."
		}
		d.Related = f.job.srcDefined()
		p.reportFor(d, f.job)
	})
	p.lostImports(false, "is left out of src by its filter",
		"The deployment runs in the filtered copy of src.",
		"let the filter of src keep the file")
}

// srcDefined says where a job's src is.
func (j *JobAt) srcDefined() []diag.Related {
	if src := j.Arg("src"); src != nil && src.At.Valid() {
		return []diag.Related{{Range: src.At, Message: "src is defined here"}}
	}
	return nil
}
