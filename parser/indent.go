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
	from := len(buf)
	for i := 0; i < len(text); {
		if s.inLine {
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				buf = append(buf, text[i:]...)
				break
			}
			buf = append(buf, text[i:i+end+1]...)
			i += end + 1
			s.inLine = false
			continue
		}
		switch c := text[i]; c {
		case ' ':
			if s.dropped >= s.indent {
				buf = append(buf, ' ')
			}
			s.dropped++
		case '\n':
			s.dropped = 0
			buf = append(buf, '\n')
		default:
			s.inLine, s.dropped = true, 0
			buf = append(buf, c)
		}
		i++
	}
	if last {
		end := len(buf)
		for end > from && buf[end-1] == ' ' {
			end--
		}
		if end > from && buf[end-1] == '\n' {
			buf = buf[:end]
		}
	}
	return buf
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
