package parser

import (
	"strings"
	"testing"

	"github.com/nixplan/nixplan/internal/diag"
)

func addSeeds(f *testing.F) {
	for _, dir := range []string{"tree", "error"} {
		for _, c := range loadCases(f, dir) {
			f.Add(c.input)
		}
	}
}

// FuzzParse checks that any input is cut into tokens and ends in a tree or in
// diagnostics, that Bad nodes come with an error, and that every position lies in
// the text.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		checkTokens(t, text)
		file, diags := Parse(diag.NewSource("fuzz.nix", text))
		checkSpans(t, file)
		Walk(file.Expr, func(e Expr) bool {
			if _, bad := e.(*Bad); bad && !diags.HasErrors() {
				t.Error("a Bad node without an error")
			}
			return true
		})
		for _, d := range diags {
			checkDiagnostic(t, d)
		}
	})
}

// checkTokens reads a text in the ordinary mode: tokens follow one another, none
// is empty, and what lies between two is white space or a comment.
func checkTokens(t *testing.T, text string) {
	t.Helper()
	l := lexer{src: text}
	for {
		before := l.end
		l.next()
		if l.start < before || l.prevEnd != before || int(l.end) > len(text) {
			t.Fatalf("%q: the token at [%d, %d) follows one that ends at %d", text, l.start, l.end, before)
		}
		if gap := strings.TrimLeft(text[before:l.start], " \t\r\n"); gap != "" && gap[0] != '#' && !strings.HasPrefix(gap, "/*") {
			t.Fatalf("%q: %q was skipped", text, gap)
		}
		if l.kind == tEOF {
			return
		}
		if l.start == l.end {
			t.Fatalf("%q: an empty token at %d", text, l.start)
		}
	}
}

func checkDiagnostic(t *testing.T, d *diag.Diagnostic) {
	t.Helper()
	ranges := []diag.Range{d.Range}
	for _, r := range d.Related {
		ranges = append(ranges, r.Range)
	}
	for _, r := range ranges {
		if r.Start < 0 || r.Start > r.End || int(r.End) > len(r.Source.Text) {
			t.Errorf("%q at [%d, %d) of %d bytes", d.Summary, r.Start, r.End, len(r.Source.Text))
		}
	}
	if d.Summary == "" || d.ID != idSyntax && d.ID != idNames {
		t.Errorf("%q has the id %q", d.Summary, d.ID)
	}
}

// FuzzPrintRoundTrip checks that what Print writes parses to the same tree, and
// that printing that once more changes nothing.
func FuzzPrintRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		file, diags := Parse(diag.NewSource("fuzz.nix", text))
		if diags.HasErrors() {
			return
		}
		checkRoundTrip(t, file)
		PrintNix(file, Resolver("/dir", "/home"))
	})
}
