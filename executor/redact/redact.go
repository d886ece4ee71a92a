// Package redact takes the values of secrets out of output while it is written.
//
// A value is found as it is and in the forms that programs give it: base64 (also
// as a part of something longer, and wrapped), hexadecimal, escaped for JSON, for
// URLs and for shells, and line by line. It is found however the output is split
// into writes. All other output stays as it is, to the byte.
package redact

import (
	"bytes"
	"io"
)

// Mark is what stands in place of a value.
const Mark = "[redacted]"

// MinLength is the length of the shortest value that is redacted, in bytes.
// Shorter ones would be found in words and numbers everywhere.
const MinLength = 6

// Value is a text that must not be shown.
type Value struct {
	// Label names it for people, as "neat-aws.aws_secret_access_key".
	Label string
	Text  []byte
}

// Redactor knows what to look for. It can be used by several goroutines.
type Redactor struct {
	plain   *automaton // texts as they are
	wrapped *automaton // base64 and hexadecimal, between whose characters lines may end
	short   []string
}

// New makes a redactor for values.
func New(values []Value) *Redactor {
	var plain, wrapped patterns
	r := &Redactor{}
	for _, value := range values {
		text := trimmed(value.Text)
		if len(text) < MinLength {
			if len(text) > 0 {
				r.short = append(r.short, value.Label)
			}
			continue
		}
		plain.addValue(text)
		wrapped.addValueEncodings(text)
	}
	r.plain, r.wrapped = plain.automaton(), wrapped.automaton()
	return r
}

// Short are the labels of the values that are too short to be redacted.
func (r *Redactor) Short() []string { return r.short }

// String is a text without the values.
func (r *Redactor) String(s string) string { return string(r.Bytes([]byte(s))) }

// Bytes is a text without the values.
func (r *Redactor) Bytes(b []byte) []byte {
	var out bytes.Buffer
	s := newStream(r)
	s.feed(b)
	s.release(&out, s.end())
	return out.Bytes()
}

// Writer redacts what is written to it and passes it on to w. It holds back no
// more than what may be the beginning of a value: nothing in most cases, and
// after a line end only for a moment. Close passes on what is left; it does not
// close w. The writer may be used by several goroutines.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser { return newWriter(r, w) }
