package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
)

// member is an entry of an archive.
type member struct {
	name string
	kind byte // tar's type; 0 is a regular file
	text string
	mode int64 // 0 is 0644
	link string
}

func tarOf(t *testing.T, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if m.kind == tar.TypeXGlobalHeader {
			if err := w.WriteHeader(&tar.Header{Typeflag: m.kind, Name: m.name, PAXRecords: map[string]string{"comment": m.text}}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Mode: m.mode, Linkname: m.link, Size: int64(len(m.text))}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if m.mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpacked unpacks an archive and describes what came out.
func unpacked(t *testing.T, archive []byte, change func(*Config), oneMember bool) ([]string, error) {
	t.Helper()
	outside := t.TempDir() // all of this test's files
	file := filepath.Join(outside, "archive")
	if err := os.WriteFile(file, archive, 0o666); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(outside, "a", "b", "cache")
	f := newFetcher(t, cache, change)
	defer func() {
		f.Close()
		clean(t, cache)
	}()
	result, err := f.Fetch(t.Context(), Request{URL: "file://" + file, Local: file, Name: "source", Unpack: true, OneMember: oneMember})
	for _, name := range []string{"evil", "a/evil", "a/b/evil"} {
		if _, err := os.Lstat(filepath.Join(outside, name)); err == nil {
			t.Errorf("%s was written outside of the archive", name)
		}
	}
	if data, _ := os.ReadFile(file); !bytes.Equal(data, archive) {
		t.Error("the archive itself was changed")
	}
	if err != nil {
		return nil, err
	}
	return describe(t, result.Path), nil
}

func describe(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path[len(root):], "/")
		if name == "" {
			name = "."
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			name += "/"
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			name += " -> " + target
		default:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name += " " + info.Mode().String() + " " + string(data)
		}
		lines = append(lines, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestUnpack(t *testing.T) {
	for _, test := range []struct {
		name    string
		members []member
		want    []string // nil: an error that contains err
		err     string
	}{
		{"one directory", []member{{name: "top/", kind: tar.TypeDir}, {name: "top/a", text: "1"}, {name: "top/x", text: "2", mode: 0o755}},
			[]string{"./", "a -r--r--r-- 1", "x -r-xr-xr-x 2"}, ""},
		{"directories that are not mentioned", []member{{name: "top/d/a", text: "1"}}, []string{"./", "d/", "d/a -r--r--r-- 1"}, ""},
		{"several at the top", []member{{name: "a", text: "1"}, {name: "b", text: "2"}}, []string{"./", "a -r--r--r-- 1", "b -r--r--r-- 2"}, ""},
		{"dots", []member{{name: "./", kind: tar.TypeDir}, {name: "./top/./a", text: "1"}}, []string{"./", "a -r--r--r-- 1"}, ""},
		{"set-uid", []member{{name: "top/a", text: "1", mode: 0o6755}}, []string{"./", "a -r-xr-xr-x 1"}, ""},
		{"global header", []member{{name: "pax_global_header", kind: tar.TypeXGlobalHeader, text: "of git"}, {name: "top/a", text: "1"}}, []string{"./", "a -r--r--r-- 1"}, ""},
		{"links are kept", []member{{name: "top/a", text: "1"}, {name: "top/l", kind: tar.TypeSymlink, link: "../../etc/passwd"}, {name: "top/m", kind: tar.TypeSymlink, link: "/etc/passwd"}},
			[]string{"./", "a -r--r--r-- 1", "l -> ../../etc/passwd", "m -> /etc/passwd"}, ""},
		{"hard link", []member{{name: "top/a", text: "1"}, {name: "top/b", kind: tar.TypeLink, link: "top/a"}}, []string{"./", "a -r--r--r-- 1", "b -r--r--r-- 1"}, ""},
		{"the later counts", []member{{name: "top/a", text: "1"}, {name: "top/a", text: "2"}}, []string{"./", "a -r--r--r-- 2"}, ""},
		{"a file for a link", []member{{name: "top/a", kind: tar.TypeSymlink, link: "../../../evil"}, {name: "top/a", text: "2"}}, []string{"./", "a -r--r--r-- 2"}, ""},
		{"a file for a hard link", []member{{name: "top/a", text: "1"}, {name: "top/b", kind: tar.TypeLink, link: "top/a"}, {name: "top/b", text: "2"}},
			[]string{"./", "a -r--r--r-- 1", "b -r--r--r-- 2"}, ""},

		{"absolute", []member{{name: "/evil", text: "1"}}, nil, "absolute name"},
		{"upwards", []member{{name: "top/../../../../evil", text: "1"}}, nil, `".."`},
		{"upwards directory", []member{{name: "../../../evil/", kind: tar.TypeDir}}, nil, `".."`},
		{"through a link", []member{{name: "top/l", kind: tar.TypeSymlink, link: "../../../.."}, {name: "top/l/evil", text: "1"}}, nil, "not a directory"},
		{"through an absolute link", []member{{name: "l", kind: tar.TypeSymlink, link: "/tmp"}, {name: "l/evil", text: "1"}}, nil, "not a directory"},
		{"a directory for a link", []member{{name: "l", kind: tar.TypeSymlink, link: "../.."}, {name: "l/", kind: tar.TypeDir}, {name: "l/evil", text: "1"}}, nil, "there twice"},
		{"a link for a directory", []member{{name: "d/", kind: tar.TypeDir}, {name: "d", kind: tar.TypeSymlink, link: "/tmp"}}, nil, "there twice"},
		{"through a file", []member{{name: "a", text: "1"}, {name: "a/b", text: "2"}}, nil, "not a directory"},
		{"hard link out", []member{{name: "a", kind: tar.TypeLink, link: "/etc/passwd"}}, nil, "link out of the archive"},
		{"hard link upwards", []member{{name: "a", kind: tar.TypeLink, link: "../../archive"}}, nil, "link out of the archive"},
		{"hard link through a link", []member{{name: "l", kind: tar.TypeSymlink, link: "/etc"}, {name: "a", kind: tar.TypeLink, link: "l/passwd"}}, nil, "not a file of the archive"},
		{"hard link to a directory", []member{{name: "d/", kind: tar.TypeDir}, {name: "a", kind: tar.TypeLink, link: "d"}}, nil, "not a file of the archive"},
		{"hard link to itself", []member{{name: "a", text: "1"}, {name: "a", kind: tar.TypeLink, link: "./a"}}, nil, "link to itself"},
		{"character device", []member{{name: "a", kind: tar.TypeChar}}, nil, "device"},
		{"block device", []member{{name: "a", kind: tar.TypeBlock}}, nil, "device"},
		{"pipe", []member{{name: "a", kind: tar.TypeFifo}}, nil, "pipe"},
		{"empty link", []member{{name: "a", kind: tar.TypeSymlink, link: ""}}, nil, "without a valid target"},
		{"long name", []member{{name: strings.Repeat("a/", 4000), kind: tar.TypeDir}}, nil, "too long"},
		{"the root as a file", []member{{name: "./.", kind: tar.TypeSymlink, link: "/tmp"}}, nil, "there twice"},
		{"nothing", nil, nil, "empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := unpacked(t, tarOf(t, test.members), nil, false)
			if test.want == nil {
				var failed *Error
				if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %q, error %v, want %q", got, err, test.err)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

// Archives with top/a, whose text is 1. No library here writes the formats.
const (
	zstdArchive  = "KLUv/WQAJy0CAGLCCBDApwPbq+erWE12tWXtf5MC14l42s8lSl+wGKWquhnpFwxmDAD7BfBIclSA3wxDNQAI/7sTvsgDWLgHgEEBwHYCcOwwZRY="
	bzip2Archive = "QlpoOTFBWSZTWYPiXgIAAHFbgMkAYAD1AAAIYADeAAQIIABUNINABoZBFSeUZAGgfcWyhEM8QRNKa2JKyglAreC8SrzKYNkWCEZuCKPcZlahEQHxdyRThQkIPiXgIA=="
)

func TestFormats(t *testing.T) {
	plain := tarOf(t, []member{{name: "top/a", text: "1"}})
	var xzed, zipped bytes.Buffer
	x, err := xz.NewWriter(&xzed)
	if err != nil {
		t.Fatal(err)
	}
	x.Write(plain)
	x.Close()
	zw := zip.NewWriter(&zipped)
	f, err := zw.Create("top/a")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("1"))
	zw.Close()
	decoded := func(text string) []byte {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := []string{"./", "a -r--r--r-- 1"}
	for name, archive := range map[string][]byte{
		"tar": plain, "gzip": gzipped(plain), "bzip2": decoded(bzip2Archive), "xz": xzed.Bytes(), "zstd": decoded(zstdArchive), "zip": zipped.Bytes(),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unpacked(t, archive, nil, false)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
			for _, n := range []int{min(len(archive)/3, 512), 20} {
				if _, err := unpacked(t, archive[:n], nil, false); err == nil {
					t.Errorf("the first %d bytes of %d are an archive", n, len(archive))
				}
			}
		})
	}
	if _, err := unpacked(t, bytes.Repeat([]byte("no archive"), 200), nil, false); err == nil || !strings.Contains(err.Error(), "not an archive") {
		t.Errorf("got %v", err)
	}
}

func TestZip(t *testing.T) {
	for _, test := range []struct {
		name string
		mode fs.FileMode
		text string
		want string // an error, "" for none
	}{
		{"top/a", 0o755, "1", ""},
		{"top/l", fs.ModeSymlink | 0o777, "a", ""},
		{"../evil", 0o644, "1", `".."`},
		{"/evil", 0o644, "1", "absolute"},
		{"p", fs.ModeNamedPipe, "", "pipe"},
		{"l", fs.ModeSymlink | 0o777, strings.Repeat("x", 5000), "too long"},
	} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: test.name}
		h.SetMode(test.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(test.text))
		w.Close()
		_, err = unpacked(t, b.Bytes(), nil, false)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// An archive does not become larger than is allowed, however small it is itself.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 2<<20)
	many := make([]member, 0, 300)
	for i := range 300 {
		many = append(many, member{name: "top/" + strings.Repeat("x", i+1)[:min(i+1, 200)] + string(rune('a'+i%26)), text: ""})
	}
	deep := []member{{name: strings.Repeat("a/", 150) + "b", text: "1"}, {name: "c", text: "2"}}
	for _, test := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"one large file", gzipped(tarOf(t, []member{{name: "top/a", text: zeros}})), "more than 1048576 bytes"},
		{"several files", gzipped(tarOf(t, []member{{name: "top/a", text: zeros[:1<<20]}, {name: "top/b", text: "x"}})), "more than 1048576 bytes"},
		{"many files", gzipped(tarOf(t, many)), "more than 100 files"},
		{"deep", gzipped(tarOf(t, deep)), "more than 100 files"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := unpacked(t, test.archive, nil, false); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Old versions of Nix take one file or directory, no more.
func TestOneMember(t *testing.T) {
	got, err := unpacked(t, tarOf(t, []member{{name: "a", text: "1"}}), nil, true)
	if diff := cmp.Diff([]string{". -r--r--r-- 1"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := unpacked(t, tarOf(t, []member{{name: "a", text: "1"}, {name: "b", text: "1"}}), nil, true); err == nil {
		t.Error("two files are taken")
	}
}

// An archive without its end is none, though all of its files are there.
func TestCutBehindLastMember(t *testing.T) {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(tarOf(t, []member{{name: "top/a", text: "1"}}))
	w.Close()
	if _, err := unpacked(t, b.Bytes(), nil, false); err != nil {
		t.Error(err)
	}
	for _, cut := range []int{1, 10, 20} {
		if _, err := unpacked(t, b.Bytes()[:b.Len()-cut], nil, false); err == nil || !strings.Contains(err.Error(), "is cut short") {
			t.Errorf("without %d bytes: %v", cut, err)
		}
	}
}
