// Package jsonx reads and writes JSON as builtins.fromJSON and toJSON do.
//
// encoding/json is no use for it: it accepts lone surrogates, loses the
// difference between integers and floats, and escapes what Nix does not.
package jsonx

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Handler is told what a text consists of, in order. A list's elements come
// between BeginList and EndList; in an object each value follows its Key.
// Of a key that comes twice the last value counts, which is the handler's
// business.
type Handler interface {
	Null()
	Bool(bool)
	Int(int64)
	Float(float64)
	String(string)
	BeginList()
	EndList()
	BeginObject()
	Key(string)
	EndObject()
}

// Options choose between today's rules and those of an older Nix.
type Options struct {
	// Nix28: integers from 2^63 to 2^64-1 wrap to negative ones and NUL bytes
	// are allowed in strings. Both are errors today.
	Nix28 bool
	// Charge is told of memory that a long string with escapes is about to take.
	Charge func(bytes int64)
}

// MaxDepth is how deeply lists and objects may be nested.
const MaxDepth = 50_000

// SyntaxError says where the text is not what JSON wants, in bytes.
type SyntaxError struct {
	Offset       int // from 0
	Line, Column int // from 1
	Message      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parse error at line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Read reports a whole text to h. The error, if any, is a *SyntaxError; what
// came before the mistake was reported.
func Read(text string, h Handler, options Options) (err error) {
	r := reader{text: text, h: h, nix28: options.Nix28, charge: options.Charge}
	defer func() {
		if failure := recover(); failure != nil {
			e, ok := failure.(*SyntaxError)
			if !ok {
				panic(failure)
			}
			err = e
		}
	}()
	if strings.HasPrefix(text, "\ufeff") {
		r.pos = len("\ufeff")
	}
	r.value(0)
	r.space()
	if r.pos < len(text) {
		r.fail("unexpected text after the value")
	}
	return nil
}

type reader struct {
	text  string
	pos   int
	h     Handler
	nix28 bool

	charge func(bytes int64)
}

// fail gives up at the current position; Read turns the panic into an error.
func (r *reader) fail(format string, args ...any) {
	before := r.text[:r.pos]
	line := strings.Count(before, "\n")
	panic(&SyntaxError{
		Offset:  r.pos,
		Line:    line + 1,
		Column:  len(before) - strings.LastIndexByte(before, '\n'),
		Message: fmt.Sprintf(format, args...),
	})
}

func (r *reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the next byte after white space; the end of the text is an error.
func (r *reader) peek(expected string) byte {
	r.space()
	if r.pos == len(r.text) {
		r.fail("unexpected end of input; expected %s", expected)
	}
	return r.text[r.pos]
}

func (r *reader) value(depth int) {
	if depth > MaxDepth {
		r.fail("nested more than %d levels deep", MaxDepth)
	}
	switch c := r.peek("a value"); {
	case c == '{':
		r.object(depth)
	case c == '[':
		r.list(depth)
	case c == '"':
		r.h.String(r.string())
	case c == '-' || '0' <= c && c <= '9':
		r.number()
	case r.literal("null"):
		r.h.Null()
	case r.literal("true"):
		r.h.Bool(true)
	case r.literal("false"):
		r.h.Bool(false)
	default:
		r.fail("expected a value")
	}
}

func (r *reader) literal(word string) bool {
	if strings.HasPrefix(r.text[r.pos:], word) {
		r.pos += len(word)
		return true
	}
	return false
}

func (r *reader) list(depth int) {
	r.pos++
	r.h.BeginList()
	if r.peek("a value or ']'") == ']' {
		r.pos++
		r.h.EndList()
		return
	}
	for {
		r.value(depth + 1)
		switch r.peek("',' or ']'") {
		case ',':
			r.pos++
		case ']':
			r.pos++
			r.h.EndList()
			return
		default:
			r.fail("expected ',' or ']'")
		}
	}
}

func (r *reader) object(depth int) {
	r.pos++
	r.h.BeginObject()
	if r.peek("a string or '}'") == '}' {
		r.pos++
		r.h.EndObject()
		return
	}
	for {
		if r.peek("a string") != '"' {
			r.fail("expected a string as key")
		}
		r.h.Key(r.string())
		if r.peek("':'") != ':' {
			r.fail("expected ':'")
		}
		r.pos++
		r.value(depth + 1)
		switch r.peek("',' or '}'") {
		case ',':
			r.pos++
		case '}':
			r.pos++
			r.h.EndObject()
			return
		default:
			r.fail("expected ',' or '}'")
		}
	}
}

// string reads a string at its opening quote. Without escapes the result is
// a part of the text, not a copy.
func (r *reader) string() string {
	r.pos++
	start := r.pos
	var built strings.Builder
	for {
		run := r.pos
		for r.pos < len(r.text) && r.text[r.pos] != '"' && r.text[r.pos] != '\\' && r.text[r.pos] >= ' ' {
			r.pos++
		}
		if chunk := r.text[run:r.pos]; !utf8.ValidString(chunk) {
			r.pos = run + invalidAt(chunk)
			r.fail("invalid UTF-8 in a string")
		}
		switch {
		case r.pos == len(r.text):
			r.fail("missing closing quote")
		case r.text[r.pos] == '"':
			r.pos++
			if built.Len() == 0 {
				return r.text[start : r.pos-1]
			}
			r.makeRoom(&built, r.pos-1-run)
			built.WriteString(r.text[run : r.pos-1])
			return built.String()
		case r.text[r.pos] == '\\':
			r.makeRoom(&built, r.pos-run+utf8.UTFMax)
			built.WriteString(r.text[run:r.pos])
			r.escape(&built)
		default:
			r.fail("control character U+%04X must be escaped", r.text[r.pos])
		}
	}
}

// long is from which size on memory is charged for.
const long = 64 << 10

// makeRoom charges for n bytes more, when a text is so long that it matters.
func (r *reader) makeRoom(b *strings.Builder, n int) {
	if size := b.Len() + n; size > long && size > b.Cap() && r.charge != nil {
		r.charge(int64(size + size/4)) // append adds a quarter
	}
}

// invalidAt is where the first invalid sequence starts.
func invalidAt(s string) int {
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(s)
}

// escape reads an escape sequence at its backslash.
func (r *reader) escape(out *strings.Builder) {
	if r.pos+1 == len(r.text) {
		r.fail("missing closing quote")
	}
	switch c := r.text[r.pos+1]; c {
	case '"', '\\', '/':
		out.WriteByte(c)
	case 'b':
		out.WriteByte('\b')
	case 'f':
		out.WriteByte('\f')
	case 'n':
		out.WriteByte('\n')
	case 'r':
		out.WriteByte('\r')
	case 't':
		out.WriteByte('\t')
	case 'u':
		r.unicode(out)
		return
	default:
		r.fail("forbidden character after backslash")
	}
	r.pos += 2
}

// unicode reads \uXXXX, or two of them that make a surrogate pair.
func (r *reader) unicode(out *strings.Builder) {
	c, ok := r.hex(r.pos)
	switch {
	case !ok:
		r.fail(`'\u' must be followed by 4 hex digits`)
	case c == 0 && !r.nix28:
		r.fail("a Nix string cannot hold the NUL character")
	case 0xdc00 <= c && c <= 0xdfff:
		r.fail("surrogate U+%04X without the one before it", c)
	case 0xd800 <= c && c <= 0xdbff:
		low, ok := r.hex(r.pos + 6)
		if !ok || low < 0xdc00 || low > 0xdfff {
			r.fail("surrogate U+%04X without the one after it", c)
		}
		c = 0x10000 + (c-0xd800)<<10 + (low - 0xdc00)
		r.pos += 6
	}
	r.pos += 6
	out.WriteRune(c)
}

// hex reads \uXXXX at a position.
func (r *reader) hex(at int) (rune, bool) {
	if len(r.text) < at+6 || r.text[at] != '\\' || r.text[at+1] != 'u' {
		return 0, false
	}
	var c rune
	for _, d := range []byte(r.text[at+2 : at+6]) {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

// number reads a number: a float when it has a fraction or an exponent, or is
// an integer beyond 64 bits.
func (r *reader) number() {
	start := r.pos
	negative := r.text[r.pos] == '-'
	if negative {
		r.pos++
	}
	if r.pos < len(r.text) && r.text[r.pos] == '0' {
		r.pos++
	} else {
		r.digits()
	}
	integer := true
	if r.pos < len(r.text) && r.text[r.pos] == '.' {
		integer = false
		r.pos++
		r.digits()
	}
	if r.pos < len(r.text) && (r.text[r.pos] == 'e' || r.text[r.pos] == 'E') {
		integer = false
		r.pos++
		if r.pos < len(r.text) && (r.text[r.pos] == '+' || r.text[r.pos] == '-') {
			r.pos++
		}
		r.digits()
	}
	text := r.text[start:r.pos]
	if len(text) > long && r.charge != nil {
		r.charge(2 * int64(len(text))) // errors have copies of it
	}
	if integer {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			r.h.Int(n)
			return
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			if !r.nix28 {
				r.pos = start
				r.fail("unsigned json number %d outside of Nix integer range", n)
			}
			r.h.Int(int64(n))
			return
		}
	}
	f, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		r.pos = start
		r.fail("number overflow parsing '%s'", text[:min(len(text), long)])
	}
	r.h.Float(f)
}

// digits reads one digit or more.
func (r *reader) digits() {
	start := r.pos
	for r.pos < len(r.text) && '0' <= r.text[r.pos] && r.text[r.pos] <= '9' {
		r.pos++
	}
	if r.pos == start {
		r.fail("expected a digit")
	}
}
