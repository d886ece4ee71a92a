package eval

import (
	"errors"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// traceLine is what a trace says of one level; levels that are only laziness, or
// of which there is no place to show, say nothing.
func traceLine(t value.TrailEntry) (diag.Related, bool) {
	r := diag.Related{Range: t.At.Range(), Message: t.Text}
	switch {
	case t.Text != "":
		return r, true
	case t.Call != nil:
		r.Message = "while calling " + functionName(t.Call)
		if !r.Range.Valid() { // called by a builtin
			r.Range = t.Call.Span.Range()
			r.Message = "in " + functionName(t.Call)
		}
	case t.Prim != nil:
		r.Message = "while calling the '" + t.Prim.Name + "' builtin"
	case t.Attr != nil:
		r.Range = t.Attr.Pos.Span().Range()
		r.Message = "while evaluating the attribute '" + t.Attr.Name.String() + "'"
	default:
		return r, false
	}
	return r, r.Range.Valid()
}

// Diagnostics are an error as findings, with its trail; id is the finding's.
func Diagnostics(err error, id string) diag.List {
	var e *value.Error
	if !errors.As(err, &e) {
		return diag.List{{ID: id, Summary: err.Error()}}
	}
	if e.Diagnostics != nil {
		return e.Diagnostics
	}
	d := &diag.Diagnostic{ID: id, Range: e.At.Range(), Summary: e.Message, Help: e.Help}
	for _, t := range e.Trail {
		if r, ok := traceLine(t); ok && r.Range != d.Range {
			d.Trace = append(d.Trace, r)
		}
	}
	return diag.List{d}
}
