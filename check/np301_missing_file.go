package check

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var missingFile = &Rule{
	ID: "NP301", Name: "missing-file",
	Summary: "A network file does not exist.",
	run:     checkMissingFile,
}

func checkMissingFile(p *pass) {
	p.eachFile(func(f *file) {
		if f.Exists == nil || *f.Exists || f.outside() {
			return
		}
		d := diag.Diagnostic{
			Range:   f.At,
			Summary: text.QuoteNix(f.Path) + " does not exist in " + f.src(),
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

// file is a network file of a job for a ref, with the place where it is named.
type file struct {
	plan.File
	At  diag.Range
	job *JobAt
}

var fileArguments = map[plan.FileRole]string{
	plan.NetworkFile:      "networkFiles",
	plan.PrebuildOnlyFile: "prebuildOnlyNetworkFiles",
	plan.DeployOnlyFile:   "deployOnlyNetworkFiles",
}

// eachFile calls f for the network files of every job and ref, jobs that are
// inactive for the ref included: their networks are built all the same.
func (p *pass) eachFile(f func(*file)) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			places := map[string]diag.Range{}
			for _, name := range fileArguments {
				if arg := at.Arg(name); arg != nil {
					for _, elem := range arg.Elems() {
						if path, ok := elem.Text(); ok {
							places[name+"\x00"+path] = elem.At
						}
					}
				}
			}
			for _, planned := range at.Job.Files {
				place, ok := places[fileArguments[planned.Role]+"\x00"+planned.Path]
				if !ok { // by default
					place = at.Place()
				}
				f(&file{planned, place, at})
			}
		}
	}
}

// src names the directory that files are relative to.
func (f *file) src() string {
	if f.job.Job.Src == "" || f.job.Job.Src == "." {
		return "src, the repository's root"
	}
	return "src, " + f.job.Job.Src
}

// outside reports whether the name leads out of src.
func (f *file) outside() bool { return path.IsAbs(f.Path) || !filepath.IsLocal(f.Path) }

// similar is a file beside the missing one, by its name relative to src, that is
// probably meant; "" when there is none.
func (f *file) similar() string {
	dir := path.Dir(f.Path)
	entries, err := os.ReadDir(filepath.Join(f.job.repo.Project.Root, filepath.FromSlash(path.Join(f.job.Job.Src, dir))))
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
