package diag

import (
	"strings"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/text"
)

// Record is a Diagnostic as a document: what JSON output holds and what text
// output is rendered from. It refers to no Source, so it outlives the texts,
// and credentials in URLs are left out.
type Record struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"` // "error", "warning" or "note"
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"`
	Help     string   `json:"help,omitempty"`
	Place    *Place   `json:"place,omitempty"`
	Related  []Remark `json:"related"`
	Trace    []Remark `json:"trace"` // innermost first
	Fix      *Change  `json:"fix,omitempty"`
}

// Change is a Fix as a document.
type Change struct {
	Summary string        `json:"summary"`
	Edits   []Replacement `json:"edits"`
}

// Replacement is an Edit as a document: Text takes the place of the bytes from
// Start up to, not including, End.
type Replacement struct {
	Place Place  `json:"place"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
	// Of is what the file had when it was read.
	Of *Source `json:"-"`
}

// Place is a range of a text. Lines and columns are 1-based, columns count
// bytes, and the end is exclusive. Text is the first line of the range without
// its line ending; of a very long line it is the part around the range, and
// TextColumn, when not 0, is the column at which that part begins.
type Place struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	EndLine    int    `json:"end_line"`
	EndColumn  int    `json:"end_column"`
	Text       string `json:"text,omitempty"`
	TextColumn int    `json:"text_column,omitempty"`
}

// Remark is another place, or only another remark, that belongs to a Record.
type Remark struct {
	Message string `json:"message"`
	Place   *Place `json:"place,omitempty"`
}

// Record returns d as a document.
func (d *Diagnostic) Record() Record {
	return Record{
		ID:       d.ID,
		Severity: d.Severity.String(),
		Summary:  WithoutCredentials(d.Summary),
		Detail:   WithoutCredentials(d.Detail),
		Help:     WithoutCredentials(d.Help),
		Place:    d.Range.Place(),
		Related:  notes(d.Related),
		Trace:    notes(d.Trace),
		Fix:      d.Fix.change(),
	}
}

// change is the fix as a document, none when that would show a credential.
func (f *Fix) change() *Change {
	if f == nil {
		return nil
	}
	c := &Change{Summary: WithoutCredentials(f.Summary), Edits: make([]Replacement, len(f.Edits))}
	for i, e := range f.Edits {
		if WithoutCredentials(e.Text) != e.Text {
			return nil
		}
		c.Edits[i] = Replacement{Place: *e.Range.Place(), Start: int(e.Range.Start), End: int(e.Range.End), Text: e.Text, Of: e.Range.Source}
	}
	return c
}

// Records returns the list as documents, in the list's order.
func (l List) Records() []Record {
	records := make([]Record, len(l))
	for i, d := range l {
		records[i] = d.Record()
	}
	return records
}

// WithoutCredentials removes from a message what the line of source that is shown would hide.
func WithoutCredentials(message string) string {
	return credentials.Hide(text.WithoutCredentials(message))
}

func notes(related []Related) []Remark {
	result := make([]Remark, len(related))
	for i, r := range related {
		result[i] = Remark{Message: WithoutCredentials(r.Message), Place: r.Range.Place()}
	}
	return result
}

// Place converts byte offsets to lines and columns; nil for no place.
func (r Range) Place() *Place {
	if !r.Valid() {
		return nil
	}
	start := r.Source.Position(r.Start)
	end := r.Source.Position(max(r.Start, r.End))
	p := &Place{
		File: r.Source.Name,
		Line: start.Line, Column: start.Column,
		EndLine: end.Line, EndColumn: end.Column,
	}
	line := r.Source.withoutSecrets(start.Line)
	p.Text, p.TextColumn = window(line, start.Column-1)
	return p
}

// A line longer than maxLine bytes (generated or minified text) is cut to
// lineWindow bytes on either side of the place, so that one diagnostic cannot
// drag a megabyte into the output.
const (
	maxLine    = 512
	lineWindow = 200
)

// window returns the part of line around the 0-based offset at, and the 1-based
// column where it begins, or the whole line and 0.
func window(line string, at int) (part string, column int) {
	if len(line) <= maxLine {
		return strings.ToValidUTF8(line, "\uFFFD"), 0
	}
	at = min(at, len(line))
	start, end := max(0, at-lineWindow), min(len(line), at+lineWindow)
	for start > 0 && !utf8.RuneStart(line[start]) {
		start--
	}
	for end < len(line) && !utf8.RuneStart(line[end]) {
		end++
	}
	return strings.ToValidUTF8(line[start:end], "\uFFFD"), start + 1
}
