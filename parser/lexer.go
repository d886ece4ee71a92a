package parser

// lexer splits a source into tokens, one at a time and only when the parser
// asks: inside strings and paths other rules hold, and only the parser knows
// where those end. Rules are those of Nix: the longest match wins, and of
// equally long ones a keyword.
type lexer struct {
	src        string
	pos        int32 // the first byte not read yet
	kind       kind  // the current token and the bytes it covers
	start, end int32
	prevEnd    int32 // where the token before the current one ends
	runEnd     int32 // no path or URI starts before this offset

	// every is called each tokensPerCall tokens, unless it is nil; wait are those until then.
	every func()
	wait  int
}

const tokensPerCall = 1 << 12

func (l *lexer) tokensRead() {
	if l.wait = tokensPerCall; l.every != nil {
		l.every()
	}
}

// Character classes.
const (
	isIdent   = 1 << iota // may continue an identifier
	isPath                // may stand between the slashes of a path
	isURI                 // may stand after the colon of a URI
	isSpace               // between tokens
	isLetter              // a-z A-Z
	endsText              // needs a closer look inside "…"
	isScheme              // may stand before the colon of a URI
	isSpecial             // '.', '+', '/' or ':': a name before it may be a path or URI
)

var class = func() (t [256]uint8) {
	set := func(chars string, bits uint8) {
		for i := range len(chars) {
			t[chars[i]] |= bits
		}
	}
	for c := 'a'; c <= 'z'; c++ {
		set(string(c)+string(c-'a'+'A'), isLetter|isIdent|isPath|isURI|isScheme)
	}
	set("0123456789", isIdent|isPath|isURI|isScheme)
	set("_'-", isIdent)
	set("._-+", isPath)
	set(".+-", isScheme)
	set("%/?:@&=+$,-_.!~*'", isURI)
	set(" \t\r\n", isSpace)
	set("\"\\$\r\x00", endsText)
	set(".+/:", isSpecial)
	return t
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// at is the byte at i, or 0 after the end.
func (l *lexer) at(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

// next reads the next token in the ordinary mode.
func (l *lexer) next() {
	if l.wait--; l.wait < 0 {
		l.tokensRead()
	}
	l.prevEnd = l.end
	src, i := l.src, int(l.pos)
	for i < len(src) {
		c := src[i]
		if class[c]&isSpace != 0 {
			i++
		} else if c == '#' {
			for i++; i < len(src) && src[i] != '\n' && src[i] != '\r'; i++ {
			}
		} else if c == '/' && l.at(i+1) == '*' {
			end := commentEnd(src, i)
			if end < 0 {
				l.set(tIllegal, i, len(src))
				return
			}
			i = end
		} else {
			l.token(i, c)
			return
		}
	}
	l.set(tEOF, len(src), len(src))
}

// commentEnd is the offset after the comment that starts at i, or -1.
func commentEnd(src string, i int) int {
	for j := i + 2; j+1 < len(src); j++ {
		if src[j] == '*' && src[j+1] == '/' {
			return j + 2
		}
	}
	return -1
}

func (l *lexer) set(k kind, start, end int) {
	l.kind, l.start, l.end, l.pos = k, int32(start), int32(end), int32(end)
}

// single holds the tokens of one byte that start no longer one.
var single = [256]kind{
	'{': tLBrace, '}': tRBrace, '(': tLParen, ')': tRParen, '[': tLBracket,
	']': tRBracket, ';': tSemi, ':': tColon, ',': tComma, '@': tAt, '?': tQuestion,
	'*': tStar, '"': tQuote,
}

// token reads the token that starts at i with c.
func (l *lexer) token(i int, c byte) {
	if k := single[c]; k != tEOF {
		l.set(k, i, i+1)
		return
	}
	if class[c]&isLetter != 0 || c == '_' {
		l.ident(i)
		return
	}
	switch c {
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if !l.pathOrURI(i) {
			l.number(i)
		}
	case '.':
		switch {
		case l.pathOrURI(i):
		case isDigit(l.at(i + 1)):
			l.number(i)
		case l.at(i+1) == '.' && l.at(i+2) == '.':
			l.set(tEllipsis, i, i+3)
		default:
			l.set(tDot, i, i+1)
		}
	case '+':
		if !l.pathOrURI(i) {
			l.oneOrTwo(i, tPlus, '+', tConcat)
		}
	case '-':
		if !l.pathOrURI(i) {
			l.oneOrTwo(i, tMinus, '>', tImpl)
		}
	case '/':
		if !l.pathOrURI(i) {
			l.oneOrTwo(i, tSlash, '/', tUpdate)
		}
	case '=':
		l.oneOrTwo(i, tAssign, '=', tEq)
	case '!':
		l.oneOrTwo(i, tNot, '=', tNe)
	case '>':
		l.oneOrTwo(i, tGt, '=', tGe)
	case '&':
		l.oneOrTwo(i, tIllegal, '&', tAnd)
	case '|':
		if l.at(i+1) == '>' {
			l.set(tPipeRight, i, i+2)
			return
		}
		l.oneOrTwo(i, tIllegal, '|', tOrOr)
	case '<':
		if end := l.searchPathEnd(i); end > 0 {
			l.set(tSearchPath, i, end)
		} else if l.at(i+1) == '|' {
			l.set(tPipeLeft, i, i+2)
		} else {
			l.oneOrTwo(i, tLt, '=', tLe)
		}
	case '$':
		l.oneOrTwo(i, tIllegal, '{', tDollarCurly)
	case '\'':
		if l.at(i+1) != '\'' {
			l.set(tIllegal, i, i+1)
			return
		}
		l.set(tIndQuote, i, indQuoteEnd(l.src, i))
	case '~':
		if l.at(i+1) == '/' && l.segment(i+1) {
			l.set(tHomePath, i, l.pathEnd(i+1))
		} else {
			l.set(tIllegal, i, i+1)
		}
	default:
		end := i + 1
		for c >= 0x80 && end < len(l.src) && l.src[end]&0xC0 == 0x80 {
			end++ // the rest of a UTF-8 sequence, so that messages show it whole
		}
		l.set(tIllegal, i, end)
	}
}

// oneOrTwo is the token `two` when the byte after i is second, else `one`.
func (l *lexer) oneOrTwo(i int, one kind, second byte, two kind) {
	if l.at(i+1) == second {
		l.set(two, i, i+2)
	} else {
		l.set(one, i, i+1)
	}
}

// indQuoteEnd is the end of the opening quotes at i: a first line of only spaces
// belongs to them.
func indQuoteEnd(src string, i int) int {
	end := i + 2
	for end < len(src) && src[end] == ' ' {
		end++
	}
	if end < len(src) && src[end] == '\n' {
		return end + 1
	}
	return i + 2
}

func (l *lexer) ident(i int) {
	src := l.src
	end := i + 1
	for end < len(src) && class[src[end]]&isIdent != 0 {
		end++
	}
	if end < len(src) && class[src[end]]&isSpecial != 0 && l.pathOrURI(i) {
		return
	}
	k := tIdent
	if end-i <= len("inherit") {
		k = keyword(src[i:end])
	}
	l.set(k, i, end)
}

// pathOrURI reads a path or URI starting at i, if there is one. Paths begin
// with any of the characters of a name or number, so `a/b` is one while `a / b`
// divides.
func (l *lexer) pathOrURI(i int) bool {
	if i < int(l.runEnd) {
		return false
	}
	src, j := l.src, i
	scheme := class[src[i]]&isLetter != 0
	for j < len(src) && class[src[j]]&isPath != 0 {
		scheme = scheme && class[src[j]]&isScheme != 0
		j++
	}
	if j < len(src) {
		switch src[j] {
		case '/':
			if l.segment(j) {
				l.set(tPath, i, l.pathEnd(j))
				return true
			}
		case ':':
			if !scheme || class[l.at(j+1)]&isURI == 0 {
				return false // a name later in this run may still be a scheme
			}
			for j++; j < len(src) && class[src[j]]&isURI != 0; j++ {
			}
			l.set(tURI, i, j)
			return true
		}
	}
	l.runEnd = int32(j)
	return false
}

// segment reports whether the slash at i continues a path: a path character or
// an interpolation follows it.
func (l *lexer) segment(i int) bool {
	c := l.at(i + 1)
	return class[c]&isPath != 0 || c == '$' && l.at(i+2) == '{'
}

// pathEnd is the end of the literal piece whose first slash is at i; one
// trailing slash belongs to it.
func (l *lexer) pathEnd(i int) int {
	for l.at(i) == '/' && class[l.at(i+1)]&isPath != 0 {
		for i++; class[l.at(i)]&isPath != 0; i++ {
		}
	}
	if l.at(i) == '/' {
		i++
	}
	return i
}

// searchPathEnd is the end of `<nixpkgs/lib>` starting at i, or 0.
func (l *lexer) searchPathEnd(i int) int {
	for {
		segment := i + 1
		for i = segment; class[l.at(i)]&isPath != 0; i++ {
		}
		switch {
		case i == segment:
			return 0
		case l.at(i) == '>':
			return i + 1
		case l.at(i) != '/':
			return 0
		}
	}
}

// number reads an integer or a float at i. A float needs a digit other than 0
// before its dot (`1.`), or digits after it (`.5`, `0.5`): `1e3` is `1 e3`.
func (l *lexer) number(i int) {
	j := i
	for isDigit(l.at(j)) {
		j++
	}
	whole := l.src[i:j]
	if l.at(j) != '.' || whole != "" && whole[0] == '0' && (whole != "0" || !isDigit(l.at(j+1))) {
		l.set(tInt, i, j)
		return
	}
	for j++; isDigit(l.at(j)); j++ {
	}
	if e := l.at(j); e == 'e' || e == 'E' {
		k := j + 1
		if s := l.at(k); s == '+' || s == '-' {
			k++
		}
		if isDigit(l.at(k)) {
			for j = k; isDigit(l.at(j)); j++ {
			}
		}
	}
	l.set(tFloat, i, j)
}
