// Package view renders results for people and programs, one file per output.
package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/plan"
)

// Format is a way to write a plan.
type Format string

const (
	Human Format = "human"
	JSON  Format = "json"
	YAML  Format = "yaml"
)

// Formats are the formats a user may ask for.
var Formats = []Format{Human, JSON, YAML}

// ParseFormat returns the format of that name, or an error that lists them all.
func ParseFormat(name string) (Format, error) {
	if format := Format(name); slices.Contains(Formats, format) {
		return format, nil
	}
	names := make([]string, len(Formats))
	for i, format := range Formats {
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
	// Trace is how many entries of a diagnostic's trace human output shows;
	// negative means all.
	Trace int
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
