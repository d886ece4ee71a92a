package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// Unchanged compares the files of the repository with those that were planned: with
// git all that it tracks, without it those that were read.
func (p *Planner) Unchanged() (bool, error) {
	if g := p.project.Git; g != nil {
		return g.Unchanged()
	}
	for path, sum := range p.ev.World().Reads() {
		if _, ok := p.project.Rel(path); !ok {
			continue
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if now := sha256.Sum256(data); hex.EncodeToString(now[:]) != sum {
			return false, nil
		}
	}
	return true, nil
}
