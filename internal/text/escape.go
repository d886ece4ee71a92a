package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// WriteJSON writes a document as indented JSON with a final newline, escaped as
// Escaped does.
func WriteJSON(w io.Writer, document any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := w.Write(Escaped(out.Bytes()))
	return err
}

// Escaped writes what could drive a terminal or reorder its text as \uXXXX. It is
// for JSON documents and for YAML whose strings of this sort are in double
// quotes, where that means the same character.
func Escaped(document []byte) []byte {
	if bytes.IndexFunc(document, needsEscape) < 0 {
		return document
	}
	var out bytes.Buffer
	for len(document) > 0 {
		r, size := utf8.DecodeRune(document)
		if needsEscape(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.Write(document[:size])
		}
		document = document[size:]
	}
	return out.Bytes()
}

// NeedsEscape reports whether Escaped changes a string.
func NeedsEscape(s string) bool { return strings.IndexFunc(s, needsEscape) >= 0 }
