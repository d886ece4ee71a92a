package shell

import (
	"errors"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// mistakes are the errors of the parser that bash makes as well, and what they
// mean. Of the others bash may accept what the parser does not: it expands some
// constructs only when it runs them, and tells `$((` from `$( (` by trying.
var mistakes = []struct {
	pattern *regexp.Regexp
	message string // $1, $2: what the pattern captured
}{
	{regexp.MustCompile("^reached `?EOF`? without closing quote `(.+)`$"), "this $1 is not closed"},
	{regexp.MustCompile("^reached `?EOF`? without matching `(\\(|\\{|\\$\\()` with `(.+)`$"), "this $1 has no $2"},
	{regexp.MustCompile("^reached `(\\)|\\}|;;|fi|done|esac)` without matching `(\\(|\\{|\\$\\()` with `(.+)`$"), "this $2 has no $3"},
	{regexp.MustCompile("^`(if|elif|while|until|for|select|case|then|else)` statement must end with `(fi|done|esac)`$"), "this $1 has no $2"},
	{regexp.MustCompile("^`(if|elif) <cond>` must be followed by `then`$"), "this $1 has no then"},
	{regexp.MustCompile("^`(while|until) <cond>` must be followed by `do`$"), "this $1 has no do"},
	{regexp.MustCompile("^`(for|select) [^`]*` must be followed by `do`$"), "this $1 has no do"},
	{regexp.MustCompile("^`(case) [^`]*` must be followed by `in`$"), "this $1 has no in"},
	{regexp.MustCompile("^`(if|elif|while|until|then|else|do|&&|\\|\\||\\||\\|&)` must be followed by a statement(?: list)?$"), "a command is missing after this $1"},
	{regexp.MustCompile("^`(>|>>|<|>&|<&|<<<|&>|&>>)` must be followed by a word$"), "a file is missing after this $1"},
	{regexp.MustCompile("^`(then|elif|else|fi)` can only be used (?:in|to end) an `if`$"), "this $1 belongs to no if"},
	{regexp.MustCompile("^`(do|done)` can only be used (?:in|to end) a loop$"), "this $1 belongs to no loop"},
	{regexp.MustCompile("^`(esac)` can only be used to end a `case`$"), "this $1 belongs to no case"},
	{regexp.MustCompile("^`(;;)` can only be used in a case clause$"), "this $1 belongs to no case"},
	{regexp.MustCompile("^`(\\})` can only be used to close a block$"), "this $1 closes nothing"},
	{regexp.MustCompile("^`(\\))` can only be used to close a subshell$"), "this $1 closes nothing"},
	{regexp.MustCompile("^`(;|&|&&|\\|\\||\\||\\|&)` can only immediately follow a statement$"), "a command is missing before this $1"},
	{regexp.MustCompile("^a command can only contain words and redirects; encountered `(\\(|\\))`$"), "bash does not expect $1 here; in a word it is quoted"},
}

// unreadable notes that the script was read in part only, and why, if that is
// surely a mistake.
func (a *analyzer) unreadable(err error) {
	var parse syntax.ParseError
	at := len(a.text)
	if errors.As(err, &parse) {
		at = min(int(parse.Pos.Offset()), len(a.text))
		if unknown := strings.Index(a.text, Unknown); unknown < 0 || at < unknown && !parse.Incomplete {
			a.result.Error = explain(parse, at)
		}
	} else {
		at = 0
	}
	a.opaque(OpaqueText, Range{at, len(a.text)})
}

func explain(err syntax.ParseError, at int) *SyntaxError {
	for _, m := range mistakes {
		groups := m.pattern.FindStringSubmatchIndex(err.Text)
		if groups == nil {
			continue
		}
		message := string(m.pattern.ExpandString(nil, m.message, err.Text, groups))
		length := 1
		if groups[2] >= 0 {
			length = groups[3] - groups[2]
		}
		return &SyntaxError{Range{at, at + length}, message}
	}
	return nil
}
