package cli

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
)

// jobMatcher picks jobs by their paths.
type jobMatcher struct {
	only, exclude []string
	used          map[string]bool
}

func newJobMatcher(only, exclude []string) (*jobMatcher, error) {
	for _, glob := range append(append([]string{}, only...), exclude...) {
		if !doublestar.ValidatePattern(glob) {
			return nil, usagef("%q is no pattern", glob)
		}
	}
	return &jobMatcher{only: only, exclude: exclude, used: map[string]bool{}}, nil
}

// matches reports whether a job is among those that were asked for.
func (m *jobMatcher) matches(path string) bool {
	found := len(m.only) == 0
	for _, glob := range m.only {
		if doublestar.MatchUnvalidated(glob, path) {
			found, m.used[glob] = true, true
		}
	}
	for _, glob := range m.exclude {
		if doublestar.MatchUnvalidated(glob, path) {
			return false
		}
	}
	return found
}

// unused are the patterns for which there was no job.
func (m *jobMatcher) unused() []string {
	var list []string
	for _, glob := range m.only {
		if !m.used[glob] {
			list = append(list, glob)
		}
	}
	return list
}

// someOf refuses when none of the jobs is among those that were asked for.
func (m *jobMatcher) someOf(unfinished []executor.Unfinished) error {
	some := false
	var names []string
	for _, job := range unfinished {
		some = m.matches(job.Path) || some
		names = append(names, "  "+text.Line(job.Path))
	}
	help := "The jobs that can be carried on are:\n" + strings.Join(names, "\n")
	for _, glob := range m.unused() {
		err := usagef("no job that can be carried on matches --job %s", text.ShellWord(glob))
		err.help = help
		return err
	}
	if !some {
		err := usagef("--exclude leaves no job to carry on")
		err.help = help
		return err
	}
	return nil
}

var globSpecial = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`, `\`, `\\`)

// exactly is the pattern that matches one path alone.
func exactly(path string) string { return globSpecial.Replace(path) }
