package eval

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// failAt ends the evaluation with an error at a place. Of long texts it says the
// beginning.
func failAt(m *value.Machine, kind value.ErrorKind, at value.Span, format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = beginning(s)
		}
	}
	m.Throw(&value.Error{Kind: kind, At: at, Message: fmt.Sprintf(format, args...)})
}

// fail is failAt for builtins: the place is that of the innermost call.
func fail(m *value.Machine, kind value.ErrorKind, format string, args ...any) {
	failAt(m, kind, value.Span{}, format, args...)
}

// beginning is a text for a message. The message is copied some times until it is
// shown, and a text may be as long as there is memory.
func beginning(s string) string {
	const most, remark = 1 << 20, 64
	if len(s) <= most+remark { // what was cut already stays
		return s
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%d bytes in all)", s[:n], len(s))
}

// here is the place of the innermost call, for what a builtin makes or decides.
func here(m *value.Machine) value.Span {
	return m.NearestSpan(func(s value.Span) bool { return s.Start != 0 })
}

// describe names a value's type with its article and, where short, the value.
func describe(v value.Value) string {
	switch v.Kind() {
	case value.Null:
		return "null"
	case value.Bool:
		return "a Boolean: " + strconv.FormatBool(v.Bool())
	case value.Int:
		return "an integer: " + strconv.FormatInt(v.Int(), 10)
	case value.Float:
		return "a float"
	case value.String:
		return "a string: " + quoteShort(v.Str())
	case value.Path:
		return "a path: " + beginning(v.Path())
	case value.List:
		return fmt.Sprintf("a list of %d elements", v.Len())
	case value.AttrSet:
		return "a set" + setNames(v.Attrs())
	case value.Lambda:
		return functionDescription(v.Closure().Fn)
	case value.PrimOp:
		return "the built-in function '" + v.Prim().Name + "'"
	case value.PrimOpApp:
		return "the partially applied built-in function '" + v.PrimApp().Prim.Name + "'"
	case value.UnknownValue:
		return "an unknown: " + v.Unknown().Origin
	default:
		return "an unevaluated value"
	}
}

func functionDescription(fn *value.Function) string {
	text := "a function"
	if fn.Name != "" {
		text = "the function '" + fn.Name + "'"
	}
	if at := fn.Span.Range(); at.Valid() {
		text += " (" + at.String() + ")"
	}
	return text
}

func setNames(a *value.Attrs) string {
	const most = 4
	var names []string
	for i, attr := range a.ByName() {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, beginning(attr.Name.String()))
	}
	if names == nil {
		return ": { }"
	}
	return " with the attributes " + strings.Join(names, ", ")
}

func quoteShort(s string) string {
	const longest = 60
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return strconv.Quote(strings.ToValidUTF8(s, "�"))
}

// excerpt is the source text of an expression on one line, shortened.
func excerpt(at value.Span) string {
	const longest = 72
	text := at.Range().Text()
	text = strings.Join(strings.Fields(text[:min(len(text), 8*longest)]), " ")
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest]) + "…"
	}
	return text
}

// nearest is the candidate a misspelt name most likely meant, or "".
func nearest(name string, candidates []string) string {
	const longest = 100 // bytes; longer names are not typed by hand
	best, bestDistance := "", len(name)/3+1
	for _, c := range candidates {
		if strings.HasPrefix(c, "__") || len(name) > longest || len(c) > longest {
			continue
		}
		if d := levenshtein.Distance(name, c, nil); d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// missing is the first formal, as they are written, that has no default and that args
// lacks; nil when there is none. fn.Formals are in the order of their symbols, which
// are numbered differently each time when several programs are evaluated at once.
func missing(fn *value.Function, args *value.Attrs) (first *value.Formal) {
	for i := range fn.Formals {
		f := &fn.Formals[i]
		if f.Default == nil && args.Get(f.Name) == nil && (first == nil || f.Slot < first.Slot) {
			first = f
		}
	}
	return first
}

// missingArgument is the error of a call without an argument that has no default.
func missingArgument(fn *value.Function, name string) *value.Error {
	e := &value.Error{Kind: value.MissingArgument,
		Message: functionName(fn) + " called without required argument '" + name + "'",
		Help:    "the function is defined at " + fn.Span.Range().String()}
	if strings.HasPrefix(fn.Span.Range().String(), "<hercules-ci-effects>/") {
		e.ID, e.Help = diag.IDArgument, "give the function a value for "+name
	}
	return e
}
