package parser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/internal/diag"
)

func parse(t testing.TB, text string) (*File, diag.List) {
	t.Helper()
	return Parse(diag.NewSource("test.nix", text))
}

// Deep input is an error, or a tree that can be walked and printed; it never
// exhausts the stack.
func TestNesting(t *testing.T) {
	const n = 1_000_000
	deep := map[string]string{
		"parentheses":   strings.Repeat("(", n),
		"lists":         strings.Repeat("[", n),
		"sets":          strings.Repeat("{a=", n),
		"paths":         "{ a" + strings.Repeat(".a", n) + "=1; }",
		"functions":     strings.Repeat("a: ", n) + "a",
		"formals":       strings.Repeat("{a?", n),
		"let":           strings.Repeat("let a=", n),
		"legacy let":    strings.Repeat("let{a=", n),
		"if":            strings.Repeat("if ", n),
		"else":          strings.Repeat("if a then a else ", n),
		"with":          strings.Repeat("with a;", n),
		"assert":        strings.Repeat("assert a;", n),
		"not":           strings.Repeat("!", n),
		"minus":         strings.Repeat("- ", n),
		"concat":        strings.Repeat("a++", n),
		"implication":   strings.Repeat("a->", n),
		"sum":           strings.Repeat("a+", n) + "a",
		"pipe right":    strings.Repeat("a|>", n) + "a",
		"pipe left":     strings.Repeat("a<|", n) + "a",
		"pipes":         strings.Repeat("a<|a|>", n) + "a",
		"default":       strings.Repeat("a.a or ", n),
		"interpolation": strings.Repeat(`"${`, n),
		"indented":      strings.Repeat(`''${`, n),
		"path":          strings.Repeat(`./${`, n),
		"name":          strings.Repeat(`{${`, n),
		"inherit":       strings.Repeat(`{inherit(`, n),
		"has":           "a" + strings.Repeat("?a", n),
	}
	for name, text := range deep {
		t.Run(name, func(t *testing.T) {
			f, diags := parse(t, text)
			if !diags.HasErrors() {
				t.Fatal("accepted")
			}
			if len(diags) > 1 {
				t.Errorf("%d errors:\n%s", len(diags), explain(diags))
			}
			nodes := 0
			Walk(f.Expr, func(Expr) bool { nodes++; return true })
			if nodes == 0 {
				t.Error("no tree")
			}
			Print(f.Expr)
		})
	}
}

// What is nested less deeply than the limit is accepted.
func TestNestingAllowed(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", 9_000) + "a" + strings.Repeat(")", 9_000),
		"functions":   strings.Repeat("a: ", 9_000) + "a",
		"concat":      strings.Repeat("a ++ ", 9_000) + "a",
		"sum":         strings.Repeat("a + ", 90_000) + "a",
		"else":        strings.Repeat("if a then b else ", 9_000) + "a",
		"path":        "{ a" + strings.Repeat(".a", 9_000) + " = 1; }",
		"arguments":   "f" + strings.Repeat(" a", 1_000_000),
		"selection":   "a" + strings.Repeat(".a", 1_000_000),
	} {
		f, diags := parse(t, text)
		if len(diags) > 0 {
			t.Errorf("%s:\n%s", name, explain(diags))
			continue
		}
		checkRoundTrip(t, f)
	}
}

func TestErrorLimit(t *testing.T) {
	_, diags := parse(t, "{"+strings.Repeat("a = ;", 1000)+"}")
	if len(diags) != maxErrors+1 || diags[maxErrors].Summary != "… and 1949 more from here on" {
		t.Errorf("%d findings, want %d and a note, not %v", len(diags), maxErrors, diags[len(diags)-1])
	}
}

// Positions Nix tells for attributes: the start of the whole path, the name
// after inherit.
func TestAttrPositions(t *testing.T) {
	f, _ := parse(t, "{ a.b = 1; inherit c; inherit (d) e; }")
	want := map[string]int32{"a": 2, "b": 2, "c": 19, "e": 34}
	var check func(*Attrs)
	check = func(attrs *Attrs) {
		for _, a := range attrs.Static {
			if a.PathAt != want[a.Name] {
				t.Errorf("%s is at %d, not %d", a.Name, a.PathAt, want[a.Name])
			}
			delete(want, a.Name)
			if set, ok := a.Value.(*AttrSet); ok {
				check(set.Attrs)
			}
		}
	}
	check(f.Expr.(*AttrSet).Attrs)
	if len(want) > 0 {
		t.Error("missing: ", want)
	}
}

// Walk visits every expression once, in the order of the source.
func TestWalk(t *testing.T) {
	text := `{ a1 ? a2, ... }@p: with a3; assert a4; let ${"s"} = a5; inherit (a6) q; in
	  { ${a7}.x = a8; y = [ a9 (if b1 then b2 else b3) ]; } // "${b4}" + ''${b5}'' ++ ./${b6}
	  (f: b7.${b8} or b9) (-c1 -> !c2 ? ${c3}) (let { body = c4; })`
	f, diags := parse(t, text)
	if len(diags) > 0 {
		t.Fatal(explain(diags))
	}
	var got []string
	Walk(f.Expr, func(e Expr) bool {
		if id, ok := e.(*Ident); ok {
			got = append(got, id.Name)
		}
		return true
	})
	want := "a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3 b4 b5 b6 b7 b8 b9 c1 c2 c3 c4"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	visited := 0
	Walk(f.Expr, func(Expr) bool { visited++; return false })
	if visited != 1 {
		t.Errorf("visited %d nodes below one that was refused", visited-1)
	}
}

// Equal tells any two different trees of the corpus apart.
func TestEqual(t *testing.T) {
	byDump := map[string]Expr{}
	for _, c := range loadCases(t, "tree") {
		f, _ := parse(t, c.input)
		text := Print(f.Expr)
		for other, e := range byDump {
			if Equal(f.Expr, e) != (text == other) {
				t.Errorf("Equal is %v for\n%s\nand\n%s", Equal(f.Expr, e), text, other)
			}
		}
		byDump[text] = f.Expr
	}
}

// A parse does not depend on the text around it: every span of a node that was
// written covers the text of the same tree.
func TestSpans(t *testing.T) {
	for _, c := range loadCases(t, "tree") {
		f, _ := parse(t, c.input)
		Walk(f.Expr, func(e Expr) bool {
			if _, ok := e.(*LegacyLet); ok {
				return false // its set is recursive without saying so
			}
			text := f.DiagRange(e.Range()).Text()
			again, diags := parse(t, text)
			if id, ok := e.(*Ident); ok && id.Name == "or" {
				return true
			}
			if len(diags) > 0 || !Equal(e, again.Expr) {
				t.Errorf("%s: %q is not %s\n%s", c.name, text, dump(e), explain(diags))
			}
			return true
		})
	}
}

// largeSource is about n bytes of what a package set looks like.
func largeSource(n int) string {
	var b strings.Builder
	b.WriteString("{ lib, pkgs, config, ... }@args:\n\nlet\n  inherit (lib) mkIf mkOption types;\nin\nrec {\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `
  # Package number %[1]d.
  package-%[1]d = callPackage ../development/libraries/package-%[1]d/default.nix {
    inherit (gnome) glib gtk;
    version = "1.%[1]d.0";
    enableThreads = stdenv.isLinux && !stdenv.isAarch64;
    buildInputs = [ zlib openssl ] ++ lib.optional stdenv.isDarwin libiconv;
    meta.description = "A library, the ${toString %[1]d}th of its kind";
    meta.license = [ licenses.mit ];
    src = fetchurl {
      url = "https://example.org/package-%[1]d/${version}.tar.gz";
      sha256 = "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i";
    };
    postInstall = ''
      mkdir -p $out/bin
      for f in $out/lib/*.so; do
        ln -s "$f" "''${f%%.so}.%[1]d" # ${if enableThreads then "threads" else "none"}
      done
    '';
  };
`, i)
	}
	b.WriteString("}\n")
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	text := largeSource(4 << 20)
	if _, diags := parse(b, text); len(diags) > 0 {
		b.Fatal(explain(diags))
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(diag.NewSource("bench.nix", text))
	}
}

func BenchmarkPrint(b *testing.B) {
	f, _ := parse(b, largeSource(1<<20))
	b.SetBytes(int64(len(f.Text)))
	for b.Loop() {
		Print(f.Expr)
	}
}
