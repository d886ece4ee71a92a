package parser

import (
	"strings"
	"testing"

	"github.com/nixplan/nixplan/internal/diag"
)

// Who is told of what a tree takes may end the parsing, and parse something else.
func TestArenaTaking(t *testing.T) {
	var arena Arena
	taken, most := 0, 1<<20
	arena.Taking = func(bytes int) {
		if taken += bytes; taken > most {
			panic("enough")
		}
	}
	source := diag.NewSource("a.nix", "[ "+strings.Repeat("(x: x) ", 1<<15)+"]")
	func() {
		defer func() {
			if cause := recover(); cause != "enough" {
				t.Errorf("parsing ended with %v", cause)
			}
		}()
		arena.Parse(source)
	}()
	if taken > 2*most {
		t.Errorf("told of %d bytes", taken)
	}
	taken, most = 0, 1<<40
	file, diags := arena.Parse(source)
	if list, ok := file.Expr.(*List); !ok || len(list.Elems) != 1<<15 || len(diags) != 0 {
		t.Errorf("%v, %v", file.Expr, diags)
	}
	if taken < 5<<15*tokenBytes {
		t.Errorf("told of %d bytes in all", taken)
	}
}

// A text, a comment or a path is one token, however long.
func TestArenaLongTokens(t *testing.T) {
	for _, text := range []string{"\"" + strings.Repeat("x", 8<<20) + "\"", "1 /*" + strings.Repeat("x", 8<<20) + "*/", "''" + strings.Repeat("x", 8<<20) + "''"} {
		var arena Arena
		arena.Taking = func(bytes int) {
			if bytes > 1<<20 {
				t.Errorf("%.10s… takes %d bytes", text, bytes)
			}
		}
		arena.Parse(diag.NewSource("a.nix", text))
	}
}
