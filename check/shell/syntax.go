package shell

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// mistakes are the errors of the parser that bash makes as well, and what they
// mean. Of the others bash may accept what the parser does not: it expands some
// constructs only when it runs them, and tells `$((` from `$( (` by trying.
var mistakes = []mistake{
	{"^reached `?EOF`? without closing quote `(.+)`$", "this $1 is not closed"},
	{"^reached `?EOF`? without matching `(\\(|\\{|\\$\\()` with `(.+)`$", "this $1 has no $2"},
	{"^reached `(\\)|\\}|;;|fi|done|esac)` without matching `(\\(|\\{|\\$\\()` with `(.+)`$", "this $2 has no $3"},
	{"^`(if|elif|while|until|for|select|case|then|else)` statement must end with `(fi|done|esac)`$", "this $1 has no $2"},
	{"^`(if|elif) <cond>` must be followed by `then`$", "this $1 has no then"},
	{"^`(while|until) <cond>` must be followed by `do`$", "this $1 has no do"},
	{"^`(for|select) [^`]*` must be followed by `do`$", "this $1 has no do"},
	{"^`(case) [^`]*` must be followed by `in`$", "this $1 has no in"},
	{"^`(if|elif|while|until|then|else|do|&&|\\|\\||\\||\\|&)` must be followed by a statement(?: list)?$", "a command is missing after this $1"},
	{"^`(>|>>|<|>&|<&|<<<|&>|&>>)` must be followed by a word$", "a file is missing after this $1"},
	{"^`(then|elif|else|fi)` can only be used (?:in|to end) an `if`$", "this $1 belongs to no if"},
	{"^`(do|done)` can only be used (?:in|to end) a loop$", "this $1 belongs to no loop"},
	{"^`(esac)` can only be used to end a `case`$", "this $1 belongs to no case"},
	{"^`(;;)` can only be used in a case clause$", "this $1 belongs to no case"},
	{"^`(\\})` can only be used to close a block$", "this $1 closes nothing"},
	{"^`(\\))` can only be used to close a subshell$", "this $1 closes nothing"},
	{"^`(;|&|&&|\\|\\||\\||\\|&)` can only immediately follow a statement$", "a command is missing before this $1"},
	{"^a command can only contain words and redirects; encountered `(\\(|\\))`$", "bash does not expect $1 here; in a word it is quoted"},
}

// mistake is a message of the parser, as a regular expression, and what to say
// instead. $1 is the token it is about, $2 another one.
type mistake struct{ pattern, message string }

var mistakePatterns = sync.OnceValue(func() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(mistakes))
	for i, m := range mistakes {
		list[i] = regexp.MustCompile(m.pattern)
	}
	return list
})

// unreadable notes that the script was read in part only, and why, if that is
// surely a mistake.
func (a *analyzer) unreadable(err error) {
	var parse syntax.ParseError
	if !errors.As(err, &parse) {
		a.opaque(OpaqueText, Range{0, len(a.text)})
		return
	}
	at := min(int(parse.Pos.Offset()), len(a.text))
	if unknown := strings.Index(a.text, Unknown); unknown < 0 || at < unknown && !parse.Incomplete {
		a.result.Error = explain(parse, a.text, at)
	}
	a.opaque(OpaqueText, Range{at, len(a.text)})
}

func explain(err syntax.ParseError, text string, at int) *SyntaxError {
	if strings.Count(text[:at], "`")%2 == 1 {
		return nil // bash reads what stands between backquotes only when it runs it
	}
	for i, pattern := range mistakePatterns() {
		groups := pattern.FindStringSubmatchIndex(err.Text)
		if groups == nil {
			continue
		}
		token := err.Text[groups[2]:groups[3]]
		if !expected(token, text[:at]) {
			return nil
		}
		message := string(pattern.ExpandString(nil, mistakes[i].message, err.Text, groups))
		return &SyntaxError{Range{at, min(at+len(token), len(text))}, message}
	}
	return nil
}

// expected reports whether bash takes a token that stands after before as the
// parser does: a keyword only where a command begins, which is not so behind a
// redirection, and a parenthesis not in the assignments that eval takes.
func expected(token, before string) bool {
	switch {
	case token == "(":
		return !strings.HasSuffix(before, "=")
	case token == "<" || token == ">":
		return !strings.Contains(before, "[[") // there they compare
	case token != "{" && token != "}" && (token[0] < 'a' || token[0] > 'z'):
		return true
	}
	for _, word := range strings.Fields(before[strings.LastIndexAny(before, "\n;&|(`")+1:]) {
		switch word {
		case "if", "then", "elif", "else", "while", "until", "do", "done", "fi", "esac", "{", "}", ")", "!", "time":
		default:
			return false
		}
	}
	return true
}
