package model_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
	_ "github.com/nixplan/nixplan/internal/symbolorder"
)

var update = flag.Bool("update", false, "write the answers into testdata/effects")

// TestEffects evaluates the expressions of testdata/effects/*.txtar in the
// modelled world. An archive has a file prelude.nix, the start of every
// expression (`let … in`), then pairs NAME.nix and NAME.out, and files/… that
// the expressions read from their directory. NAME.out is the value as `eval
// --strict` prints it or `error: message`, then the assumptions made, unless
// the archive's comment says "Assumptions are left out."
func TestEffects(t *testing.T) {
	archives, err := filepath.Glob("testdata/effects/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { testArchive(t, path) })
	}
}

func testArchive(t *testing.T, path string) {
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	prelude, outs := "", map[string]string{}
	for _, f := range ar.Files {
		name := f.Name
		switch {
		case name == "prelude.nix":
			prelude = string(f.Data)
		case strings.HasPrefix(name, "files/"):
			to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, "files/")))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		case strings.HasSuffix(name, ".out"):
			outs[strings.TrimSuffix(name, ".out")] = string(f.Data)
		}
	}
	if prelude == "" {
		t.Fatal("no prelude.nix")
	}
	assumptions := !strings.Contains(string(ar.Comment), "Assumptions are left out.")
	rewritten := &txtar.Archive{Comment: ar.Comment}
	seen := map[string]bool{}
	for _, f := range ar.Files {
		if !strings.HasSuffix(f.Name, ".nix") || f.Name == "prelude.nix" || strings.HasPrefix(f.Name, "files/") {
			if !strings.HasSuffix(f.Name, ".out") {
				rewritten.Files = append(rewritten.Files, f)
			}
			continue
		}
		name := strings.TrimSuffix(f.Name, ".nix")
		if seen[name] {
			t.Fatalf("%s stands there twice", f.Name)
		}
		seen[name] = true
		got := strings.ReplaceAll(answer(t, dir, prelude+string(f.Data), assumptions), dir, "DIR")
		rewritten.Files = append(rewritten.Files, f, txtar.File{Name: name + ".out", Data: []byte(got)})
		if *update {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(outs[name], got); d != "" {
				t.Errorf("%s: -want +got\n%s", f.Name, d)
			}
		})
	}
	for name := range outs {
		if !seen[name] {
			t.Errorf("%s.out has no expression", name)
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// newEvaluator is one for the modelled world, with bounds that no test comes
// near, so that a mistake ends with an error.
func newEvaluator(t *testing.T) *eval.Evaluator {
	t.Helper()
	w, err := world.New(world.Config{})
	if err != nil {
		t.Fatal(err)
	}
	limits := value.Limits{Steps: 50_000_000, Heap: 1 << 30}
	return eval.New(context.Background(), eval.Options{World: w, Model: true, Limits: limits})
}

// answer is the value of an expression and, if wanted, what was assumed for it.
func answer(t *testing.T, dir, expr string, assumptions bool) string {
	ev := newEvaluator(t)
	var b strings.Builder
	v, err := ev.EvalText(diag.NewSource("test.nix", expr), dir)
	if err == nil {
		v, err = ev.DeepForce(v)
	}
	if err == nil {
		var text string
		if text, err = ev.Print(v); err == nil {
			b.WriteString(text + "\n")
		}
	}
	if err != nil {
		b.WriteString("error: " + err.Error() + "\n")
	}
	if assumptions {
		for _, a := range ev.Assumptions() {
			b.WriteString("assumed: " + a.Text + "\n")
		}
	}
	return b.String()
}
