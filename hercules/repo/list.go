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

// KnowsBranches reports whether Branches are all that there are, as of the last
// fetch. A shallow clone, one of a single branch, and what a CI service checks
// out have only some.
func (g *Git) KnowsBranches() bool {
	if g.Shallow || g.HeadRef == "" {
		return false
	}
	local, tracked := 0, 0
	name := g.remoteName()
	remote := "refs/remotes/" + name + "/"
	for _, ref := range g.list() {
		switch {
		case strings.HasPrefix(ref, "refs/heads/"):
			local++
		case name != "" && strings.HasPrefix(ref, remote):
			tracked++ // HEAD as well, which git clone makes
		}
	}
	if tracked == 0 {
		return local > 1 && (name != "" || len(g.Remotes()) == 0) // made here, nothing was fetched
	}
	return tracked > 1 && g.config.fetchesAll(name)
}

// fetchesAll reports whether git fetch gets every branch of a remote.
func (c config) fetchesAll(remote string) bool {
	for _, s := range c {
		if s.section == "remote" && s.subsection == remote && s.name == "fetch" &&
			strings.TrimPrefix(s.value, "+") == "refs/heads/*:refs/remotes/"+remote+"/*" {
			return true
		}
	}
	return false
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

// list is the names of all refs, some of them twice, as they were at the first
// question: each loose one is a file to read.
func (g *Git) list() []string {
	if !g.refs.listed {
		g.refs.names, g.refs.listed = g.findRefs(), true
	}
	return g.refs.names
}

func (g *Git) findRefs() []string {
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

// PointingAt are the full names of the branches and tags that are at a commit, sorted, as
// the git program tells; none when it cannot. Branches of the remote are named as
// the remote names them.
func (g *Git) PointingAt(rev string) []string {
	out, err := g.run("for-each-ref", "--points-at="+rev, "--format=%(refname)", "refs/heads", "refs/tags", "refs/remotes")
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	remote := "refs/remotes/" + g.remoteName() + "/"
	for ref := range strings.Lines(string(out)) {
		ref = strings.TrimSpace(ref)
		if branch, ok := strings.CutPrefix(ref, remote); ok && branch != "HEAD" {
			names["refs/heads/"+branch] = true
		} else if !strings.HasPrefix(ref, "refs/remotes/") && ref != "" {
			names[ref] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
