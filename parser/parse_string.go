package parser

import "strings"

// longLine bounds the search for a line end in a string, which may hold other
// strings that are searched too.
const longLine = 1000

// quoted parses "…"; the current token is the opening quote.
func (p *parser) quoted() Expr {
	start := p.start
	base := len(p.parts)
	for {
		from := p.pos
		if text := p.quotedText(); text != "" {
			p.parts = append(p.parts, Part{Span: Span{from, p.pos}, Text: text})
		}
		if p.at(int(p.pos)) != '$' {
			break
		}
		p.interpolation("the string")
	}
	p.endString(start, 1)
	if p.newline(start, min(p.prevEnd, start+longLine)) {
		p.lines = Span{start, p.prevEnd}
	}
	s := p.mem.str.new()
	s.Span, s.Kind, s.Parts = Span{start, p.prevEnd}, Quoted, p.mem.parts.copy(p.parts[base:])
	p.parts = p.parts[:base]
	return s
}

// quotedText reads up to the closing quote, an interpolation or the end of the
// file.
func (p *parser) quotedText() string {
	src, i := p.src, int(p.pos)
	from := i
	for i < len(src) && class[src[i]]&endsText == 0 {
		i++
	}
	if i < len(src) && (src[i] == '"' || src[i] == '$' && p.at(i+1) == '{') {
		p.pos = int32(i)
		return src[from:i]
	}
	buf := append(p.buf[:0], src[from:i]...)
	for {
		text, n := quotedPiece(src, i)
		if n == 0 {
			break
		}
		p.checkNUL(i + n - 1)
		buf = append(buf, text...)
		i += n
	}
	p.pos, p.buf = int32(i), buf
	return string(buf)
}

// quotedPiece is the text that the n bytes at i stand for in "…": an escape, a
// line end, or a stretch that means itself. n is 0 at the closing quote, an
// interpolation, or the end of the source.
func quotedPiece(src string, i int) (text string, n int) {
	if i == len(src) {
		return "", 0
	}
	next := byte(0)
	if i+1 < len(src) {
		next = src[i+1]
	}
	switch src[i] {
	case '"':
		return "", 0
	case '\\':
		if i+1 == len(src) {
			return "", 1
		}
		return unescape(src[i+1 : i+2]), 2
	case '$':
		// A dollar takes the next character with it, so `$${` is text.
		switch next {
		case '{':
			return "", 0
		case '"', '\\', '\r', 0:
			return "$", 1
		}
		return src[i : i+2], 2
	case '\r':
		if next == '\n' {
			return "\n", 2
		}
		return "\n", 1
	case 0:
		return "", 1
	}
	j := i
	for j < len(src) && class[src[j]]&endsText == 0 {
		j++
	}
	return src[i:j], j - i
}

// unescape is what the character c means after a backslash.
func unescape(c string) string {
	switch c {
	case "n":
		return "\n"
	case "r":
		return "\r"
	case "t":
		return "\t"
	}
	return c
}

// checkNUL reports a zero byte in a string.
func (p *parser) checkNUL(i int) {
	if p.src[i] == 0 {
		p.report(idSyntax, Span{int32(i), int32(i) + 1}, "a string cannot contain a NUL byte")
	}
}

// interpolation parses `${ e }` in a string or path and appends it to p.parts.
// The lexer then stands after the brace, for the caller to go on in its mode.
func (p *parser) interpolation(where string) {
	open := Span{p.pos, p.pos + 2}
	p.start, p.end, p.pos = open.Start, open.End, open.End
	p.next()
	p.open(tRBrace)
	e := p.expr()
	p.awaited[tRBrace]--
	if p.kind != tRBrace {
		p.relate(p.expected("'}' to close the interpolation in "+where), open, "opened here")
		p.toBrace(false)
	}
	if p.kind == tRBrace {
		p.recovering = false
	}
	p.parts = append(p.parts, Part{Span: Span{open.Start, p.end}, Expr: e})
}

// toBrace skips to the brace that ends an interpolation, without reading past
// it. It stops at a `;` as well, and at the `=` after an attribute name, which
// shows that the brace was forgotten.
func (p *parser) toBrace(name bool) {
	p.skipped = true
	for depth := 0; p.kind != tEOF; {
		switch p.kind {
		case tRBrace:
			if depth == 0 {
				return
			}
			depth--
		case tLBrace, tDollarCurly:
			depth++
		case tQuote, tIndQuote:
			p.simple()
			continue
		case tSemi:
			if depth == 0 {
				return
			}
		case tAssign:
			if depth == 0 && name {
				p.recovering = false
				return
			}
		}
		p.next()
	}
}

// endString reads the closing quote of n bytes at p.pos, or reports that there
// is none.
func (p *parser) endString(opened, n int32) {
	if int(p.pos) == len(p.src) {
		if !p.skipped {
			p.fail(Span{opened, opened + n}, "the string is not closed").Help = "add " + p.src[opened:opened+n] + " where it ends"
		}
		p.recovering = true
		n = 0
	}
	p.end = p.pos + n
	p.pos = p.end
	p.next()
}

// piece is what the lexer of Nix would deliver inside an indented string: text, an escape, or
// an interpolation.
type piece struct {
	Span
	text string
	raw  bool // plain text: its leading spaces are indentation
	expr Expr
}

// indented parses an indented string; the current token is the opening quotes.
func (p *parser) indented() Expr {
	start := p.start
	base, partsBase := len(p.pieces), len(p.parts)
	for {
		if p.at(int(p.pos)) == '$' && p.at(int(p.pos)+1) == '{' {
			p.interpolation("the string")
			last := p.parts[len(p.parts)-1]
			p.parts = p.parts[:len(p.parts)-1]
			p.pieces = append(p.pieces, piece{Span: last.Span, expr: last.Expr})
			continue
		}
		piece, ok := nextPiece(p.src, int(p.pos))
		if !ok {
			break
		}
		if strings.IndexByte(piece.text, 0) >= 0 {
			p.checkNUL(int(piece.Start) + strings.IndexByte(p.src[piece.Start:], 0))
		}
		p.pieces = append(p.pieces, piece)
		p.pos = piece.End
	}
	p.endString(start, 2)
	s := p.mem.str.new()
	s.Span, s.Kind = Span{start, p.prevEnd}, Indented
	p.strip(p.pieces[base:])
	s.Parts = p.mem.parts.copy(p.parts[partsBase:])
	p.pieces, p.parts = p.pieces[:base], p.parts[:partsBase]
	return s
}

// nextPiece reads text or an escape at i; it returns false at the closing
// quotes, an interpolation, or the end of the source.
func nextPiece(src string, i int) (piece, bool) {
	at := func(i int) byte {
		if i < len(src) {
			return src[i]
		}
		return 0
	}
	j := i
text:
	for j < len(src) {
		switch src[j] {
		case '$':
			// As in "…", a dollar takes the next character with it.
			if c := at(j + 1); c == '{' || c == '\'' || j+1 == len(src) {
				break text
			}
			j += 2
		case '\'':
			if c := at(j + 1); c == '$' || c == '\'' || j+1 == len(src) {
				break text
			}
			j += 2
		default:
			j++
		}
	}
	if j > i {
		return piece{Span: Span{int32(i), int32(j)}, text: src[i:j], raw: true}, true
	}
	escape := func(text string, n int) (piece, bool) {
		return piece{Span: Span{int32(i), int32(i + n)}, text: text}, true
	}
	switch {
	case i == len(src):
	case src[i] == '$' && at(i+1) != '{':
		return escape("$", 1)
	case src[i] == '\'' && at(i+1) != '\'':
		return escape("'", 1)
	case src[i] == '\'' && at(i+2) == '$':
		return escape("$", 3)
	case src[i] == '\'' && at(i+2) == '\'':
		return escape("''", 3)
	case src[i] == '\'' && at(i+2) == '\\' && i+3 < len(src):
		return escape(unescape(src[i+3:i+4]), 4)
	}
	return piece{}, false
}
