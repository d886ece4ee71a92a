package check

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var unknownSecret = &Rule{
	ID: "NP403", Name: "unknown-secret",
	Summary: "secretsMap names a secret that agents do not have.",
	run:     checkUnknownSecret,
}

func checkUnknownSecret(p *pass) {
	p.eachSource(func(j *JobAt, m *mapped, s *secrets.Secret) {
		if s != nil {
			return
		}
		d := diag.Diagnostic{
			Range:   m.At,
			Summary: p.Secrets.File + " has no secret " + text.QuoteNix(m.Source),
			Help:    "add it to the agents' secrets.json, or correct the name",
		}
		names := p.Secrets.Names()
		switch near := text.Similar(m.Source, names); {
		case p.Secrets.Lookup(m.Name) != nil:
			d.Detail = "It has " + text.QuoteNix(m.Name) + ". secretsMap names a secret as the effect calls it, and gives its name in secrets.json."
			d.Help = "did you mean " + secretAttr(m.Source) + " = " + text.QuoteNix(m.Name) + ";?"
		case len(near) > 0:
			d.Help = "did you mean " + text.QuoteNix(near[0]) + "?"
		case len(names) > 0:
			d.Detail = "It has " + enumerate(names) + "."
		}
		p.reportFor(d, j)
	})
}

// eachSource calls f for every secret of secrets.json that a job needs which runs
// for the ref, or may, with what is known of the secret: nil when there is none.
func (p *pass) eachSource(f func(*JobAt, *mapped, *secrets.Secret)) {
	if p.Secrets == nil {
		return
	}
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.MayRun() {
				continue
			}
			entries, _ := at.secretsMap()
			for _, m := range entries {
				if m.Source == "" || at.invented(m) {
					continue
				}
				f(at, m, p.Secrets.Lookup(m.Source))
			}
		}
	}
}

// invented reports whether the name was made from a ref that nobody has.
func (j *JobAt) invented(m *mapped) bool {
	switch j.Reading.Origin {
	case planner.AnyOtherBranch, planner.AnyOtherTag, planner.Named:
		return m.Value.Kind() == value.String && !m.Value.Context().Marks().Empty()
	}
	return false
}
