package view

import (
	"strings"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan/diff"
)

// htmlText is a file or a script that changes.
type htmlText struct {
	Class           string
	Badge           htmlBadge
	Path, Was, Note string
	Label           string // of the diff, for who cannot see where it stands
	// Counts says that there are counts of lines; Plain that they are words.
	Counts         string
	Plain          bool
	Added, Removed int
	Open           bool
	Lines          []htmlLine
	More           string
}

// htmlLine is a line of a diff. Text, Strong and Rest make it up; Strong is what
// differs from the line that it takes the place of.
type htmlLine struct {
	Class              string
	Hunk               bool
	Old, New           int // 0: none
	Sign               string
	Text, Strong, Rest string
}

// texts adds the files and scripts, as many lines as a page may have.
func (p *htmlPage) texts(c *diff.Changes) {
	room, open, left := mostDiffed, mostOpen, 0
	add := func(change diff.Change, path, was, note string, d *diff.Diff) {
		if len(p.Files) == mostTexts {
			left++
			return
		}
		t := htmlText{
			Class: htmlClasses[change], Badge: htmlChange(change), Path: text.Line(path), Was: text.Line(was), Note: text.Line(note),
			Label: "Diff of " + text.Line(path), Counts: lineCounts(d), Plain: d != nil && d.Note != "",
		}
		if d != nil && d.Note == "" {
			t.Added, t.Removed = d.Added, d.Removed
			t.Lines = diffLines(d)
			if n := len(t.Lines) - room; n > 0 {
				t.Lines = t.Lines[:room]
				t.More = "… and " + plural(n, "more line") + "; nixplan diff shows them all."
			}
			room -= len(t.Lines)
			if t.Open = len(t.Lines) <= min(open, mostOpenLines); t.Open {
				open -= len(t.Lines)
			}
			if len(t.Lines) == 0 && t.More != "" {
				t.Plain, t.Counts = true, t.Counts+" lines, for which there is no room here"
			}
		}
		p.Files = append(p.Files, t)
	}
	for i := range c.Files {
		f := &c.Files[i]
		add(f.Change, f.Path, f.Was, fileNote(f), f.Diff)
	}
	for i := range c.Scripts {
		s := &c.Scripts[i]
		add(s.Change, s.Name, "", "script of "+s.Job, s.Diff)
	}
	if left > 0 {
		p.MoreFiles = "… and " + plural(left, "more file") + "; nixplan diff lists them all."
	}
}

// diffLines are the lines of a diff with their numbers.
func diffLines(d *diff.Diff) []htmlLine {
	var out []htmlLine
	for i := range d.Hunks {
		hunk := &d.Hunks[i]
		old, young := hunk.OldStart, hunk.NewStart
		// Of an empty range the line before it is named.
		if hunk.OldLines == 0 {
			old++
		}
		if hunk.NewLines == 0 {
			young++
		}
		out = append(out, htmlLine{Hunk: true, Text: hunk.Header()})
		first := len(out)
		for _, line := range hunk.Lines {
			shown := diffLine(line)
			l := htmlLine{Text: shown[1:], Sign: shown[:1]}
			switch line[0] {
			case '+':
				l.Class, l.New = "added", young
				young++
			case '-':
				l.Class, l.Old, l.Sign = "removed", old, "−"
				old++
			case '\\':
				l.Class, l.Sign, l.Text = "nothing", "", strings.TrimSpace(l.Text)
			default:
				l.Old, l.New = old, young
				old++
				young++
			}
			out = append(out, l)
		}
		emphasise(out[first:])
	}
	return out
}

// emphasise compares lines that are removed with those that take their place, in turn,
// and sets apart the part in which two such lines differ.
func emphasise(lines []htmlLine) {
	run := func(from int, class string) int {
		n := 0
		for from+n < len(lines) && lines[from+n].Class == class {
			n++
		}
		return n
	}
	for i := 0; i < len(lines); {
		removed := run(i, "removed")
		added := run(i+removed, "added")
		for k := range min(removed, added) {
			split(&lines[i+k], &lines[i+removed+k])
		}
		i += max(1, removed+added)
	}
}

// split divides two lines into a common beginning, what differs, and a common
// end. Lines that have little in common stay as they are.
func split(a, b *htmlLine) {
	x, y := a.Text, b.Text
	start := 0
	for start < min(len(x), len(y)) && x[start] == y[start] {
		start++
	}
	for start > 0 && (start < len(x) && !utf8.RuneStart(x[start]) || start < len(y) && !utf8.RuneStart(y[start])) {
		start--
	}
	end := 0
	for end < min(len(x), len(y))-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	for end > 0 && !utf8.RuneStart(x[len(x)-end]) {
		end--
	}
	common := len(strings.TrimSpace(x[:start])) + len(strings.TrimSpace(x[len(x)-end:]))
	if 3*common < max(len(x), len(y)) {
		return
	}
	for _, l := range []*htmlLine{a, b} {
		s := l.Text
		l.Text, l.Strong, l.Rest = s[:start], s[start:len(s)-end], s[len(s)-end:]
	}
}
