package eval_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval"
)

// derivationSets are the files of fixtures/derivations whose attributes are
// derivations. The archive of the same name in testdata/derivations has Nix's
// answers: a file "paths" with a line for each attribute, and the .drv files of
// all of them and of all they are made from.
var derivationSets = []string{"plain", "environment", "outputs", "fixed-output", "structured-attrs", "contexts", "files", "names"}

func derivationSet(t *testing.T, name string) string {
	file, err := filepath.Abs("../fixtures/derivations/" + name + ".nix")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDerivations compares drvPath, the output paths and the text of every
// derivation with what Nix made.
func TestDerivations(t *testing.T) {
	count := 0
	for _, name := range derivationSets {
		want, err := txtar.ParseFile("testdata/derivations/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		got := instantiated(t, name)
		if diff := cmp.Diff(string(txtar.Format(want)), string(txtar.Format(got))); diff != "" {
			t.Errorf("%s.nix, -Nix +nixplan:\n%s", name, diff)
		}
		count += bytes.Count(got.Files[0].Data, []byte("\n"))
	}
	if count < 100 {
		t.Errorf("only %d derivations", count)
	}
}

// instantiated is the archive of a set as nixplan computes it.
func instantiated(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	ev := eval.New(context.Background(), eval.Options{KeepDerivations: true})
	set, err := ev.EvalFile(derivationSet(t, name))
	if err != nil {
		t.Fatal(err)
	}
	a := archive{texts: map[string]string{}}
	for _, attr := range set.Attrs().ByName() {
		drv, err := ev.Force(attr.Value)
		if err != nil {
			t.Errorf("%s: %v", attr.Name, err)
			continue
		}
		text := func(name string) string {
			v, ok := ev.Attr(drv, name)
			if !ok {
				t.Errorf("%s has no %s", attr.Name, name)
			}
			text, _, err := ev.Text(v)
			if err != nil {
				t.Errorf("%s.%s: %v", attr.Name, name, err)
			}
			return text
		}
		a.line(attr.Name.String(), text("drvPath"), text("outPath"))
		files, err := ev.Derivations(drv)
		if err != nil {
			t.Errorf("%s: %v", attr.Name, err)
		}
		for _, f := range files {
			a.texts[f.Path] = f.Text
		}
	}
	return a.format(name)
}

// archive collects a set's answers. Texts have no newline at their end; the
// archive adds one.
type archive struct {
	paths bytes.Buffer
	texts map[string]string
}

func (a *archive) line(attr, drvPath, outPath string) {
	fmt.Fprintf(&a.paths, "%s %s %s\n", attr, drvPath, outPath)
}

func (a *archive) format(name string) *txtar.Archive {
	out := &txtar.Archive{
		Comment: []byte("What Nix makes of fixtures/derivations/" + name + ".nix.\n\n"),
		Files:   []txtar.File{{Name: "paths", Data: a.paths.Bytes()}},
	}
	for _, path := range slices.Sorted(maps.Keys(a.texts)) {
		out.Files = append(out.Files, txtar.File{Name: path, Data: []byte(a.texts[path] + "\n")})
	}
	return out
}

// TestRefusedDerivations: what Nix refuses is refused, by evaluating the
// derivation's path.
func TestRefusedDerivations(t *testing.T) {
	ev := eval.New(context.Background(), eval.Options{KeepDerivations: true})
	set, err := ev.EvalFile(derivationSet(t, "refused"))
	if err != nil {
		t.Fatal(err)
	}
	for _, attr := range set.Attrs().ByName() {
		drv, err := ev.Force(attr.Value)
		if err != nil {
			continue
		}
		if files, err := ev.Derivations(drv); err == nil {
			t.Errorf("%s is instantiated as %s", attr.Name, files[len(files)-1].Path)
		}
	}
}

// TestDerivationsOracle holds the archives to real Nix, which instantiates into
// a store of its own. With -update it writes them.
func TestDerivationsOracle(t *testing.T) {
	nix, err := exec.LookPath("nix-instantiate")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	o := derivationOracle{nix: nix, root: t.TempDir()}
	for _, name := range derivationSets {
		got := txtar.Format(o.instantiate(t, name))
		path := "testdata/derivations/" + name + ".txtar"
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: run go test ./eval -run DerivationsOracle -update; -recorded +Nix:\n%s", path, diff)
		}
	}
	file := derivationSet(t, "refused")
	var names []string
	o.json(t, "builtins.attrNames (import "+file+")", &names)
	for _, name := range names {
		if out, err := o.run("(import " + file + ")." + name + ".drvPath"); err == nil {
			t.Errorf("Nix makes of %s %s", name, out)
		}
	}
}

// derivationOracle asks nix-instantiate, with a store below root whose paths are
// those of /nix/store.
type derivationOracle struct{ nix, root string }

func (o *derivationOracle) run(expr string) ([]byte, error) {
	cmd := exec.Command(o.nix, "--store", o.root, "--eval", "--strict", "--read-write-mode", "--json", "-E", expr)
	cmd.Env = []string{"HOME=" + o.root, "NIX_CONF_DIR=" + o.root, "NIX_USER_CONF_FILES=", "NIX_PATH=", "LC_ALL=C", "PATH=/usr/bin:/bin"}
	return cmd.Output()
}

func (o *derivationOracle) json(t *testing.T, expr string, to any) {
	t.Helper()
	out, err := o.run(expr)
	if err != nil {
		t.Fatalf("nix-instantiate: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	if err := json.Unmarshal(out, to); err != nil {
		t.Fatal(err)
	}
}

func (o *derivationOracle) instantiate(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	var paths map[string]struct{ Drv, Out string }
	o.json(t, "builtins.mapAttrs (_: d: { drv = d.drvPath; out = d.outPath; }) (import "+derivationSet(t, name)+")", &paths)
	a := archive{texts: map[string]string{}}
	for _, attr := range slices.Sorted(maps.Keys(paths)) {
		a.line(attr, paths[attr].Drv, paths[attr].Out)
		o.closure(t, paths[attr].Drv, a.texts)
	}
	return a.format(name)
}

// closure reads a derivation and those it is made from: the texts name them in
// quotes.
func (o *derivationOracle) closure(t *testing.T, path string, texts map[string]string) {
	if texts[path] != "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(o.root, path))
	if err != nil {
		t.Fatal(err)
	}
	texts[path] = string(text)
	_, inputs, _ := strings.Cut(string(text), "],[")
	for strings.HasPrefix(inputs, `("`) {
		var input string
		input, inputs, _ = strings.Cut(inputs[2:], `"`)
		o.closure(t, input, texts)
		_, inputs, _ = strings.Cut(inputs, `])`)
		inputs = strings.TrimPrefix(inputs, ",")
	}
}
