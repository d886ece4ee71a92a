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
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// Hostile programs end with an error, each with the one of its limit. Those
// without limits of their own run into what holds for everybody.
func TestLimits(t *testing.T) {
	const common = `let million = builtins.genList (x: x) 1000000; kilobyte = builtins.concatStringsSep "" (builtins.genList (x: "0123456789abcdef") 64);
		megabyte = builtins.replaceStrings [ "" ] [ kilobyte ] kilobyte; in `
	steps, heap, text := value.Limits{Steps: 3_000_000}, value.Limits{Heap: 256 << 20}, value.Limits{Text: 16 << 20}
	for _, test := range []struct {
		name, expr string
		limits     value.Limits
		want       value.ErrorKind
		message    string
	}{
		{"call depth", `let f = x: 1 + f x; in f 1`, value.Limits{}, value.StackOverflow, "max-call-depth exceeded"},
		{"depth", `let go = n: acc: if n == 0 then acc else go (n - 1) (acc + 1); in go 9000 0`, value.Limits{Depth: 1000}, value.StackOverflow, "nests too deeply"},
		{"infinite recursion", `let x = x; in x`, value.Limits{}, value.InfiniteRecursion, "infinite recursion"},
		{"steps", `let f = x: f (x + 1); in f 1`, value.Limits{Steps: 100_000, CallDepth: 1 << 30, Depth: 1 << 20}, value.Budget, "more steps"},
		{"steps in a builtin", `builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: [ { key = x.key + 1; } ]; }`, steps, value.Budget, "more steps"},
		{"heap", `let f = s: builtins.seq s (f (s + s)); in f "xxxxxxxx"`, heap, value.Budget, "more memory"},
		{"heap of lists", `let f = l: builtins.seq (builtins.length l) (f (l ++ l)); in f [ 1 2 3 4 ]`, heap, value.Budget, "more memory"},
		{"heap of sets", `builtins.foldl' (s: n: s // { "a${toString n}" = s; }) { } million`, heap, value.Budget, "more memory"},
		{"heap of a builtin", `builtins.length (builtins.split "" megabyte)`, value.Limits{Heap: 32 << 20}, value.Budget, "more memory"},
		{"a list of 10^12", `builtins.genList (x: x) 1000000000000`, value.Limits{}, value.Budget, "the list would be too long"},
		{"joined lists", `builtins.concatMap (x: million) million`, value.Limits{}, value.Budget, "the list would be too long"},
		{"replacements", `builtins.replaceStrings [ "" ] [ megabyte ] megabyte`, text, value.Budget, "the string would be too long"},
		{"joined strings", `builtins.concatStringsSep megabyte million`, value.Limits{}, value.TypeMismatch, "cannot coerce"},
		{"interpolations", `let f = n: if n == 0 then megabyte else let s = f (n - 1); in "${s}${s}"; in f 12`, text, value.Budget, "the string would be too long"},
		{"paths", `let f = n: if n == 0 then /. + megabyte else let p = f (n - 1); in p + (toString p); in f 12`, text, value.Budget, "the string would be too long"},
		{"JSON", `builtins.toJSON (map (x: megabyte) million)`, text, value.Budget, "the string would be too long"},
		{"JSON of a cycle", `let a = { b = a; }; in builtins.toJSON a`, value.Limits{}, value.StackOverflow, "nests too deeply"},
		{"nested JSON", `builtins.fromJSON (builtins.replaceStrings [ "0" ] [ "[" ] (builtins.concatStringsSep "" (map (x: "0") million)))`, value.Limits{}, value.JSONError, "nested more than 50000 levels"},
		{"nested TOML", `builtins.fromTOML ("a = " + builtins.concatStringsSep "" (map (x: "[") million))`, value.Limits{}, value.OtherError, "nested more than 5000 levels"},
		{"XML of a cycle", `let a = { b = a; }; in builtins.toXML a`, value.Limits{}, value.StackOverflow, "too deeply for XML"},
		{"equality of cycles", `let a = { b = a; }; c = { b = c; }; in a == c`, value.Limits{}, value.StackOverflow, "nests too deeply"},
		{"printing", `let f = n: if n == 0 then [ kilobyte kilobyte ] else [ (f (n - 1)) (f (n - 1)) ]; in f 15`, text, value.Budget, "the string would be too long"},
		{"a regular expression", `builtins.match "((a|b)*,)*" (builtins.concatStringsSep "" (map (x: "ab,") million))`, value.Limits{}, value.Budget, "too many steps in matching"},
		{"a large regular expression", `builtins.match "((((a{100}){100}){100}){100}){100}" ""`, value.Limits{}, value.RegexError, "memory limit exceeded"},
		{"an endless file", `builtins.readFile /dev/zero`, value.Limits{}, value.OtherError, "is not a regular file"},
		{"nested text", strings.Repeat("(", 1_000_000), value.Limits{}, value.SyntaxError, "nested too deeply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ev := eval.New(context.Background(), eval.Options{Limits: test.limits})
			v, err := ev.EvalText(diag.NewSource("test.nix", common+test.expr), "/")
			if err == nil {
				v, err = ev.DeepForce(v)
			}
			if err == nil {
				_, err = ev.Print(v)
			}
			var e *value.Error
			if !errors.As(err, &e) || e.Kind != test.want || !strings.Contains(e.Message, test.message) {
				t.Errorf("got error %v, want %q of kind %s", err, test.message, test.want)
			}
		})
	}
}

// fuse is a context that is done as soon as it is armed.
type fuse struct {
	context.Context
	armed bool
}

func (f *fuse) Err() error {
	if f.armed {
		return context.Canceled
	}
	return nil
}

// Whatever takes long notices that its context is done: with a done context it
// ends with an error, and not with its result.
func TestCancellation(t *testing.T) {
	const (
		list  = `builtins.genList (x: x) 300000`
		texts = `builtins.genList (x: "some text ${toString x}") 100000`
		set   = `builtins.listToAttrs (builtins.genList (x: { name = "a${toString x}"; value = x; }) 200000)`
		text  = `builtins.concatStringsSep "" (builtins.genList (x: "0.1-a,b/") 100000)`
		long  = `builtins.replaceStrings [ "x" ] [ "0123456789abcdef" ] (builtins.concatStringsSep "" (builtins.genList (x: "xxxxxxxx") 200000))`
	)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large.nix"), []byte("[\n"+strings.Repeat("1\n", 1_000_000)+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, input, function string }{
		{"a program", "0", `let f = n: f (n + 1); in f`},
		{"genList", list, `l: builtins.genList (x: x) (builtins.length l)`},
		{"map", list, `map (x: x)`},
		{"filter", list, `builtins.filter (x: true)`},
		{"filter by a builtin", list, `builtins.filter builtins.isString`},
		{"all", list, `builtins.all builtins.isInt`},
		{"any", list, `builtins.any builtins.isString`},
		{"elem", list, `builtins.elem "x"`},
		{"foldl'", list, `builtins.foldl' builtins.add 0`},
		{"sort", list, `builtins.sort (a: b: a > b)`},
		{"sort by a builtin", list, `builtins.sort builtins.lessThan`},
		{"partition", list, `builtins.partition (x: true)`},
		{"groupBy", texts, `builtins.groupBy (x: x)`},
		{"genericClosure", list, `l: builtins.genericClosure { startSet = map (x: { key = x; }) l; operator = x: [ ]; }`},
		{"concatLists", list, `l: builtins.concatLists [ l l ]`},
		{"concatMap", list, `builtins.concatMap (x: [ x ])`},
		{"++", list, `l: builtins.length (l ++ l)`},
		{"==", list, `let l = ` + list + `; in x: builtins.deepSeq l (x == l)`},
		{"lessThan", list, `l: l < l ++ [ 1 ]`},
		{"deepSeq", list, `l: builtins.deepSeq l 1`},
		{"listToAttrs", texts, `l: builtins.listToAttrs (map (x: { name = x; value = 1; }) l)`},
		{"attrNames", set, `builtins.attrNames`},
		{"attrValues", set, `builtins.attrValues`},
		{"mapAttrs", set, `builtins.mapAttrs (n: v: v)`},
		{"removeAttrs", set, `s: removeAttrs s (builtins.attrNames s)`},
		{"intersectAttrs", set, `s: builtins.intersectAttrs s s`},
		{"//", set, `s: builtins.foldl' (a: n: a // s) s (builtins.genList (x: x) 10)`},
		{"catAttrs", list, `l: builtins.catAttrs "a" (map (x: { }) l)`},
		{"zipAttrsWith", set, `s: builtins.zipAttrsWith (n: v: v) [ s s ]`},
		{"concatStringsSep", texts, `builtins.concatStringsSep "-"`},
		{"toString", list, `toString`},
		{"replaceStrings", long, `builtins.replaceStrings [ "e" ] [ "x" ]`},
		{"replaceStrings of many", text, `builtins.replaceStrings (builtins.genList (x: "a${toString x}") 1000) (builtins.genList (x: "b") 1000)`},
		{"split", text, `builtins.split ","`},
		{"split without a match", long, `builtins.split "x"`},
		{"match", long, `builtins.match "(.)*"`},
		{"hashString", long, `builtins.hashString "sha256"`},
		{"compareVersions", text, `t: builtins.compareVersions t (t + "1")`},
		{"splitVersion", text, `builtins.splitVersion`},
		{"toJSON", list, `builtins.toJSON`},
		{"toJSON of a text", long, `t: builtins.toJSON [ t t ]`},
		{"toXML", list, `builtins.toXML`},
		{"fromJSON", `builtins.toJSON (` + list + `)`, `builtins.fromJSON`},
		{"fromJSON of a text", `builtins.toJSON (` + long + `)`, `builtins.fromJSON`},
		{"fromTOML", `"a = " + builtins.toJSON (` + list + `)`, `builtins.fromTOML`},
		{"toFile", long, `builtins.toFile "x"`},
		{"import", `0`, `x: import ./large.nix`},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := &fuse{Context: context.Background()}
			w, err := world.New(world.Config{})
			if err != nil {
				t.Fatal(err)
			}
			ev := eval.New(ctx, eval.Options{World: w})
			evaluate := func(text string) value.Value {
				v, err := ev.EvalText(diag.NewSource("test.nix", text), dir)
				if err == nil {
					v, err = ev.DeepForce(v)
				}
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			input, function := evaluate(test.input), evaluate(test.function)
			ctx.armed = true
			_, err = ev.Call(function, input)
			var e *value.Error
			if !errors.As(err, &e) || e.Kind != value.Budget || e.Message != "the evaluation was cancelled" {
				t.Errorf("got error %v, want a cancellation", err)
			}
		})
	}
}

// Long texts are written in pieces, and are what short ones are.
func TestLongTexts(t *testing.T) {
	const long = `let long = c: builtins.concatStringsSep c (builtins.genList (x: "é") 50000); in `
	for _, c := range []string{"", "a", `\"`, `\n`, "\u0001", "日", `\${`} {
		for name, expr := range map[string]string{
			"JSON":     `builtins.fromJSON (builtins.toJSON [ s { a = s; } ]) == [ s { a = s; } ]`,
			"its size": `builtins.stringLength (builtins.toJSON s) == 2 + 100000 + 49999 * (builtins.stringLength (builtins.toJSON c) - 2)`,
			"XML":      `builtins.length (builtins.split "é" (builtins.toXML s)) == 100001`,
			"both":     `builtins.stringLength "${builtins.toXML [ s s ]}" == builtins.stringLength (builtins.toXML [ s "" ]) + builtins.stringLength (builtins.toXML s) - builtins.stringLength (builtins.toXML "")`,
		} {
			ev := eval.New(context.Background(), eval.Options{})
			v, err := ev.EvalText(diag.NewSource("test.nix", long+`let c = "`+c+`"; s = long c; in `+expr), "/")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ev.Print(v); got != "true" {
				t.Errorf("%s with %q: %s, %v", name, c, got, err)
			}
		}
		ev := eval.New(context.Background(), eval.Options{})
		v, err := ev.EvalText(diag.NewSource("test.nix", long+`[ (long "`+c+`") "x" (long "`+c+`") ]`), "/")
		if err == nil {
			v, err = ev.DeepForce(v)
		}
		if err != nil {
			t.Fatal(err)
		}
		printed, err := ev.Print(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ev.EvalText(diag.NewSource("test.nix", printed), "/")
		if err == nil {
			again, err = ev.DeepForce(again)
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, err := ev.Print(again); err != nil || text != printed {
			t.Errorf("%q: what is printed is not read back, %v", c, err)
		}
	}
}

// The message of an error says the beginning of a long text.
func TestLongMessages(t *testing.T) {
	const megabytes = `let s = builtins.foldl' (a: _: a + a) "ab" (builtins.genList (x: x) 21); in `
	for _, expr := range []string{`throw s`, `abort s`, `{ }.${s}`, `builtins.getAttr s { }`, `builtins.fromJSON (s + builtins.toFile "x" "")`, `1 + (/. + s)`} {
		ev := eval.New(context.Background(), eval.Options{})
		_, err := ev.EvalText(diag.NewSource("test.nix", megabytes+expr), "/")
		var e *value.Error
		if !errors.As(err, &e) || len(e.Message) > 1<<20+200 || !strings.Contains(e.Message, " bytes in all)") {
			t.Errorf("%s: got error of %d bytes", expr, len(err.Error()))
		}
	}
}
