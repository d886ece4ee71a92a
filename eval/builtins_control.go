package eval

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/text"
)

func controlPrims() []value.Prim {
	return []value.Prim{
		{Name: "abort", Arity: 1, F1: primAbort},
		{Name: "addErrorContext", Arity: 2, F2: primAddErrorContext},
		{Name: "break", Arity: 1, F1: func(m *value.Machine, v value.Value) value.Value { return m.Force(&v) }},
		{Name: "deepSeq", Arity: 2, F2: primDeepSeq},
		{Name: "seq", Arity: 2, F2: primSeq},
		{Name: "throw", Arity: 1, F1: primThrow},
		{Name: "toString", Arity: 1, F1: primToString},
		{Name: "trace", Arity: 2, F2: primTrace},
		{Name: "traceVerbose", Arity: 2, F2: func(m *value.Machine, _, v value.Value) value.Value { return m.Force(&v) }},
		{Name: "tryEval", Arity: 1, F1: primTryEval},
		{Name: "warn", Arity: 2, F2: primWarn},
	}
}

// messageText is the text of throw and abort; unknown parts show as ${origin}.
func messageText(m *value.Machine, v value.Value) string {
	s := coerce(m, m.Force(&v), coercion{})
	text, _ := Known(s)
	return host(m).readable(beginning(text))
}

func primAbort(m *value.Machine, v value.Value) value.Value {
	fail(m, value.Abort, "evaluation aborted with the following error message: '%s'", messageText(m, v))
	return value.Value{}
}

func primThrow(m *value.Machine, v value.Value) value.Value {
	fail(m, value.Throw, "%s", messageText(m, v))
	return value.Value{}
}

// primAddErrorContext adds a line to the trace of errors that pass. The message
// is evaluated only then.
func primAddErrorContext(m *value.Machine, message, v value.Value) value.Value {
	m.EnterNoted(func() (text string, _ value.Span) {
		if err := m.Catch(func() { text = messageText(m, message) }); err != nil {
			text = "(the message of addErrorContext fails itself: " + err.Message + ")"
		}
		return text, value.Span{}
	})
	v = m.Force(&v)
	m.Leave()
	return v
}

func primSeq(m *value.Machine, a, b value.Value) value.Value {
	m.Force(&a)
	return m.Force(&b)
}

func primDeepSeq(m *value.Machine, a, b value.Value) value.Value {
	deepForce(m, m.Force(&a), map[value.Value]bool{})
	return m.Force(&b)
}

func primToString(m *value.Machine, v value.Value) value.Value {
	return coerce(m, m.Force(&v), coercion{more: true})
}

// say prints something for the user. The text is the program's, and must not drive
// the terminal; nor may a line of it begin with anything: GitHub Actions takes lines
// for commands that begin with "::", behind white space as well.
func say(m *value.Machine, about, said string) {
	lines := func(s string) string { return strings.ReplaceAll(text.Printable(s), "\n", "\n     | ") }
	out := host(m).opts.Stderr
	if len(said) < longText {
		fmt.Fprintln(out, about+lines(said))
		return
	}
	io.WriteString(out, about)
	for said != "" { // in pieces, each of which is made printable by itself
		n := min(len(said), longText)
		for n < len(said) && n > longText-utf8.UTFMax && !utf8.RuneStart(said[n]) {
			n--
		}
		m.Step(n / 64)
		io.WriteString(out, lines(said[:n]))
		said = said[n:]
	}
	fmt.Fprintln(out)
}

func primTrace(m *value.Machine, message, v value.Value) value.Value {
	message = m.Force(&message)
	shown := ""
	if message.Kind() == value.String {
		shown = message.Str()
	} else {
		shown = Print(m, message)
	}
	say(m, "trace: ", shown)
	return m.Force(&v)
}

func primWarn(m *value.Machine, message, v value.Value) value.Value {
	message = m.Force(&message)
	shown, ok := Known(message)
	if !ok && message.Kind() != value.UnknownValue {
		wrongType(m, message, "a string")
	}
	say(m, "evaluation warning: ", shown)
	return m.Force(&v)
}

// primTryEval catches throw and failed assertions. What an unknown would do is
// not known either.
func primTryEval(m *value.Machine, v value.Value) value.Value {
	var result value.Value
	err := m.Catch(func() { result = m.Force(&v) })
	success := value.True
	switch {
	case err == nil && result.Kind() == value.UnknownValue:
		success = undecided(result.Unknown(), "tryEval "+result.Unknown().Origin, result.Unknown().At)
	case err == nil:
	case err.Catchable():
		success, result = value.False, value.False
	default:
		panic(err)
	}
	list := m.AttrSlots(2)
	list[0] = value.Attr{Name: symSuccess, Value: success}
	list[1] = value.Attr{Name: symValue, Value: result}
	return value.NewAttrs(value.NewAttrsList(list))
}
