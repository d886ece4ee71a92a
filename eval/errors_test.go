package eval_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// A text that is no program does not bury its reader in undefined variables.
func TestUndefinedVariablesAreBounded(t *testing.T) {
	ev := eval.New(context.Background(), eval.Options{})
	_, err := ev.EvalText(diag.NewSource("test.nix", strings.Repeat("lorem ", 1000)), t.TempDir())
	found := eval.Diagnostics(err, diag.IDEvaluation)
	if len(found) != 51 || found[50].Summary != "… and 950 more from here on" || found[50].Severity != diag.Note {
		t.Fatalf("%d diagnostics, want 50 and a note: %v", len(found), found)
	}
	for _, d := range found[:50] {
		if d.Summary != "undefined variable 'lorem'" {
			t.Errorf("unexpected: %s", d.Summary)
		}
	}
}

// A fetcher refuses what it does not take, in the modelled world as well, where
// nothing is fetched.
func TestFetchersCheckNames(t *testing.T) {
	for _, fetcher := range []string{"fetchTarball", "fetchurl"} {
		_, err := modelled(t, "builtins."+fetcher+` { url = "https://example.com/x"; sha25 = ""; }`)
		var failure *value.Error
		if !errors.As(err, &failure) || failure.Kind != value.UnexpectedArgument || failure.Help != "did you mean 'sha256'?" {
			t.Errorf("%s: %v", fetcher, err)
		}
	}
}

// Errors of arithmetic have a place wherever the expression stands.
func TestArithmeticErrorsHaveAPlace(t *testing.T) {
	for _, expr := range []string{"1 / 0", "let x = 0; in 1 / x", "1.0 / 0", "9223372036854775807 + 1", "0 - 9223372036854775807 - 2", "9223372036854775807 * 2"} {
		ev := eval.New(context.Background(), eval.Options{})
		_, err := ev.EvalText(diag.NewSource("test.nix", expr), t.TempDir())
		found := eval.Diagnostics(err, diag.IDEvaluation)
		if len(found) != 1 || !found[0].Range.Valid() {
			t.Errorf("%s: no place: %v", expr, err)
		}
	}
}

// Which of several missing arguments is named does not depend on what else was
// evaluated before, or is at the same time: both number symbols.
func TestMissingArgumentIsTheFirstWritten(t *testing.T) {
	value.Intern("writtenLater")
	for _, expr := range []string{
		"({ writtenFirst, writtenLater, optional ? 1 }: 1) { }",
		"({ optional ? 1, given, writtenFirst, writtenLater, ... }@all: 1) { given = 1; }",
	} {
		ev := eval.New(context.Background(), eval.Options{})
		_, err := ev.EvalText(diag.NewSource("test.nix", expr), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "without required argument 'writtenFirst'") {
			t.Errorf("%s: %v", expr, err)
		}
	}
	ev := eval.New(context.Background(), eval.Options{})
	f, err := ev.EvalText(diag.NewSource("test.nix", "{ writtenFirst, writtenLater }: 1"), t.TempDir())
	if err == nil {
		_, err = ev.AutoCall(f, value.EmptyAttrs)
	}
	if err == nil || !strings.Contains(err.Error(), "'writtenFirst'") {
		t.Errorf("called without arguments: %v", err)
	}
}
