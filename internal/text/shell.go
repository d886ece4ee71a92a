package text

import "strings"

// ShellWord writes a word of a command line as a shell takes it, quoted where it
// has to be.
func ShellWord(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n'\"\\$`&|;<>()*?[]{}#~!") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
