package fetch

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ulikunitz/xz"
)

// unpackLimits bound what an archive may become, or several: what one takes is not
// there for the next.
type unpackLimits struct {
	bytes             int64
	entries           int
	tooLarge, tooMany *limitError
}

// archiveFile is an archive that can be read.
type archiveFile interface {
	fs.File
	io.ReaderAt
}

// unpack writes an archive's files to dir/content. When everything lies in one
// directory, that directory is the content. With oneMember it is an error when
// there is not exactly one file or directory at the top.
//
// What an archive asks for is done only inside dir: names that are absolute or
// have "..", files below something that is not a directory, links to files that
// the archive does not have, and devices are errors. Symbolic links are kept as
// they are – a hash is of their targets – but nothing is written through them.
func unpack(ctx context.Context, file archiveFile, dir string, limits *unpackLimits, oneMember bool) error {
	all := filepath.Join(dir, "unpacked")
	if err := os.Mkdir(all, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(all)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, limits: limits, kinds: map[string]kind{".": directory}}
	if err := u.archive(file); err != nil {
		return err
	}
	content := filepath.Join(dir, contentName)
	members, err := os.ReadDir(all)
	if err != nil {
		return err
	}
	switch {
	case oneMember && len(members) != 1:
		return fmt.Errorf("the archive has %d files or directories at the top, not one", len(members))
	case len(members) == 1 && (oneMember || members[0].IsDir()):
		return os.Rename(filepath.Join(all, members[0].Name()), content)
	}
	return os.Rename(all, content)
}

// kind is what the archive has put at a path.
type kind uint8

const (
	nothing kind = iota
	directory
	regular
	symlink
)

type unpacker struct {
	ctx    context.Context
	root   *os.Root
	limits *unpackLimits
	kinds  map[string]kind // by clean path
}

// formats are told apart by the bytes they begin with.
var formats = []struct {
	magic string
	open  func(context.Context, archiveFile, *bufio.Reader) (io.Reader, error)
}{
	{"\x1f\x8b", func(_ context.Context, _ archiveFile, r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"BZh", func(_ context.Context, _ archiveFile, r *bufio.Reader) (io.Reader, error) {
		return bzip2.NewReader(r), nil
	}},
	{"\xfd7zXZ\x00", func(_ context.Context, _ archiveFile, r *bufio.Reader) (io.Reader, error) { return xz.NewReader(r) }},
	{"\x28\xb5\x2f\xfd", func(ctx context.Context, file archiveFile, _ *bufio.Reader) (io.Reader, error) {
		return zstdReader(ctx, file)
	}},
}

const zipMagic = "PK\x03\x04"

func (u *unpacker) archive(file archiveFile) error {
	buffered := bufio.NewReaderSize(file, 1<<16)
	start, err := buffered.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(start, []byte(zipMagic)) {
		return u.zip(file)
	}
	var r io.Reader = buffered
	for _, f := range formats {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			if r, err = f.open(u.ctx, file, buffered); err != nil {
				return damaged(err)
			}
			break
		}
	}
	if err := u.tar(tar.NewReader(r)); err != nil {
		return err
	}
	if _, ok := r.(*xz.Reader); ok {
		return u.rest(r)
	}
	return nil
}

// rest reads what comes behind the last member: there may be something missing.
func (u *unpacker) rest(r io.Reader) error {
	left := u.limits.bytes
	n, err := io.Copy(&contextWriter{u.ctx, io.Discard}, io.LimitReader(r, left+1))
	switch {
	case err != nil:
		return damaged(err)
	case n > left:
		return u.limits.tooLarge
	}
	return nil
}

func damaged(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the archive is cut short")
	}
	return fmt.Errorf("it is not an archive, or a damaged one: %w", err)
}

func (u *unpacker) tar(r *tar.Reader) error {
	for n := 0; ; n++ {
		h, err := r.Next()
		if err == io.EOF {
			if n == 0 {
				return errors.New("the archive is empty")
			}
			return nil
		}
		if n == 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it is not an archive, or one that is cut short")
		}
		if err != nil {
			return damaged(err)
		}
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg, tar.TypeGNUSparse:
			err = u.file(h.Name, h.Mode&0o100 != 0, r)
		case tar.TypeDir:
			err = u.directory(h.Name)
		case tar.TypeSymlink:
			err = u.symlink(h.Name, h.Linkname)
		case tar.TypeLink:
			err = u.hardLink(h.Name, h.Linkname)
		case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
			err = errors.New("is a device or a pipe")
		default:
			err = fmt.Errorf("is of the unknown type %q", h.Typeflag)
		}
		if err != nil {
			return memberError(h.Name, err)
		}
	}
}

func (u *unpacker) zip(file archiveFile) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	r, err := zip.NewReader(file, info.Size())
	if err != nil {
		return damaged(err)
	}
	for _, f := range r.File {
		if err := u.zipMember(f); err != nil {
			return memberError(f.Name, err)
		}
	}
	return nil
}

func (u *unpacker) zipMember(f *zip.File) error {
	mode := f.Mode()
	if mode.IsDir() {
		return u.directory(f.Name)
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	switch {
	case mode.IsRegular():
		return u.file(f.Name, mode&0o100 != 0, r)
	case mode&os.ModeSymlink != 0:
		const longest = 4096
		target, err := io.ReadAll(io.LimitReader(r, longest+1))
		if err != nil {
			return err
		}
		if len(target) > longest {
			return errors.New("is a link with a target that is too long")
		}
		return u.symlink(f.Name, string(target))
	}
	return errors.New("is a device or a pipe")
}

// memberError names the archive's member that is at fault.
func memberError(name string, err error) error {
	var limit *limitError
	if errors.As(err, &limit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the archive is cut short")
	}
	return fmt.Errorf("the archive's member %q %w", name, err)
}

// limitError says that the archive is larger than is allowed.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

// place checks a member's name and makes the directories it lies in. A file that
// was there before is removed: the later of two members counts.
func (u *unpacker) place(name string, is kind) (string, error) {
	if err := u.ctx.Err(); err != nil {
		return "", err
	}
	clean, err := memberName(name)
	if err != nil {
		return "", err
	}
	if u.limits.entries <= 0 {
		return "", u.limits.tooMany
	}
	for i := 0; i < len(clean); i++ {
		if clean[i] != '/' {
			continue
		}
		switch u.kinds[clean[:i]] {
		case directory:
		case nothing:
			if err := u.mkdir(clean[:i]); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("lies below %q, which is not a directory", clean[:i])
		}
	}
	switch before := u.kinds[clean]; {
	case before == nothing:
		u.limits.entries--
	case before == directory && is == directory:
		return clean, nil
	case before == directory || is == directory:
		return "", errors.New("is there twice, as a directory and as something else")
	default:
		if err := u.root.Remove(clean); err != nil {
			return "", err
		}
	}
	u.kinds[clean] = is
	return clean, nil
}

func (u *unpacker) mkdir(clean string) error {
	u.kinds[clean] = directory
	u.limits.entries--
	return u.root.Mkdir(clean, 0o755)
}

// maxName is the longest path that systems take.
const maxName = 4096

// memberName is a member's path, relative and without "." and "..".
func memberName(name string) (string, error) {
	switch {
	case name == "" || strings.ContainsRune(name, 0):
		return "", errors.New("has no valid name")
	case strings.HasPrefix(name, "/"):
		return "", errors.New("has an absolute name")
	case len(name) > maxName:
		return "", errors.New("has a name that is too long")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errors.New(`has ".." in its name`)
		}
	}
	return path.Clean(name), nil
}

func (u *unpacker) directory(name string) error {
	clean, err := u.place(name, directory)
	if err != nil || clean == "." {
		return err
	}
	if err := u.root.Mkdir(clean, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func (u *unpacker) file(name string, executable bool, r io.Reader) error {
	clean, err := u.place(name, regular)
	if err != nil {
		return err
	}
	mode := os.FileMode(0o644) // set-uid bits and the like are not for us
	if executable {
		mode = 0o755
	}
	out, err := u.root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	left := u.limits.bytes
	n, err := io.Copy(&contextWriter{u.ctx, out}, io.LimitReader(r, left+1))
	u.limits.bytes -= min(n, left)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil && n > left {
		err = u.limits.tooLarge
	}
	return err
}

func (u *unpacker) symlink(name, target string) error {
	if target == "" || strings.ContainsRune(target, 0) {
		return errors.New("is a link without a valid target")
	}
	clean, err := u.place(name, symlink)
	if err != nil {
		return err
	}
	return u.root.Symlink(target, clean)
}

// hardLink makes a second name for a file that the archive had before.
func (u *unpacker) hardLink(name, target string) error {
	from, err := memberName(target)
	if err != nil {
		return errors.New("is a link out of the archive")
	}
	was := u.kinds[from]
	if was != regular && was != symlink {
		return fmt.Errorf("is a link to %q, which is not a file of the archive", target)
	}
	if clean := path.Clean(name); clean == from {
		return errors.New("is a link to itself")
	}
	clean, err := u.place(name, was)
	if err != nil {
		return err
	}
	return u.root.Link(from, clean)
}
