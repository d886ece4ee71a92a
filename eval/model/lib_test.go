package model_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

const libPrelude = "let lib = import <nixpkgs/lib>; in\n"

// TestLib holds the modelled lib to the results of nixpkgs' own; the format is
// described in testdata/lib/README.md.
func TestLib(t *testing.T) {
	archives, err := filepath.Glob("testdata/lib/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testLibArchive(t, path)
		})
	}
}

func testLibArchive(t *testing.T, path string) {
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, prelude := t.TempDir(), libPrelude
	want := map[string]string{}
	var expressions []txtar.File
	for _, f := range ar.Files {
		name, ext := strings.TrimSuffix(f.Name, filepath.Ext(f.Name)), filepath.Ext(f.Name)
		switch {
		case strings.HasPrefix(f.Name, "files/"):
			extractFile(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data)
		case f.Name == "prelude.nix":
			prelude = string(f.Data)
		case ext == ".nix":
			expressions = append(expressions, txtar.File{Name: name, Data: f.Data})
		case ext == ".out":
			want[name] = strings.TrimSuffix(string(f.Data), "\n")
		case ext == ".err":
			want[name] = "error: " + strings.TrimSpace(string(f.Data))
		default:
			t.Fatalf("what is %s?", f.Name)
		}
	}
	if len(want) != len(expressions) {
		t.Fatalf("%d expressions, %d results", len(expressions), len(want))
	}
	for _, e := range expressions {
		t.Run(e.Name, func(t *testing.T) {
			if got := libAnswer(t, dir, prelude+string(e.Data)); got != want[e.Name] {
				t.Errorf("%s\ngot  %s\nwant %s", e.Data, got, want[e.Name])
			}
		})
	}
}

func extractFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// libAnswer is an expression's strict value, or the class of its error.
func libAnswer(t *testing.T, dir, expr string) string {
	t.Helper()
	ev := newEvaluator(t)
	v, err := ev.EvalText(diag.NewSource("test.nix", expr), dir)
	if err == nil {
		v, err = ev.DeepForce(v)
	}
	var text string
	if err == nil {
		text, err = ev.Print(v)
	}
	var failure *value.Error
	switch {
	case err == nil:
		return text
	case !errors.As(err, &failure):
		t.Fatal(err)
	case failure.Kind == value.AssertionFailed:
		// As tryEval sees it.
		return "error: " + value.Throw.String()
	}
	return "error: " + failure.Kind.String()
}
