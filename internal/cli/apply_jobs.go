package cli

import (
	"github.com/bmatcuk/doublestar/v4"
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
