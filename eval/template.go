package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// Template is the text of a value as [Evaluator.Text] has it, with hole in the
// place of each part that is not known. complete is false if there is one.
func (ev *Evaluator) Template(v value.Value, hole string) (text string, complete bool, err error) {
	err = ev.catch(func() {
		s := coerce(ev.machine, ev.machine.Force(&v), coercion{more: true})
		var b strings.Builder
		complete = writeKnown(&b, s, func(*value.Unknown) string { return hole })
		text = b.String()
	})
	return text, complete, err
}

// writeKnown writes the text of a string, or what is known of a partly unknown
// one, and reports whether all of it is known.
func writeKnown(b *strings.Builder, v value.Value, hole func(*value.Unknown) string) bool {
	switch {
	case v.Kind() == value.String:
		b.WriteString(v.Str())
		return true
	case v.Kind() != value.UnknownValue:
		return false
	case v.Unknown().Parts == nil:
		b.WriteString(hole(v.Unknown()))
		return false
	}
	for _, p := range v.Unknown().Parts {
		writeKnown(b, p, hole)
	}
	return false
}
