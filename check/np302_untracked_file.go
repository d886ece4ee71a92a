package check

import (
	"path"

	"github.com/nixplan/nixplan/internal/diag"
)

var untrackedFile = &Rule{
	ID: "NP302", Name: "untracked-file",
	Summary: "A network file is not tracked by git, so an agent's checkout lacks it.",
	run:     checkUntrackedFile,
}

func checkUntrackedFile(p *pass) {
	if !p.added() {
		return
	}
	p.eachFile(func(f *file) {
		if f.Exists == nil || !*f.Exists || f.Tracked == nil || *f.Tracked {
			return
		}
		name := path.Join(f.job.Job.Src, f.Path)
		d := diag.Diagnostic{
			Range:   f.At,
			Summary: f.quoted() + " is not tracked by git",
			Detail:  "An agent checks the repository out and has no other files.",
			Help:    "git add " + name,
		}
		if rule := p.Project.Git.IgnoredBy(p.absolute(name)); rule != "" {
			d.Summary = f.quoted() + " is ignored by git"
			d.Detail += "\nThe line that ignores it is " + rule
			d.Help = "change the line, or git add --force " + name
		}
		p.reportFor(d, f.job)
	})
}

// added reports whether the entry file is tracked. Before that the repository is
// only being made, and nothing can be said about what will be.
func (r *Repository) added() bool {
	g := r.Project.Git
	if g == nil {
		return false
	}
	tracked, err := g.Tracked()
	if err != nil {
		return false
	}
	entry, ok := g.Rel(r.absolute(r.Project.Entry))
	return ok && tracked.File(entry)
}
