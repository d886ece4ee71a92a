package view

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// maxMarkdown is how many bytes of findings a summary may have. Comments on
// GitHub end at 65,536 characters.
const maxMarkdown = 60000

// writeMarkdown writes a summary for a comment on a pull request.
func writeMarkdown(w io.Writer, r *Report) error {
	var b strings.Builder
	if len(r.Findings) == 0 {
		b.WriteString("### nixplan check: nothing found\n")
	} else {
		fmt.Fprintf(&b, "### nixplan check: %s\n\n| | where | what |\n|---|---|---|\n", count(r.Findings))
	}
	uris := map[string]string{}
	for _, rule := range r.Rules {
		uris[rule.ID] = rule.HelpURI
	}
	for i, finding := range r.Findings {
		record := finding.Record
		row := markdownRow(record, uris[record.ID])
		if b.Len()+len(row) > maxMarkdown {
			fmt.Fprintf(&b, "\n… and %d more\n", len(r.Findings)-i)
			break
		}
		b.WriteString(row)
	}
	if n := len(r.Suppressed); n > 0 {
		fmt.Fprintf(&b, "\n%s allowed by a comment\n", plural(n, "finding"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownRow(record diag.Record, uri string) string {
	where := ""
	if place := record.Place; place != nil {
		where = codeSpan(filepath.ToSlash(place.File) + ":" + strconv.Itoa(place.Line) + ":" + strconv.Itoa(place.Column))
	}
	id := markdown(record.ID)
	if uri != "" {
		id = "[" + id + "](" + uri + ")"
	}
	summary, rest, more := strings.Cut(message(record), "\n")
	what := markdown(summary) + " " + id
	if more {
		what += "<br>" + strings.ReplaceAll(markdown(rest), "\n", "<br>")
	}
	return "| " + record.Severity + " | " + where + " | " + what + " |\n"
}

// markdown writes plain text so that Markdown shows it as it is. What GitHub and
// GitLab make of text by themselves – mentions of people, references to issues –
// is held back by a space of no width.
func markdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]()#+-.!|~$^=", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
		if r == '@' || r == '#' {
			b.WriteString("&#8203;")
		}
	}
	return b.String()
}

// codeSpan quotes a text of one line as code, in a table, where a few characters
// cannot be had in code.
func codeSpan(s string) string {
	s = text.Line(s)
	if strings.ContainsAny(s, "`|\\") {
		return markdown(s)
	}
	return "`" + s + "`"
}
