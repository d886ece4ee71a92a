package eval

import (
	"errors"
	"strings"

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

// Diagnostics are an error as findings, with its trail; id is the finding's. An
// error that the model or another part of nixplan raises is placed where the
// user's own code comes to it, if it does.
func Diagnostics(err error, id string) diag.List {
	var e *value.Error
	if !errors.As(err, &e) {
		return diag.List{{ID: id, Summary: err.Error()}}
	}
	if e.Diagnostics != nil {
		return e.Diagnostics
	}
	if e.ID != "" {
		id = e.ID
	}
	d := &diag.Diagnostic{ID: id, Range: e.At.Range(), Summary: e.Message, Help: e.Help}
	for _, t := range e.Trail {
		r, ok := traceLine(t)
		// How the model found out is of no interest.
		if refused := e.ID != "" && (!r.Range.Valid() || Internal(r.Range)); ok && !refused && r.Range != d.Range {
			d.Trace = append(d.Trace, r)
		}
	}
	if Internal(d.Range) {
		if e.ID != "" {
			d.Range = diag.Range{}
		}
		for _, t := range e.Trail {
			if place := t.At.Range(); place.Valid() && !Internal(place) {
				MovePlace(d, place)
				break
			}
		}
	}
	return diag.List{d}
}

// Internal reports whether a place is in code that is nixplan's and not the
// user's. Its sources are named "<nixpkgs>/…", "<nixplan>/…".
func Internal(r diag.Range) bool { return r.Valid() && strings.HasPrefix(r.Source.Name, "<") }

// MovePlace puts a finding at another place and says where in a library it was.
func MovePlace(d *diag.Diagnostic, place diag.Range) {
	if d.Range.Valid() && !strings.HasPrefix(d.Range.Source.Name, "<nixplan>/") {
		d.Related = append(d.Related, diag.Related{Range: d.Range, Message: "the error is raised here"})
	}
	d.Range = place
}
