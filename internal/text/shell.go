package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ShellWord writes a word of a command line as a shell takes it, quoted where it
// has to be. Newlines and what [Printable] does not let through are written with $'…',
// which bash and zsh know, so that a line can be shown as it is and still means the
// word.
func ShellWord(word string) string {
	if strings.Contains(word, "\n") || strings.ContainsFunc(word, needsEscape) || !utf8.ValidString(word) {
		return ansiWord(word)
	}
	if word == "" || strings.ContainsAny(word, " \t'\"\\$`&|;<>()*?[]{}#~!") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// ShellLine is words as a command line for a shell.
func ShellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = ShellWord(word)
	}
	return strings.Join(quoted, " ")
}

// ansiWord quotes a word as $'…', where every byte can be named.
func ansiWord(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i, r := range word {
		switch size := utf8.RuneLen(r); {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && !strings.HasPrefix(word[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\%03o`, word[i])
		case needsEscape(r):
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString("'")
	return b.String()
}
