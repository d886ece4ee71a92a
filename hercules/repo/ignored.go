package repo

import (
	"context"
	"strings"
)

// IgnoredBy says why git ignores a file, given by its absolute path:
// ".gitignore:3, *.nix", or "" when it does not.
func (g *Git) IgnoredBy(path string) string {
	rel, ok := g.Rel(path)
	if !ok || g.snapshot != "" { // what a commit lacks was never there to ignore
		return ""
	}
	// It ends with status 1 for a file that is not ignored, and what cannot be
	// asked is not known to be.
	// check-ignore refuses literal paths. With "./" in front none is magic.
	cmd := g.prepare(context.Background(), g.withoutFilters(), "--no-literal-pathspecs", "check-ignore", "--verbose", "-z", "--stdin")
	cmd.Stdin = strings.NewReader("./" + rel + "\x00")
	out, err := g.output(cmd, "check-ignore")
	if err != nil {
		return ""
	}
	fields := strings.Split(string(out), "\x00") // source, line, pattern, path
	if len(fields) < 4 {
		return ""
	}
	return fields[0] + ":" + fields[1] + ", " + fields[2]
}
