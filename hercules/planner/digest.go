package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// digest covers what the plan was made from: every file that was read, and
// everything else that was looked at, of which the plan itself tells (arguments,
// sources, which files exist and are tracked), and of tracked files that were changed
// also what nobody read, since all of src is deployed. Where the repository lies and
// who made the plan is left out. files maps paths to the SHA-256 of their content.
func (b *builder) digest(files map[string]string) string {
	h := sha256.New()
	var reads []string
	for path, sum := range files {
		if rel, ok := b.project.Rel(path); ok {
			path = rel
		}
		reads = append(reads, sum+"  "+path)
	}
	slices.Sort(reads)
	for _, line := range reads {
		fmt.Fprintln(h, line)
	}
	if g := b.project.Git; g != nil {
		// A failure was told of by repository.
		if changes, _ := g.Changes(); changes != "" {
			fmt.Fprintln(h, changes)
		}
	}
	rest := *b.plan
	rest.ToolVersion, rest.Digest, rest.Repository.Root = "", "", ""
	if err := json.NewEncoder(h).Encode(rest); err != nil {
		panic(err) // a plan is data that JSON can hold
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
