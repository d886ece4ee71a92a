package repo

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Branches and Tags are the full names of the branches and tags that this
// repository knows of, sorted. A branch that only the remote has is named as the
// remote names it, "refs/heads/production".
func (g *Git) Branches() []string {
	names := map[string]bool{}
	remote := "refs/remotes/" + g.remoteName() + "/"
	for _, ref := range g.list() {
		switch {
		case strings.HasPrefix(ref, "refs/heads/"):
			names[ref] = true
		case remote != "refs/remotes//" && strings.HasPrefix(ref, remote) && ref != remote+"HEAD":
			names["refs/heads/"+strings.TrimPrefix(ref, remote)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Tags are the full names of the tags, sorted.
func (g *Git) Tags() []string {
	names := map[string]bool{}
	for _, ref := range g.list() {
		if strings.HasPrefix(ref, "refs/tags/") {
			names[ref] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// list is the names of all refs, some of them twice.
func (g *Git) list() []string {
	g.loadPacked()
	names := slices.Collect(maps.Keys(g.refs.packed))
	if g.refs.all {
		return names
	}
	for _, kind := range []string{"heads", "tags", "remotes"} {
		// What cannot be read is not listed; git would not find it either.
		_ = filepath.WalkDir(filepath.Join(g.Common, "refs", kind), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return nil
			}
			if rel, err := filepath.Rel(g.Common, path); err == nil {
				if name := filepath.ToSlash(rel); ValidRef(name) && g.resolve(name) != "" {
					names = append(names, name)
				}
			}
			return nil
		})
	}
	return names
}

// loadPacked reads the file of packed refs, once.
func (g *Git) loadPacked() {
	if !g.refs.loaded {
		g.refs.loaded = true
		g.refs.packed = readPackedRefs(filepath.Join(g.Common, "packed-refs"))
	}
}
