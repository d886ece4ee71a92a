package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/hash"
)

// FS is what a tree is read through. Paths are absolute.
type FS interface {
	Lstat(path string) (fs.FileInfo, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	ReadFile(path string) ([]byte, error)
	Readlink(path string) (string, error)
}

// Filter says whether a tree's member belongs to the archive. It is not asked
// about the root. kind is "regular", "directory", "symlink" or "unknown".
type Filter func(path, kind string) (bool, error)

// FileKind is a file's type as filters, readDir and readFileType name it.
func FileKind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "regular"
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	default:
		return "unknown"
	}
}

// HashTree is the SHA-256 of a tree's NAR; filter may be nil.
func HashTree(fsys FS, root string, filter Filter) (hash.Hash, error) {
	h := sha256.New()
	if err := WriteNAR(h, fsys, root, filter); err != nil {
		return hash.Hash{}, err
	}
	return hash.Hash{Algo: hash.SHA256, Bytes: h.Sum(nil)}, nil
}

// WriteNAR writes a file or tree in Nix' archive format. Of the permissions
// only whether the owner may execute a file is kept. Errors are those of fsys,
// filter and w, and one for files that are neither regular, links nor
// directories.
func WriteNAR(w io.Writer, fsys FS, root string, filter Filter) error {
	n := narWriter{w: w, fs: fsys, filter: filter}
	info, err := fsys.Lstat(root)
	if err != nil {
		return err
	}
	n.strings("nix-archive-1")
	if err := n.node(root, info, 0); err != nil {
		return err
	}
	return n.err
}

// maxTreeDepth bounds the nesting of directories.
const maxTreeDepth = 4096

// narWriter keeps the first error of writing.
type narWriter struct {
	w      io.Writer
	fs     FS
	filter Filter
	err    error
}

// strings writes each text as its length, the text, and padding to 8 bytes.
func (n *narWriter) strings(texts ...string) {
	for _, text := range texts {
		n.length(len(text))
		n.write([]byte(text))
		n.pad(len(text))
	}
}

func (n *narWriter) length(length int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(length))
	n.write(b[:])
}

func (n *narWriter) pad(length int) {
	var zero [8]byte
	n.write(zero[:(8-length%8)%8])
}

func (n *narWriter) write(b []byte) {
	if n.err == nil && len(b) > 0 {
		_, n.err = n.w.Write(b)
	}
}

func (n *narWriter) node(path string, info fs.FileInfo, depth int) error {
	if n.err != nil {
		return n.err
	}
	if depth > maxTreeDepth {
		return fmt.Errorf("directories in '%s' nest too deeply", path)
	}
	n.strings("(")
	defer n.strings(")")
	switch kind := FileKind(info.Mode()); kind {
	case "regular":
		data, err := n.fs.ReadFile(path)
		if err != nil {
			return err
		}
		n.strings("type", "regular")
		if info.Mode()&0o100 != 0 {
			n.strings("executable", "")
		}
		n.strings("contents")
		n.length(len(data))
		n.write(data)
		n.pad(len(data))
	case "symlink":
		target, err := n.fs.Readlink(path)
		if err != nil {
			return err
		}
		n.strings("type", "symlink", "target", target)
	case "directory":
		n.strings("type", "directory")
		return n.entries(path, depth)
	default:
		return fmt.Errorf("file '%s' has an unsupported type", path)
	}
	return nil
}

// entries writes a directory's members in byte order of their names.
func (n *narWriter) entries(dir string, depth int) error {
	entries, err := n.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		path := strings.TrimSuffix(dir, "/") + "/" + e.Name()
		info, err := n.fs.Lstat(path)
		if err != nil {
			return err
		}
		if n.filter != nil {
			keep, err := n.filter(path, FileKind(info.Mode()))
			if err != nil {
				return err
			}
			if !keep {
				continue
			}
		}
		n.strings("entry", "(", "name", e.Name(), "node")
		if err := n.node(path, info, depth+1); err != nil {
			return err
		}
		n.strings(")")
	}
	return nil
}
