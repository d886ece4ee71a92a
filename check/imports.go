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
	byPath := map[string]*diag.Source{}
	for _, source := range r.sources() {
		byPath[r.absolute(source.Name)] = source
	}
	file := func(path string) string { // of a directory it is the default.nix
		if byPath[path] == nil {
			path = filepath.Join(path, "default.nix")
		}
		return path
	}
	var out []imported
	seen := map[string]bool{}
	for queue := []string{file(start)}; len(queue) > 0; queue = queue[1:] {
		source, dir := byPath[queue[0]], filepath.Dir(queue[0])
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
			if byPath[path] != nil {
				span := literal.Range()
				out = append(out, imported{path, diag.Range{Source: source, Start: span.Start, End: span.End}})
				queue = append(queue, path)
			}
			return true
		})
	}
	if r.imports == nil {
		r.imports = map[string][]imported{}
	}
	r.imports[start] = out
	return out
}

// eachLostImport calls f for what the network files of deployments import and the
// copy of src lacks that a deployment runs in.
func (r *Repository) eachLostImport(f func(lost imported, outside bool, at *JobAt)) {
	for _, job := range r.Jobs {
		for _, at := range job.At {
			if at.flake() || at.makesFiles() {
				continue
			}
			copied := r.planner.Copy(at.Effect)
			if copied == nil {
				continue
			}
			for _, file := range at.files() {
				if !file.deployed() || file.outside() || file.Included != nil && !*file.Included {
					continue
				}
				for _, found := range r.importsOf(r.absolute(filepath.Join(at.Job.Src, filepath.FromSlash(file.Path)))) {
					if has, outside := copied.Has(found.path); has != nil && !*has {
						f(found, outside, at)
					}
				}
			}
		}
	}
}
