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
loop:
	for i < len(src) {
		c := src[i]
		switch c {
		case '"':
			break loop
		case '\\':
			if i+1 == len(src) {
				i++
				break loop
			}
			buf = append(buf, unescape(src[i+1]))
			p.checkNUL(i + 1)
			i += 2
		case '$':
			// A dollar takes the next character with it, so `$${` is text.
			switch p.at(i + 1) {
			case '{':
				break loop
			case '"', '\\', '\r', 0:
				buf = append(buf, '$')
				i++
			default:
				buf = append(buf, '$', src[i+1])
				i += 2
			}
		case '\r':
			buf = append(buf, '\n')
			i++
			if p.at(i) == '\n' {
				i++
			}
		case 0:
			p.checkNUL(i)
			i++
		default:
			j := i
			for j < len(src) && class[src[j]]&endsText == 0 {
				j++
			}
			buf = append(buf, src[i:j]...)
			i = j
		}
	}
	p.pos, p.buf = int32(i), buf
	return string(buf)
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
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
		switch c := src[i+3]; c {
		case 'n':
			return escape("\n", 4)
		case 'r':
			return escape("\r", 4)
		case 't':
			return escape("\t", 4)
		default:
			return escape(src[i+3:i+4], 4)
		}
	}
	return piece{}, false
}
