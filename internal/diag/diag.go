// Package diag holds what nixplan has to say about a user's input: a stable
// id, where, what is wrong, what else is involved, and what to do about it.
//
// A Diagnostic is plain data. The text a terminal shows and the JSON a program
// reads are both rendered from it, so the two cannot disagree.
package diag

import (
	"sort"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/text"
)

// Severity orders diagnostics; only Error makes a command fail by default.
type Severity uint8

const (
	Error Severity = iota
	Warning
	Note
)

func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "note"
	}
}

// Source is one text that positions refer to. Name is what the user is shown
// (a path relative to the working directory where that is shorter), Text the
// whole content.
type Source struct {
	Name string
	Text string

	lines  []int32 // byte offset of each line's start, built on first use
	hidden int32   // the text's length where Text is empty because nobody may see it

	secrets []credentials.Finding // in Text
	scanned bool
}

// NewSource returns a source; name is for display only, nothing is read.
func NewSource(name, text string) *Source { return &Source{Name: name, Text: text} }

// NewHiddenSource returns a source for a text that no output may show, such as
// one that could hold secrets. It knows where lines begin and nothing else of
// the text, so places in it have a line and a column but no excerpt.
func NewHiddenSource(name string, text []byte) *Source {
	return &Source{Name: name, lines: lineStarts(text), hidden: int32(len(text))}
}

func (s *Source) size() int32 { return max(s.hidden, int32(len(s.Text))) }

// Position is a place in a source as people count: 1-based line, 1-based
// column in bytes (as Nix counts), and the 0-based byte offset.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Position converts a byte offset; offsets outside the text are clamped.
// Lines end with "\n", "\r\n" or a lone "\r", as in the Nix lexer.
func (s *Source) Position(offset int32) Position {
	offset = max(0, min(offset, s.size()))
	s.index()
	i := sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset }) - 1
	return Position{Line: i + 1, Column: int(offset-s.lines[i]) + 1, Byte: int(offset)}
}

// Line returns the text of a 1-based line without its line ending, or "" when
// there is no such line or it is hidden.
func (s *Source) Line(line int) string {
	s.index()
	if line < 1 || line > len(s.lines) || s.hidden > 0 {
		return ""
	}
	rest := s.Text[s.lines[line-1]:]
	if end := strings.IndexAny(rest, "\r\n"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// withoutSecrets is a line with asterisks for credentials. A private key has many
// lines, of which only the first looks like one.
func (s *Source) withoutSecrets(number int) string {
	if !s.scanned {
		s.secrets, s.scanned = credentials.Scan(s.Text), true
	}
	line := s.Line(number)
	if len(s.secrets) > 0 {
		start, masked := int(s.Offset(number, 1)), []byte(line)
		for _, secret := range s.secrets {
			for i := max(0, secret.Start-start); i < min(len(masked), secret.End-start); i++ {
				masked[i] = '*'
			}
		}
		line = string(masked)
	}
	return credentials.Hide(text.HideCredentials(line))
}

// Offset is the byte offset of a 1-based line and column, the inverse of
// Position; it is clamped to the text.
func (s *Source) Offset(line, column int) int32 {
	s.index()
	line = max(1, min(line, len(s.lines)))
	return max(0, min(s.lines[line-1]+int32(column)-1, s.size()))
}

func (s *Source) index() {
	if s.lines == nil {
		s.lines = lineStarts(s.Text)
	}
}

func lineStarts[T string | []byte](text T) []int32 {
	starts := []int32{0}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				continue
			}
			starts = append(starts, int32(i)+1)
		case '\n':
			starts = append(starts, int32(i)+1)
		}
	}
	return starts
}

// Range is a half-open byte range [Start, End) of a source. A nil Source means
// "no place": the value came from the command line or from nowhere.
type Range struct {
	Source     *Source
	Start, End int32
}

// Valid reports whether the range refers to a text.
func (r Range) Valid() bool { return r.Source != nil }

// Text is the source text the range covers, clamped to the source.
func (r Range) Text() string {
	if r.Source == nil {
		return ""
	}
	n := int32(len(r.Source.Text))
	start := max(0, min(r.Start, n))
	return r.Source.Text[start:max(start, min(r.End, n))]
}

// String is "file:line:col", or "" for no place.
func (r Range) String() string {
	if r.Source == nil {
		return ""
	}
	p := r.Source.Position(r.Start)
	return r.Source.Name + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Related is another place that has to do with a diagnostic: the first
// definition of a duplicate, the call that led here.
type Related struct {
	Range   Range
	Message string
}

// Diagnostic is one finding. Summary says in one line what is wrong, Detail
// (optional) why, Help (optional) what to do. Trace is the Nix-level trail,
// innermost first.
type Diagnostic struct {
	ID       string
	Severity Severity
	Range    Range
	Summary  string
	Detail   string
	Help     string
	Related  []Related
	Trace    []Related
	Fix      *Fix // nil where nobody can say for certain what is meant
}

// Fix is a change of the text that does away with a finding. Its edits do not
// overlap; they may be in several sources.
type Fix struct {
	Summary string // what it does, as an order: "write refs/heads/production"
	Edits   []Edit
}

// Edit puts a text in the place of a range, which may be empty.
type Edit struct {
	Range Range
	Text  string
}

// More is the note that n findings are left out, the first of them at r.
func More(id string, r Range, n int) *Diagnostic {
	return &Diagnostic{ID: id, Severity: Note, Range: r, Summary: "… and " + strconv.Itoa(n) + " more from here on"}
}

// List is a set of findings.
type List []*Diagnostic

// HasErrors reports whether any finding is of severity Error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort puts the list in its total order: file name, position, id, summary. The
// output of every command is therefore the same at any parallelism.
func (l List) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i], l[j]
		an, bn := a.Range.name(), b.Range.name()
		switch {
		case an != bn:
			return an < bn
		case a.Range.Start != b.Range.Start:
			return a.Range.Start < b.Range.Start
		case a.ID != b.ID:
			return a.ID < b.ID
		default:
			return a.Summary < b.Summary
		}
	})
}

func (r Range) name() string {
	if r.Source == nil {
		return ""
	}
	return r.Source.Name
}
