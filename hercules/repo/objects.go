package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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

// Blobs gives the contents of objects one after the other, as they are stored:
// filters and line ending conversions do not apply. take must read all of r.
func (g *Git) Blobs(ctx context.Context, objects []string, take func(i int, size int64, r io.Reader) error) error {
	if len(objects) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx) // ends git when take fails
	defer cancel()
	cmd := g.prepare(ctx, nil, "cat-file", "--batch")
	var complaint bytes.Buffer
	cmd.Stdin = strings.NewReader(strings.Join(objects, "\n") + "\n")
	cmd.Stderr = &complaint
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return startError(err)
	}
	err = readBlobs(bufio.NewReaderSize(stdout, 1<<16), objects, take)
	if err != nil {
		cancel()
	}
	if werr := cmd.Wait(); err == nil && werr != nil {
		err = &Error{Path: "git cat-file", Problem: "failed: " + firstLine(complaint.String(), werr)}
	}
	return err
}

// readBlobs reads "<object> <type> <size>\n<contents>\n" records.
func readBlobs(r *bufio.Reader, objects []string, take func(i int, size int64, r io.Reader) error) error {
	for i, object := range objects {
		header, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file ended early: %w", err)
		}
		fields := strings.Fields(header)
		if len(fields) != 3 {
			return &Error{Path: "git object " + object, Problem: "is missing"}
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		contents := &io.LimitedReader{R: r, N: size}
		if err := take(i, size, contents); err != nil {
			return err
		}
		if contents.N != 0 {
			return errors.New("git cat-file ended early")
		}
		if _, err := r.Discard(1); err != nil {
			return err
		}
	}
	return nil
}

// ExportIgnored tells which paths have the attribute export-ignore, which keeps them
// out of archives. rev is the commit whose .gitattributes count, "" for those in
// the work tree. Directories end in a slash. index is the name of a file that
// does not exist yet, for git to work with.
func (g *Git) ExportIgnored(ctx context.Context, rev, index string, paths []string) (map[string]bool, error) {
	args := []string{"check-attr", "-z", "--stdin"}
	var env []string
	if rev != "" {
		env = []string{"GIT_INDEX_FILE=" + index}
		defer os.Remove(index)
		if _, err := g.read(ctx, env, "read-tree", rev); err != nil {
			return nil, err
		}
		args = append(args, "--cached")
	}
	cmd := g.prepare(ctx, env, append(args, "export-ignore")...)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := output(cmd, "check-attr")
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

// Submodule is an entry of .gitmodules.
type Submodule struct{ Name, Path, URL, Branch string }

// Submodules are the entries of a commit's .gitmodules, none without one.
func (g *Git) Submodules(ctx context.Context, rev string) ([]Submodule, error) {
	entries, err := g.Tree(ctx, rev)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, e := range entries {
		if e.Path != ".gitmodules" {
			continue
		}
		err := g.Blobs(ctx, []string{e.Object}, func(_ int, _ int64, r io.Reader) error {
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
