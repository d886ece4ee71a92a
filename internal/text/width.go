// Package text lays text out for a terminal: widths, clipping, wrapping, and
// making hostile text harmless.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width is the number of terminal cells that s takes: wide East Asian
// characters and emoji two, combining marks none. Control characters count
// nothing; pass text through Printable first.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x20 || r == 0x7f:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Printable returns s with everything that could drive a terminal or reorder
// the line made visible: control characters other than newline and tab, bytes
// that are not UTF-8, and bidirectional controls. Text from a repository must
// pass through it before it is shown.
func Printable(s string) string {
	if !strings.ContainsFunc(s, needsEscape) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteRune(utf8.RuneError)
		case needsEscape(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func needsEscape(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r):
		return true
	}
	// Bidi embeddings, overrides and isolates; line and paragraph separators.
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 || r == 0x200E || r == 0x200F
}

// Line returns s fit for one line: Printable, with newlines and the white space
// around them as one space.
func Line(s string) string {
	if strings.ContainsAny(s, "\n\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return Printable(s)
}

// Pad appends spaces up to n cells.
func Pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-Width(s)))
}

// Clip cuts s to at most n cells, the last of which is "…" when it was cut.
func Clip(s string, n int) string {
	if Width(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	cells := 0
	for i, r := range s {
		w := runeWidth(r)
		if cells+w > n-1 {
			return s[:i] + "…"
		}
		cells += w
	}
	return s
}

// Wrap breaks s into lines of at most n cells at spaces and keeps the newlines
// that it has, with the spaces behind them. A word that is longer than a line
// gets a line for itself.
func Wrap(s string, n int) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		indent := paragraph[:len(paragraph)-len(strings.TrimLeft(paragraph, " "))]
		for _, line := range WrapItems(strings.Fields(paragraph), " ", n-len(indent)) {
			lines = append(lines, indent+line)
		}
	}
	return lines
}

// WrapItems joins items by sep into lines of at most n cells. A line that is
// not the last keeps the separator, less its trailing spaces.
func WrapItems(items []string, sep string, n int) []string {
	var lines []string
	line, cells := "", 0
	for i, item := range items {
		w := Width(item)
		if i > 0 {
			// The trimmed separator must fit behind an item that ends a line.
			reserve := 0
			if i < len(items)-1 {
				reserve = Width(strings.TrimRight(sep, " "))
			}
			if cells+Width(sep)+w+reserve > n {
				lines = append(lines, line+strings.TrimRight(sep, " "))
				line, cells = "", 0
			} else {
				line += sep
				cells += Width(sep)
			}
		}
		line += item
		cells += w
	}
	return append(lines, line)
}
