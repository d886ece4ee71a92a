package text

import "strings"

// Style paints text with ANSI colours, or leaves it as it is. The zero value
// does not paint, and no output depends on colour to be understood.
type Style struct{ on bool }

// NewStyle returns a style that paints if color is set.
func NewStyle(color bool) Style { return Style{color} }

func (s Style) paint(code, text string) string {
	if !s.on || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) Bold(text string) string   { return s.paint("1", text) }
func (s Style) Dim(text string) string    { return s.paint("2", text) }
func (s Style) Red(text string) string    { return s.paint("1;31", text) }
func (s Style) Green(text string) string  { return s.paint("32", text) }
func (s Style) Yellow(text string) string { return s.paint("33", text) }
func (s Style) Cyan(text string) string   { return s.paint("36", text) }

// On reports whether the style paints.
func (s Style) On() bool { return s.on }
