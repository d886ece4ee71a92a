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

// EnvironmentText is the text that a value has in the environment of a derivation:
// paths are those of their copies in the store. unknown is what is not known of
// it, nil when all is.
func (ev *Evaluator) EnvironmentText(v value.Value) (text string, unknown *value.Unknown, err error) {
	err = ev.catch(func() {
		s := coerce(ev.machine, ev.machine.Force(&v), coercion{more: true, copyPaths: true})
		if s.Kind() == value.String {
			text = s.Str()
			return
		}
		unknown = firstPart(s.Unknown())
	})
	return text, unknown, err
}

// firstPart is the first part of a text that is not known.
func firstPart(u *value.Unknown) *value.Unknown {
	for _, p := range u.Parts {
		if p.Kind() == value.UnknownValue {
			return firstPart(p.Unknown())
		}
	}
	return u
}
