// Package xmlx writes XML as builtins.toXML does: indented by two spaces, one
// element a line.
package xmlx

// Attr is an attribute of an element. Nix writes them in order of name.
type Attr struct{ Name, Value string }

// Writer appends elements to Out.
type Writer struct {
	Out  []byte
	open []string
}

// NewWriter starts a document.
func NewWriter() *Writer {
	return &Writer{Out: []byte("<?xml version='1.0' encoding='utf-8'?>\n")}
}

// Open begins an element; Close ends the innermost one.
func (w *Writer) Open(name string, attrs ...Attr) {
	w.start(name, attrs)
	w.Out = append(w.Out, '>', '\n')
	w.open = append(w.open, name)
}

// Close ends the innermost open element.
func (w *Writer) Close() {
	name := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.indent()
	w.Out = append(w.Out, "</"+name+">\n"...)
}

// Depth is how many elements are open.
func (w *Writer) Depth() int { return len(w.open) }

// Empty writes an element without content.
func (w *Writer) Empty(name string, attrs ...Attr) {
	w.start(name, attrs)
	w.Out = append(w.Out, " />\n"...)
}

func (w *Writer) start(name string, attrs []Attr) {
	w.indent()
	w.Out = append(append(w.Out, '<'), name...)
	for _, a := range attrs {
		w.Out = append(append(append(w.Out, ' '), a.Name...), '=', '"')
		w.Out = append(appendEscaped(w.Out, a.Value), '"')
	}
}

func (w *Writer) indent() {
	for range w.open {
		w.Out = append(w.Out, "  "...)
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
