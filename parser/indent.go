package parser

import "strings"

// minIndent is the number of spaces every line of an indented string starts
// with. Lines of only spaces do not count; an interpolation or an escape ends
// the indentation of its line, and tabs are no indentation.
func minIndent(pieces []piece) int {
	const unlimited = 1_000_000
	least, current, atStart := unlimited, 0, true
	for i := range pieces {
		if !pieces[i].raw {
			if atStart {
				atStart = false
				least = min(least, current)
			}
			continue
		}
		text := pieces[i].text
		for j := 0; j < len(text); j++ {
			if !atStart {
				k := strings.IndexByte(text[j:], '\n')
				if k < 0 {
					break
				}
				j += k
				atStart, current = true, 0
				continue
			}
			switch text[j] {
			case ' ':
				current++
			case '\n':
				current = 0
			default:
				atStart = false
				least = min(least, current)
			}
		}
	}
	return least
}

// stripper removes the common indentation, piece by piece.
type stripper struct {
	indent  int
	inLine  bool // something other than indentation was seen in this line
	dropped int
}

// text appends a piece of text without its indentation to buf. The last piece
// also loses a last line of only spaces.
func (s *stripper) text(buf []byte, text string, last bool) []byte {
	if last {
		text = trimLast(text)
	}
	for i := 0; i < len(text); {
		var from int
		from, i = s.keep(text, i)
		buf = append(buf, text[from:i]...)
	}
	return buf
}

// keep is the next stretch of text from i on that stays: what is left of the
// line without its indentation, with the line end.
func (s *stripper) keep(text string, i int) (from, to int) {
	if !s.inLine {
		for i < len(text) && text[i] == ' ' && s.dropped < s.indent {
			s.dropped++
			i++
		}
	}
	if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
		s.inLine, s.dropped = false, 0
		return i, i + end + 1
	}
	if !s.inLine && strings.Trim(text[i:], " ") != "" {
		s.inLine, s.dropped = true, 0
	}
	return i, len(text)
}

// trimLast is the text that ends a string without a last line of only spaces.
func trimLast(text string) string {
	if trimmed := strings.TrimRight(text, " "); strings.HasSuffix(trimmed, "\n") {
		return trimmed
	}
	return text
}

func (s *stripper) expr() { s.inLine, s.dropped = true, 0 }

// strip appends the parts of an indented string to p.parts.
func (p *parser) strip(pieces []piece) {
	s := stripper{indent: minIndent(pieces)}
	for i := 0; i < len(pieces); {
		if pieces[i].expr != nil {
			s.expr()
			p.parts = append(p.parts, Part{Span: pieces[i].Span, Expr: pieces[i].expr})
			i++
			continue
		}
		buf := p.buf[:0]
		start := pieces[i].Start
		for ; i < len(pieces) && pieces[i].expr == nil; i++ {
			buf = s.text(buf, pieces[i].text, i == len(pieces)-1)
		}
		p.buf = buf
		if len(buf) > 0 {
			p.parts = append(p.parts, Part{Span: Span{start, pieces[i-1].End}, Text: string(buf)})
		}
	}
}
