package hercules

import (
	"path/filepath"
	"strings"
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
