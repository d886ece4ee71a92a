package hercules

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/world"
)

// mostLinks bounds the symbolic links that lead to a file, as systems do.
const mostLinks = 40

// Tracked reports whether a plain checkout has the file at path (absolute); nil
// when nobody can tell: without git, outside of the work tree, and in a
// submodule, which some checkouts have and others do not. A file below a
// symbolic link is where the link leads, if git tracks the link.
func (p *Project) Tracked(path string) (*bool, error) {
	for range mostLinks {
		if p.Git == nil {
			return nil, nil
		}
		rel, ok := p.Git.Rel(path)
		if !ok {
			return nil, nil
		}
		files, err := p.Git.Tracked()
		if err != nil {
			return nil, err
		}
		answer := files.File(rel)
		if answer {
			return &answer, nil
		}
		if files.Submodule(rel) != "" {
			return nil, nil
		}
		link, rest := trackedAbove(rel, files.File)
		if link == "" {
			return &answer, nil
		}
		// What is tracked and has something below it is a symbolic link.
		target, err := filepath.EvalSymlinks(filepath.Join(p.Git.Top(), filepath.FromSlash(link)))
		if err != nil {
			return nil, nil // somebody else reports that the file is missing
		}
		path = filepath.Join(target, filepath.FromSlash(rest))
	}
	return nil, nil
}

// Submodule is the submodule that the file at path (absolute) lies in, "" for
// none. While it is not checked out, nobody can tell what it has.
func (p *Project) Submodule(path string) string {
	if p.Git == nil {
		return ""
	}
	rel, ok := p.Git.Rel(path)
	if !ok {
		return ""
	}
	files, err := p.Git.Tracked()
	if err != nil {
		return ""
	}
	return files.Submodule(rel)
}

// trackedAbove is the shortest directory above a file for which tracked holds,
// and what follows it; "" when there is none.
func trackedAbove(name string, tracked func(string) bool) (dir, rest string) {
	for i := range name {
		if name[i] == '/' && tracked(name[:i]) {
			return name[:i], strings.TrimLeft(name[i:], "/")
		}
	}
	return "", ""
}

// InCheckout gives what says of files and directories (absolute paths without symbolic
// links on the way) whether an agent's checkout has them; nil when nobody can tell. What
// lies elsewhere, or in a directory that the search path names, is there as it is.
func (p *Project) InCheckout(searchPath []world.SearchEntry) func(path string, dir bool) bool {
	g := p.Git
	if g == nil || g.Bare() {
		return nil
	}
	top, err := p.Disk.EvalSymlinks(g.Top())
	if err != nil {
		return nil
	}
	root, err := p.Disk.EvalSymlinks(p.Root)
	if err != nil {
		return nil
	}
	var given []string
	for _, entry := range searchPath {
		at, err := p.Disk.EvalSymlinks(entry.Path)
		if err == nil && !below(root, at) {
			given = append(given, at)
		}
	}
	return func(path string, dir bool) bool {
		rel, err := filepath.Rel(top, path)
		if err != nil || !filepath.IsLocal(rel) || slices.ContainsFunc(given, func(at string) bool { return below(path, at) }) {
			return true
		}
		files, err := g.Tracked()
		switch rel = filepath.ToSlash(rel); {
		case err != nil:
			return true // whoever plans says that git cannot be asked
		case dir:
			return files.Directory(rel)
		}
		return files.File(rel)
	}
}

// below reports whether a path is a directory or lies in it.
func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
