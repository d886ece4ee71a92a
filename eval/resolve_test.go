package eval_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/internal/diag"
)

// A text that is no program does not bury its reader in undefined variables.
func TestUndefinedVariablesAreBounded(t *testing.T) {
	ev := eval.New(context.Background(), eval.Options{})
	_, err := ev.EvalText(diag.NewSource("test.nix", strings.Repeat("lorem ", 1000)), t.TempDir())
	found := eval.Diagnostics(err, diag.IDEvaluation)
	if len(found) != 50 {
		t.Errorf("%d diagnostics, want 50", len(found))
	}
	for _, d := range found {
		if d.Summary != "undefined variable 'lorem'" {
			t.Errorf("unexpected: %s", d.Summary)
		}
	}
}
