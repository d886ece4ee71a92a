package eval

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// TestScopeChecker holds the walk that looks for undefined variables to what
// the resolver finds, on the corpora and on random programs.
func TestScopeChecker(t *testing.T) {
	programs := archived(t, "testdata/corpus/*.txtar", "../parser/testdata/*/*.txtar")
	r := scopeProgram{rand.New(rand.NewPCG(1, 1))}
	for range 5000 {
		programs = append(programs, r.expr(4))
	}
	c := newScopeChecker()
	globals := len(c.known)
	count := map[bool]int{}
	for _, text := range programs {
		file, list := parser.Parse(diag.NewSource("f.nix", text))
		if list.HasErrors() {
			continue
		}
		want := resolveUndefined(c.ev, file)
		if got := c.allDefined(file); got != (len(want) == 0) {
			t.Errorf("all is defined: %v, but the resolver finds %v in\n%s", got, want, text)
		}
		if len(c.known) != globals || len(c.bound) != 0 {
			t.Fatalf("%d names and %d are left, not %d and 0, after\n%s", len(c.known), len(c.bound), globals, text)
		}
		count[len(want) == 0]++
	}
	if count[true] < 1000 || count[false] < 1000 {
		t.Errorf("%d programs without and %d with undefined variables: too few", count[true], count[false])
	}
}

// TestUndefined is about what is said once there is something to say.
func TestUndefined(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"a: with a; b + __curPos.line", ""},
		{"let abc = abd; in abc", "f.nix:1:11: undefined variable 'abd'; did you mean 'abc'?"},
		{"{ inherit (zz) a; c = yy; }", "f.nix:1:12: undefined variable 'zz'\nf.nix:1:23: undefined variable 'yy'"},
		{"let inherit foofoo; in foofoo", "f.nix:1:13: undefined variable 'foofoo'"},
		{"with foofoo; bar", "f.nix:1:6: undefined variable 'foofoo'"},
		{"concatLists [ ]", "f.nix:1:1: undefined variable 'concatLists'; did you mean 'builtins.concatLists'?"},
	} {
		file, list := parser.Parse(diag.NewSource("f.nix", c.text))
		if list.HasErrors() {
			t.Fatal(list)
		}
		var got []string
		for _, d := range Undefined(file) {
			line := d.Range.String() + ": " + d.Summary
			if d.Help != "" {
				line += "; " + d.Help
			}
			got = append(got, line)
		}
		if got := strings.Join(got, "\n"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// archived are the files of archives, programs and what else there is.
func archived(t *testing.T, patterns ...string) []string {
	t.Helper()
	var texts []string
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no archives (%v)", pattern, err)
		}
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.Files {
				texts = append(texts, string(f.Data))
			}
		}
	}
	return texts
}

// scopeProgram makes programs of few names, which are mostly about scopes.
type scopeProgram struct{ *rand.Rand }

func (r scopeProgram) name() string { return r.of("a", "b", "c", "d", "map", "__sub") }

func (r scopeProgram) of(choice ...string) string { return choice[r.IntN(len(choice))] }

func (r scopeProgram) expr(depth int) string {
	if depth == 0 {
		return r.of("a", "b", "c", "d", "map", "true", "builtins", "__curPos", "1", "1.5", `"x"`, "./x", "<x>", "{ }", "[ ]")
	}
	sub := func() string { return r.expr(depth - 1) }
	switch r.IntN(18) {
	case 0:
		return "(let " + r.bindings(depth-1, false) + " in " + sub() + ")"
	case 1:
		return "rec { " + r.bindings(depth-1, true) + " }"
	case 2:
		return "{ " + r.bindings(depth-1, true) + " }"
	case 3:
		return "(let { body = " + sub() + "; " + r.bindings(depth-1, true) + " })"
	case 4:
		return "(with " + sub() + "; " + sub() + ")"
	case 5, 6:
		return "(" + r.name() + ": " + sub() + ")"
	case 7, 8:
		formals := "{ a ? " + sub() + ", b, " + r.of("", "c ? "+sub()+", ") + "... }"
		return "(" + r.of(formals, formals+" @ d", "d @ "+formals) + ": " + sub() + ")"
	case 9:
		return "(" + sub() + " " + sub() + ")"
	case 10:
		return "(" + sub() + r.of(" + ", " - ", " < ", " // ", " == ", " -> ") + sub() + ")"
	case 11:
		return "(" + r.of("!", "- ") + sub() + ")"
	case 12:
		return "(" + sub() + ".a.${" + sub() + "}" + r.of("", " or "+sub()) + ")"
	case 13:
		return "(" + sub() + " ? a.${" + sub() + "})"
	case 14:
		return r.of(`"x${`, `''x${`, "./x/${") + sub() + "}"
	case 15:
		return "[ " + sub() + " " + sub() + " ]"
	case 16:
		return "(if " + sub() + " then " + sub() + " else " + sub() + ")"
	default:
		return "(assert " + sub() + "; " + sub() + ")"
	}
}

// bindings are some of the names, each once, unless nested paths share one.
func (r scopeProgram) bindings(depth int, dynamic bool) string {
	var b strings.Builder
	for _, name := range []string{"a", "b", "c", "__curPos"} {
		switch r.IntN(7) {
		case 0, 1:
			b.WriteString(name + " = " + r.expr(depth) + "; ")
		case 2:
			b.WriteString("inherit " + name + "; ")
		case 3:
			b.WriteString("inherit (" + r.expr(depth) + ") " + name + "; ")
		case 4:
			b.WriteString(name + ".x = " + r.expr(depth) + "; " + name + ".y = " + r.expr(depth) + "; ")
		}
	}
	if dynamic && r.IntN(3) == 0 {
		b.WriteString("${" + r.expr(depth) + "} = " + r.expr(depth) + "; ")
	}
	return b.String()
}
