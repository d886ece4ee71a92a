package cli

import (
	"errors"
	"strings"

	"github.com/nixplan/nixplan/hercules"
)

// explained adds to an error about the ref what the user can do. A checkout made
// by a CI service is usually detached; the service's variables name the ref, but
// what they mean differs (a pull request's is no ref that an agent would see), so
// they are named and not used.
func explained(err error) error {
	var detached *hercules.DetachedError
	if !errors.As(err, &detached) {
		return err
	}
	out := usagef("%v", err)
	var lines []string
	switch n := len(detached.At); {
	case n == 1:
		lines = append(lines, detached.At[0]+" is at this commit; for that: --ref "+detached.At[0])
	case n > 1:
		const most = 8
		lines = append(lines, "At this commit are:")
		for _, ref := range detached.At[:min(n, most)] {
			lines = append(lines, "  --ref "+ref)
		}
		if n > most {
			lines = append(lines, "  …")
		}
	default:
		lines = append(lines, "No branch or tag here is at this commit. Pass the one you mean: --ref refs/heads/main")
	}
	lines = append(lines,
		`In GitHub Actions: --ref "$GITHUB_REF"; in GitLab CI: --ref "refs/heads/$CI_COMMIT_BRANCH", for tags "refs/tags/$CI_COMMIT_TAG".`)
	out.help = strings.Join(lines, "\n")
	return out
}
