package diff

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/text"
)

// context is how many equal lines are shown around a change.
const context = 3

// Texts with more differing lines, or longer ones, are not compared: the time it
// takes grows with the square.
const (
	mostLines    = 8000
	longestLine  = 4000
	mostTextSize = 4 << 20
)

// line is a line of a diff: ' ', '-' or '+' and the text without its ending.
type line struct {
	mark    byte
	text    string
	unended bool
}

// textDiff compares two texts line by line; nil when they are equal. What looks
// like a credential is hidden in both.
func textDiff(before, after string) *Diff {
	if before == after {
		return nil
	}
	d := &Diff{Hunks: []Hunk{}}
	if !showable(before) || !showable(after) {
		d.Note = "not a text, or its lines are too long to show"
		return d
	}
	before, after = hide(before), hide(after)
	if before == after {
		d.Note = "only what is not shown differs: it looks like a credential"
		return d
	}
	lines, ok := compareLines(before, after)
	if !ok {
		d.Note = "too large to compare"
		return d
	}
	for _, l := range lines {
		switch l.mark {
		case '+':
			d.Added++
		case '-':
			d.Removed++
		}
	}
	d.Hunks = hunks(lines)
	return d
}

func showable(s string) bool {
	if len(s) > mostTextSize || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return false
	}
	for l := range strings.Lines(s) {
		if len(l) > longestLine {
			return false
		}
	}
	return true
}

// hide replaces credentials by asterisks and keeps the lines.
func hide(s string) string {
	s = text.HideCredentials(s)
	var b strings.Builder
	done := 0
	for _, f := range credentials.Scan(s) {
		b.WriteString(s[done:f.Start])
		for i := f.Start; i < f.End; i++ {
			if s[i] == '\n' {
				b.WriteByte('\n')
			} else {
				b.WriteByte('*')
			}
		}
		done = f.End
	}
	return b.String() + s[done:]
}

// compareLines is the shortest way from one text to the other; ok is false when
// finding it would take too long.
func compareLines(before, after string) (out []line, ok bool) {
	old, young := splitLines(before), splitLines(after)
	// Equal ends are left out before anything is counted.
	start := 0
	for start < min(len(old), len(young)) && old[start] == young[start] {
		start++
	}
	end := 0
	for end < min(len(old), len(young))-start && old[len(old)-1-end] == young[len(young)-1-end] {
		end++
	}
	a, b := old[start:len(old)-end], young[start:len(young)-end]
	if len(a)+len(b) > mostLines {
		return nil, false
	}
	emit := func(mark byte, lines []string) {
		for _, l := range lines {
			body, ended := strings.CutSuffix(l, "\n")
			out = append(out, line{mark, body, !ended})
		}
	}
	emit(' ', old[:start])
	differ := diffmatchpatch.New()
	differ.DiffTimeout = 0 // the result must not depend on the clock
	x, y, all := differ.DiffLinesToRunes(strings.Join(a, ""), strings.Join(b, ""))
	for _, d := range differ.DiffCharsToLines(differ.DiffMainRunes(x, y, false), all) {
		mark := map[diffmatchpatch.Operation]byte{
			diffmatchpatch.DiffEqual: ' ', diffmatchpatch.DiffDelete: '-', diffmatchpatch.DiffInsert: '+',
		}[d.Type]
		emit(mark, splitLines(d.Text))
	}
	emit(' ', old[len(old)-end:])
	return out, true
}

// splitLines keeps the line endings.
func splitLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// hunks are the changes with the lines around them; those that would touch are
// one.
func hunks(lines []line) []Hunk {
	out := []Hunk{}
	oldLine, newLine := 1, 1 // of lines[done]
	done := 0
	pass := func(to int) {
		for ; done < to; done++ {
			if lines[done].mark != '+' {
				oldLine++
			}
			if lines[done].mark != '-' {
				newLine++
			}
		}
	}
	for i := 0; i < len(lines); i++ {
		if lines[i].mark == ' ' {
			continue
		}
		pass(max(done, i-context))
		last := i // the hunk's last change
		for j := i + 1; j < len(lines) && j <= last+2*context+1; j++ {
			if lines[j].mark != ' ' {
				last = j
			}
		}
		from, to := done, min(len(lines), last+context+1)
		h := Hunk{OldStart: oldLine, NewStart: newLine}
		for _, l := range lines[from:to] {
			h.Lines = append(h.Lines, string(l.mark)+l.text)
			if l.unended {
				h.Lines = append(h.Lines, `\ No newline at end of file`)
			}
		}
		pass(to)
		h.OldLines, h.NewLines = oldLine-h.OldStart, newLine-h.NewStart
		// As diff and git have it: an empty range is named by the line before it.
		if h.OldLines == 0 {
			h.OldStart--
		}
		if h.NewLines == 0 {
			h.NewStart--
		}
		out = append(out, h)
		i = to - 1
	}
	return out
}

// Header is the hunk's first line as diff and git write it.
func (h *Hunk) Header() string {
	return fmt.Sprintf("@@ -%s +%s @@", lineRange(h.OldStart, h.OldLines), lineRange(h.NewStart, h.NewLines))
}

func lineRange(start, count int) string {
	if count == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}

// similarity is the part of the lines of two texts that is in both, 0 to 1.
// Lines without letters or digits, as every Nix file has them, do not count.
func similarity(a, b string) float64 {
	count := map[string]int{}
	total, common := 0, 0
	each := func(s string, f func(string)) {
		for l := range strings.Lines(s) {
			if l = strings.TrimSpace(l); strings.ContainsFunc(l, isWord) {
				total++
				f(l)
			}
		}
	}
	each(a, func(l string) { count[l]++ })
	each(b, func(l string) {
		if count[l] > 0 {
			count[l]--
			common++
		}
	})
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r >= utf8.RuneSelf
}
