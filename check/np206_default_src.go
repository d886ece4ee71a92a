package check

import (
	"path/filepath"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

var defaultSrc = &Rule{
	ID: "NP206", Name: "default-src",
	Severity: diag.Warning,
	Summary:  "Without an agent's arguments, as nix-build has none, the file does not evaluate.",
	run:      checkDefaultSrc,
}

// checkDefaultSrc evaluates the entry file as nix-build does. That it fails
// matters if it does not for an agent.
func checkDefaultSrc(p *pass) {
	if p.Project.Entry == "" || p.Project.IsFlake() {
		return
	}
	root, err := p.ev.EvalFile(filepath.Join(p.Project.Root, filepath.FromSlash(p.Project.Entry)))
	if err != nil || root.Kind() != value.Lambda {
		return
	}
	for _, formal := range root.Closure().Fn.Formals {
		at := formal.Span.Range()
		switch {
		case formal.Name.String() != "src" || !at.Valid() || at.Source.Name != p.Project.Entry:
			// Another function, or one that a flake or a library makes.
		case formal.Default != nil:
			p.withoutArguments(at)
		case p.evaluates(""):
			p.report(diag.Diagnostic{
				Severity: diag.Note,
				Range:    at,
				Summary:  "src has no default, so only an agent can evaluate the file",
				Help:     "write src ? { ref = null; } and nix-build can build what is in it",
			})
		}
	}
}

func (p *pass) withoutArguments(src diag.Range) {
	for _, failed := range p.planner.Alone() {
		// What throws does so on purpose, and what is not known may be right.
		if failed.Kind != value.TypeMismatch && failed.Kind != value.MissingAttribute || !p.evaluates(failed.Path) {
			continue
		}
		for _, d := range failed.Findings {
			if p.failsAt(d.Record().Place) {
				continue
			}
			d.Severity = diag.Warning
			d.Summary = "without an agent: " + d.Summary
			d.Detail = "Agents pass src. Where nobody does, as in nix-build, it has its default."
			d.Help = "give the default what the file needs of it, or add 'or null' where it is selected"
			d.Related = append(d.Related, diag.Related{Range: src, Message: "the default of src"})
			d.Trace = nil
			p.reportAt(*d, failed.Path, nil)
		}
	}
}

// evaluates reports whether an attribute, or the whole file for "", evaluates for
// every ref.
func (r *Repository) evaluates(path string) bool {
	for _, reading := range r.Survey.Readings {
		if reading.Evaluation == nil || len(reading.Evaluation.Failures) > 0 {
			return false
		}
		for _, d := range reading.Plan.Diagnostics {
			if d.Attr == path && d.Severity == diag.Error.String() {
				return false
			}
		}
	}
	return true
}

// failsAt reports whether an agent's evaluation fails at a place for some ref.
func (r *Repository) failsAt(place *diag.Place) bool {
	for _, reading := range r.Survey.Readings {
		for _, d := range reading.Plan.Diagnostics {
			if place != nil && d.Place != nil && *d.Place == *place {
				return true
			}
		}
	}
	return false
}
