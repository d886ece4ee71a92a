package eval_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// modelled evaluates an expression strictly in the modelled world.
func modelled(t *testing.T, expr string) (string, error) {
	t.Helper()
	ev := eval.New(context.Background(), eval.Options{Model: true})
	v, err := ev.EvalText(diag.NewSource("test.nix", expr), t.TempDir())
	if err != nil {
		return "", err
	}
	if v, err = ev.DeepForce(v); err != nil {
		return "", err
	}
	text, err := ev.Print(v)
	return text, err
}

// TestUnknown holds what each operation does with an unknown: u below is the
// value of a file that is not here.
func TestUnknown(t *testing.T) {
	const prelude = `let u = import (fetchTarball "https://example.com/x.tar.gz"); in `
	const u = "<UNKNOWN <https://example.com/x.tar.gz>"
	for _, test := range []struct{ expr, want string }{
		{`u`, u + ">"},
		{`u.a.b`, u + ".a.b>"},
		{`u.a or 1`, u + ".a>"},
		{`u ? a`, "<UNKNOWN u ? a>"},
		{`u { }`, u + " …>"},
		{`{ a = 1; } // u`, `{ a = 1; … }`},
		{`u // { a = 1; }`, `{ a = 1; … }`},
		{`(u // { a = 1; }).a`, `1`},
		{`(u // { a = 1; }).b`, u + ".b>"},
		{`"x${u.a}y"`, "<UNKNOWN text with <https://example.com/x.tar.gz>.a>"},
		{`"x" + u.a`, "<UNKNOWN text with <https://example.com/x.tar.gz>.a>"},
		{`u.lib.foo`, u + ".lib.foo>"},
		{`(u { }).lib.toUpper "a"`, `"A"`},
		{`builtins.isList (map (x: x) u)`, "true"},
		{`builtins.isList (builtins.attrNames u)`, "true"},
		{`builtins.isString "${u}"`, "true"},
		{`u + 1`, "<UNKNOWN u + 1>"},
		{`1 + u`, "<UNKNOWN arithmetic on <https://example.com/x.tar.gz>>"},
		{`import u`, "<UNKNOWN import <https://example.com/x.tar.gz>>"},
		{`let inherit (u) a; in a`, u + ".a>"},
		{`with u; a`, u + ".a>"},
		{`with { a = 1; }; with u; a`, "1"},
		{`if u then 1 else 2`, "<UNKNOWN if u …>"},
		{`u == 1`, "<UNKNOWN u == 1>"},
		{`u < 1`, "<UNKNOWN u < 1>"},
		{`!u`, u + ">"},
		{`u && false`, "false"},
		{`false && u`, "false"},
		{`u || true`, "true"},
		{`u -> true`, "true"},
		{`u && true`, "<UNKNOWN u && true>"},
		{`assert u; 1`, "1"},
		{`(x: 1) u`, "1"},
		{`({ a, b ? 2 }: a) u`, u + ".a>"},
		{`[ u 1 ]`, "[ " + u + "> 1 ]"},
		{`{ ${u} = 1; a = 2; }`, "{ a = 2; … }"},
		{`[ 1 ] ++ u`, "<UNKNOWN [ 1 ] ++ u>"},
		{`(builtins.tryEval u).value`, u + ">"},
		{`toString u`, u + ">"},
		{`builtins.readFile "${fetchTarball "https://example.com/x.tar.gz"}/a"`, u + "/a>"},
	} {
		got, err := modelled(t, prelude+test.expr)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
		} else if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.expr, got, test.want)
		}
	}
}

// TestDecisions shows that an attribute knows which comparisons with the ref it
// depends on, also when it shares them with another.
func TestDecisions(t *testing.T) {
	ev := eval.New(context.Background(), eval.Options{})
	f, err := ev.EvalText(diag.NewSource("ci.nix", `src:
let prod = src.ref == "refs/heads/production"; other = src.branch != null; in
{ a = if prod then 1 else 2; b = if prod && other then 3 else 4; c = 5;
  d = builtins.stringLength src.ref == 12; f = (builtins.fromJSON (builtins.toJSON { r = src.ref; })).r;
  g = (builtins.fromTOML "r = '${src.ref}'").r; }`), "/")
	if err != nil {
		t.Fatal(err)
	}
	src := ev.Set(map[string]value.Value{"ref": eval.Marked("refs/tags/v1", "src.ref"), "branch": eval.MarkedNull("src.branch")})
	set, err := ev.Call(f, src)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": `src.ref == "refs/heads/production" -> false`, "b": `src.ref == "refs/heads/production" -> false`, "c": "",
		"d": "builtins.stringLength src.ref -> 12", "f": `builtins.fromJSON (builtins.toJSON { r = src.ref; }) -> { r = "refs/tags/v1"; }`,
		"g": `builtins.fromTOML "r = '${src.ref}'" -> { r = "refs/tags/v1"; }`} {
		for range 2 { // the second time everything is evaluated already
			v, _ := ev.Attr(set, name)
			_, deps, err := ev.Track(v)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range deps.List() {
				got = append(got, c.User.Range().Text()+" -> "+c.Result)
			}
			if strings.Join(got, "; ") != want {
				t.Errorf("%s depends on %q, want %q", name, got, want)
			}
		}
	}
}
