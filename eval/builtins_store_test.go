package eval_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// TestUnknownDerivation: what depends on an unknown has unknown paths, and
// errors in other attributes still show.
func TestUnknownDerivation(t *testing.T) {
	const prelude = `let u = import (fetchTarball "https://example.com/x.tar.gz");
	d = attrs: derivation ({ name = "d"; system = "s"; builder = "b"; } // attrs); in `
	const origin = "<https://example.com/x.tar.gz>"
	for _, c := range []struct{ expr, want, err string }{
		{`(d { dep = u.x; }).name`, `"d"`, ""},
		{`(d { dep = u.x; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d { dep = "a${u.x}b"; }).drvPath`, `<UNKNOWN (derivation "d").drvPath>`, ""},
		{`(d { outputs = [ "out" "dev" ]; dep = [ 1 u.x ]; }).dev.outPath`, `<UNKNOWN (derivation "d").dev>`, ""},
		{`(d { args = [ u.x ]; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d { args = u.x; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d { __structuredAttrs = true; dep.x = u.x; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d { __structuredAttrs = u.x; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d u.x).type`, `"derivation"`, ""},
		{`(d u.x).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`(d { dep = u.x; z = throw "z fails"; }).outPath`, "", "z fails"},
		{`(d { dep = u.x; z = { }; }).outPath`, "", "cannot coerce to a string: a set: { }"},
		{`"${d { dep = u.x; }}/bin"`, `<UNKNOWN text with (derivation "d").out>`, ""},
		{`(d { dep = d { dep = u.x; }; }).outPath`, `<UNKNOWN (derivation "d").out>`, ""},
		{`builtins.toFile "x" u.x`, `<UNKNOWN toFile ` + origin + `.x>`, ""},
		{`builtins.hasContext u.x`, `<UNKNOWN hasContext ` + origin + `.x>`, ""},
		{`builtins.unsafeDiscardStringContext "a${u.x}"`, `<UNKNOWN unsafeDiscardStringContext text with ` + origin + `.x>`, ""},
		{`builtins.path { path = u.x; }`, `<UNKNOWN path ` + origin + `.x>`, ""},
	} {
		got, err := modelled(t, prelude+c.expr)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != c.want || message != c.err {
			t.Errorf("%s:\n got %s %s\nwant %s %s", c.expr, got, message, c.want, c.err)
		}
	}
}

// TestMarksStay: dropping references keeps the marks of texts that derive from
// the git ref, and marks are no references.
func TestMarksStay(t *testing.T) {
	ev := eval.New(context.Background(), eval.Options{})
	f, err := ev.EvalText(diag.NewSource("test.nix", `ref: with builtins; {
		discarded = unsafeDiscardStringContext ref == "main";
		has = hasContext ref;
		get = attrNames (getContext ref);
		name = (derivation { name = ref; system = "s"; builder = "b"; }).name;
	}`), "/")
	if err != nil {
		t.Fatal(err)
	}
	set, err := ev.Call(f, eval.Marked("main", "src.ref"))
	if err != nil {
		t.Fatal(err)
	}
	slot, _ := ev.Attr(set, "discarded")
	_, deps, err := ev.Track(slot)
	if err != nil || len(deps.List()) != 1 {
		t.Errorf("a comparison of a discarded context depends on %v, %v, want the comparison", deps.List(), err)
	}
	set, err = ev.DeepForce(set)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := ev.Print(set); got != `{ discarded = true; get = [ ]; has = false; name = "main"; }` {
		t.Errorf("got %s", got)
	}
}

// TestKept: in the modelled world a filtered source is not copied; Kept says
// what its filter would have kept.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"network.nix", "secret/key", "sub/a.nix", "sub/b.txt"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ev := eval.New(context.Background(), eval.Options{Model: true})
	evalString := func(expr string) string {
		t.Helper()
		v, err := ev.EvalText(diag.NewSource("test.nix", expr), dir)
		if err != nil {
			t.Fatal(err)
		}
		return v.Str()
	}
	const nixOnly = `builtins.path { path = ./.; name = "src"; filter = p: t: t == "directory" || builtins.match ".*[.]nix" p != null; }`
	for _, c := range []struct {
		source string
		kept   string // of all files
	}{
		{`"${./.}"`, "network.nix secret/key sub/a.nix sub/b.txt"},
		{nixOnly, "network.nix sub/a.nix"},
		{`builtins.filterSource (p: t: baseNameOf p != "secret") ./.`, "network.nix sub/a.nix sub/b.txt"},
		{`builtins.filterSource (p: t: baseNameOf p != "sub") (` + nixOnly + `)`, "network.nix"},
	} {
		source := evalString(c.source)
		var kept []string
		for _, file := range []string{"network.nix", "secret/key", "sub/a.nix", "sub/b.txt"} {
			ok, err := ev.Kept(source + "/" + file)
			if err != nil {
				t.Errorf("%s: %s: %v", c.source, file, err)
			}
			if ok {
				kept = append(kept, file)
			}
		}
		if got := strings.Join(kept, " "); got != c.kept {
			t.Errorf("%s keeps %q, want %q", c.source, got, c.kept)
		}
		if got := evalString(`builtins.readFile (` + c.source + ` + "/network.nix")`); got != "network.nix" {
			t.Errorf("%s: network.nix holds %q", c.source, got)
		}
	}
	// The file below a part of a filtered source.
	part := evalString(`builtins.path { path = (` + nixOnly + `) + "/sub"; filter = p: t: true; }`)
	for file, want := range map[string]bool{"a.nix": true, "b.txt": false} {
		if got, err := ev.Kept(part + "/" + file); err != nil || got != want {
			t.Errorf("sub/%s: kept %v, %v, want %v", file, got, err, want)
		}
	}
	// Errors of the filter, and files that are not there.
	failing := evalString(`builtins.filterSource (p: t: throw "no") ./.`)
	var e *value.Error
	if _, err := ev.Kept(failing + "/network.nix"); !errors.As(err, &e) || e.Kind != value.Throw {
		t.Errorf("a filter that throws: %v", err)
	}
	unknown := evalString(`builtins.filterSource (import (fetchTarball "https://example.com/x")) ./.`)
	if _, err := ev.Kept(unknown + "/network.nix"); !errors.As(err, &e) || e.Kind != value.Undetermined {
		t.Errorf("an unknown filter: %v", err)
	}
	if _, err := ev.Kept(evalString(nixOnly) + "/absent.nix"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

// What is said of the path of a derivation is what Nix 2.8 says with
// --read-write-mode: the oracle's store is elsewhere, where `import` sees only a file.
func TestImportDerivation(t *testing.T) {
	const scope = `let d = derivation { name = "n"; system = "s"; builder = "b"; outputs = [ "out" "dev" "a" ]; x = "1"; }; i = import d.drvPath; in `
	for expr, want := range map[string]string{
		`builtins.attrNames i`: `[ "a" "all" "dev" "drvPath" "name" "out" "outPath" "outputName" "type" ]`,
		`[ (i.outPath == d.a.outPath) (i.dev.outPath == d.dev.outPath) (i.drvPath == d.drvPath) (i == d.a) (i == d) ]`: "[ true true true true false ]",
		`[ i.name i.type i.outputName i.dev.outputName (map (o: o.outputName) i.all) ]`:                                `[ "n" "derivation" "a" "dev" [ "a" "dev" "out" ] ]`,
		`map (x: builtins.attrValues (builtins.getContext x)) [ i.drvPath "${i.dev}" i.name ]`:                         `[ [ { allOutputs = true; } ] [ { outputs = [ "dev" ]; } ] [ ] ]`,
		`(builtins.scopedImport { } d.drvPath).outPath == i.outPath`:                                                   "true",
		`(import (builtins.unsafeDiscardStringContext d.drvPath)).dev == d.dev`:                                        "true",
		`(derivation { name = "user"; system = "s"; builder = "b"; inherit i; y = i.drvPath; }).drvPath`:               `"/nix/store/`,
		`import (builtins.toFile "x.drv" "1 + 1")`:                                                                     "cannot import",
		`import "/nix/store/00000000000000000000000000000000-n.drv"`:                                                   "does not exist",
	} {
		ev := eval.New(context.Background(), eval.Options{})
		v, err := ev.EvalText(diag.NewSource("", scope+expr), "/")
		if err == nil {
			v, err = ev.DeepForce(v)
		}
		var got string
		if err == nil {
			got, err = ev.Print(v)
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}
