// Package nixplan_test holds the documents at the root to the program.
package nixplan_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/shell"

	"github.com/nixplan/nixplan/internal/cli"
)

// TestReadme runs every `$ nixplan …` of the README and compares what it prints
// with the lines below. A line "…" stands for any lines.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// The others take a machine of their own; see TestApplySessions.
	sessions := sessions(applySession.ReplaceAllString(string(text), ""))
	if len(sessions) < 4 {
		t.Errorf("found only %d sessions", len(sessions))
	}
	for _, s := range sessions {
		t.Run(s.command, func(t *testing.T) {
			args, err := shell.Fields(s.command, nil)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			streams := &cli.Streams{
				In: strings.NewReader(""), Out: &out, Err: &out,
				Getenv:   func(string) string { return "" },
				Terminal: func() bool { return false },
				Width:    func() int { return 0 },
			}
			code := cli.Run(context.Background(), streams, args)
			if want := strings.Count(out.String(), ": error: "); code != min(want, 1) {
				t.Errorf("status %d with %d errors", code, want)
			}
			// Whoever runs the tests may have changed a fixture.
			got := strings.ReplaceAll(out.String(), " · uncommitted changes", "")
			if !matches(strings.Split(strings.TrimSpace(got), "\n"), s.output) {
				t.Errorf("nixplan %s prints\n%s\nREADME.md says\n%s", s.command, got, strings.Join(s.output, "\n"))
			}
		})
	}
}

type session struct {
	command string // without "nixplan "
	output  []string
}

// sessions finds the commands and their output: after "$ nixplan " up to the end
// of the code block, be it fenced or indented.
func sessions(text string) []session {
	var all []session
	var indent string
	open := false
	for _, line := range strings.Split(text, "\n") {
		before, command, found := strings.Cut(line, "$ nixplan ")
		switch {
		case found && strings.TrimSpace(before) == "":
			all = append(all, session{command: command})
			indent, open = before, true
		case !open:
		case line == "```" || indent != "" && !strings.HasPrefix(line, indent):
			open = false
		default:
			s := &all[len(all)-1]
			s.output = append(s.output, strings.TrimPrefix(line, indent))
		}
	}
	return all
}

// matches compares lines with a pattern in which "…" stands for any lines.
func matches(lines, pattern []string) bool {
	for i, want := range pattern {
		if strings.TrimSpace(want) == "…" {
			for skip := range len(lines) + 1 {
				if matches(lines[skip:], pattern[i+1:]) {
					return true
				}
			}
			return false
		}
		if len(lines) == 0 || lines[0] != want {
			return false
		}
		lines = lines[1:]
	}
	return len(lines) == 0
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		lines, pattern string
		want           bool
	}{
		{"a b c", "a b c", true},
		{"a b c", "a … c", true},
		{"a b c", "a …", true},
		{"a", "a …", true},
		{"a b c", "a b", false},
		{"a b", "a b c", false},
		{"a b c", "… b", false},
	} {
		if got := matches(strings.Fields(c.lines), strings.Fields(c.pattern)); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.lines, c.pattern, got)
		}
	}
}
