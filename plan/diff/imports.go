package diff

import (
	"cmp"
	"path"
	"slices"

	"github.com/nixplan/nixplan/plan"
)

// importers finds the jobs whose network files name a changed file, or name one that
// does, and so on, on either side. A file that is named by a path made at run time has
// none.
func (f *files) importers(c *comparison) {
	var changed []string
	for name, file := range f.changed {
		if slices.Contains(file.Roles, Imported) {
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return
	}
	slices.Sort(changed)
	f.imported = map[string][]string{}
	for _, side := range []*Side{c.base, c.head} {
		if side.Imports == nil {
			continue
		}
		reached := closures{side: side, known: map[string]map[string]bool{}}
		for job, names := range networkFiles(side) {
			for _, name := range names {
				within := reached.of(name)
				for _, file := range changed {
					if within[file] || within[f.changed[file].Was] {
						f.imported[job] = insert(f.imported[job], file)
						f.changed[file].Jobs = insert(f.changed[file].Jobs, job)
					}
				}
			}
		}
	}
}

// networkFiles are those of each job, for whatever ref.
func networkFiles(side *Side) map[string][]string {
	out := map[string][]string{}
	for _, p := range side.Plans {
		for i := range p.Jobs {
			job := &p.Jobs[i]
			for k := range job.Files {
				out[job.Path] = insert(out[job.Path], rootPath(job, job.Files[k].Path))
			}
		}
	}
	return out
}

// closures are the files that files of a side lead to.
type closures struct {
	side  *Side
	known map[string]map[string]bool // by the network file
	names map[string][]string        // what a file names
}

func (c *closures) of(start string) map[string]bool {
	if within := c.known[start]; within != nil {
		return within
	}
	if c.names == nil {
		c.names = map[string][]string{}
	}
	within := map[string]bool{}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		names, known := c.names[at]
		if !known {
			names = c.side.Imports(at)
			c.names[at] = names
		}
		for _, name := range names {
			if _, read := c.side.Reads[name]; !read { // a directory is read by its default.nix
				name = path.Join(name, "default.nix")
			}
			if _, read := c.side.Reads[name]; read && !within[name] {
				within[name] = true
				queue = append(queue, name)
			}
		}
	}
	c.known[start] = within
	return within
}

// importedBy are the changed files that a job imports, as changes of the job.
func (f *files) importedBy(before, after *plan.Job) []change {
	names := slices.Clone(f.imported[after.Path])
	for _, name := range f.imported[before.Path] {
		names = insert(names, name) // the job may have moved
	}
	var out []change
	for _, name := range names {
		file := f.changed[name]
		was := cmp.Or(file.Was, name)
		var from, to string
		if u := f.base[was]; u != nil {
			from = u.sha
		}
		if u := f.head[name]; u != nil {
			to = u.sha
		}
		if from != to && from != "" && to != "" { // what comes or goes is named by a file that changed
			out = append(out, change{fact: fact{FileContent, name, to}, before: from, what: Changed})
		}
	}
	return out
}
