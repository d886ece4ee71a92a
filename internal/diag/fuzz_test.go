package diag

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/text"
)

// Whatever the text and the range are, the rendering is valid UTF-8, holds
// nothing that drives a terminal, keeps snippets within the width, and puts the
// caret under its line.
func FuzzWriteText(f *testing.F) {
	f.Add("let x = 1; in y\n", int32(14), int32(15), 100)
	f.Add("\t日本\xff\x1b[2J\r\nb", int32(1), int32(9), 24)
	f.Add(strings.Repeat("é", 600), int32(601), int32(700), 40)
	f.Add("", int32(-1), int32(5), 0)
	f.Add("日\x00\t\t\t\t\t\t\t\t\t", int32(89), int32(31), -31)
	f.Fuzz(func(t *testing.T, source string, start, end int32, width int) {
		if width > 1000 {
			width = 1000
		}
		d := &Diagnostic{
			ID: "NP1", Summary: source, Detail: source, Help: source,
			Range:   Range{Source: NewSource(source, source), Start: start, End: end},
			Related: []Related{{Range: Range{Source: NewSource("b.nix", source), Start: end, End: start}, Message: source}},
		}
		var out strings.Builder
		if err := WriteText(&out, []Record{d.Record()}, TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(out.String()) {
			t.Error("not UTF-8")
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
			t.Errorf("control character at byte %d of %q", i, out.String())
		}
		checkSnippet(t, d.Range.Place(), max(width, 40))
	})
}

// checkSnippet renders one place by itself, so that no other text can be taken
// for its lines.
func checkSnippet(t *testing.T, place *Place, width int) {
	var out strings.Builder
	printer{&out, TextOptions{Width: width}}.snippet(place, "  ")
	if out.Len() == 0 {
		return
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	_, caret, _ := strings.Cut(lines[1], "|")
	if trimmed := strings.TrimLeft(caret, " "); !strings.HasPrefix(trimmed, "^") || strings.Trim(trimmed, "^~") != "" {
		t.Errorf("underline %q", lines[1])
	}
	for _, line := range lines {
		if text.Width(line) > width {
			t.Errorf("line of %d cells, width %d: %q", text.Width(line), width, line)
		}
	}
}
