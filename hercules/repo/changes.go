package repo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dirty reports whether tracked files (those below Scope) differ from the commit. Files git does
// not track do not count, and neither do changes inside of submodules: an agent
// would not see either.
func (g *Git) Dirty() (bool, error) {
	changes, err := g.Changes()
	return changes != "", err
}

// Changes tells one set of changes to tracked files from another: it is a hash of
// what they are and of the content that the files have now, "" when there are none.
// Which changes count is said at Dirty.
func (g *Git) Changes() (string, error) {
	s := &g.index
	s.changesOnce.Do(func() {
		if g.Bare() {
			return
		}
		args := []string{"status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"}
		if g.Scope != "" {
			args = append(args, "--", g.Scope)
		}
		var out []byte
		if out, s.changesErr = g.run(args...); len(out) > 0 {
			s.changes = g.sum(string(out))
		}
	})
	return s.changes, s.changesErr
}

// statusWidth is how many bytes come before the name in a record of git status.
const statusWidth = len("XY ")

// sum hashes the files that the records of git status are about.
func (g *Git) sum(status string) string {
	h := sha256.New()
	for record := range strings.SplitSeq(strings.TrimSuffix(status, "\x00"), "\x00") {
		if len(record) > statusWidth {
			name := record[statusWidth:]
			// What is staged of a change makes no difference, but for files that are not to
			// be tracked any more.
			fmt.Fprintf(h, "%q %v ", name, record[0] == 'D')
			g.sumFile(h, filepath.Join(g.WorkTree, filepath.FromSlash(name)))
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// sumFile hashes a file as an agent would have it. What cannot be read is told by
// whoever needs it.
func (g *Git) sumFile(h io.Writer, path string) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		fmt.Fprintln(h, "gone")
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(path)
		fmt.Fprintf(h, "link %q\n", target)
	case info.Mode().IsRegular():
		fmt.Fprintf(h, "file %v %d\n", info.Mode()&0o100 != 0, info.Size())
		if file, err := os.Open(path); err == nil {
			_, _ = io.Copy(h, file)
			file.Close()
		}
	default:
		fmt.Fprintln(h, info.Mode().Type())
	}
}

// Unchanged reports whether the commit that is checked out and the changes to
// tracked files are those that g found.
func (g *Git) Unchanged() (bool, error) {
	if g.Bare() || g.snapshot != "" {
		return true, nil
	}
	then, err := g.Changes()
	if err != nil {
		return false, err
	}
	fresh, err := load(g.WorkTree, g.Dir, nil)
	if err != nil {
		return false, err
	}
	fresh.Scope = g.Scope
	now, err := fresh.Changes()
	return now == then && fresh.HeadRev == g.HeadRev, err
}
