package planner

import (
	"errors"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/diag"
)

// Failed is an attribute that cannot be evaluated.
type Failed struct {
	Path     string // "" for the whole file
	Kind     value.ErrorKind
	Findings diag.List
}

// Alone evaluates the entry file without arguments, as nix-build does, and gives
// what fails.
func (p *Planner) Alone() []Failed {
	var out []Failed
	add := func(f hercules.Failure) {
		var e *value.Error
		if errors.As(f.Err, &e) {
			out = append(out, Failed{hercules.JoinPath(f.Path), e.Kind, p.findings(f.Err, f.At)})
		}
	}
	evaluation := p.project.EvaluateAlone(p.ev)
	for _, f := range evaluation.Failures {
		add(f)
	}
	for _, h := range evaluation.Handlers {
		for _, f := range h.Failures {
			add(f)
		}
	}
	return out
}
