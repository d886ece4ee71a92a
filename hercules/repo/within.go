package repo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OpenWithin is OpenAt for a repository that anybody may have made, as one that lies
// among the files of another can be. allow says, by its error, whether a directory of
// this machine may be read; it is asked about each one that the repository is made
// of, by its path without links. Links below these are refused when they lead
// elsewhere: git would follow them.
func OpenWithin(dir string, allow func(dir string) error) (*Git, error) {
	return openAt(filepath.Clean(dir), allow)
}

// Parts are the directories that a repository of OpenWithin is made of, without
// links: its own, and those that others share their objects from.
func (g *Git) Parts() []string { return g.parts }

// restrict asks about all that git will read, from the first to what that leads to:
// what a file says is only looked at when the file itself may be read.
func (g *Git) restrict(allow func(string) error) error {
	g.restricted = true
	part := func(dir string, whole bool) (real string, err error) {
		if real, err = filepath.EvalSymlinks(dir); err != nil {
			return "", err
		}
		if slices.Contains(g.parts, real) {
			return real, nil
		}
		if err := allow(real); err != nil {
			return "", err
		}
		g.parts = append(g.parts, real)
		return real, checkLinks(real, whole)
	}
	var err error
	own := g.Common == g.Dir
	if g.Dir, err = part(g.Dir, false); err != nil {
		return err
	}
	if own {
		g.Common = g.Dir
	} else if g.Common, err = part(g.Common, false); err != nil {
		return err
	}
	return followAlternates(filepath.Join(g.Common, "objects"), 0, func(objects string) error {
		real, err := part(objects, true)
		if err == nil && filepath.Base(real) == "objects" {
			g.parts = append(g.parts, filepath.Dir(real)) // the repository that has them
		}
		return err
	})
}

// followAlternates calls visit for the directories that others name to take objects
// from. Those may name others in turn; they are followed as git does.
func followAlternates(objects string, depth int, visit func(dir string) error) error {
	const deepest = 5 // git's bound
	list := filepath.Join(objects, "info", "alternates")
	data, err := readFile(list)
	if errors.Is(err, os.ErrNotExist) || depth > deepest {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, `"`) {
			return &Error{Path: list, Problem: "has a quoted path, which is not supported"}
		}
		// New versions of git follow links on the way before "..", old ones after it.
		for _, dir := range slices.Compact([]string{physical(objects, line), physical("", under(objects, line))}) {
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				continue // git goes on without it
			}
			if err := visit(dir); err != nil {
				return err
			}
			if err := followAlternates(dir, depth+1, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// notRead are names in a git directory below which git reads nothing that could end
// up among a repository's files, or only what is looked at when it is opened.
// Links are usual for some of them.
var notRead = map[string]bool{
	"annex": true, "branches": true, "description": true, "hooks": true, "info": true,
	"lfs": true, "logs": true, "modules": true, "rr-cache": true, "svn": true, "worktrees": true,
}

// checkLinks refuses a directory of git's in which a link leads out of it, with what
// is notRead only if whole is true. One to a file inside is what HEAD once was.
func checkLinks(dir string, whole bool) error {
	var look func(at string, some bool) error
	look = func(at string, some bool) error {
		entries, err := os.ReadDir(at)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if some && notRead[e.Name()] {
				continue
			}
			path := filepath.Join(at, e.Name())
			switch {
			case e.IsDir():
				if err := look(path, false); err != nil {
					return err
				}
			case e.Type()&fs.ModeSymlink != 0 && !insideLink(path, dir):
				return &LinkError{Path: path}
			}
		}
		return nil
	}
	return look(dir, !whole)
}

// insideLink reports whether a link leads to a regular file below dir. One that leads
// nowhere is left to git.
func insideLink(link, dir string) bool {
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	info, err := os.Lstat(real)
	return err == nil && info.Mode().IsRegular() && strings.HasPrefix(real, dir+string(filepath.Separator))
}

// LinkError says that a link in a repository's directory leads out of it.
type LinkError struct{ Path string }

func (e *LinkError) Error() string {
	return "access to '" + e.Path + "' is forbidden: it is a link that leads out of the git directory"
}
