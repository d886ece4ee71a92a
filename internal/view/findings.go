package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// FindingFormats are the formats of findings.
var FindingFormats = []Format{Text, JSON, GitHub, SARIF, CodeClimate, Markdown}

// Report is what a check found, ready to be shown. Lists are shown in the order
// they have, which is that of [diag.List.Sort].
type Report struct {
	ToolVersion string
	Findings    []Finding
	// Suppressed are findings that a comment in the source allows.
	Suppressed []Suppressed
	// Rules are the rules that were applied, those without findings included.
	Rules []Rule
}

// Finding is a record and what it holds for.
type Finding struct {
	diag.Record
	// Attrs are the attribute paths of the jobs; none for the whole file.
	Attrs []string
	// Refs are full names of refs; none when it does not depend on the ref.
	Refs []string
}

// Suppressed is a finding that was made and is not to count.
type Suppressed struct {
	Finding
	Reason string
	// By is the comment that allows it.
	By *diag.Place
}

// Rule describes the findings of one id.
type Rule struct {
	ID      string
	Name    string // "never-active"
	Summary string // one sentence
	// Description, optional, says more. It is plain text.
	Description string
	Severity    string // as a diag.Record has it
	HelpURI     string
}

// FindingOptions say how findings are shown. All but Format are for text.
type FindingOptions struct {
	Format Format
	diag.TextOptions
}

// Findings writes a report. Nothing is written as text when there are no
// findings; the other formats have a form of "none".
func Findings(w io.Writer, r *Report, o FindingOptions) error {
	switch o.Format {
	case JSON:
		return writeFindingsJSON(w, r)
	case GitHub:
		return writeGitHub(w, r)
	case SARIF:
		return writeSARIF(w, r)
	case CodeClimate:
		return writeCodeClimate(w, r)
	case Markdown:
		return writeMarkdown(w, r)
	}
	if len(r.Findings) == 0 {
		return nil
	}
	records := make([]diag.Record, len(r.Findings))
	for i, f := range r.Findings {
		records[i] = f.Record
	}
	if err := diag.WriteText(w, records, o.TextOptions); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", o.Style.Bold(count(r.Findings)))
	return err
}

// FindingsVersion is the version of the JSON document that docs/findings.schema.json
// describes. Within a major version fields are only added.
const FindingsVersion = "1.0"

type findingsDocument struct {
	FormatVersion string               `json:"format_version"`
	ToolVersion   string               `json:"tool_version"`
	Findings      []findingDocument    `json:"findings"`
	Suppressed    []suppressedDocument `json:"suppressed"`
}

type findingDocument struct {
	diag.Record
	Attrs       []string `json:"attrs"`
	Refs        []string `json:"refs"`
	Fingerprint string   `json:"fingerprint"`
}

type suppressedDocument struct {
	findingDocument
	Reason string      `json:"reason"`
	By     *diag.Place `json:"by,omitempty"`
}

func writeFindingsJSON(w io.Writer, r *Report) error {
	prints := newFingerprints()
	document := findingsDocument{
		FormatVersion: FindingsVersion,
		ToolVersion:   r.ToolVersion,
		Findings:      make([]findingDocument, len(r.Findings)),
		Suppressed:    make([]suppressedDocument, len(r.Suppressed)),
	}
	list := func(names []string) []string { return append([]string{}, names...) } // never null
	one := func(f Finding) findingDocument {
		return findingDocument{f.Record, list(f.Attrs), list(f.Refs), prints.of(f.Record)}
	}
	for i, f := range r.Findings {
		document.Findings[i] = one(f)
	}
	for i, s := range r.Suppressed {
		document.Suppressed[i] = suppressedDocument{one(s.Finding), s.Reason, s.By}
	}
	return encodeJSON(w, document)
}

// encodeJSON writes an indented document that ends with a newline.
func encodeJSON(w io.Writer, document any) error {
	return text.WriteJSON(w, document)
}

// count is "2 errors, 1 warning".
func count(findings []Finding) string {
	var parts []string
	for _, severity := range []string{diag.Error.String(), diag.Warning.String(), diag.Note.String()} {
		n := 0
		for _, f := range findings {
			if f.Severity == severity {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, plural(n, severity))
		}
	}
	return strings.Join(parts, ", ")
}

// message is all that a record says in words, for formats that have one text
// for it.
func message(record diag.Record) string {
	lines := []string{text.Line(record.Summary)}
	if record.Detail != "" {
		lines = append(lines, text.Printable(strings.TrimRight(record.Detail, "\n")))
	}
	for _, note := range record.Related {
		if note.Place == nil {
			lines = append(lines, "note: "+text.Line(note.Message))
		}
	}
	if record.Help != "" {
		lines = append(lines, "help: "+text.Printable(strings.TrimRight(record.Help, "\n")))
	}
	return strings.Join(lines, "\n")
}
