package ere

import (
	"strings"
	"sync"
)

// set is a set of bytes, a bit each.
type set [4]uint64

func (s *set) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *set) add(b byte) { s[b>>6] |= 1 << (b & 63) }

func (s *set) addAll(other *set) {
	for i := range s {
		s[i] |= other[i]
	}
}

func (s *set) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

func (s *set) addIf(in func(byte) bool) {
	for b := range 256 {
		if in(byte(b)) {
			s.add(byte(b))
		}
	}
}

// anyByte is ".": everything but NUL, newlines included.
var anyByte = func() *set {
	s := new(set)
	s.add(0)
	s.invert()
	return s
}()

// bracket reads a bracket expression after its "[".
//
// A "-" is itself only when it comes first, last, or as a range's end; after
// a range or a class it must be last. So "[a-c-e]" and "[[:w:]-a]" are errors.
func (p *parser) bracket() (*set, error) {
	var (
		out      = new(set)
		negated  = p.accept('^')
		first    = true
		start    byte // the last single character, which may begin a range
		hasStart bool
	)
	single := func(b byte) {
		out.add(b)
		start, hasStart, first = b, true, false
	}
	if p.accept('-') {
		single('-')
	}
	for {
		if p.at(']') && !first {
			p.pos++
			if negated {
				out.invert()
			}
			return out, nil
		}
		if p.at('-') && !first {
			p.pos++
			if p.at(']') {
				single('-')
				continue
			}
			if !hasStart {
				return nil, ErrSyntax
			}
			end, err := p.rangeEnd()
			if err != nil {
				return nil, err
			}
			// libstdc++ compares chars, which are signed on x86.
			if int8(start) > int8(end) {
				return nil, ErrSyntax
			}
			for b := int(int8(start)); b <= int(int8(end)); b++ {
				out.add(byte(b))
			}
			hasStart = false
			continue
		}
		item, err := p.bracketItem()
		if err != nil {
			return nil, err
		}
		first = false
		if item.class != nil {
			out.addIf(item.class)
			hasStart = false
		} else {
			single(item.char)
		}
	}
}

// rangeEnd reads what follows the "-" of a range: a plain character or "-",
// not a class or a collating symbol.
func (p *parser) rangeEnd() (byte, error) {
	item, err := p.bracketItem()
	if err != nil || item.class != nil || item.named {
		return 0, ErrSyntax
	}
	return item.char, nil
}

// A bracketItem is one character, or a test for a class of characters.
type bracketItem struct {
	char  byte
	named bool // written as [.name.]
	class func(byte) bool
}

func (p *parser) bracketItem() (bracketItem, error) {
	if !p.more() {
		return bracketItem{}, ErrSyntax
	}
	c := p.text[p.pos]
	p.pos++
	if c != '[' || !p.more() || strings.IndexByte(".:=", p.text[p.pos]) < 0 {
		return bracketItem{char: c}, nil
	}
	delimiter := p.text[p.pos]
	p.pos++
	// The name goes up to the next delimiter, which "]" must follow.
	length := strings.IndexByte(p.text[p.pos:], delimiter)
	if length < 0 {
		return bracketItem{}, ErrSyntax
	}
	name := p.text[p.pos : p.pos+length]
	p.pos += length + 1
	if !p.accept(']') {
		return bracketItem{}, ErrSyntax
	}
	switch delimiter {
	case ':':
		class, ok := classes()[lower(name)]
		if !ok {
			return bracketItem{}, ErrSyntax
		}
		return bracketItem{class: class}, nil
	case '.':
		char, ok := collatingElement(name)
		if !ok {
			return bracketItem{}, ErrSyntax
		}
		return bracketItem{char: char, named: true}, nil
	default: // an equivalence class ignores case
		char, ok := collatingElement(name)
		if !ok {
			return bracketItem{}, ErrSyntax
		}
		return bracketItem{class: func(b byte) bool { return lowerByte(b) == lowerByte(char) }}, nil
	}
}

func lowerByte(b byte) byte {
	if isUpper(b) {
		return b + 'a' - 'A'
	}
	return b
}

// lower is strings.ToLower for ASCII: class names may be written in capitals.
func lower(s string) string {
	out := []byte(s)
	for i, b := range out {
		out[i] = lowerByte(b)
	}
	return string(out)
}

func between(low, high byte) func(byte) bool {
	return func(b byte) bool { return low <= b && b <= high }
}

func either(tests ...func(byte) bool) func(byte) bool {
	return func(b byte) bool {
		for _, test := range tests {
			if test(b) {
				return true
			}
		}
		return false
	}
}

func oneOf(chars string) func(byte) bool {
	return func(b byte) bool { return strings.IndexByte(chars, b) >= 0 }
}

var (
	isUpper = between('A', 'Z')
	isLower = between('a', 'z')
	isDigit = between('0', '9')
	isAlpha = either(isUpper, isLower)
	isAlnum = either(isAlpha, isDigit)
	isSpace = oneOf(" \t\n\v\f\r")
	isGraph = between('!', '~')
)

// classes are the character classes of the C locale; d, s and w are extensions
// of libstdc++.
var classes = sync.OnceValue(func() map[string]func(byte) bool {
	return map[string]func(byte) bool{
		"alnum":  isAlnum,
		"alpha":  isAlpha,
		"blank":  oneOf(" \t"),
		"cntrl":  either(between(0, 31), oneOf("\x7f")),
		"d":      isDigit,
		"digit":  isDigit,
		"graph":  isGraph,
		"lower":  isLower,
		"print":  between(' ', '~'),
		"punct":  func(b byte) bool { return isGraph(b) && !isAlnum(b) },
		"s":      isSpace,
		"space":  isSpace,
		"upper":  isUpper,
		"w":      either(isAlnum, oneOf("_")),
		"xdigit": either(isDigit, between('a', 'f'), between('A', 'F')),
	}
})

// collatingElement gives the character a name of the POSIX portable character
// set stands for. Letters are their own names, other characters are not.
func collatingElement(name string) (byte, bool) {
	if len(name) == 1 && isAlpha(name[0]) {
		return name[0], true
	}
	c, ok := collatingNames()[name]
	return c, ok
}

var collatingNames = sync.OnceValue(func() map[string]byte {
	names := map[string]byte{"DEL": 127}
	runs := []struct {
		from  byte
		names string
	}{
		{0, "NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO SI"},
		{16, "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1"},
		{32, "space exclamation-mark quotation-mark number-sign dollar-sign percent-sign ampersand apostrophe"},
		{40, "left-parenthesis right-parenthesis asterisk plus-sign comma hyphen period slash"},
		{48, "zero one two three four five six seven eight nine"},
		{58, "colon semicolon less-than-sign equals-sign greater-than-sign question-mark commercial-at"},
		{91, "left-square-bracket backslash right-square-bracket circumflex underscore grave-accent"},
		{123, "left-curly-bracket vertical-line right-curly-bracket tilde"},
	}
	for _, run := range runs {
		for i, name := range strings.Fields(run.names) {
			names[name] = run.from + byte(i)
		}
	}
	return names
})
