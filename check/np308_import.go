package check

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

var missingImport = &Rule{
	ID: "NP308", Name: "missing-import",
	Summary: "A file that is imported does not exist, or is not tracked by git.",
	run:     checkImports,
}

func checkImports(p *pass) {
	p.eachFault(func(f planner.Fault, at *JobAt) {
		var e *value.Error
		if !errors.As(f.Err, &e) || e.Kind != value.NotFound || e.Path == "" && f.Module || at.mayMakeFiles() || p.Project.Submodule(e.Path) != "" {
			return
		}
		d := diag.Diagnostic{Range: userRange(e.At.Range()), Summary: e.Message, Help: "add the file or correct the name"}
		if name, ok := p.Project.Rel(e.Path); ok && !d.Range.Valid() {
			d.Range = p.importOf(e.Path)
			d.Summary = name + ", which is imported here, does not exist"
		}
		if d.Range.Valid() {
			p.reportFor(d, at)
		}
	})
	p.untrackedImports()
}

// mayMakeFiles reports whether scripts run before the deployment that may make
// files the repository does not have. The build before it has no such scripts.
func (j *JobAt) mayMakeFiles() bool { return !j.Job.Prebuild && j.makesFiles() }

// makesFiles reports whether scripts run before the deployment that may make files,
// which the build before it does not have.
func (j *JobAt) makesFiles() bool {
	return slices.ContainsFunc([]string{
		"userSetupScript", "preUserSetup", "postUserSetup", "preGetState", "patchPhase", "postPatch", "prePatch", "patches", "postUnpack", "preUnpack", "unpackPhase",
	}, func(name string) bool { return j.Arg(name) != nil })
}

// untrackedImports reports files that were read as Nix and that an agent's
// checkout lacks. Network files are named by others.
func (p *pass) untrackedImports() {
	if !p.added() {
		return
	}
	g := p.Project.Git
	listed := map[string]bool{}
	p.eachFile(func(f *file) { listed[p.absolute(filepath.Join(f.job.Job.Src, f.Path))] = true })
	for _, source := range p.sources() {
		path := p.absolute(source.Name)
		tracked, err := p.Project.Tracked(path)
		if err != nil || tracked == nil || *tracked || listed[path] {
			continue
		}
		at := p.importOf(path)
		if !at.Valid() {
			continue
		}
		d := diag.Diagnostic{
			Range:   at,
			Summary: source.Name + " is not tracked by git",
			Detail:  "An agent checks the repository out and has no other files.",
			Help:    "git add " + source.Name,
		}
		if line := g.IgnoredBy(path); line != "" {
			d.Summary = source.Name + " is ignored by git"
			d.Detail += "\nThe line that ignores it is " + line
			d.Help = "change the line, or git add --force " + source.Name
		}
		p.report(d)
	}
}

// importOf is where a file of the user names another one by a path literal; no
// place where none does. Files that ask which files there are do not count.
func (r *Repository) importOf(path string) diag.Range {
	for _, source := range r.sources() {
		if r.asks(source) {
			continue
		}
		dir := filepath.Dir(r.absolute(source.Name))
		found := diag.Range{}
		parser.Walk(r.trees.of(source).file.Expr, func(e parser.Expr) bool {
			if literal, ok := e.(*parser.Path); ok && literal.Kind == parser.RelativePath && len(literal.Parts) == 1 {
				named := filepath.Join(dir, filepath.FromSlash(literal.Parts[0].Text))
				if named == path || filepath.Join(named, "default.nix") == path {
					span := literal.Range()
					found = diag.Range{Source: source, Start: span.Start, End: span.End}
				}
			}
			return !found.Valid()
		})
		if found.Valid() {
			return found
		}
	}
	return diag.Range{}
}

// asks reports whether a file makes anything depend on which files exist.
func (r *Repository) asks(source *diag.Source) bool {
	found := false
	parser.Walk(r.trees.of(source).file.Expr, func(e parser.Expr) bool {
		switch e := e.(type) {
		case *parser.Ident:
			found = found || asksNames[e.Name]
		case *parser.Select:
			for _, name := range e.Path {
				found = found || asksNames[name.Text]
			}
		}
		return !found
	})
	return found
}

var asksNames = map[string]bool{"pathExists": true, "readDir": true, "tryEval": true, "filesystem": true}
