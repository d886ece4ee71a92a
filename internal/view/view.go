// Package view renders results for people and programs, one file per output.
package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
)

// Format is a way to write something.
type Format string

const (
	Human Format = "human" // a plan for people
	Text  Format = "text"  // findings for people
	JSON  Format = "json"
	YAML  Format = "yaml"

	GitHub      Format = "github"      // workflow commands of GitHub Actions
	SARIF       Format = "sarif"       // Static Analysis Results Interchange Format 2.1.0
	CodeClimate Format = "codeclimate" // code quality reports, as GitLab reads them
	Markdown    Format = "markdown"    // a comment on a pull request
	HTML        Format = "html"        // a page in one file
)

// PlanFormats are the formats of a plan.
var PlanFormats = []Format{Human, JSON, YAML}

// ParseFormat returns the format of that name, one of formats, or an error that
// lists them all.
func ParseFormat(name string, formats []Format) (Format, error) {
	if format := Format(name); slices.Contains(formats, format) {
		return format, nil
	}
	names := make([]string, len(formats))
	for i, format := range formats {
		names[i] = string(format)
	}
	return "", fmt.Errorf("unknown format %q, want %s", name, strings.Join(names, ", "))
}

// Options say how a plan is shown. JSON and YAML are the whole document
// whatever the options are.
type Options struct {
	Format Format
	Width  int  // columns; 0 means 100
	Color  bool // human only
	All    bool // human: builds and pins as well
	Steps  bool // human: what each step runs, reads and writes
	// Trace is how many entries of a diagnostic's trace human output shows;
	// negative means all.
	Trace int
	// Overview is what surrounds changes; HTML needs it.
	Overview *diff.Overview
}

// Plan writes p, which must be normalized.
func Plan(w io.Writer, p *plan.Plan, o Options) error {
	switch o.Format {
	case JSON:
		return p.Encode(w)
	case YAML:
		return writeYAML(w, p)
	default:
		return writeHuman(w, p, o)
	}
}
