package planner

import (
	"context"
	"errors"
	"fmt"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// report adds a finding about an attribute path, "" for the whole program.
func (b *builder) report(attr string, d *diag.Diagnostic) {
	b.plan.Diagnostics = append(b.plan.Diagnostics, plan.Diagnostic{Attr: attr, Record: d.Record()})
}

// failure reports that an attribute, defined at a place, could not be evaluated.
func (b *builder) failure(path []string, at value.Span, err error) {
	var e *value.Error
	if errors.As(err, &e) && e.Kind == value.Budget {
		if e.Late {
			b.late(path, at)
			return
		}
		b.limited = true
	}
	attr := hercules.JoinPath(path)
	for _, d := range b.findings(err, at) {
		// What runIf makes of a job fails as its parts do: the network that is built
		// before, say.
		record := d.Record()
		seen := reported{attr: attr, id: record.ID, summary: record.Summary}
		if p := record.Place; p != nil {
			seen.file, seen.line, seen.column = p.File, p.Line, p.Column
		}
		if !b.failed[seen] {
			b.failed[seen] = true
			b.report(attr, d)
		}
	}
}

// reported tells one failure of a job from others.
type reported struct {
	attr, id, summary, file string
	line, column            int
}

// late counts an attribute that the evaluation came to when its time or steps were used
// up. There may be as many as a program likes, so they are reported together.
func (b *builder) late(path []string, at value.Span) {
	if b.tooLate++; b.tooLate == 1 {
		b.firstLate, b.firstLateAt = hercules.JoinPath(path), at
	}
}

// limit reports that the evaluation ended at a limit and how much is missing, unless the
// attribute that met it was the last.
func (b *builder) limit() {
	why := b.ev.Machine().Spent()
	if why == "" || b.limited && b.tooLate == 0 {
		return
	}
	d := &diag.Diagnostic{ID: idEvaluation, Summary: why + ": the plan has what was evaluated before"}
	switch b.tooLate {
	case 0:
	case 1:
		d.Summary = why + ": " + b.firstLate + " was not evaluated, or not in full"
	default:
		d.Summary = fmt.Sprintf("%s: %d attributes were not evaluated, or not in full; the first is %s", why, b.tooLate, b.firstLate)
	}
	if d.Range = b.firstLateAt.Range(); !d.Range.Valid() || eval.Internal(d.Range) {
		d.Range = b.entry()
	}
	if errors.Is(b.ctx.Err(), context.DeadlineExceeded) {
		d.Help = "--timeout gives it more time"
	}
	b.report("", d)
}

// findings are an evaluation error as diagnostics. One that no user's code leads
// to is placed where the attribute in question is defined, or at the beginning of
// the entry file.
func (p *Planner) findings(err error, attr value.Span) diag.List {
	list := eval.Diagnostics(err, idEvaluation)
	place := attr.Range()
	if !place.Valid() || eval.Internal(place) {
		place = p.entry()
	}
	for _, d := range list {
		if place.Valid() && (!d.Range.Valid() || eval.Internal(d.Range)) {
			eval.MovePlace(d, place)
		}
	}
	return list
}

// entry is the beginning of the entry file, no place when it was not read.
func (p *Planner) entry() diag.Range {
	for _, source := range p.ev.Sources() {
		if source.Name == p.project.Entry {
			return diag.Range{Source: source}
		}
	}
	return diag.Range{}
}

// position is a place as the plan gives it, nil for no place.
func (b *builder) position(at value.Span) *plan.Position {
	r := at.Range()
	if !r.Valid() {
		return nil
	}
	p := r.Source.Position(r.Start)
	return &plan.Position{File: r.Source.Name, Line: p.Line, Column: p.Column}
}
