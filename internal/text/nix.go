package text

import "strings"

// QuoteNix writes a string as Nix prints it, which is also an expression for it.
func QuoteNix(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	WriteQuotedNix(&b, s)
	return b.String()
}

// QuotedNixSize is the length of what QuoteNix gives.
func QuotedNixSize(s string) int {
	size := len(s) + 2
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t', c == '$' && i+1 < len(s) && s[i+1] == '{':
			size++
		}
	}
	return size
}

// WriteQuotedNix writes what QuoteNix gives.
func WriteQuotedNix(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '$' && i+1 < len(s) && s[i+1] == '{':
			b.WriteString(`\$`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
