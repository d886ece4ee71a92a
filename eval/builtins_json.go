package eval

import (
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/jsonx"
	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/value"
)

func jsonPrims() []value.Prim {
	return []value.Prim{
		{Name: "fromJSON", Arity: 1, Strict: 1, F1: primFromJSON},
		{Name: "toJSON", Result: value.String, Arity: 1, Strict: 1, F1: primToJSON},
	}
}

func primFromJSON(m *value.Machine, v value.Value) value.Value {
	text := wantPlain(m, v)
	m.Step(len(text) / 64)
	b := jsonBuilder{m: m}
	if err := jsonx.Read(text, &b, jsonx.Options{Nix28: host(m).as28(jsonIntegersWrap), Charge: m.Charge}); err != nil {
		kind := value.JSONError
		if strings.Contains(err.Error(), "outside of Nix integer range") {
			kind = value.Overflow
		}
		fail(m, kind, "while decoding JSON: %s", err)
	}
	return observe(m, "fromJSON", v, b.result)
}

// jsonBuilder makes values of what a JSON text consists of.
type jsonBuilder struct {
	m      *value.Machine
	stack  []jsonLevel
	result value.Value
}

// jsonLevel is a list or object that is not complete yet.
type jsonLevel struct {
	list  []value.Value
	attrs []value.Attr
	index map[value.Symbol]int
	key   value.Symbol
}

func (b *jsonBuilder) put(v value.Value) {
	b.m.Step(1)
	if len(b.stack) == 0 {
		b.result = v
		return
	}
	top := &b.stack[len(b.stack)-1]
	if top.index == nil {
		top.list = appendCharged(b.m, top.list, v)
		return
	}
	if i, twice := top.index[top.key]; twice {
		top.attrs[i].Value = v // the last of equal keys counts
		return
	}
	if n := len(top.attrs); n == cap(top.attrs) {
		const attr, indexed = 24, 48
		b.m.Charge((attr + indexed) * int64(n+n/4+min(n, 256)+1))
	}
	top.index[top.key] = len(top.attrs)
	top.attrs = append(top.attrs, value.Attr{Name: top.key, Value: v})
}

func (b *jsonBuilder) pop() jsonLevel {
	top := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	return top
}

func (b *jsonBuilder) Null()           { b.put(value.NullValue) }
func (b *jsonBuilder) Bool(v bool)     { b.put(value.NewBool(v)) }
func (b *jsonBuilder) Int(v int64)     { b.put(value.NewInt(v)) }
func (b *jsonBuilder) Float(v float64) { b.put(value.NewFloat(v)) }
func (b *jsonBuilder) String(s string) { b.put(value.NewString(s)) }
func (b *jsonBuilder) BeginList()      { b.stack = append(b.stack, jsonLevel{}) }
func (b *jsonBuilder) EndList()        { b.put(value.NewList(b.pop().list)) }
func (b *jsonBuilder) BeginObject() {
	b.m.Charge(256) // the map and the set
	b.stack = append(b.stack, jsonLevel{index: map[value.Symbol]int{}})
}
func (b *jsonBuilder) Key(s string) { b.stack[len(b.stack)-1].key = value.Intern(s) }
func (b *jsonBuilder) EndObject()   { b.put(value.NewAttrs(value.NewAttrsList(b.pop().attrs))) }

func primToJSON(m *value.Machine, v value.Value) value.Value {
	return ToJSON(m, v)
}

// ToJSON is builtins.toJSON: a string, or an unknown one where the value holds
// an unknown. Paths are copied to the store.
func ToJSON(m *value.Machine, v value.Value) value.Value {
	return toJSON(m, v, func(why string) { fail(m, value.TypeMismatch, "%s", why) })
}

// toJSON is ToJSON with an error of one's own for what JSON does not have.
func toJSON(m *value.Machine, v value.Value, refuse func(why string)) value.Value {
	w := jsonWriter{m: m, refuse: refuse}
	w.value(v)
	w.flush()
	return w.text.value(value.Span{})
}

type jsonWriter struct {
	m      *value.Machine
	out    []byte
	text   textBuilder
	refuse func(why string) // ends the evaluation
}

// flush hands over what was written so far.
func (w *jsonWriter) flush() {
	if len(w.out) > 0 {
		w.text.write(w.m, w.out)
		w.out = w.out[:0]
	}
}

// flushLong is flush for a text that would be copied when it grows.
func (w *jsonWriter) flushLong() {
	if len(w.out) >= longText {
		w.flush()
	}
}

func (w *jsonWriter) value(v value.Value) {
	v = w.m.Force(&v)
	w.m.Step(1)
	w.m.FitText(w.text.size + len(w.out))
	w.flushLong()
	switch v.Kind() {
	case value.Null:
		w.out = append(w.out, "null"...)
	case value.Bool:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case value.Int:
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	case value.Float:
		if host(w.m).as28(jsonFloatsShort) {
			w.out = append(w.out, numfmt.FormatJSON28(v.Float())...)
		} else {
			w.out = append(w.out, numfmt.FormatJSON(v.Float())...)
		}
	case value.String:
		w.string(v)
	case value.Path:
		w.string(host(w.m).copyToStore(w.m, v.Path(), value.Span{}))
	case value.List:
		w.list(v)
	case value.AttrSet:
		w.set(v)
	case value.UnknownValue:
		w.flush()
		w.text.add(w.m, v)
	default:
		w.refuse("cannot convert " + describe(v) + " to JSON")
	}
}

func (w *jsonWriter) string(v value.Value) {
	if v.Kind() == value.UnknownValue {
		w.flush()
		w.text.add(w.m, v)
		return
	}
	w.m.Charge(int64(len(v.Str())))
	w.text.context.Add(v.Context())
	s, as28 := v.Str(), host(w.m).as28(jsonControlsPlain)
	if len(s) > longText {
		w.long(s, as28)
		return
	}
	if as28 {
		w.out = jsonx.AppendString28(w.out, s)
		return
	}
	out, err := jsonx.AppendString(w.out, s)
	if err != nil {
		w.notUTF8(err)
	}
	w.out = out
}

func (w *jsonWriter) notUTF8(err error) {
	fail(w.m, value.JSONError, "cannot convert a string to JSON: %s", err)
}

// long writes a long string in parts.
func (w *jsonWriter) long(s string, as28 bool) {
	if !as28 {
		if err := jsonx.Valid(s); err != nil {
			w.notUTF8(err)
		}
	}
	w.out = append(w.out, '"')
	for s != "" {
		part := s[:min(len(s), longText)]
		s = s[len(part):]
		w.m.Step(len(part) / 64)
		w.out = jsonx.AppendPart(w.out, part, as28)
		w.flushLong()
	}
	w.out = append(w.out, '"')
}

func (w *jsonWriter) list(v value.Value) {
	w.m.Enter(nil)
	w.out = append(w.out, '[')
	for i, e := range v.List() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.value(e)
	}
	w.out = append(w.out, ']')
	w.m.Leave()
}

// set writes an object, or what the set says it is: __toString, then outPath.
func (w *jsonWriter) set(v value.Value) {
	w.m.Enter(nil)
	attrs := v.Attrs()
	if a := attrs.Get(symToString); a != nil {
		w.string(coerce(w.m, call1(w.m, w.m.Force(&a.Value), v), coercion{copyPaths: true}))
	} else if a := attrs.Get(symOutPath); a != nil {
		w.value(a.Value)
	} else {
		w.object(attrs)
	}
	w.m.Leave()
}

func (w *jsonWriter) object(attrs *value.Attrs) {
	w.out = append(w.out, '{')
	for i, a := range attrs.ByName() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.string(value.NewString(a.Name.String()))
		w.out = append(w.out, ':')
		w.m.EnterAttr(a)
		w.value(a.Value)
		w.m.Leave()
	}
	if u := attrs.Open(); u != nil {
		w.flush()
		w.text.add(w.m, value.NewUnknown(u))
	}
	w.out = append(w.out, '}')
}
