package textmap_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
	"github.com/nixplan/nixplan/parser/textmap"
)

// evaluate gives the tree of a file and the text of its attribute "script".
func evaluate(t testing.TB, text string) (file *parser.File, script string) {
	t.Helper()
	src := diag.NewSource("test.nix", text)
	file, diags := parser.Parse(src)
	if diags.HasErrors() {
		t.Fatalf("%s\ndoes not parse: %s", text, diags[0].Summary)
	}
	ev := eval.New(context.Background(), eval.Options{})
	set, err := ev.EvalText(src, "/")
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	v, ok := ev.Attr(set, "script")
	if !ok {
		t.Fatalf("%s\nhas no script", text)
	}
	script, _, err = ev.Text(v)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return file, script
}

func scriptOf(t testing.TB, file *parser.File) parser.Expr {
	t.Helper()
	expr := textmap.ValueAt(file, int32(strings.Index(file.Text, "script")))
	if expr == nil {
		t.Fatalf("%s\nno binding of script", file.Text)
	}
	return expr
}

// In each program ⟦…⟧ stands around the place that the piece of the text is
// expected to come from.
func TestSpan(t *testing.T) {
	tests := []struct {
		name, nix, piece string
		unsure           bool
	}{
		{name: "quoted", nix: `{ script = "a ⟦bcd⟧ e"; }`, piece: "bcd"},
		{name: "the whole text", nix: `{ script = "⟦a bcd e⟧"; }`, piece: "a bcd e"},
		{name: "escape", nix: `{ script = "a⟦\n⟧b"; }`, piece: "\n"},
		{name: "after escapes", nix: `{ script = "a\n\t\"⟦b⟧"; }`, piece: "b"},
		{name: "across an escape", nix: `{ script = "a⟦a\"b⟧"; }`, piece: `a"b`},
		{name: "half of an escape", nix: `{ script = ''x⟦'''⟧''; }`, piece: `'`, unsure: true},
		{name: "indented", nix: "{ script = ''\n    first\n    ⟦second⟧\n  third\n  ''; }", piece: "second"},
		{name: "kept indentation", nix: "{ script = ''\n  first\n  ⟦  second⟧\n  ''; }", piece: "  second"},
		{name: "across lines", nix: "{ script = ''\n    fi⟦rst\n    second⟧\n  ''; }", piece: "rst\nsecond"},
		{name: "dollar", nix: "{ script = ''\n  echo ⟦''${x}⟧ y\n''; }", piece: "${x}"},
		{name: "hole", nix: `{ script = "a⟦${builtins.concatStringsSep "" ["b" "c"]}⟧d"; }`, piece: "bc", unsure: true},
		{name: "part of a hole", nix: `{ script = "a⟦${toString 123}⟧d"; }`, piece: "2", unsure: true},
		{name: "across a hole", nix: `{ script = "a⟦a${toString 1}b⟧b"; }`, piece: "a1b"},
		{name: "after a hole", nix: `{ script = "a${toString 1}b${toString 2}⟦c⟧"; }`, piece: "c"},
		{name: "between holes", nix: `{ script = "${toString 1}⟦b⟧${toString 2}c"; }`, piece: "b"},
		{name: "an empty hole", nix: `{ script = "a${""}⟦b⟧"; }`, piece: "b"},
		{name: "ambiguous", nix: `{ script = "x⟦${toString "1,2"},${toString 3}⟧y"; }`, piece: "1", unsure: true},
		{name: "ambiguous, further on", nix: `{ script = "x${toString "1,2"},${toString 3}y⟦abc⟧"; }`, piece: "abc"},
		{name: "adjacent holes", nix: `{ script = "x⟦${toString 1}${toString 2}⟧y"; }`, piece: "1", unsure: true},
		{name: "sum", nix: `{ script = "a b" + ("c" + ''⟦d⟧''); }`, piece: "d"},
		{name: "across a sum", nix: `{ script = "a ⟦b" + "c⟧d"; }`, piece: "bc"},
		{name: "sum with a number in a hole", nix: `{ script = "a" + toString (1 + 2) + "⟦b⟧"; }`, piece: "b"},
		{name: "let", nix: `let name = "⟦aws⟧"; in { script = "read ${name} x"; }`, piece: "aws"},
		{name: "let inside", nix: `{ script = let name = "⟦aws⟧"; in "read ${name} x"; }`, piece: "aws"},
		{name: "across a variable", nix: `let name = "aws"; in { script = "⟦read ${name}⟧ x"; }`, piece: "read aws"},
		{name: "around a variable", nix: `let name = "aws"; in { script = "⟦read ${name} x⟧"; }`, piece: "read aws x"},
		{name: "a variable twice", nix: `let n = "ab"; in { script = "⟦${n}${n}⟧"; }`, piece: "ba", unsure: true},
		{name: "nested variables", nix: `let a = "⟦aws⟧"; b = "x ${a} y"; in { script = "${b}"; }`, piece: "aws"},
		{name: "the script is a variable", nix: `let s = "a ⟦b⟧"; in { script = s; }`, piece: "b"},
		{name: "the script is inherited", nix: `let script = "a ⟦b⟧"; in { inherit script; }`, piece: "b"},
		{name: "inherited twice", nix: `let s = "a ⟦b⟧"; in let inherit s; in { script = s; }`, piece: "b"},
		{name: "recursive set", nix: `rec { script = "a ${other}"; other = "⟦b⟧"; }`, piece: "b"},
		{name: "shadowed", nix: `let n = "aws"; in (n: { script = "a ⟦${n}⟧ b"; }) "ssh"`, piece: "ssh", unsure: true},
		{name: "set", nix: `let s = { a.b = "⟦x⟧"; }; in { script = "a ${s.a.b} b"; }`, piece: "x"},
		{name: "with", nix: `let s = "⟦x⟧"; in { script = with { s = "y"; }; "a${s}b"; }`, piece: "x"},
		{name: "assert", nix: `{ script = assert true; "a⟦b⟧"; }`, piece: "b"},
		{name: "if", nix: `{ script = "x" + (if true then "⟦abc⟧" else "d") + "z"; }`, piece: "abc"},
		{name: "both branches", nix: `{ script = "x" + (⟦if true then "abc" else "abc"⟧) + "z"; }`, piece: "abc", unsure: true},
		{name: "optional", nix: "let opt = c: s: if c then s else \"\"; in { script = ''\n  a\n  ${opt true ''\n    ⟦read⟧ x\n  ''}\n  b\n''; }", piece: "read"},
		{name: "across an optional", nix: "let opt = c: s: if c then s else \"\"; in { script = ''⟦a ${opt true ''b c d e''} b⟧ x''; }", piece: "a b c d e b"},
		{name: "joined", nix: `let join = builtins.concatStringsSep; in { script = join "\n" [ "readSecret x" "⟦writeKey⟧ yy" ]; }`, piece: "writeKey"},
		{name: "joined alike", nix: `let join = builtins.concatStringsSep; in { script = ⟦join "\n" [ "writeKey y" "writeKey y" ]⟧; }`, piece: "writeKey", unsure: true},
		{name: "a function's argument", nix: `let id = x: x; in { script = id "a ⟦b⟧"; }`, piece: "b"},
		{name: "changed by a function", nix: `let up = builtins.replaceStrings ["a"] ["b"]; in { script = ⟦up "aaa"⟧; }`, piece: "bb", unsure: true},
		{name: "a path in a sum", nix: `let p = /. + "etc"; in { script = "x ${toString p} ⟦y⟧"; }`, piece: "y"},
		{name: "uri", nix: `{ script = "get ${https://⟦example⟧.org}"; }`, piece: "example"},
		{name: "merged sets", nix: `let x.z = "c"; x.y = "⟦b⟧"; in { script = "a ${x.y}"; }`, piece: "b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, rest, _ := strings.Cut(test.nix, "⟦")
			inside, after, _ := strings.Cut(rest, "⟧")
			file, script := evaluate(t, before+inside+after)
			at := int32(strings.LastIndex(file.Text, "script ="))
			if at < 0 {
				at = int32(strings.LastIndex(file.Text, "script"))
			}
			expr := textmap.ValueAt(file, at)
			if expr == nil {
				t.Fatal("no binding")
			}
			start := strings.Index(script, test.piece)
			if start < 0 {
				t.Fatalf("the text is %q", script)
			}
			span, exact := textmap.New(file, expr, script).Span(start, start+len(test.piece))
			if got := file.Text[span.Start:span.End]; got != inside || int(span.Start) != len(before) {
				t.Errorf("%q comes from %q at %d, want %q at %d", test.piece, got, span.Start, inside, len(before))
			}
			if exact == test.unsure {
				t.Errorf("exact: %v", exact)
			}
		})
	}
}

// A text that the expression cannot give has the place of the expression.
func TestOtherText(t *testing.T) {
	file, script := evaluate(t, `{ script = "abc ${toString 1} def"; }`)
	expr := scriptOf(t, file)
	for _, other := range []string{"", "abc", "abc def", "xyz", script + "x", "x" + script} {
		span, exact := textmap.New(file, expr, other).Span(0, 1)
		if span != expr.Range() || exact {
			t.Errorf("%q: %v, exact %v", other, span, exact)
		}
	}
}

// Texts of texts that double with each variable end soon, with a place that is
// not exact.
func TestDoublingVariables(t *testing.T) {
	nix := `let a0 = "xx"; `
	for i := range 40 {
		nix += fmt.Sprintf(`a%d = "${a%d}${a%d}"; `, i+1, i, i)
	}
	file, diags := parser.Parse(diag.NewSource("test.nix", nix+"in { script = a40; }"))
	if diags.HasErrors() {
		t.Fatal(diags[0].Summary)
	}
	if _, exact := textmap.New(file, scriptOf(t, file), strings.Repeat("x", 1000)).Span(1, 2); exact {
		t.Error("exact")
	}
	for _, cycle := range []string{"let a = b; b = a; in { script = a; }", "let a = a.b; in { script = a; }", `let a = "${a}"; in { script = a; }`} {
		file, _ := parser.Parse(diag.NewSource("test.nix", cycle))
		if _, exact := textmap.New(file, scriptOf(t, file), "x").Span(0, 1); exact {
			t.Errorf("%s: exact", cycle)
		}
	}
}

// TestEveryByte makes programs at random and asks for each byte of their texts.
// Where the answer is exact and a letter, writing another letter there gives a
// text that differs at that byte.
func TestEveryByte(t *testing.T) {
	g := generator{random: rand.New(rand.NewPCG(3, 4))}
	exact, total := 0, 0
	for range 400 {
		nix := g.program()
		file, script := evaluate(t, nix)
		m := textmap.New(file, scriptOf(t, file), script)
		for i := range len(script) {
			span, ok := m.Span(i, i+1)
			total++
			if !ok {
				continue
			}
			exact++
			if script[i] < 'a' || script[i] > 'z' || span.End != span.Start+1 {
				continue // an escape, or no letter
			}
			other := file.Text[:span.Start] + "Q" + file.Text[span.End:]
			if _, changed := evaluate(t, other); len(changed) != len(script) || changed[i] != 'Q' {
				t.Fatalf("%s\nbyte %d of %q is said to be at %d, but a Q there gives %q", nix, i, script, span.Start, changed)
			}
		}
	}
	if exact*3 < total {
		t.Errorf("only %d of %d bytes have an exact place", exact, total)
	}
}

type generator struct{ random *rand.Rand }

func (g generator) pick(choice ...string) string { return choice[g.random.IntN(len(choice))] }

// program is a set with the attribute script, below variables that texts use.
func (g generator) program() string {
	nix := "let\n"
	for i := range 3 {
		nix += fmt.Sprintf("  v%d = %s;\n", i, g.text(i, 1))
	}
	return nix + "in {\n  script = " + g.text(3, 2) + ";\n}\n"
}

// text is an expression that may use the first n variables.
func (g generator) text(n, depth int) string {
	sum := g.literal(n, depth)
	for g.random.IntN(4) == 0 {
		sum += " + " + g.literal(n, depth)
	}
	return sum
}

func (g generator) literal(n, depth int) string {
	indented := g.random.IntN(2) == 0
	var b strings.Builder
	for range g.random.IntN(8) {
		switch {
		case g.random.IntN(4) == 0:
			b.WriteString("${" + g.hole(n, depth) + "}")
		case indented:
			b.WriteString(g.pick("abc", "de f", "\n", "\n  ", "\n    gh", " ", "''$x", "'''", `''\n`, "$i", "$$ "))
		default:
			b.WriteString(g.pick("abc", "de f", "\n", " ", `\n`, `\"`, `\${x}`, "$i", "$$ ", `\j`))
		}
	}
	if indented {
		return "''\n    " + b.String() + "''"
	}
	return `"` + b.String() + `"`
}

func (g generator) hole(n, depth int) string {
	if n > 0 && g.random.IntN(2) == 0 {
		return fmt.Sprintf("v%d", g.random.IntN(n))
	}
	if depth == 0 {
		return g.pick("toString 12", `toString "abc"`)
	}
	switch g.random.IntN(4) {
	case 0:
		return "if " + g.pick("true", "false") + " then " + g.literal(n, depth-1) + " else " + g.literal(n, depth-1)
	case 1:
		return "toString (" + g.text(n, depth-1) + ")"
	case 2:
		return `builtins.concatStringsSep " " [ ` + g.literal(n, depth-1) + " " + g.literal(n, depth-1) + " ]"
	}
	return g.literal(n, depth-1)
}
