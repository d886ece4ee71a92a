package store

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-community/go-nix/pkg/nar"
	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/oracle"
	"golang.org/x/tools/txtar"
)

// derivations are the texts that Nix wrote for fixtures/derivations, by path.
func derivations(t *testing.T) map[string]string {
	files, err := filepath.Glob("../../testdata/derivations/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if IsDerivation(f.Name) {
				texts[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
			}
		}
	}
	return texts
}

// TestInstantiate takes the output paths out of derivations that Nix made and
// computes them again, with the text and the path of the .drv file.
func TestInstantiate(t *testing.T) {
	texts := derivations(t)
	if len(texts) < 100 {
		t.Fatalf("only %d derivations", len(texts))
	}
	s := New(DefaultDir)
	s.KeepTexts = true // for the messages
	done := map[string]bool{}
	var instantiate func(path string)
	instantiate = func(path string) {
		if done[path] {
			return
		}
		done[path] = true
		name := strings.TrimSuffix(DefaultDir.Name(path), ".drv")
		d, err := ParseDerivation(name, texts[path])
		if err != nil {
			t.Fatal(err)
		}
		if got := d.ATerm(); got != texts[path] {
			t.Errorf("%s is written as\n%s\nwant\n%s", path, got, texts[path])
		}
		for _, input := range d.Inputs() {
			instantiate(input)
		}
		var fixed *FixedOutput
		if d.Fixed() {
			out := d.Output("out")
			algo, recursive := strings.CutPrefix(out.HashAlgo, "r:")
			a, err := hash.ParseAlgo(algo)
			if err != nil {
				t.Fatal(err)
			}
			h, err := hash.Parse(out.Hash, a)
			if err != nil {
				t.Fatal(err)
			}
			fixed = &FixedOutput{h, recursive}
		}
		for i := range d.Outputs {
			name := d.Outputs[i].Name
			d.Outputs[i] = Output{Name: name}
			d.Env = slices.DeleteFunc(d.Env, func(v Variable) bool { return v.Name == name })
		}
		got, err := s.Instantiate(d, fixed)
		if err != nil {
			t.Fatal(err)
		}
		if got != path {
			t.Errorf("%s gets the path %s and the text\n%s\nwant\n%s", path, got, d.ATerm(), texts[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		instantiate(path)
	}
}

// TestReadFromStore gives a derivation whose inputs were instantiated elsewhere
// the same path.
func TestReadFromStore(t *testing.T) {
	texts := derivations(t)
	for path, text := range texts {
		if !strings.Contains(path, "chain-3") {
			continue
		}
		s := New(DefaultDir)
		s.ReadFile = func(path string) ([]byte, error) {
			if text, ok := texts[path]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		}
		d, err := ParseDerivation("chain-3", text)
		if err != nil {
			t.Fatal(err)
		}
		d.Outputs[0] = Output{Name: "out"}
		if got, err := s.Instantiate(d, nil); err != nil || got != path {
			t.Errorf("got %s, %v, want %s", got, err, path)
		}
		closure, err := s.Closure(path)
		if err != nil || len(closure) != 4 {
			t.Errorf("closure %v, %v, want 4 derivations", closure, err)
		}
	}
}

func TestMissingInput(t *testing.T) {
	s := New(DefaultDir)
	for _, input := range []string{"/nix/store/00000000000000000000000000000000-x.drv", "/nix/store/x.drv", "/tmp/x.drv", "x"} {
		d := &Derivation{Name: "x", Outputs: []Output{{Name: "out"}}, InputDrvs: []Input{{input, "out"}}}
		if path, err := s.Instantiate(d, nil); err == nil {
			t.Errorf("an unknown input %s gives %s", input, path)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{
		"", "Derive", "Derive(", `Derive([],[],[],"","",[],[]`, `Derive([],[],[],"","",[],[])x`, `Derive([("out")],[],[],"","",[],[])`,
		`Derive([],[],["a],"","",[],[])`, `Derive([],[],["a\`, `Derive([],[],["a""b"],"","",[],[])`,
	} {
		if d, err := ParseDerivation("x", text); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "A-b.c+d_e?f=g", ".a", "..a", "...", strings.Repeat("a", 211)} {
		if err := CheckName(name); err != nil {
			t.Errorf("CheckName(%q): %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", ".-a", "..-a", "a b", "a/b", "é", "a\x00", strings.Repeat("a", 212)} {
		if err := CheckName(name); err == nil {
			t.Errorf("CheckName(%q): no error", name)
		}
	}
}

func TestSplit(t *testing.T) {
	const p = "/nix/store/5wq5jx7219pmi3xklyhl77fjbqvy6qaj-x"
	for _, c := range []struct {
		path, store, rest string
		ok                bool
	}{
		{p, p, "", true},
		{p + "/a/b", p, "/a/b", true},
		{p + ".drv", p + ".drv", "", true},
		{"/nix/store", "", "", false},
		{"/nix/store/x", "", "", false},
		{"/nix/store/5wq5jx7219pmi3xklyhl77fjbqvy6qaj", "", "", false},
		{"/nix/store/5wq5jx7219pmi3xklyhl77fjbqvy6qaj-", "", "", false},
		{"/nix/store/5wq5jx7219pmi3xklyhl77fjbqvy6qae-x", "", "", false},
		{"/tmp/5wq5jx7219pmi3xklyhl77fjbqvy6qaj-x", "", "", false},
	} {
		store, rest, ok := DefaultDir.Split(c.path)
		if store != c.store || rest != c.rest || ok != c.ok {
			t.Errorf("Split(%q) = %q, %q, %v", c.path, store, rest, ok)
		}
	}
}

// disk is the file system of this machine.
type disk struct{}

func (disk) Lstat(p string) (fs.FileInfo, error)     { return os.Lstat(p) }
func (disk) ReadDir(p string) ([]fs.DirEntry, error) { return os.ReadDir(p) }
func (disk) ReadFile(p string) ([]byte, error)       { return os.ReadFile(p) }
func (disk) Readlink(p string) (string, error)       { return os.Readlink(p) }
func absolute(t *testing.T, p string) string {
	abs, err := filepath.Abs(p)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func TestPathsAgainstNix(t *testing.T) {
	tree := absolute(t, "testdata/tree")
	fromTree := func(root, name string, filter Filter) string {
		h, err := HashTree(disk{}, root, filter)
		if err != nil {
			t.Fatal(err)
		}
		path, err := DefaultDir.FixedPath(name, true, h)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	flat := func(name, file string) string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path, err := DefaultDir.FixedPath(name, false, hash.Sum(hash.SHA256, string(data)))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := func(name, content string, refs ...string) string {
		path, err := DefaultDir.TextPath(name, content, refs)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := text("a", "x"), text("b", "y")
	cases := []struct{ expr, got string }{
		{`"${./testdata/tree}"`, fromTree(tree, "tree", nil)},
		{`"${./testdata/tree/file}"`, fromTree(tree+"/file", "file", nil)},
		{`"${./testdata/tree/run}"`, fromTree(tree+"/run", "run", nil)},
		{`"${./testdata/tree/dir/empty}"`, fromTree(tree+"/dir/empty", "empty", nil)},
		{`builtins.path { path = ./testdata/tree; name = "x"; }`, fromTree(tree, "x", nil)},
		{`builtins.path { path = ./testdata/tree/run; recursive = false; }`, flat("run", tree+"/run")},
		{`builtins.filterSource (p: t: t != "symlink") ./testdata/tree`, fromTree(tree, "tree", func(_, kind string) (bool, error) { return kind != "symlink", nil })},
		{`builtins.path { path = ./testdata/tree; filter = p: t: baseNameOf p != "sub"; }`,
			fromTree(tree, "tree", func(path, _ string) (bool, error) { return filepath.Base(path) != "sub", nil })},
		{`builtins.toFile "a" "x"`, a},
		{`builtins.toFile "empty" ""`, text("empty", "")},
		{`builtins.toFile "refs" "${builtins.toFile "b" "y"} ${builtins.toFile "a" "x"}"`, text("refs", b+" "+a, b, a)},
		{`placeholder "out"`, Placeholder("out")},
		{`placeholder "dev"`, Placeholder("dev")},
	}
	var exprs []string
	for _, c := range cases {
		exprs = append(exprs, c.expr)
	}
	answers := oracle.Answers(t, "paths", exprs)
	for _, c := range cases {
		if want := answers[c.expr].String(); oracle.Quote(c.got) != want {
			t.Errorf("%s\n got %s\nwant %s", c.expr, c.got, want)
		}
	}
}

// TestNAR reads an archive back with another implementation.
func TestNAR(t *testing.T) {
	var archive bytes.Buffer
	if err := WriteNAR(&archive, disk{}, absolute(t, "testdata/tree"), nil); err != nil {
		t.Fatal(err)
	}
	r, err := nar.NewReader(&archive)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		h, err := r.Next()
		if err != nil {
			break
		}
		line := h.Path + " " + string(h.Type) + " " + h.LinkTarget
		if h.Executable {
			line += "executable"
		}
		got = append(got, strings.TrimSpace(line))
	}
	want := []string{
		"/ directory", "/dir directory", "/dir/a b regular", "/dir/a.b regular", "/dir/eight regular", "/dir/empty regular",
		"/dir/link2 symlink file", "/dir/sub directory", "/dir/sub/Z regular", "/dir/sub/skip regular", "/file regular",
		"/link symlink ../nowhere", "/run regular executable",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the archive holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func FuzzParseDerivation(f *testing.F) {
	f.Add(`Derive([("out","/nix/store/x","","")],[("/nix/store/y.drv",["out"])],["/nix/store/z"],"s","b",["a"],[("k","v\n")])`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDerivation("x", text)
		if err != nil {
			return
		}
		again, err := ParseDerivation("x", d.ATerm())
		if err != nil || again.ATerm() != d.ATerm() {
			t.Errorf("%q is written as %q, which is not read back: %v", text, d.ATerm(), err)
		}
	})
}
