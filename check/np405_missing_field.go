package check

import (
	"slices"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var missingField = &Rule{
	ID: "NP405", Name: "missing-field",
	Summary: "A script reads a field that the secret does not have.",
	run:     checkMissingField,
}

func checkMissingField(p *pass) {
	p.eachSource(func(j *JobAt, m *mapped, s *secrets.Secret) {
		if s == nil {
			return
		}
		reads, _ := j.secretReads()
		for i := range reads {
			r := &reads[i]
			if !r.Name.Static || r.Name.Text != m.Name || r.script.Aside || r.Guarded || r.Conditional {
				continue
			}
			for _, f := range r.Fields {
				if !f.Optional && lacks(s, f) {
					p.missingField(j, r, s, f)
				}
			}
		}
	})
}

// lacks reports whether reading a field fails. What lies below a field that has
// no fields is not known: it may be a text that the filter parses.
func lacks(s *secrets.Secret, f shell.Field) bool {
	var path secrets.Path
	for _, name := range f.Path {
		path = append(path, secrets.Step{Name: name})
		if !s.Has(path) {
			return !slices.ContainsFunc(s.Fields, func(have secrets.Field) bool {
				return len(have.Path) < len(path) && slices.Equal(have.Path, path[:len(have.Path)])
			})
		}
	}
	return false
}

func (p *pass) missingField(j *JobAt, r *secretRead, s *secrets.Secret, f shell.Field) {
	var path secrets.Path
	for _, name := range f.Path {
		path = append(path, secrets.Step{Name: name})
	}
	at := r.Name.Range
	if r.Filter != nil {
		at = r.Filter.Range
	}
	d := diag.Diagnostic{
		Range:   r.script.place(at),
		Summary: "the secret " + text.QuoteNix(s.Name) + " has no field " + path.String(),
		Help:    "add the field to the secret in secrets.json",
		Related: []diag.Related{{Range: s.Range, Message: "the secret is here"}},
	}
	if r.Filter == nil {
		d.Summary += ", which " + r.Helper + " reads"
	}
	have := s.FieldNames()
	switch near := text.Similar(path.String(), have); {
	case len(near) > 0:
		d.Help = "did you mean " + near[0] + "?"
	case len(have) > 0:
		d.Detail = "It has " + enumerate(have) + "."
	}
	p.reportFor(d, j)
}
