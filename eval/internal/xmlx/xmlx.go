// Package xmlx writes XML as builtins.toXML does: indented by two spaces, one
// element a line.
package xmlx

import "strings"

// Attr is an attribute of an element. Nix writes them in order of name.
type Attr struct{ Name, Value string }

// Writer makes a document.
type Writer struct {
	// full are pieces of what was written, out is the last one. In one piece a
	// long text would be copied, and its room be garbage, each time it grows: for
	// the options of NixOS that was 60 MB.
	full [][]byte
	size int // of full
	out  []byte
	open []string
}

// pieceSize is how long pieces become, roughly.
const pieceSize = 64 << 10

// NewWriter starts a document.
func NewWriter() *Writer {
	return &Writer{out: []byte("<?xml version='1.0' encoding='utf-8'?>\n")}
}

// Len is the length of what was written so far, in bytes.
func (w *Writer) Len() int { return w.size + len(w.out) }

// String is what was written so far.
func (w *Writer) String() string {
	var b strings.Builder
	b.Grow(w.Len())
	for _, piece := range w.full {
		b.Write(piece)
	}
	b.Write(w.out)
	return b.String()
}

// Open begins an element; Close ends the innermost one.
func (w *Writer) Open(name string, attrs ...Attr) {
	w.start(name, attrs)
	w.out = append(w.out, '>', '\n')
	w.open = append(w.open, name)
}

// Close ends the innermost open element.
func (w *Writer) Close() {
	name := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.indent()
	w.out = append(w.out, "</"+name+">\n"...)
}

// Depth is how many elements are open.
func (w *Writer) Depth() int { return len(w.open) }

// Empty writes an element without content.
func (w *Writer) Empty(name string, attrs ...Attr) {
	w.start(name, attrs)
	w.out = append(w.out, " />\n"...)
}

func (w *Writer) start(name string, attrs []Attr) {
	if len(w.out) >= pieceSize {
		w.full = append(w.full, w.out)
		w.size += len(w.out)
		w.out = make([]byte, 0, pieceSize+pieceSize/8)
	}
	if size := Size(attrs); size >= pieceSize {
		w.full = append(w.full, w.out)
		w.size += len(w.out)
		w.out = make([]byte, 0, size+pieceSize)
	}
	w.indent()
	w.out = append(append(w.out, '<'), name...)
	for _, a := range attrs {
		w.out = append(append(append(w.out, ' '), a.Name...), '=', '"')
		w.out = append(appendEscaped(w.out, a.Value), '"')
	}
}

// Size is about how many bytes attributes take when they are written. What is written
// at once of pieceSize or more has a piece of its own.
func Size(attrs []Attr) int {
	size := 0
	for _, a := range attrs {
		size += len(a.Value)
	}
	if size < pieceSize/longestEscape {
		return size
	}
	for _, a := range attrs {
		for i := 0; i < len(a.Value); i++ {
			switch a.Value[i] {
			case '<', '>':
				size += 3
			case '&', '\n':
				size += 4
			case '"':
				size += 5
			}
		}
	}
	return size
}

const longestEscape = len("&quot;")

func (w *Writer) indent() {
	for range w.open {
		w.out = append(w.out, "  "...)
	}
}

// appendEscaped keeps apostrophes, tabs and other controls as they are; a
// newline would be read back as a space if it was not escaped.
func appendEscaped(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			out = append(out, "&quot;"...)
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		case '&':
			out = append(out, "&amp;"...)
		case '\n':
			out = append(out, "&#xA;"...)
		default:
			out = append(out, c)
		}
	}
	return out
}
