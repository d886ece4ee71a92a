package check

import (
	"path"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var missingFile = &Rule{
	ID: "NP301", Name: "missing-file",
	Summary: "A network file does not exist.",
	run:     checkMissingFile,
}

func checkMissingFile(p *pass) {
	p.eachFile(func(f *file) {
		if f.Exists == nil || *f.Exists || f.outside() || f.Value.Kind() == value.Path {
			return
		}
		d := diag.Diagnostic{
			Range:   f.At,
			Summary: f.quoted() + " does not exist in " + f.src(),
			Help:    "network files are named relative to src; add the file or correct the name",
		}
		if near := f.similar(); near != "" {
			d.Help = "did you mean " + text.QuoteNix(near) + "?"
			if strings.EqualFold(near, f.Path) {
				d.Detail = "There is " + text.QuoteNix(near) + ", which differs in case only. Agents run on Linux, where case counts."
			}
		}
		p.reportFor(d, f.job)
	})
}

// similar is a file beside the missing one, by its name relative to src, that is
// probably meant; "" when there is none.
func (f *file) similar() string {
	dir := path.Dir(f.Path)
	entries, err := f.job.repo.Project.Disk.ReadDir(f.job.repo.absolute(path.Join(f.job.Job.Src, dir)))
	if err != nil {
		return ""
	}
	var names []string
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if strings.EqualFold(name, f.Path) {
			return name
		}
		if strings.HasSuffix(name, ".nix") {
			names = append(names, name)
		}
	}
	if near := text.Similar(f.Path, names); len(near) > 0 {
		return near[0]
	}
	return ""
}
