package tomlx

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errEscape  = errors.New(`\e and \x in strings are not TOML 1.0`)
	errNewline = errors.New("an inline table cannot go over several lines")
	errComma   = errors.New("an inline table cannot end with a comma")
)

// scan refuses what the library reads though it is not TOML 1.0, and what is nested
// too deeply for it. Of text that is wrong in other ways it makes what it can: the
// library refuses it. nodes is how many parts the library makes at most of any one
// expression.
func scan(text string) (nodes int, err error) {
	var open []byte // brackets
	last := byte(0) // what came last, other than white space
	parts := 0
	fail := func(at int, err error) (int, error) {
		return 0, fmt.Errorf("line %d: %w", 1+strings.Count(text[:at], "\n"), err)
	}
	inTable := func() bool { return len(open) > 0 && open[len(open)-1] == '{' }
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t':
			continue
		case '\n':
			if inTable() {
				return fail(i, errNewline)
			}
			if len(open) == 0 {
				nodes, parts = max(nodes, parts), 0
			}
		case '#':
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				i += end - 1 // the newline is next
			} else {
				i = len(text)
			}
			continue
		case '"', '\'':
			end, escape := stringEnd(text, i)
			if escape >= 0 {
				return fail(escape, errEscape)
			}
			i = end - 1
		case '[', '{':
			if len(open) == MaxDepth {
				return 0, errDepth()
			}
			open = append(open, c)
			parts += 2
		case ']', '}':
			if c == '}' && inTable() && last == ',' {
				return fail(i, errComma)
			}
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case ',':
			parts++
			if inTable() {
				parts++
			}
		case '=', '.':
			parts++
		}
		last = c
	}
	const first = 3 // an expression, its key and value
	return first + max(nodes, parts), nil
}

// stringEnd is where the string ends that begins at start, or what is wrong with it.
// escape is where it has an escape sequence of TOML 1.1, or -1.
func stringEnd(text string, start int) (end, escape int) {
	quote := text[start : start+1]
	long := strings.Repeat(quote, 3)
	i, multiline := start+1, strings.HasPrefix(text[start:], long)
	if multiline {
		i += 2
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote == `"`:
			i++
			if i < len(text) && (text[i] == 'e' || text[i] == 'x') {
				return i, i
			}
		case c == '\n' && !multiline:
			return i, -1
		case c != quote[0]:
		case !multiline:
			return i + 1, -1
		case strings.HasPrefix(text[i:], long):
			i += 3
			for n := 0; n < 2 && i < len(text) && text[i] == c; n++ {
				i++ // it belongs to the string
			}
			return i, -1
		}
	}
	return len(text), -1
}
