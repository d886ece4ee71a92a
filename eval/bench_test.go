package eval_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// BenchmarkPrograms runs the programs that bench/run compares with Nix, each time
// in a new evaluator.
func BenchmarkPrograms(b *testing.B) {
	files, err := filepath.Glob("../bench/programs/*.nix")
	if err != nil || len(files) == 0 {
		b.Fatal("no programs", err)
	}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(file), ".nix"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := eval.New(context.Background(), eval.Options{}).EvalFile(path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNew is what every evaluation pays before it begins.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		eval.New(context.Background(), eval.Options{})
	}
}

// BenchmarkUnion joins the contexts of a package's inputs, of which half come
// twice.
func BenchmarkUnion(b *testing.B) {
	var contexts []*value.Context
	for i := range 40 {
		path := "/nix/store/" + strings.Repeat(string(rune('a'+i/2)), 32) + "-input.drv"
		contexts = append(contexts, value.NewContext(value.ContextElem{Kind: value.Built, Path: path, Output: "out"}))
	}
	b.ReportAllocs()
	for b.Loop() {
		var all value.ContextBuilder
		for _, c := range contexts {
			all.Add(c)
		}
		if n := len(all.Context().Elems()); n != 20 {
			b.Fatalf("%d elements", n)
		}
	}
}

// BenchmarkRounds evaluates a program for three rounds that calls a function with
// thousands of sets, as a package set does.
func BenchmarkRounds(b *testing.B) {
	const program = `round: let
	  package = args: { inherit (args) name; deps = map (d: d.name) args.deps; };
	  set = builtins.listToAttrs (builtins.genList (i: rec {
	    name = "p${toString i}";
	    value = package { inherit name; deps = if i == 0 then [ ] else [ set."p${toString (i - 1)}" ]; };
	  }) 4000);
	in builtins.foldl' (n: p: n + builtins.length p.deps) round (builtins.attrValues set)`
	for _, share := range []bool{false, true} {
		b.Run(fmt.Sprintf("share=%v", share), func(b *testing.B) {
			for b.Loop() {
				ev := eval.New(context.Background(), eval.Options{Share: share})
				f, err := ev.EvalText(diag.NewSource("rounds.nix", program), "/")
				for round := int64(1); round <= 3 && err == nil; round++ {
					ev.NextRound()
					_, err = ev.Call(f, value.NewInt(round))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
