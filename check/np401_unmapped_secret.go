package check

import (
	"slices"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var unmappedSecret = &Rule{
	ID: "NP401", Name: "unmapped-secret",
	Summary: "A script reads a secret that secretsMap does not provide.",
	run:     checkUnmappedSecret,
}

func checkUnmappedSecret(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if at.MayRun() {
				p.unmappedSecrets(at)
			}
		}
	}
}

func (p *pass) unmappedSecrets(j *JobAt) {
	entries, all := j.secretsMap()
	if !all {
		return
	}
	reads, every := j.secretReads()
	idle := map[string]*mapped{} // entries that no script reads
	names := map[string]*mapped{}
	for _, m := range entries {
		names[m.Name], idle[m.Name] = m, m
	}
	for i := range reads {
		if reads[i].Name.Static {
			delete(idle, reads[i].Name.Text)
		}
	}
	if !every {
		idle = nil
	}
	for i := range reads {
		r := &reads[i]
		if !r.Name.Static || r.Name.Text == shell.AgentSecret || names[r.Name.Text] != nil {
			continue
		}
		if r.Name.Text == "" {
			p.namelessSecret(j, r)
			continue
		}
		// What can do without the secret is a mistake only if another one is
		// meant, which then nobody reads.
		if !r.optional() {
			p.unmappedSecret(j, r, entries, meant(r, entries))
		} else if m := meant(r, entries); m != nil && idle[m.Name] != nil {
			p.unmappedSecret(j, r, entries, m)
		}
	}
}

// meant is the entry that a script probably means by a name: it is spelt nearly
// so, or it is the one that has this name in secrets.json.
func meant(r *secretRead, entries []*mapped) *mapped {
	var names []string
	for _, m := range entries {
		if m.Source == r.Name.Text {
			return m
		}
		names = append(names, m.Name)
	}
	near := text.Similar(r.Name.Text, names)
	if len(near) == 0 {
		return nil
	}
	return entries[slices.Index(names, near[0])]
}

func (p *pass) namelessSecret(j *JobAt, r *secretRead) {
	if r.script.Aside || r.Guarded || r.Conditional || r.Filter != nil && r.Filter.Error != nil {
		return
	}
	p.reportFor(diag.Diagnostic{
		Range:   r.script.place(r.Name.Range),
		Summary: r.Helper + " needs the name of a secret",
		Help:    "name an attribute of secretsMap: " + r.Helper + " NAME FIELD",
	}, j)
}

func (p *pass) unmappedSecret(j *JobAt, r *secretRead, entries []*mapped, m *mapped) {
	name := text.QuoteNix(r.Name.Text)
	d := diag.Diagnostic{
		Range:   r.script.place(r.Name.Range),
		Summary: "secretsMap does not provide the secret " + name + ", which the script reads",
	}
	if r.Default {
		d.Summary = "secretsMap does not provide the secret " + name + ", which " + r.Helper + " reads unless it is given a name"
	}
	if r.optional() {
		d.Severity = diag.Warning
	}
	switch {
	case m == nil:
		d.Help = "add " + secretAttr(r.Name.Text) + " = \"NAME\"; with the secret's name in secrets.json"
		if p.Secrets != nil && p.Secrets.Lookup(r.Name.Text) != nil {
			d.Help = "add " + secretAttr(r.Name.Text) + " = " + name + ";"
		}
		if len(entries) == 1 {
			d.Help += ", or read " + text.QuoteNix(entries[0].Name) + ", which it provides"
		}
	case m.Source == r.Name.Text && p.turnedAround(r, m):
		d.Detail = "secretsMap names a secret as the effect calls it, and gives its name in secrets.json: here the two are exchanged."
		d.Help = "write " + secretAttr(r.Name.Text) + " = " + text.QuoteNix(m.Name) + ";"
	case m.Source == r.Name.Text:
		d.Detail = name + " is its name in secrets.json. The effect knows it as " + text.QuoteNix(m.Name) + "."
		d.Help = "read " + text.QuoteNix(m.Name) + ", or write " + secretAttr(r.Name.Text) + " = " + name + ";"
	default:
		d.Help = "did you mean " + text.QuoteNix(m.Name) + "?"
	}
	if m != nil && m.NameAt.Valid() && m.Written {
		d.Related = []diag.Related{{Range: m.NameAt, Message: "secretsMap has " + text.QuoteNix(m.Name)}}
	} else if at := j.Arg("secretsMap"); at != nil && at.NameAt.Valid() {
		d.Related = []diag.Related{{Range: at.NameAt, Message: "secretsMap is here"}}
	}
	p.reportFor(d, j)
}

// turnedAround reports whether name and value of an entry whose value is what the
// script reads are exchanged: a helper's own name is no secret's, and what
// secrets.json has settles it.
func (p *pass) turnedAround(r *secretRead, m *mapped) bool {
	if p.Secrets == nil {
		return r.Default
	}
	return p.Secrets.Lookup(m.Name) != nil && p.Secrets.Lookup(m.Source) == nil
}
