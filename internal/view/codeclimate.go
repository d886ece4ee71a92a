package view

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// A codeClimateIssue has what the specification of Code Climate's engines asks
// for, of which GitLab's code quality reports read a part: description,
// check_name, fingerprint, severity and location.
type codeClimateIssue struct {
	Type           string                `json:"type"` // "issue"
	CheckName      string                `json:"check_name"`
	Description    string                `json:"description"`
	Content        codeClimateContent    `json:"content"`
	Categories     []string              `json:"categories"`
	Severity       string                `json:"severity"`
	Fingerprint    string                `json:"fingerprint"`
	Location       codeClimateLocation   `json:"location"`
	OtherLocations []codeClimateLocation `json:"other_locations,omitempty"`
}

type codeClimateContent struct {
	Body string `json:"body"`
}

type codeClimateLocation struct {
	Path  string           `json:"path"`
	Lines codeClimateLines `json:"lines"`
}

type codeClimateLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}

func writeCodeClimate(w io.Writer, r *Report) error {
	prints := newFingerprints()
	issues := make([]codeClimateIssue, len(r.Findings))
	for i, finding := range r.Findings {
		record := finding.Record
		issue := codeClimateIssue{
			Type:        "issue",
			CheckName:   record.ID,
			Description: text.Line(record.Summary),
			Content:     codeClimateContent{strings.ReplaceAll(markdown(message(record)), "\n", "\n\n")},
			Categories:  []string{"Bug Risk"},
			Severity:    codeClimateSeverity(record.Severity),
			Fingerprint: prints.of(record),
			Location:    codeClimatePlace(record.Place),
		}
		for _, note := range record.Related {
			if note.Place != nil {
				issue.OtherLocations = append(issue.OtherLocations, codeClimatePlace(note.Place))
			}
		}
		issues[i] = issue
	}
	return encodeJSON(w, issues)
}

// codeClimatePlace is the location of a place. A location is required: what
// belongs to no file belongs to the repository.
func codeClimatePlace(place *diag.Place) codeClimateLocation {
	if place == nil {
		return codeClimateLocation{".", codeClimateLines{1, 1}}
	}
	return codeClimateLocation{filepath.ToSlash(place.File), codeClimateLines{place.Line, max(place.Line, place.EndLine)}}
}

func codeClimateSeverity(severity string) string {
	switch severity {
	case diag.Error.String():
		return "major"
	case diag.Warning.String():
		return "minor"
	}
	return "info"
}
