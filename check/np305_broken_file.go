package check

import (
	"errors"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
)

var brokenFile = &Rule{
	ID: "NP305", Name: "broken-file",
	Summary: "A network file does not parse or evaluate, or is no network of machines.",
	run:     checkBrokenFile,
}

func checkBrokenFile(p *pass) {
	p.eachFault(func(f planner.Fault, at *JobAt) {
		if f.Err == nil {
			p.reportFor(diag.Diagnostic{
				Range:   p.fileRange(f.File),
				Summary: "a network must be a set, or a function that gives one, but this is " + f.Is,
			}, at)
			return
		}
		var e *value.Error
		if !errors.As(f.Err, &e) || !certain(e, f.Module) {
			return
		}
		for _, d := range eval.Diagnostics(f.Err, p.rule.ID) {
			if !userRange(d.Range).Valid() {
				d.Range = p.fileRange(f.File)
			}
			p.reportFor(*d, at)
		}
	})
}

// certain reports whether an error will come about on an agent as well. Of a
// module only what the text itself says is certain: what it is given differs.
// Files that are missing and arguments that are not taken are other rules'.
func certain(e *value.Error, module bool) bool {
	switch e.Kind {
	case value.SyntaxError, value.UndefinedVariable, value.DuplicateAttribute:
		return true
	case value.NotFound, value.UnexpectedArgument, value.Budget, value.Restricted, value.NotSupported, value.Undetermined, value.StackOverflow:
		return false
	}
	return !module
}

// eachFault calls f for what is wrong with the files of every job's network.
func (r *Repository) eachFault(f func(planner.Fault, *JobAt)) {
	for _, job := range r.Jobs {
		for _, at := range job.At {
			for _, fault := range at.Faults {
				f(fault, at)
			}
		}
	}
}

// fileRange is the beginning of a file that was read.
func (r *Repository) fileRange(path string) diag.Range {
	for _, source := range r.sources() {
		if r.absolute(source.Name) == path {
			return diag.Range{Source: source}
		}
	}
	return diag.Range{}
}
