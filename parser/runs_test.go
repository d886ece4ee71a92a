package parser

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// FuzzRuns checks that the runs of every string give its text back, and that a
// letter of the text is the letter at the place the runs give: with another
// letter there, the text has that letter at that offset, and nothing else
// changes.
func FuzzRuns(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		file, diags := parse(t, text)
		if !diags.HasErrors() {
			checkRuns(t, file)
		}
	})
}

// The strings are made of what the lexer treats in a way of its own.
func TestRuns(t *testing.T) {
	fragments := []string{
		" ", "  ", "   ", "\n", "\n", "\n  ", "\t", "a", "bc d", "'", "$", "$$", "${x}", `${"y"}`, "${''z''}",
		"''$", "'''", `''\n`, `''\t`, `''\ `, `''\a`, `''\'`, "\r\n", "\r", "é", "{", "\\",
	}
	quotedOnly := []string{`\n`, `\"`, `\${`, `\\`, `\q`, "''"}
	random := rand.New(rand.NewPCG(1, 2))
	check := func(open string, choice []string) {
		parsed := 0
		for range 4000 {
			text := open
			for range random.IntN(12) {
				text += choice[random.IntN(len(choice))]
			}
			file, diags := parse(t, "x: "+text+open)
			if diags.HasErrors() {
				continue
			}
			parsed++
			checkRuns(t, file)
		}
		if parsed < 1000 {
			t.Errorf("only %d texts between %s were strings", parsed, open)
		}
	}
	check("''", fragments)
	check(`"`, append(fragments, quotedOnly...))
}

func checkRuns(t *testing.T, file *File) {
	t.Helper()
	Walk(file.Expr, func(e Expr) bool {
		s, ok := e.(*String)
		if !ok {
			return true
		}
		texts := make([]strings.Builder, len(s.Parts))
		end := s.Start
		for _, run := range file.Runs(s) {
			if run.Source.Start < end || run.Source.End > s.End || run.Len == 0 {
				t.Fatalf("%q: run %v after %d", file.Text, run, end)
			}
			end = run.Source.End
			written := file.Text[run.Source.Start:run.Source.End]
			text := &texts[run.Part]
			if int(run.Offset) != text.Len() {
				t.Fatalf("%q: run %v after %d bytes of text", file.Text, run, text.Len())
			}
			switch want := s.Parts[run.Part].Text; {
			case run.Offset+run.Len > int32(len(want)):
				t.Fatalf("%q: run %v in a text of %d bytes", file.Text, run, len(want))
			case run.Verbatim() && written != "\r":
				text.WriteString(written)
			default:
				text.WriteString(want[run.Offset : run.Offset+run.Len])
			}
			if run.Verbatim() {
				checkLetters(t, file, s, run)
			}
		}
		for i, part := range s.Parts {
			if part.Expr == nil && texts[i].String() != part.Text {
				t.Fatalf("%q: the runs give %q, the text is %q", file.Text, texts[i].String(), part.Text)
			}
		}
		return true
	})
}

// checkLetters changes each letter of a run in the source and looks for it in
// the text.
func checkLetters(t *testing.T, file *File, s *String, run Run) {
	t.Helper()
	for i := range run.Len {
		at := int(run.Source.Start + i)
		if c := file.Text[at]; c < 'a' || c > 'z' {
			continue
		}
		other, diags := parse(t, file.Text[:at]+"Q"+file.Text[at+1:])
		if diags.HasErrors() {
			t.Fatalf("%q: no string with a Q at %d", file.Text, at)
		}
		want := []byte(s.Parts[run.Part].Text)
		want[run.Offset+i] = 'Q'
		found := false
		Walk(other.Expr, func(e Expr) bool {
			if e, ok := e.(*String); ok && e.Span == s.Span {
				found = e.Parts[run.Part].Text == string(want)
			}
			return !found
		})
		if !found {
			t.Fatalf("%q: a Q at %d does not give %q", file.Text, at, want)
		}
	}
}
