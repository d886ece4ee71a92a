package eval

import (
	"strconv"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/internal/xmlx"
	"github.com/nixplan/nixplan/eval/value"
)

func xmlPrims() []value.Prim {
	return []value.Prim{
		{Name: "toXML", Result: value.String, Arity: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			w := xmlWriter{m: m, Writer: xmlx.NewWriter(), strict: true, seen: map[string]bool{}}
			w.document(v)
			m.Charge(int64(w.Len()))
			return value.NewStringContext(w.String(), w.context)
		}},
	}
}

// XML writes a value as nix-instantiate --eval --xml does. Unless strict, what
// is not evaluated shows as <unevaluated />.
func (ev *Evaluator) XML(v value.Value, strict bool) (text string, err error) {
	err = ev.catch(func() {
		w := xmlWriter{m: ev.machine, Writer: xmlx.NewWriter(), strict: strict, seen: map[string]bool{}}
		w.document(v)
		w.m.Charge(int64(w.Len()))
		text = w.String()
	})
	return text, err
}

// maxXMLDepth keeps the indentation of a value that is part of itself from
// taking all memory: it grows with the square of the depth.
const maxXMLDepth = 5_000

type xmlWriter struct {
	*xmlx.Writer
	m       *value.Machine
	strict  bool
	context *value.Context
	seen    map[string]bool // derivations, by drvPath
}

func (w *xmlWriter) document(v value.Value) {
	w.Open("expr")
	w.value(v)
	w.Close()
}

func (w *xmlWriter) value(v value.Value) {
	w.m.Step(1)
	w.m.FitText(w.Len())
	if w.Depth() > maxXMLDepth {
		fail(w.m, value.StackOverflow, "the value is nested more than %d levels deep, too deeply for XML (is it part of itself?)", maxXMLDepth)
	}
	if w.strict {
		v = w.m.Force(&v)
	} else if done, ok := v.Peek(); ok {
		v = done
	}
	text := func(name, s string) { w.Empty(name, xmlx.Attr{Name: "value", Value: s}) }
	switch v.Kind() {
	case value.Null:
		w.Empty("null")
	case value.Bool:
		text("bool", strconv.FormatBool(v.Bool()))
	case value.Int:
		text("int", strconv.FormatInt(v.Int(), 10))
	case value.Float:
		text("float", numfmt.FormatG(v.Float()))
	case value.String:
		w.m.Charge(int64(xmlx.Size([]xmlx.Attr{{Value: v.Str()}})))
		w.context = w.context.Union(v.Context())
		text("string", v.Str())
	case value.Path:
		text("path", v.Path())
	case value.List:
		w.m.Enter(nil)
		w.Open("list")
		for _, e := range v.List() {
			w.value(e)
		}
		w.Close()
		w.m.Leave()
	case value.AttrSet:
		w.m.Enter(nil)
		w.set(v)
		w.m.Leave()
	case value.Lambda:
		w.function(v.Closure().Fn)
	case value.PrimOp, value.PrimOpApp:
		w.Empty("unevaluated")
	case value.UnknownValue:
		if w.strict {
			undetermined(w.m, v.Unknown())
		}
		w.Empty("unevaluated")
	default:
		w.Empty("unevaluated")
	}
}

func (w *xmlWriter) set(v value.Value) {
	if !isDerivation(w.m, v) {
		w.Open("attrs")
		w.attrs(v)
		w.Close()
		return
	}
	var about []xmlx.Attr
	path := ""
	for _, name := range []string{"drvPath", "outPath"} {
		a := v.Attrs().Lookup(name)
		if a == nil {
			continue
		}
		p := a.Value
		if w.strict {
			p = w.m.Force(&p)
		} else if done, ok := p.Peek(); ok {
			p = done
		}
		if p.Kind() == value.String {
			about = append(about, xmlx.Attr{Name: name, Value: p.Str()})
			if name == "drvPath" {
				path = p.Str()
			}
		}
	}
	w.Open("derivation", about...)
	if path != "" && !w.seen[path] {
		w.seen[path] = true
		w.attrs(v)
	} else {
		w.Empty("repeated")
	}
	w.Close()
}

func (w *xmlWriter) attrs(v value.Value) {
	for _, a := range v.Attrs().ByName() {
		w.Open("attr", xmlx.Attr{Name: "name", Value: a.Name.String()})
		w.value(a.Value)
		w.Close()
	}
}

func (w *xmlWriter) function(fn *value.Function) {
	w.Open("function")
	if !fn.HasFormals {
		w.Empty("varpat", xmlx.Attr{Name: "name", Value: fn.Param.String()})
		w.Close()
		return
	}
	var about []xmlx.Attr
	if fn.Ellipsis {
		about = append(about, xmlx.Attr{Name: "ellipsis", Value: "1"})
	}
	if fn.HasParam {
		about = append(about, xmlx.Attr{Name: "name", Value: fn.Param.String()})
	}
	w.Open("attrspat", about...)
	names := make([]value.Attr, len(fn.Formals))
	for i := range fn.Formals {
		names[i] = value.Attr{Name: fn.Formals[i].Name}
	}
	for _, a := range value.NewAttrsSorted(names).ByName() {
		w.Empty("attr", xmlx.Attr{Name: "name", Value: a.Name.String()})
	}
	w.Close()
	w.Close()
}
