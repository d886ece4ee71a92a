package eval_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// FuzzEval evaluates any text strictly under a budget, in both worlds: it must
// end, with a value or an error, and never panic.
func FuzzEval(f *testing.F) {
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".nix" {
				f.Add(string(file.Data))
			}
		}
	}
	f.Add(`let pkgs = import (fetchTarball "https://github.com/NixOS/nixpkgs/archive/x.tar.gz") { }; in pkgs.lib.mapAttrs (n: v: "${n}${v}") pkgs`)
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.nix"), []byte("{ a = 1; }"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, model := range []bool{false, true} {
			w, err := world.New(world.Config{Roots: []string{dir}, MaxFile: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			ev := eval.New(ctx, eval.Options{
				World: w, Model: model,
				Limits: value.Limits{Steps: 200_000, Heap: 256 << 20, Depth: 20_000},
			})
			v, err := ev.EvalText(diag.NewSource("fuzz.nix", text), dir)
			if err == nil {
				v, err = ev.DeepForce(v)
			}
			if err == nil {
				_, err = ev.Print(v)
			}
			if err != nil {
				eval.Diagnostics(err, "NP103")
			}
			if ctx.Err() != nil {
				t.Errorf("the evaluation did not end by its budget: %v", err)
			}
			cancel()
		}
	})
}
