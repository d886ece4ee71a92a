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
		if f.outside() || f.Value.Kind() == value.Path || f.Exists != nil && *f.Exists {
			return
		}
		if f.Exists == nil {
			p.unreachable(f)
			return
		}
		d := diag.Diagnostic{
			Range:   f.At,
			Summary: f.quoted() + " does not exist in " + f.src(),
			Help:    "network files are named relative to src; add the file or correct the name",
		}
		switch near := f.similar(); {
		case near == f.Path:
			d.Summary = f.quoted() + " is a symbolic link that leads nowhere"
			d.Help = "let the link lead to a file of the repository"
			if info, err := p.Project.Disk.Stat(p.absolute(path.Join(f.job.Job.Src, f.Path))); err == nil && info.IsDir() {
				d.Summary = f.quoted() + " is a directory without default.nix"
				d.Help = "add default.nix, or name a file in the directory"
			}
		case near != "":
			d.Help = "did you mean " + text.QuoteNix(near) + "?"
			if strings.EqualFold(near, f.Path) {
				d.Detail = "There is " + text.QuoteNix(near) + ", which differs in case only. Agents run on Linux, where case counts."
			}
		}
		p.reportFor(d, f.job)
	})
}

// unreachable reports a file of which nobody can say whether it is there. What lies in
// a submodule may be there for an agent.
func (p *pass) unreachable(f *file) {
	if f.Error == "" || p.Project.Submodule(p.absolute(path.Join(f.job.Job.Src, f.Path))) != "" {
		return
	}
	p.reportFor(diag.Diagnostic{
		Range:   f.At,
		Summary: f.quoted() + " cannot be read: " + f.Error,
		Help:    "network files must lie in the repository",
	}, f.job)
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
