package check

import (
	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/diag"
)

var credential = &Rule{
	ID: "NP406", Name: "credential",
	Summary: "A key, a token or a password stands in the repository.",
	run:     checkCredential,
}

// Whatever the program evaluates to, its texts come from the files that it
// reads: Nix files, networks among them, and others.
func checkCredential(p *pass) {
	seen := map[string]bool{}
	for _, source := range p.sources() {
		seen[source.Name] = true
		p.credentials(source)
	}
	for _, path := range sortedKeys(p.ev.World().Reads()) {
		name, ok := p.Project.Rel(path)
		if !ok || seen[name] {
			continue
		}
		info, err := p.Project.Disk.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > largestProgram {
			continue
		}
		if content, err := p.Project.Disk.ReadFile(path); err == nil {
			p.credentials(diag.NewSource(name, string(content)))
		}
	}
}

func (p *pass) credentials(source *diag.Source) {
	for _, f := range credentials.Scan(source.Text) {
		if f.Identifier || !p.committed(source.Name) {
			continue
		}
		p.report(diag.Diagnostic{
			Range:   diag.Range{Source: source, Start: int32(f.Start), End: int32(f.End)},
			Summary: f.What + " stands here as it is",
			Detail:  "Whoever can read the repository has it, and so has the Nix store of every machine that evaluates this.",
			Help:    "revoke it, as the history keeps it, and hand it out as a secret of the agents: secretsMap, readSecretString",
		})
	}
}

// committed reports whether git has the file as it is: tracked, and not encrypted
// on the way. Without git all files count.
func (p *pass) committed(name string) bool {
	g := p.Project.Git
	if g == nil {
		return p.Project.GitErr == nil
	}
	path := p.absolute(name)
	if real, err := p.Project.Disk.EvalSymlinks(path); err == nil {
		path = real
	}
	rel, ok := g.Rel(path)
	if !ok {
		return false
	}
	tracked, err := g.Tracked()
	if err != nil || !tracked.File(rel) {
		return false
	}
	filter, err := g.Filter(path)
	return err == nil && (filter == "" || filter == "lfs")
}
