package eval_test

import (
	"context"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// TestDependentThunks gives builtins arguments that are thunks which were forced
// before and depend on the ref. Such a thunk stays a thunk in its slot, so that
// whoever forces it learns what it depends on; a builtin that looks at the slot
// instead of what Force returns would see no value.
func TestDependentThunks(t *testing.T) {
	const prelude = `src:
let
  t = x: if src.ref == "refs/heads/main" then x else "no";
  s = t "a"; n = t 3; l = t [ "a" "b" ]; set = t { a = 1; type = "x"; }; f = t (x: x); list = [ s (t "b") ];
  u = { a = s; b = n; };
in builtins.seq s (builtins.seq n (builtins.seq l (builtins.seq set (builtins.seq f (builtins.deepSeq list (builtins.deepSeq u (`
	for _, test := range []struct{ expr, want string }{
		{`builtins.elem s [ "b" "a" ]`, "true"},
		{`builtins.elem "a" l`, "true"},
		{`builtins.elem "a" list`, "true"},
		{`builtins.elemAt list (n - 2)`, `"b"`},
		{`builtins.hasAttr s set`, "true"},
		{`builtins.getAttr s set`, "1"},
		{`set ? ${s}`, "true"},
		{`set.${s}`, "1"},
		{`{ ${s} = 1; }`, "{ a = 1; }"},
		{`builtins.match s "a"`, "[ ]"},
		{`builtins.match "(.)" s`, `[ "a" ]`},
		{`builtins.split s "bab"`, `[ "b" [ ] "b" ]`},
		{`builtins.sort builtins.lessThan list`, `[ "a" "b" ]`},
		{`builtins.sort (a: b: b < a) list`, `[ "b" "a" ]`},
		{`builtins.groupBy (x: x) list`, `{ a = [ "a" ]; b = [ "b" ]; }`},
		{`builtins.listToAttrs [ { name = s; value = n; } ]`, "{ a = 3; }"},
		{`builtins.catAttrs s [ u ]`, `[ "a" ]`},
		{`builtins.concatStringsSep s list`, `"aab"`},
		{`builtins.concatLists [ l list ]`, `[ "a" "b" "a" "b" ]`},
		{`builtins.concatMap (x: [ x ]) l`, `[ "a" "b" ]`},
		{`builtins.replaceStrings [ s ] [ s ] "xax"`, `"xax"`},
		{`builtins.compareVersions s s`, "0"},
		{`builtins.substring 0 n "abcdef"`, `"abc"`},
		{`builtins.stringLength s`, "1"},
		{`builtins.genericClosure { startSet = [ { key = s; } ]; operator = x: [ { key = s; } ]; }`, `[ { key = "a"; } ]`},
		{`builtins.partition (x: x == s) list`, `{ right = [ "a" ]; wrong = [ "b" ]; }`},
		{`builtins.filter (x: x == s) list`, `[ "a" ]`},
		{`builtins.all (x: x != "c") list`, "true"},
		{`builtins.any (x: x == "b") list`, "true"},
		{`builtins.foldl' (a: b: a + b) s list`, `"aab"`},
		{`builtins.map f list`, `[ "a" "b" ]`},
		{`builtins.mapAttrs (k: v: v) u`, `{ a = "a"; b = 3; }`},
		{`builtins.removeAttrs set list`, `{ type = "x"; }`},
		{`builtins.intersectAttrs set u`, `{ a = "a"; }`},
		{`builtins.zipAttrsWith (k: v: v) [ u set ]`, `{ a = [ "a" 1 ]; b = [ 3 ]; type = [ "x" ]; }`},
		{`builtins.attrValues u`, `[ "a" 3 ]`},
		{`builtins.toJSON u`, `"{\"a\":\"a\",\"b\":3}"`},
		{`builtins.fromJSON (builtins.toJSON list)`, `[ "a" "b" ]`},
		{`toString list`, `"a b"`},
		{`"${s}${s}"`, `"aa"`},
		{`n + n - n * n / n`, "3"},
		{`-n`, "-3"},
		{`n < 4 && 2 < n`, "true"},
		{`list == [ "a" "b" ] && u == { a = "a"; b = 3; }`, "true"},
		{`list < [ "b" ]`, "true"},
		{`l ++ list`, `[ "a" "b" "a" "b" ]`},
		{`set // u`, `{ a = "a"; b = 3; type = "x"; }`},
		{`f s`, `"a"`},
		{`({ a, type }: a) set`, "1"},
		{`({ a, ... }@args: args.type) set`, `"x"`},
		{`with set; a`, "1"},
		{`let inherit (set) a; in a`, "1"},
		{`assert s == "a"; if s == "a" then 1 else 2`, "1"},
		{`builtins.typeOf n + builtins.typeOf set`, `"intset"`},
		{`builtins.isString s && builtins.isList l && builtins.isAttrs set && builtins.isFunction f`, "true"},
		{`builtins.genList (x: x) n`, "[ 0 1 2 ]"},
		{`builtins.head l + builtins.head (builtins.tail l)`, `"ab"`},
		{`builtins.length l`, "2"},
		{`(builtins.tryEval s).value`, `"a"`},
		{`builtins.hashString "md5" s`, `"0cc175b9c0f1b6a831c399e269772661"`},
		{`(builtins.derivation { name = s; system = s; builder = s; }).name`, `"a"`},
	} {
		ev := eval.New(context.Background(), eval.Options{})
		f, err := ev.EvalText(diag.NewSource("test.nix", prelude+test.expr+`)))))))`), "/")
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		src := ev.Set(map[string]value.Value{"ref": eval.Marked("refs/heads/main", "src.ref")})
		v, err := ev.Call(f, src)
		if err == nil {
			v, err = ev.DeepForce(v)
		}
		var got string
		if err == nil {
			got, err = ev.Print(v)
		}
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
		} else if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.expr, got, test.want)
		}
	}
}
