package check

import (
	"path/filepath"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// imported is a file that was read as Nix, and the path literal that names it.
type imported struct {
	path string // absolute
	at   diag.Range
}

// name is the file's name relative to the root.
func (i imported) name(p *pass) string {
	if rel, ok := p.Project.Rel(i.path); ok {
		return rel
	}
	return i.path
}

// importsOf are the files of the user that a file, given by its absolute path,
// imports by path literals, those that they import, and so on. Files that were not
// read are left out: a literal that nothing evaluates is no import.
func (r *Repository) importsOf(start string) []imported {
	if known, ok := r.imports[start]; ok {
		return known
	}
	if r.imports == nil {
		r.imports, r.byPath = map[string][]imported{}, map[string]*diag.Source{}
		for _, source := range r.sources() {
			r.byPath[r.absolute(source.Name)] = source
		}
	}
	file := func(path string) string { // of a directory it is the default.nix
		if r.byPath[path] == nil {
			path = filepath.Join(path, "default.nix")
		}
		return path
	}
	var out []imported
	seen := map[string]bool{}
	for queue := []string{file(start)}; len(queue) > 0; queue = queue[1:] {
		source, dir := r.byPath[queue[0]], filepath.Dir(queue[0])
		if source == nil || seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		parser.Walk(r.trees.of(source).file.Expr, func(e parser.Expr) bool {
			literal, ok := e.(*parser.Path)
			if !ok || literal.Kind != parser.RelativePath || len(literal.Parts) != 1 {
				return true
			}
			path := file(filepath.Join(dir, filepath.FromSlash(literal.Parts[0].Text)))
			if r.byPath[path] != nil {
				span := literal.Range()
				out = append(out, imported{path, diag.Range{Source: source, Start: span.Start, End: span.End}})
				queue = append(queue, path)
			}
			return true
		})
	}
	r.imports[start] = out
	return out
}

// lostImport is an import that the copy of src lacks which the deployment runs in.
type lostImport struct {
	imported
	outside bool // of src; else its filter leaves it out
}

// lostImports reports what network files of deployments import in vain, either from
// outside of src or left out by its filter.
func (p *pass) lostImports(outside bool, what, detail, help string) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			for _, lost := range at.lostImports() {
				if lost.outside != outside {
					continue
				}
				p.reportFor(diag.Diagnostic{
					Range:   lost.at,
					Summary: lost.name(p) + ", which is imported here, " + what,
					Detail:  detail,
					Help:    help,
					Related: at.srcDefined(),
				}, at)
			}
		}
	}
}

func (j *JobAt) lostImports() []lostImport {
	if !j.lostKnown { // several rules ask
		j.lost, j.lostKnown = j.findLostImports(), true
	}
	return j.lost
}

func (j *JobAt) findLostImports() []lostImport {
	if j.twin != nil {
		return j.twin.lostImports()
	}
	if j.flake() || j.makesFiles() {
		return nil
	}
	copied := j.repo.planner.Copy(j.Effect)
	if copied == nil {
		return nil
	}
	var out []lostImport
	for _, file := range j.files() {
		if !file.deployed() || file.outside() || file.Included != nil && !*file.Included {
			continue
		}
		for _, found := range j.repo.importsOf(j.repo.absolute(filepath.Join(j.Job.Src, filepath.FromSlash(file.Path)))) {
			if has, outside := copied.Has(found.path); has != nil && !*has {
				out = append(out, lostImport{found, outside})
			}
		}
	}
	return out
}
