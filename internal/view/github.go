package view

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// writeGitHub writes the workflow commands that make GitHub Actions show
// annotations. Their form is described in
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
// and their escapes in the runner's ActionCommand.
func writeGitHub(w io.Writer, r *Report) error {
	var b strings.Builder
	for _, finding := range r.Findings {
		record := finding.Record
		b.WriteString("::" + gitHubCommand(record.Severity) + " ")
		if place := record.Place; place != nil {
			s := characters(place)
			fmt.Fprintf(&b, "file=%s,line=%d,endLine=%d,", gitHubProperty(text.Printable(filepath.ToSlash(place.File))), s.line, s.endLine)
			// Columns count only where both ends are on one line.
			if s.endColumn > 0 {
				fmt.Fprintf(&b, "col=%d,endColumn=%d,", s.column, s.endColumn)
			}
		}
		fmt.Fprintf(&b, "title=%s::%s\n", gitHubProperty("nixplan "+text.Line(record.ID)), gitHubData(message(record)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func gitHubCommand(severity string) string {
	if severity == diag.Note.String() {
		return "notice"
	}
	return severity
}

var (
	gitHubDataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	gitHubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// gitHubData escapes the text behind the second "::".
func gitHubData(s string) string { return gitHubDataEscapes.Replace(s) }

// gitHubProperty escapes the value of a property.
func gitHubProperty(s string) string { return gitHubPropertyEscapes.Replace(s) }
