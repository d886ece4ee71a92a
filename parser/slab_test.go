package parser

import (
	"strings"
	"testing"

	"github.com/nixplan/nixplan/internal/diag"
)

// Who is told of the bytes that are read may end the parsing, and parse something else.
func TestArenaReading(t *testing.T) {
	var arena Arena
	read := 0
	arena.Reading = func(bytes int) {
		if read += bytes; read > 100<<10 {
			panic("enough")
		}
	}
	text := "[ " + strings.Repeat("(x: x) ", 1<<15) + "]"
	func() {
		defer func() {
			if cause := recover(); cause != "enough" {
				t.Errorf("parsing ended with %v", cause)
			}
		}()
		arena.Parse(diag.NewSource("a.nix", text))
	}()
	if read > 100<<10+tellEvery+1<<10 {
		t.Errorf("told after %d bytes", read)
	}
	read = -len(text)
	file, diags := arena.Parse(diag.NewSource("b.nix", text))
	if list, ok := file.Expr.(*List); !ok || len(list.Elems) != 1<<15 || len(diags) != 0 {
		t.Errorf("%v, %v", file.Expr, diags)
	}
	if read > 0 || read < -tellEvery {
		t.Errorf("%d of the bytes were not told of", -read)
	}
}
