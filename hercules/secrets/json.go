package secrets

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/diag"
)

// maxDepth is how deep objects and lists may nest.
const maxDepth = 100

// A scanner reads JSON (RFC 8259) for a visitor. It stands here in place of
// encoding/json because its errors have a position and say nothing of the text,
// because a value that nobody asks for is checked without being copied, and
// because it is as strict as agents are: no invalid UTF-8, no lone surrogates.
type scanner struct {
	text   []byte
	at     int
	depth  int
	source *diag.Source
}

// A syntaxError is a place in the text and what should have been there. It holds
// nothing of what is there.
type syntaxError struct {
	at      int
	problem string
}

func (e *syntaxError) Error() string { return "byte " + strconv.Itoa(e.at) + ": " + e.problem }

// expected is the error for a text that does not go on as it should.
func (s *scanner) expected(what string) error {
	if s.at >= len(s.text) {
		return &syntaxError{len(s.text), "the text ends where " + what + " is expected"}
	}
	return &syntaxError{s.at, "expected " + what}
}

func (s *scanner) span(start int) diag.Range {
	return diag.Range{Source: s.source, Start: int32(start), End: int32(s.at)}
}

// next skips white space and returns the next byte without taking it, 0 at the
// end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// A kind is what a value is, by its first byte.
type kind string

const (
	kindObject kind = "an object"
	kindList   kind = "a list"
	kindString kind = "a string"
	kindNumber kind = "a number"
	kindBool   kind = "true or false"
	kindNull   kind = "null"
	kindNone   kind = "" // no value starts here
)

func (s *scanner) kind() kind {
	switch c := s.next(); c {
	case '{':
		return kindObject
	case '[':
		return kindList
	case '"':
		return kindString
	case 't', 'f':
		return kindBool
	case 'n':
		return kindNull
	default:
		if c == '-' || isDigit(c) {
			return kindNumber
		}
		return kindNone
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// take takes the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.next() != c || s.at >= len(s.text) {
		return false
	}
	s.at++
	return true
}

// object reads an object. It calls field for each name, which must read the
// value behind it.
func (s *scanner) object(field func(name string, at diag.Range) error) error {
	if !s.take('{') {
		return s.expected("{")
	}
	return s.nested(func() error {
		if s.take('}') {
			return nil
		}
		for {
			s.next()
			start := s.at
			if s.kind() != kindString {
				return s.expected("a name in double quotes")
			}
			name, err := s.str()
			if err != nil {
				return err
			}
			at := s.span(start)
			if !s.take(':') {
				return s.expected(":")
			}
			s.next()
			if err := field(name, at); err != nil {
				return err
			}
			if s.take('}') {
				return nil
			}
			if !s.take(',') {
				return s.expected(", or }")
			}
		}
	})
}

// list reads a list. It calls element at each element, which must read it.
func (s *scanner) list(element func() error) error {
	if !s.take('[') {
		return s.expected("[")
	}
	return s.nested(func() error {
		if s.take(']') {
			return nil
		}
		for {
			s.next()
			if err := element(); err != nil {
				return err
			}
			if s.take(']') {
				return nil
			}
			if !s.take(',') {
				return s.expected(", or ]")
			}
		}
	})
}

func (s *scanner) nested(read func() error) error {
	if s.depth == maxDepth {
		return &syntaxError{s.at - 1, "nested deeper than " + strconv.Itoa(maxDepth) + " levels"}
	}
	s.depth++
	defer func() { s.depth-- }()
	return read()
}

// skip reads a value and forgets it.
func (s *scanner) skip() error {
	switch s.kind() {
	case kindObject:
		return s.object(func(string, diag.Range) error { return s.skip() })
	case kindList:
		return s.list(s.skip)
	case kindString:
		return s.chars(nil)
	case kindNumber:
		return s.number()
	case kindBool:
		_, err := s.boolean()
		return err
	case kindNull:
		return s.word("null")
	}
	return s.expected("a value")
}

func (s *scanner) boolean() (bool, error) {
	if s.next() == 't' {
		return true, s.word("true")
	}
	return false, s.word("false")
}

func (s *scanner) word(word string) error {
	rest := s.text[s.at:]
	if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return s.expected("a value")
	}
	s.at += len(word)
	return nil
}

func (s *scanner) number() error {
	digits := func() error {
		start := s.at
		for s.at < len(s.text) && isDigit(s.text[s.at]) {
			s.at++
		}
		if s.at == start {
			return s.expected("a digit")
		}
		return nil
	}
	has := func(chars string) bool {
		if s.at < len(s.text) && strings.IndexByte(chars, s.text[s.at]) >= 0 {
			s.at++
			return true
		}
		return false
	}
	has("-")
	if !has("0") {
		if err := digits(); err != nil {
			return err
		}
	}
	if has(".") {
		if err := digits(); err != nil {
			return err
		}
	}
	if has("eE") {
		has("+-")
		return digits()
	}
	return nil
}

// str reads a string that somebody asks for.
func (s *scanner) str() (string, error) {
	var b []byte
	err := s.chars(&b)
	return string(b), err
}

// chars reads a string, and appends it to out unless that is nil.
func (s *scanner) chars(out *[]byte) error {
	open := s.at
	s.at++
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '"':
			s.at++
			return nil
		case c == '\n' || c == '\r':
			return &syntaxError{open, "this string is not closed on its line"}
		case c < 0x20:
			return &syntaxError{s.at, "a control character inside of a string, which JSON writes as an escape"}
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return err
			}
			if out != nil {
				*out = utf8.AppendRune(*out, r)
			}
		default:
			r, size := utf8.DecodeRune(s.text[s.at:])
			if r == utf8.RuneError && size == 1 {
				return &syntaxError{s.at, "this is not UTF-8"}
			}
			if out != nil {
				*out = append(*out, s.text[s.at:s.at+size]...)
			}
			s.at += size
		}
	}
	return &syntaxError{open, "this string is not closed"}
}

// escapes are what the byte behind a backslash stands for; "u" is not among
// them.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads a backslash and what belongs to it.
func (s *scanner) escape() (rune, error) {
	start := s.at
	bad := &syntaxError{start, `this is no escape of JSON; a backslash is written \\`}
	if s.at++; s.at >= len(s.text) {
		return 0, bad
	}
	c := s.text[s.at]
	s.at++
	if r, ok := escapes[c]; ok {
		return r, nil
	}
	if c != 'u' {
		return 0, bad
	}
	r, ok := s.hex()
	if !ok {
		return 0, bad
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	bad.problem = "half of a surrogate pair without the other half"
	if s.at+1 >= len(s.text) || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return 0, bad
	}
	s.at += 2
	low, ok := s.hex()
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, bad
	}
	return r, nil
}

// hex reads the four digits of \u.
func (s *scanner) hex() (rune, bool) {
	if s.at+4 > len(s.text) {
		return 0, false
	}
	var r rune
	for _, c := range s.text[s.at : s.at+4] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	s.at += 4
	return r, true
}
