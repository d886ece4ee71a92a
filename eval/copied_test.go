package eval_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/internal/diag"
)

// TestCopied: what a real store would have got can be read at its store path,
// though nothing is written, and what would have to be built cannot.
func TestCopied(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{"a.nix": "./b.nix", "b.nix": "2", "sub/c.nix": "3", "sub/d.txt": "d"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const prelude = `with builtins; let
		nixOnly = path { path = ./.; name = "src"; filter = p: t: t == "directory" || match ".*[.]nix" p != null; };
		part = "${/. + unsafeDiscardStringContext nixOnly + "/sub"}";
		drv = derivation { name = "tool"; system = "s"; builder = "b"; outputs = [ "out" "lib" ]; };
	in `
	for _, c := range []struct{ expr, want, partial string }{
		{`import "${./.}/sub/c.nix"`, "3", ""},
		{`isPath (import "${./.}/a.nix")`, "true", ""},
		{`import (import "${./.}/a.nix")`, "2", ""},
		{`readFile "${./sub/d.txt}"`, `"d"`, ""},
		{`readFile (toFile "x" "text")`, `"text"`, ""},
		{`attrNames (readDir nixOnly)`, `[ "a.nix" "b.nix" "sub" ]`, ""},
		{`pathExists "${nixOnly}/sub/d.txt"`, "false", ""},
		{`pathExists "${nixOnly}/sub/c.nix"`, "true", ""},
		{`attrNames (readDir part)`, `[ "c.nix" ]`, ""},
		{`import (filterSource (p: t: true) ./sub + "/c.nix")`, "3", ""},
		{`import drv`, "'tool' would have to be built, and nixplan builds nothing", "<UNKNOWN <tool>>"},
		{`readFile "${drv.lib}/x"`, "'tool' would have to be built, and nixplan builds nothing", "<UNKNOWN <tool>/x>"},
		{`pathExists "${drv}/x"`, "'tool' would have to be built, and nixplan builds nothing", "<UNKNOWN <tool>/x>"},
		{`pathExists (/. + "${unsafeDiscardStringContext drv.outPath}/x")`, "false", "false"},
	} {
		for _, partial := range []bool{false, true} {
			want := c.want
			if partial && c.partial != "" {
				want = c.partial
			}
			ev := eval.New(context.Background(), eval.Options{Partial: partial})
			v, err := ev.EvalText(diag.NewSource("test.nix", prelude+c.expr), dir)
			got := ""
			if err == nil {
				v, err = ev.DeepForce(v)
			}
			if err == nil {
				got, err = ev.Print(v)
			}
			if err != nil {
				got = err.Error()
			}
			if !strings.HasSuffix(got, want) || got == "" { // errors name the path first
				t.Errorf("%s (partial %v): %s, want %s", c.expr, partial, got, want)
			}
		}
	}
}
