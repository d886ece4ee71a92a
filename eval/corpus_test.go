package eval_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
)

// TestCorpus holds nixplan to today's Nix.
func TestCorpus(t *testing.T) {
	testCorpus(t, eval.Options{}, (*expression).want)
}

// TestCorpusCompat28 holds nixplan's 2.8 mode to Nix 2.8, but for the
// differences that mode does not have.
func TestCorpusCompat28(t *testing.T) {
	testCorpus(t, eval.Options{Compat28: true}, func(e *expression) *answer {
		if e.HeadOnly {
			return e.Head
		}
		return e.Golden
	})
}

// TestCorpusPoison is TestCorpus with environments that are given back made
// unusable: nothing may read one.
func TestCorpusPoison(t *testing.T) {
	poison = true
	t.Cleanup(func() { poison = false })
	testCorpus(t, eval.Options{}, (*expression).want)
}

// poison is set while TestCorpusPoison runs.
var poison bool

func testCorpus(t *testing.T, opts eval.Options, want func(*expression) *answer) {
	for _, a := range readCorpus(t) {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			dir := a.extract(t)
			for _, e := range a.Expressions {
				t.Run(e.Name, func(t *testing.T) {
					want := want(e)
					if want == nil {
						t.Fatal("no golden: run go test ./eval -run Oracle -update")
					}
					got := ask(opts, filepath.Join(dir, e.Name+".nix"), dir)
					if !got.same(*want) {
						t.Errorf("%s\ngot  %s\nwant %s", e.Source, got, want)
					}
				})
			}
		})
	}
}

// ask evaluates a file as `nixplan eval --strict --no-model` does. dir in the
// answer becomes $DIR.
func ask(opts eval.Options, file, dir string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ev := eval.New(ctx, opts)
	ev.Machine().Poison = poison
	v, err := ev.EvalFile(file)
	if err == nil {
		v, err = ev.DeepForce(v)
	}
	if err == nil {
		return answer{Value: strings.ReplaceAll(eval.Print(ev.Machine(), v), dir, "$DIR")}
	}
	var failure *value.Error
	if !errors.As(err, &failure) {
		return answer{Class: "other", Message: err.Error()}
	}
	class := failure.Kind.String()
	if failure.Kind == value.SyntaxError && len(failure.Diagnostics) > 0 && failure.Diagnostics[0].ID == "NP102" {
		class = "duplicate"
	}
	return answer{Class: class, Message: strings.ReplaceAll(failure.Message, dir, "$DIR")}
}
