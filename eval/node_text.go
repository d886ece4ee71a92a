package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// textNode is a string with interpolations.
type textNode struct {
	node
	parts []value.Code
}

func (n *textNode) Eval(m *value.Machine, env *value.Env) value.Value {
	var few [8]value.Value // most texts have few parts
	parts := few[:0]
	if len(n.parts) > len(few) {
		parts = make([]value.Value, 0, len(n.parts))
	}
	size, plain := 0, true
	for _, c := range n.parts {
		v := c.Eval(m, env)
		if v.Kind() != value.String {
			v = interpolate(m, v, c.At())
		}
		if plainText(v) {
			size += len(v.Str())
		} else {
			plain = false
		}
		parts = append(parts, v)
	}
	if plain {
		return joinPlain(m, parts, size)
	}
	var b textBuilder
	for _, v := range parts {
		b.add(m, v)
	}
	return b.value(n.At())
}

// plainText reports whether v is a string without context.
func plainText(v value.Value) bool { return v.Kind() == value.String && v.Context() == nil }

// joinPlain joins strings without context, of size bytes in all.
func joinPlain(m *value.Machine, parts []value.Value, size int) value.Value {
	m.FitText(size)
	m.Charge(int64(size))
	var b strings.Builder
	b.Grow(size)
	for _, v := range parts {
		b.WriteString(v.Str())
	}
	return value.NewString(b.String())
}
func (n *textNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// interpolate turns what stands in `${}` into a string, or an unknown.
func interpolate(m *value.Machine, v value.Value, at value.Span) value.Value {
	return coerce(m, v, coercion{copyPaths: true, at: at, what: "interpolate in a string"})
}

// pathNode is a path with interpolations: joined as text, then made canonical.
type pathNode struct {
	node
	parts []value.Code
}

func (n *pathNode) Eval(m *value.Machine, env *value.Env) value.Value {
	var text strings.Builder
	for _, c := range n.parts {
		v := c.Eval(m, env)
		switch v.Kind() {
		case value.String:
		case value.Path:
			v = value.NewString(v.Path())
		default:
			v = coerce(m, v, coercion{at: c.At(), what: "append to a path"})
		}
		if v.Kind() == value.UnknownValue {
			return blame(m, v.Unknown(), n.At())
		}
		if refs := v.Context().References(); !refs.Empty() {
			failAt(m, value.OtherError, c.At(), "a string that refers to a store path cannot be appended to a path")
		}
		m.FitText(text.Len() + len(v.Str()))
		makeRoom(m, &text, len(v.Str()))
		observe(m, "path", v, v)
		text.WriteString(v.Str())
	}
	return makePath(m, text.String())
}
func (n *pathNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// joinPath is `path + x`: still a path; text is appended before it is made canonical.
func joinPath(m *value.Machine, a, b value.Value, at value.Span) value.Value {
	if b.Kind() == value.Path {
		return makePath(m, joinText(m, a.Path(), b.Path()))
	}
	b = coerce(m, b, coercion{at: at, what: "append to a path"})
	if b.Kind() == value.UnknownValue {
		return undecided(b.Unknown(), a.Path()+" + "+b.Unknown().Origin, at)
	}
	if refs := b.Context().References(); !refs.Empty() {
		failAt(m, value.OtherError, at, "a string that refers to a store path cannot be appended to a path")
	}
	return observe(m, "path", b, makePath(m, joinText(m, a.Path(), b.Str())))
}

func joinText(m *value.Machine, a, b string) string {
	m.FitText(len(a) + len(b))
	m.Charge(int64(len(a) + len(b)))
	return a + b
}

// makePath is the path of a text that is not canonical yet.
func makePath(m *value.Machine, text string) value.Value {
	if len(text) >= longText {
		m.Charge(2 * int64(len(text)))
	}
	return value.NewPath(canonPath(text))
}

// textBuilder joins strings, their contexts, and unknowns. A text of one part is
// that part; bytes are copied from the second on. Keeping the parts and joining
// them at the end took replaceStrings twice as long.
type textBuilder struct {
	first   string
	text    strings.Builder // first and all others; empty while there is none
	size    int
	context value.ContextBuilder
	mixed   []value.Value // everything so far, once an unknown was added
	unknown *value.Unknown
}

func (b *textBuilder) add(m *value.Machine, v value.Value) {
	if v.Kind() == value.UnknownValue {
		if b.unknown == nil {
			b.unknown = v.Unknown()
			if b.size > 0 {
				b.mixed = append(b.mixed, value.NewStringContext(b.known(), b.context.Context()))
			}
		}
		if parts := v.Unknown().Parts; parts != nil {
			b.mixed = append(b.mixed, parts...)
		} else {
			b.mixed = append(b.mixed, v)
		}
		return
	}
	if b.unknown != nil {
		b.mixed = append(b.mixed, v)
		return
	}
	s := v.Str()
	m.Charge(int64(len(s)))
	b.size += len(s)
	m.FitText(b.size)
	switch {
	case b.size == len(s):
		b.first = s
	case b.text.Len() == 0:
		b.begin(m)
		b.text.WriteString(s)
	default:
		makeRoom(m, &b.text, len(s))
		b.text.WriteString(s)
	}
	b.context.Add(v.Context())
}

// write adds text without a context.
func (b *textBuilder) write(m *value.Machine, text []byte) {
	if b.unknown != nil || b.size == 0 {
		b.add(m, value.NewString(string(text)))
		return
	}
	m.Charge(int64(len(text)))
	b.size += len(text)
	m.FitText(b.size)
	if b.text.Len() == 0 {
		b.begin(m)
	}
	makeRoom(m, &b.text, len(text))
	b.text.Write(text)
}

// begin copies the first part, with room for the second.
func (b *textBuilder) begin(m *value.Machine) {
	if b.size >= longText {
		m.Charge(int64(b.size))
	}
	b.text.Grow(b.size)
	b.text.WriteString(b.first)
}

// longText is from which size on it is asked before a text grows whether there is room:
// it is copied then, and the old one is there along with the new one.
const longText = 64 << 10

// doubledText is up to which size a text that grows is given as much room again. Growing
// by a quarter, as append does, takes five times the memory of the text in the end.
const doubledText = 16 << 20

// makeRoom sees to it that a long text has room for n bytes more, or ends the
// evaluation when there is none. It leaves the growing of the longest to whoever adds
// the bytes.
func makeRoom(m *value.Machine, b *strings.Builder, n int) {
	size := b.Len() + n
	if size < longText || size <= b.Cap() {
		return
	}
	m.FitText(size)
	if size < doubledText {
		m.Charge(int64(2*b.Cap() + n))
		b.Grow(n)
	} else {
		m.Charge(int64(size + size/4)) // append adds a quarter
	}
}

// known is the text so far.
func (b *textBuilder) known() string {
	if b.text.Len() > 0 {
		return b.text.String()
	}
	return b.first
}

func (b *textBuilder) value(at value.Span) value.Value {
	if b.unknown != nil {
		if len(b.mixed) == 1 && b.mixed[0].Kind() == value.UnknownValue {
			only := b.mixed[0].Unknown()
			return value.NewUnknown(only.Derive(only.Origin, only.At).OfType(value.String))
		}
		const with = "text with "
		u := b.unknown.Derive(with+strings.TrimPrefix(b.unknown.Origin, with), at).OfType(value.String)
		u.Parts = boundParts(b.mixed)
		return value.NewUnknown(u)
	}
	return value.NewStringContext(b.known(), b.context.Context())
}
