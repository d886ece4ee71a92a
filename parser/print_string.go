package parser

import "strings"

func (p *printer) str(e *String) {
	switch e.Kind {
	case URI:
		// Commas, dots and the like would be read as part of a URI, so it needs
		// a space after it wherever it stands; parentheses are the plainest.
		p.write("(" + e.Parts[0].Text + ")")
	case Indented:
		p.indented(e)
	default:
		p.write(`"`)
		for i, part := range e.Parts {
			if part.Expr != nil {
				p.interpolation(part.Expr)
				continue
			}
			text := quoteText(part.Text, i+1 < len(e.Parts))
			p.write(text[1 : len(text)-1])
		}
		p.write(`"`)
	}
}

// quoteText writes text as "…". A dollar is escaped where what follows could
// make it the start of an interpolation, which may be the next part.
func quoteText(text string, more bool) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '$':
			if i+1 < len(text) && (text[i+1] == '{' || text[i+1] == '$') || i+1 == len(text) && more {
				b.WriteByte('\\')
			}
			b.WriteByte('$')
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (p *printer) path(e *Path) {
	for _, part := range e.Parts {
		switch {
		case part.Expr != nil:
			p.interpolation(part.Expr)
		case e.Kind == SearchPath:
			p.write("<" + part.Text + ">")
		default:
			p.write(part.Text)
		}
	}
}

// indented writes an indented string. One with line ends starts on a line of its own,
// its lines indented by p.indent+2; what the parser would take for indentation
// or drop is escaped.
func (p *printer) indented(e *String) {
	lines := splitLines(e.Parts)
	p.write("''")
	if len(lines) == 1 {
		p.indentedLine(lines[0], strings.HasPrefix(lines[0].leading(), " "), true)
		p.write("''")
		return
	}
	if p.flat {
		p.over = true
		return
	}
	// Every line gets the same indentation, so the text is right when the line
	// with the least begins with it. When none does, escape a leading space.
	anchored := false
	for i, l := range lines {
		if !l.blank(i == len(lines)-1) && !strings.HasPrefix(l.leading(), " ") {
			anchored = true
		}
	}
	p.indent += 2
	for i, l := range lines {
		last := i == len(lines)-1
		if last && l.empty() {
			p.indent -= 2
			p.newline()
			p.indent += 2
			break
		}
		if l.empty() {
			p.buf = append(p.buf, '\n')
			continue
		}
		p.newline()
		escape := last && l.blank(false)
		if !anchored && strings.HasPrefix(l.leading(), " ") {
			escape, anchored = true, true
		}
		p.indentedLine(l, escape, last)
	}
	p.indent -= 2
	p.write("''")
}

// line is a line of an indented string: text and interpolations.
type line []Part

func splitLines(parts []Part) []line {
	lines := []line{nil}
	for _, part := range parts {
		if part.Expr != nil {
			lines[len(lines)-1] = append(lines[len(lines)-1], part)
			continue
		}
		for i, text := range strings.Split(part.Text, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			if text != "" {
				lines[len(lines)-1] = append(lines[len(lines)-1], Part{Text: text})
			}
		}
	}
	return lines
}

func (l line) empty() bool { return len(l) == 0 }

// leading is the text the line starts with.
func (l line) leading() string {
	if len(l) == 0 {
		return ""
	}
	return l[0].Text
}

// blank reports whether the line, when not the last, has no say in the
// indentation: nothing but spaces.
func (l line) blank(last bool) bool {
	if len(l) == 0 {
		return true
	}
	return !last && len(l) == 1 && l[0].Expr == nil && strings.Trim(l[0].Text, " ") == ""
}

// indentedLine writes one line, its first space escaped if asked.
func (p *printer) indentedLine(l line, escapeSpace, last bool) {
	for i, part := range l {
		if part.Expr != nil {
			p.interpolation(part.Expr)
			continue
		}
		text := part.Text
		if i == 0 && escapeSpace {
			p.write(`''\ `)
			text = text[1:]
		}
		p.write(escapeIndented(text, last && i == len(l)-1, i+1 < len(l)))
	}
}

// escapeIndented writes text for use in an indented string. end says that the closing quotes
// follow, more that an interpolation does.
func escapeIndented(text string, end, more bool) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		next := byte('\n')
		if i+1 < len(text) {
			next = text[i+1]
		} else if end {
			next = '\''
		} else if more {
			next = '$'
		}
		switch c := text[i]; c {
		case '$':
			if next == '{' || next == '$' || next == '\'' {
				b.WriteString("''$")
			} else {
				b.WriteByte('$')
			}
		case '\'':
			// Not before anything that may be written as an escape.
			if next == '\'' || next == '$' || next == '\r' {
				b.WriteString(`''\'`)
			} else {
				b.WriteByte('\'')
			}
		case '\r':
			b.WriteString(`''\r`)
		case '\t':
			b.WriteByte('\t')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
