package repo

import (
	"context"
	"strings"
)

// Filter is the filter that git passes a file through when it is committed,
// given by its absolute path: "git-crypt"; "" when there is none. What the work
// tree has is then not what the repository has.
func (g *Git) Filter(path string) (string, error) {
	rel, ok := g.Rel(path)
	if !ok || g.snapshot != "" { // a snapshot has what the repository has
		return "", nil
	}
	cmd := g.prepare(context.Background(), g.withoutFilters(), "check-attr", "-z", "--stdin", "filter")
	cmd.Stdin = strings.NewReader(rel + "\x00")
	out, err := g.output(cmd, "check-attr")
	if err != nil {
		return "", err
	}
	fields := strings.Split(string(out), "\x00") // path, attribute, value
	if len(fields) < 3 {
		return "", nil
	}
	switch value := fields[2]; value {
	case "unspecified", "unset", "set":
		return "", nil
	default:
		return value, nil
	}
}
