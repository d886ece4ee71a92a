package diag

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
)

// TextOptions says how WriteText lays records out.
type TextOptions struct {
	// Width is the number of columns; 0 means 100.
	Width int
	Style text.Style
	// Trace is how many entries of each trace to show; negative means all.
	Trace int
}

// WriteText renders records for people, with a blank line between two:
//
//	ci.nix:3:9: error: undefined variable 'lib' [NP102]
//	  3 |   x = lib.id 1;
//	    |       ^~~
//	  help: add lib to the function's arguments
//
// The place is underlined with characters, so nothing depends on colour.
func WriteText(w io.Writer, records []Record, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	var b strings.Builder
	for i, record := range records {
		if i > 0 {
			b.WriteByte('\n')
		}
		p := printer{&b, o}
		p.record(record)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type printer struct {
	*strings.Builder
	TextOptions
}

func (p printer) record(r Record) {
	if r.Place != nil {
		p.WriteString(p.Style.Bold(r.Place.String()+":") + " ")
	}
	p.WriteString(p.severity(r.Severity) + ": " + p.Style.Bold(text.Line(r.Summary)))
	if r.ID != "" {
		p.WriteString(" " + p.Style.Dim("["+r.ID+"]"))
	}
	p.WriteByte('\n')
	p.snippet(r.Place, "  ")
	if r.Detail != "" {
		p.paragraph("  ", r.Detail)
	}
	for _, note := range r.Related {
		p.remark("  note: ", note)
		p.snippet(note.Place, "    ")
	}
	if r.Help != "" {
		p.paragraph("  help: ", r.Help)
	}
	p.trace(r.Place, r.Trace)
}

// trace leaves out what only repeats the finding's own place, and counts
// entries that repeat each other, as those of a recursion do. Unless all is to be
// shown, steps inside of libraries are left out of the trace of a finding that is
// in a file of the user.
func (p printer) trace(at *Place, trace []Remark) {
	for len(trace) > 0 && at != nil && trace[0].Place != nil && *trace[0].Place == *at {
		trace = trace[1:]
	}
	left := 0
	if p.Trace >= 0 && !at.library() {
		all := len(trace)
		trace = slices.DeleteFunc(slices.Clone(trace), func(r Remark) bool { return r.Place.library() })
		left = all - len(trace)
	}
	shown := 0
	for i := 0; i < len(trace); shown++ {
		if p.Trace >= 0 && shown == p.Trace {
			left += len(trace) - i
			break
		}
		run := 1
		for i+run < len(trace) && sameRemark(trace[i], trace[i+run]) {
			run++
		}
		note := trace[i]
		if run > 1 {
			note.Message += fmt.Sprintf(" (%d times)", run)
		}
		p.remark("  … ", note)
		i += run
	}
	if left > 0 && p.Trace > 0 {
		fmt.Fprintf(p, "  … and %d more (--show-trace shows all)\n", left)
	}
}

// library reports whether a place is in a source that is not the user's: these
// are named "<nixpkgs>/…".
func (p *Place) library() bool { return p != nil && strings.HasPrefix(p.File, "<") }

func sameRemark(a, b Remark) bool {
	samePlace := a.Place == b.Place || a.Place != nil && b.Place != nil && *a.Place == *b.Place
	return samePlace && a.Message == b.Message
}

func (p printer) remark(lead string, note Remark) {
	p.WriteString(p.Style.Dim(lead))
	if note.Place != nil {
		p.WriteString(note.Place.String() + ": ")
	}
	p.WriteString(text.Line(note.Message) + "\n")
}

// paragraph writes wrapped text behind lead, further lines indented as far.
func (p printer) paragraph(lead, body string) {
	for _, line := range text.Wrap(text.Printable(strings.TrimRight(body, "\n")), p.Width-len(lead)) {
		p.WriteString(strings.TrimRight(p.Style.Cyan(lead)+line, " ") + "\n")
		lead = strings.Repeat(" ", len(lead))
	}
}

func (p printer) severity(s string) string {
	switch s {
	case Error.String():
		return p.Style.Red(s)
	case Warning.String():
		return p.Style.Yellow(s)
	}
	return p.Style.Cyan(s)
}

// snippet shows the place's line and underlines the range, as far as it lies in
// that line.
func (p printer) snippet(place *Place, indent string) {
	if place == nil || place.Text == "" {
		return
	}
	number := strconv.Itoa(place.Line)
	gutter := len(indent) + len(number) + len(" | ")
	line, caret, length := place.cells()
	line, caret, length = clipAround(line, caret, length, max(20, p.Width-gutter))
	blank := strings.Repeat(" ", len(number))
	underline := "^" + strings.Repeat("~", length-1)
	p.WriteString(p.Style.Dim(indent+number+" | ") + strings.TrimRight(line, " ") + "\n")
	p.WriteString(p.Style.Dim(indent+blank+" | ") + strings.Repeat(" ", caret) + p.Style.Red(underline) + "\n")
}

// cells returns the line as a terminal shows it, and the range's first cell and
// its length in cells, at least 1.
func (place *Place) cells() (line string, caret, length int) {
	raw := place.Text
	first := 1
	if place.TextColumn > 0 {
		first = place.TextColumn
	}
	start := max(0, min(place.Column-first, len(raw)))
	end := len(raw)
	if place.EndLine == place.Line {
		end = max(start, min(place.EndColumn-first, len(raw)))
	}
	before, inside, after := raw[:start], raw[start:end], raw[end:]
	var b strings.Builder
	caret = expandTabs(&b, 0, before)
	stop := expandTabs(&b, caret, inside)
	expandTabs(&b, stop, after)
	return b.String(), caret, max(1, stop-caret)
}

const tabStop = 4

// expandTabs appends s, which begins at the given cell, and returns the cell
// behind it.
func expandTabs(b *strings.Builder, cell int, s string) int {
	for i, piece := range strings.Split(s, "\t") {
		if i > 0 {
			n := tabStop - cell%tabStop
			b.WriteString(strings.Repeat(" ", n))
			cell += n
		}
		piece = text.Printable(piece)
		b.WriteString(piece)
		cell += text.Width(piece)
	}
	return cell
}

// clipAround cuts a line that is wider than n cells so that the range stays in
// sight, with "…" where something is missing.
func clipAround(line string, caret, length, n int) (clipped string, newCaret, newLength int) {
	total := text.Width(line)
	if total <= n && caret+length <= n {
		return line, caret, length
	}
	// A third of the window goes before the caret.
	from := 0
	if caret+min(length, n/2) > n-2 {
		from = caret - n/3
	}
	if from > 0 {
		line = dropCells(line, from)
		from = total - text.Width(line) // a wide character may have been in the way
		line = "…" + line
		caret += 1 - from
	}
	line = text.Clip(line, n)
	return line, caret, max(1, min(length, n-caret))
}

// dropCells cuts at least n cells off the front.
func dropCells(s string, n int) string {
	for i, r := range s {
		if n <= 0 {
			return s[i:]
		}
		n -= text.Width(string(r))
	}
	return ""
}

// String is "file:line:column".
func (place *Place) String() string {
	return text.Line(place.File) + ":" + strconv.Itoa(place.Line) + ":" + strconv.Itoa(place.Column)
}
