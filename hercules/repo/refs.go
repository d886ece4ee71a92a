package repo

import (
	"path/filepath"
	"strings"
)

// refs looks references up. Packed ones are read at the first miss of a loose
// one; with the reftable format all come from the git program.
type refs struct {
	packed map[string]string // full name → hex digits, or "ref: name"
	loaded bool
	all    bool // packed holds every ref, there are no loose files

	names  []string // see list
	listed bool
}

const symbolic = "ref: "

// readRefs fills HeadRef and HeadRev.
func (g *Git) readRefs() error {
	if g.config.last("extensions", "", "refstorage") == "reftable" {
		if err := g.listRefs(); err != nil {
			return err
		}
	}
	target := g.rawRef("HEAD")
	if name, ok := strings.CutPrefix(target, symbolic); ok {
		g.HeadRef = name
		g.HeadRev = g.resolve(name)
		return nil
	}
	g.HeadRev = target
	return nil
}

// resolve follows a reference to the object it names, "" when there is none.
func (g *Git) resolve(name string) string {
	for range 5 { // as deep as git follows
		target := g.rawRef(name)
		next, ok := strings.CutPrefix(target, symbolic)
		if !ok {
			return target
		}
		name = next
	}
	return ""
}

// rawRef is what a reference holds: hex digits, "ref: " and a name, or "".
func (g *Git) rawRef(name string) string {
	if g.refs.all {
		return g.refs.packed[name]
	}
	if !safeRefName(name) {
		return ""
	}
	// HEAD and the like belong to the work tree, all others to the repository.
	dirs := []string{g.Common}
	if g.Dir != g.Common && !strings.HasPrefix(name, "refs/") {
		dirs[0] = g.Dir
	}
	for _, dir := range dirs {
		if text, err := readFile(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			line := strings.TrimSpace(string(text))
			if target, ok := strings.CutPrefix(line, "ref:"); ok {
				return symbolic + strings.TrimSpace(target)
			}
			if isHash(line) {
				return line
			}
		}
	}
	g.loadPacked()
	return g.refs.packed[name]
}

// readPackedRefs reads lines "<hash> <name>"; "^<hash>" lines, the commits
// annotated tags point to, and comments are skipped.
func readPackedRefs(path string) map[string]string {
	text, err := readFile(path)
	if err != nil {
		return nil
	}
	packed := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		hash, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if ok && isHash(hash) {
			packed[name] = hash
		}
	}
	return packed
}

// listRefs asks git for all references.
func (g *Git) listRefs() error {
	out, err := g.run("for-each-ref", "--format=%(objectname) %(symref) %(refname)")
	if err != nil {
		return err
	}
	g.refs = refs{packed: make(map[string]string), loaded: true, all: true}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), " ")
		if len(fields) != 3 {
			continue
		}
		g.refs.packed[fields[2]] = fields[0]
		if fields[1] != "" {
			g.refs.packed[fields[2]] = symbolic + fields[1]
		}
	}
	if out, err := g.run("symbolic-ref", "--quiet", "HEAD"); err == nil {
		g.refs.packed["HEAD"] = symbolic + strings.TrimSpace(string(out))
	} else if out, err := g.run("rev-parse", "--verify", "--quiet", "HEAD"); err == nil {
		g.refs.packed["HEAD"] = strings.TrimSpace(string(out))
	}
	return nil
}

// safeRefName keeps a hand-made HEAD from naming files outside of the
// repository.
func safeRefName(name string) bool {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// ValidRef reports whether git allows a ref to have the name, which may lack
// "refs/" or "refs/heads/". The rules are those of git-check-ref-format(1).
func ValidRef(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c == 0x7f || strings.IndexByte(`~^:?*[\`, c) >= 0 {
			return false
		}
	}
	if strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.HasSuffix(name, ".") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

func isHash(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Has reports whether a reference, given by its full name, exists here.
func (g *Git) Has(ref string) bool { return g.rawRef(ref) != "" }

// DefaultBranch is the full name of the branch a forge shows first: what the
// remote's HEAD names, else "main" or "master" where one of them exists, else
// the only thing left, the branch that is checked out. It is "" when HEAD is
// detached and nothing else tells.
func (g *Git) DefaultBranch() string {
	if branch := g.RemoteDefault(); branch != "" {
		return branch
	}
	remote := g.remoteName()
	for _, branch := range []string{"main", "master"} {
		if g.resolve("refs/heads/"+branch) != "" ||
			remote != "" && g.resolve("refs/remotes/"+remote+"/"+branch) != "" {
			return "refs/heads/" + branch
		}
	}
	return g.HeadRef
}

// Copies are the refs that a branch, given by its full name, is at here: that of
// the remote's, as of the last fetch, and the local one.
func (g *Git) Copies(branch string) []string {
	name := strings.TrimPrefix(branch, "refs/heads/")
	var out []string
	if remote := g.remoteName(); remote != "" && g.Has("refs/remotes/"+remote+"/"+name) {
		out = append(out, "refs/remotes/"+remote+"/"+name)
	}
	if g.Has(branch) {
		out = append(out, branch)
	}
	return out
}

// RemoteDefault is the full name of the branch that the remote's HEAD named when
// it was cloned, "" where git did not note that down.
func (g *Git) RemoteDefault() string {
	remote := g.remoteName()
	if remote == "" {
		return ""
	}
	prefix := "refs/remotes/" + remote + "/"
	if target, ok := strings.CutPrefix(g.rawRef(prefix+"HEAD"), symbolic); ok {
		if branch, ok := strings.CutPrefix(target, prefix); ok {
			return "refs/heads/" + branch
		}
	}
	return ""
}
