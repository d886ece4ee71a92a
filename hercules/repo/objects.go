package repo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// OpenAt is Open for a directory that must be the repository itself: its work
// tree's root, or a bare repository. It returns nil and no error when it is not.
func OpenAt(dir string) (*Git, error) { return openAt(filepath.Clean(dir), nil) }

// Resolve gives the commit that a name stands for, as hex digits. The name may
// be anything git resolves; options are not taken from it.
func (g *Git) Resolve(ctx context.Context, name string) (string, error) {
	out, err := g.read(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

// CommitTime is when a commit was made, in seconds since 1970.
func (g *Git) CommitTime(ctx context.Context, rev string) (int64, error) {
	return g.number(ctx, "log", "-1", "--format=%ct", "--no-show-signature", rev, "--")
}

// RevCount is the number of commits in a commit's history, itself included.
func (g *Git) RevCount(ctx context.Context, rev string) (int64, error) {
	return g.number(ctx, "rev-list", "--count", rev, "--")
}

func (g *Git) number(ctx context.Context, args ...string) (int64, error) {
	out, err := g.read(ctx, nil, args...)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
}

// TreeEntry is a file, link or submodule of a commit.
type TreeEntry struct {
	// Mode is git's: "100644", "100755", "120000" for a link, "160000" for a
	// submodule.
	Mode string
	// Object is the hex digits of the contents, of a submodule those of its commit.
	Object string
	// Path is relative to the repository's root, with slashes.
	Path string
}

// Tree lists what a commit consists of, directories aside.
func (g *Git) Tree(ctx context.Context, rev string) ([]TreeEntry, error) {
	out, err := g.read(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", rev, "--")
	if err != nil {
		return nil, err
	}
	var entries []TreeEntry
	for record := range strings.SplitSeq(string(out), "\x00") {
		info, path, ok := strings.Cut(record, "\t")
		if !ok {
			continue
		}
		fields := strings.Fields(info) // mode, type, object
		if len(fields) != 3 {
			return nil, &Error{Path: g.place(), Problem: "has a tree that git describes as " + strconv.Quote(record)}
		}
		entries = append(entries, TreeEntry{Mode: fields[0], Object: fields[2], Path: path})
	}
	return entries, nil
}

// ErrTooManyFiles says that a commit has more files than were asked for.
var ErrTooManyFiles = errors.New("too many files")

// maxPath is the longest path that systems take.
const maxPath = 4096

// Files lists what a commit consists of, as Tree does, and makes sure that commit and
// directories are what their names say. Git believes what it finds under a name, and a
// repository can have been made to hold something else. Of more than most files and
// directories the error is ErrTooManyFiles.
func (g *Git) Files(ctx context.Context, rev string, most int) ([]TreeEntry, error) {
	o, err := g.openObjects(ctx)
	if err != nil {
		return nil, err
	}
	defer o.close()
	var text bytes.Buffer
	read := func(_ int, _ int64, r io.Reader) error {
		text.Reset()
		_, err := text.ReadFrom(io.LimitReader(r, maxRead))
		return err
	}
	if err := o.read([]string{rev}, "commit", read); err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(text.String(), "\n")
	top, ok := strings.CutPrefix(line, "tree ")
	if !ok || len(top) != len(rev) || !isHash(top) {
		return nil, &Error{Path: "git object " + rev, Problem: "names no tree"}
	}
	var entries []TreeEntry
	type directory struct{ path, object string }
	for level := []directory{{"", top}}; len(level) > 0; {
		trees := map[string][]TreeEntry{} // of this level: one may be there many times
		var objects []string
		left := most - len(entries)
		for _, d := range level {
			if _, known := trees[d.object]; !known {
				trees[d.object] = nil
				objects = append(objects, d.object)
			}
		}
		err := o.read(objects, "tree", func(i int, size int64, r io.Reader) error {
			if err := read(i, size, r); err != nil {
				return err
			}
			list, ok := parseTree(text.Bytes(), len(rev)/2, left)
			switch left -= len(list); {
			case left < 0:
				return ErrTooManyFiles
			case !ok:
				return &Error{Path: "git object " + objects[i], Problem: "is no list of files"}
			}
			trees[objects[i]] = list
			return nil
		})
		if err != nil {
			return nil, err
		}
		var below []directory
		for _, d := range level {
			for _, e := range trees[d.object] {
				e.Path = d.path + e.Path
				switch {
				case len(e.Path) > maxPath:
					return nil, &Error{Path: "git object " + d.object, Problem: "has a path that is too long"}
				case len(entries)+len(below) >= most:
					return nil, ErrTooManyFiles
				case e.Mode == "040000":
					below = append(below, directory{e.Path + "/", e.Object})
				default:
					entries = append(entries, e)
				}
			}
		}
		level = below
	}
	return entries, nil
}

// parseTree reads "<mode> <name>\0<hash>" records, one more than most if there are
// so many. Modes are given as git does that prints them.
func parseTree(data []byte, hash, most int) (entries []TreeEntry, ok bool) {
	for len(data) > 0 && len(entries) <= most {
		head, rest, found := bytes.Cut(data, []byte{0})
		octal, name, named := strings.Cut(string(head), " ")
		mode, err := strconv.ParseUint(octal, 8, 32)
		if !found || !named || err != nil || name == "" || len(rest) < hash {
			return nil, false
		}
		e := TreeEntry{Mode: "160000", Path: name, Object: hex.EncodeToString(rest[:hash])}
		switch mode & modeType {
		case 0o100000:
			e.Mode = "100644"
			if mode&0o100 != 0 {
				e.Mode = "100755"
			}
		case 0o120000:
			e.Mode = "120000"
		case 0o040000:
			e.Mode = "040000"
		}
		entries, data = append(entries, e), rest[hash:]
	}
	return entries, true
}

// Blobs gives the contents of objects one after the other, as they are stored:
// filters and line ending conversions do not apply. take must read all of r. That the
// contents are what the object's name says is known when Blobs has ended.
func (g *Git) Blobs(ctx context.Context, objects []string, take func(i int, size int64, r io.Reader) error) error {
	if len(objects) == 0 {
		return nil
	}
	o, err := g.openObjects(ctx)
	if err != nil {
		return err
	}
	defer o.close()
	return o.read(objects, "blob", take)
}

// objectReader reads objects from one git program.
type objectReader struct {
	g         *Git
	cmd       *exec.Cmd
	cancel    context.CancelFunc
	in        io.WriteCloser
	out       *bufio.Reader
	complaint bytes.Buffer
}

// ended is the error for an answer that does not come, or not in full.
func (o *objectReader) ended() error {
	o.cancel()
	err := cmp.Or(o.cmd.Wait(), errEnded)
	return o.g.failure("cat-file", o.complaint.String(), err)
}

func (g *Git) openObjects(ctx context.Context) (*objectReader, error) {
	o := &objectReader{g: g}
	ctx, o.cancel = context.WithCancel(ctx)
	o.cmd = g.prepare(ctx, nil, "cat-file", "--batch")
	o.cmd.Stderr = &o.complaint
	in, err := o.cmd.StdinPipe()
	if err != nil {
		o.cancel()
		return nil, err
	}
	out, err := o.cmd.StdoutPipe()
	if err == nil {
		err = startError(o.cmd.Start())
	}
	if err != nil {
		o.cancel()
		return nil, err
	}
	o.in, o.out = in, bufio.NewReaderSize(out, 1<<16)
	return o, nil
}

// close ends git. What it says at the end does not matter: all was read, or there is
// an error already.
func (o *objectReader) close() {
	o.in.Close()
	o.cancel()
	_ = o.cmd.Wait()
}

// read reads "<object> <kind> <size>\n<contents>\n" records.
func (o *objectReader) read(objects []string, kind string, take func(i int, size int64, r io.Reader) error) error {
	go io.WriteString(o.in, strings.Join(objects, "\n")+"\n") // git answers before it has read all
	for i, object := range objects {
		header, err := o.out.ReadString('\n')
		if err != nil {
			return o.ended()
		}
		fields := strings.Fields(header)
		if len(fields) != 3 {
			return &Error{Path: "git object " + object, Problem: "is missing"}
		}
		if fields[1] != kind {
			return &Error{Path: "git object " + object, Problem: "is no " + kind}
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		name := sha1.New()
		if len(object) == 2*sha256.Size {
			name = sha256.New()
		}
		fmt.Fprintf(name, "%s %d\x00", kind, size)
		contents := &io.LimitedReader{R: io.TeeReader(o.out, name), N: size}
		if err := take(i, size, contents); err != nil {
			return err
		}
		if contents.N != 0 {
			return o.ended()
		}
		if hex.EncodeToString(name.Sum(nil)) != object {
			return &Error{Path: "git object " + object, Problem: "is damaged: its contents have another name"}
		}
		if _, err := o.out.Discard(1); err != nil {
			return err
		}
	}
	return nil
}

// ExportIgnored tells which paths have the attribute export-ignore, which keeps them
// out of archives. rev is the commit whose .gitattributes count, "" for those in
// the work tree, with what the repository's and the user's configuration add.
// Directories end in a slash. scratch is the name of a directory that does not exist
// yet, for git to work in.
func (g *Git) ExportIgnored(ctx context.Context, rev, scratch string, paths []string) (map[string]bool, error) {
	args := []string{"check-attr", "-z", "--stdin"}
	if rev != "" {
		defer os.RemoveAll(scratch)
		var err error
		if g, err = g.onlyObjects(scratch, rev); err != nil {
			return nil, err
		}
		if _, err := g.read(ctx, nil, "read-tree", rev); err != nil {
			return nil, err
		}
		args = append(args, "--cached")
	}
	cmd := g.prepare(ctx, nil, append(args, "export-ignore")...)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := g.output(cmd, "check-attr")
	if err != nil {
		return nil, err
	}
	ignored := map[string]bool{}
	fields := strings.Split(string(out), "\x00") // path, attribute, value
	for i := 0; i+2 < len(fields); i += 3 {
		if fields[i+2] == "set" || fields[i+2] == "true" {
			ignored[fields[i]] = true
		}
	}
	return ignored, nil
}

// onlyObjects makes a bare repository at dir, which has nothing but the objects.
func (g *Git) onlyObjects(dir, rev string) (*Git, error) {
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tattributesFile = " + os.DevNull + "\n"
	if len(rev) == 2*sha256.Size {
		config += "[extensions]\n\tobjectFormat = sha256\n"
	}
	for _, sub := range []string{"objects", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{"HEAD": symbolic + "refs/heads/none\n", "config": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return &Git{Dir: dir, Common: dir, objects: filepath.Join(g.Common, "objects"), restricted: g.restricted}, nil
}

// Submodule is an entry of .gitmodules.
type Submodule struct{ Name, Path, URL, Branch string }

// maxModules is the largest .gitmodules that is read, in bytes.
const maxModules = 16 << 20

// Submodules are the entries of .gitmodules in a commit with these files, none
// without one.
func (g *Git) Submodules(ctx context.Context, files []TreeEntry) ([]Submodule, error) {
	var text strings.Builder
	for _, e := range files {
		if e.Path != ".gitmodules" {
			continue
		}
		err := g.Blobs(ctx, []string{e.Object}, func(_ int, size int64, r io.Reader) error {
			if size > maxModules {
				return &Error{Path: ".gitmodules", Problem: fmt.Sprintf("is larger than %d bytes", maxModules)}
			}
			_, err := io.Copy(&text, r)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	c, err := parseConfig(text.String())
	if err != nil {
		return nil, &Error{Path: ".gitmodules", Problem: err.Error()}
	}
	var list []Submodule
	for _, name := range c.subsections("submodule") {
		list = append(list, Submodule{Name: name, Path: c.last("submodule", name, "path"),
			URL: c.last("submodule", name, "url"), Branch: c.last("submodule", name, "branch")})
	}
	return list, nil
}

// RemoteURL is the address of a remote as the configuration has it, "" for none.
func (g *Git) RemoteURL(name string) string { return g.config.first("remote", name, "url") }

// place names the repository in messages.
func (g *Git) place() string {
	if g.Bare() {
		return g.Dir
	}
	return g.WorkTree
}
