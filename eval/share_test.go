package eval_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// TestCorpusShared evaluates every expression of the corpus, as the body of a
// function, for several rounds. Each must have the answer that an evaluator gives
// which shares nothing.
func TestCorpusShared(t *testing.T) {
	for _, a := range readCorpus(t) {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			dir := a.extract(t)
			for _, e := range a.Expressions {
				file := filepath.Join(dir, e.Name+"-shared.nix")
				if err := os.WriteFile(file, []byte("round: "+e.Source), 0o666); err != nil {
					t.Fatal(err)
				}
				want := rounds(eval.Options{}, file)
				for round, got := range rounds(eval.Options{Share: true}, file) {
					if !got.same(want[round]) {
						t.Errorf("%s, round %d: %s\ngot  %s\nwant %s", e.Name, round, e.Source, got, want[round])
					}
				}
			}
		})
	}
}

// rounds calls the function in a file for three rounds.
func rounds(opts eval.Options, file string) (out [3]answer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ev := eval.New(ctx, opts)
	ev.Machine().Poison = true
	f, err := ev.EvalFile(file)
	for i := range out {
		v := f
		if err == nil {
			ev.NextRound()
			v, err = ev.Call(f, value.NewInt(int64(i)))
		}
		if err == nil {
			v, err = ev.DeepForce(v)
		}
		var failure *value.Error
		switch {
		case err == nil:
			out[i] = answer{Value: eval.Print(ev.Machine(), v)}
		case errors.As(err, &failure):
			out[i] = answer{Class: failure.Kind.String(), Message: failure.Message}
		}
		if failure != nil && failure.Kind == value.SyntaxError {
			break // the file
		}
		err = nil
	}
	return out
}

// TestRounds has programs whose parts depend on the argument of the round in
// every way that there is, and others that do not.
func TestRounds(t *testing.T) {
	const work = `(builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 1000))`
	for _, test := range []struct {
		name, expr string
		want       []string // by round
		shared     bool     // the later rounds have less to do
	}{
		{"nothing", `src: { a = toString ` + work + `; }.a`, []string{`"499500"`, `"499500"`}, true},
		{"let", `src: let n = toString ` + work + `; m = n + "!"; in { a = toString m; }.a + src`, []string{`"499500!r0"`, `"499500!r1"`}, true},
		{"by way of let", `src: let a = b; b = c + "x"; c = toString src; in toString (a + a)`, []string{`"r0xr0x"`, `"r1xr1x"`}, false},
		{"a later slot", `src: let a = toString b; b = toString src; in { x = toString a; }.x`, []string{`"r0"`, `"r1"`}, false},
		{"with", `src: with { x = toString src; }; { y = toString x; }.y`, []string{`"r0"`, `"r1"`}, false},
		{"with inside and out", `src: with { x = "out"; }; with { z = toString src; }; { y = toString z + toString x; }.y`, []string{`"r0out"`, `"r1out"`}, false},
		{"rec", `src: (rec { a = toString b; b = toString src; }).a`, []string{`"r0"`, `"r1"`}, false},
		{"overrides", `src: (rec { a = toString b; b = "no"; __overrides = { b = src; }; }).a`, []string{`"r0"`, `"r1"`}, false},
		{"inherit", `src: let s = { v = toString src; }; inherit (s) v; in { w = toString v; }.w`, []string{`"r0"`, `"r1"`}, false},
		{"inherit of a name", `src: let f = v: let inherit src; in { w = toString v + toString src; }.w; in f "a"`, []string{`"ar0"`, `"ar1"`}, false},
		{"inherit in a set", `src: { inherit (builtins.mapAttrs (k: v: toString v) { a = src; }) a; }.a`, []string{`"r0"`, `"r1"`}, false},
		{"a default", `src: ({ a ? toString b, b ? src }: { c = toString a; }.c) { }`, []string{`"r0"`, `"r1"`}, false},
		{"whole argument", `src: (args@{ a, ... }: { c = toString args.b; }.c) { a = 1; b = src; }`, []string{`"r0"`, `"r1"`}, false},
		{"a name in a set", `src: let n = src; in { ${n} = toString n; }.${n}`, []string{`"r0"`, `"r1"`}, false},
		{"map", `src: let deploy = name: n: { x = toString (name + toString ` + work + `); }.x; in toString (builtins.attrValues (builtins.mapAttrs deploy { a = 1; b = 2; }))`,
			[]string{`"a499500 b499500"`, `"a499500 b499500"`}, true},
		{"map that looks at the round", `src: toString (map (x: toString (x + src)) [ "a" "b" ])`, []string{`"ar0 br0"`, `"ar1 br1"`}, false},
		{"functions are not equal", `src: let f = x: { g = (y: y); l = [ (toString x) (z: z) ]; }; in toString ((f 1) == (f 1))`, []string{`""`, `""`}, false},
		{"sets of functions are not equal", `src: let f = x: { s = { g = (y: y); }; }; in toString ((f 1).s == (f 2).s)`, []string{`""`, `""`}, false},
		{"caught errors", `src: toString (builtins.tryEval (let e = throw "x"; in { a = toString e; }.a)).success`, []string{`""`, `""`}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ev := eval.New(context.Background(), eval.Options{Share: true})
			f, err := ev.EvalText(diag.NewSource("test.nix", test.expr), "/")
			if err != nil {
				t.Fatal(err)
			}
			var steps []int64
			for round, want := range append(test.want, test.want[0]) {
				ev.NextRound()
				before := ev.Machine().Steps()
				arg := "r0"
				if round == 1 {
					arg = "r1"
				}
				v, err := ev.Call(f, value.NewString(arg))
				if err != nil {
					t.Fatal(err)
				}
				if got := eval.Print(ev.Machine(), v); got != want {
					t.Errorf("round %d: got %s, want %s", round, got, want)
				}
				steps = append(steps, ev.Machine().Steps()-before)
			}
			if test.shared && (steps[1] > steps[0]/10 || steps[2] > steps[0]/10) {
				t.Errorf("steps of the rounds: %d", steps)
			}
		})
	}
}
