package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
)

// xmlText writes a value as nix-instantiate --eval --xml --no-location does.
// With strict it forces what it needs of derivations; the rest was forced.
func xmlText(ev *eval.Evaluator, v value.Value, strict bool) (string, error) {
	w := &xmlWriter{ev: ev, strict: strict, seen: map[string]bool{}}
	w.out.WriteString("<?xml version='1.0' encoding='utf-8'?>\n")
	w.element("expr", nil, func() { w.value(v) })
	return w.out.String(), w.err
}

type xmlWriter struct {
	ev     *eval.Evaluator
	strict bool
	out    strings.Builder
	depth  int
	seen   map[string]bool // drvPaths
	err    error
}

var xmlEscapes = strings.NewReplacer(`"`, "&quot;", "<", "&lt;", ">", "&gt;", "&", "&amp;", "\n", "&#xA;")

// open writes a start tag without its end; attributes alternate name and value.
func (w *xmlWriter) open(name string, attributes []string) {
	w.out.WriteString(strings.Repeat("  ", w.depth) + "<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		w.out.WriteString(" " + attributes[i] + `="` + xmlEscapes.Replace(attributes[i+1]) + `"`)
	}
}

func (w *xmlWriter) empty(name string, attributes ...string) {
	w.open(name, attributes)
	w.out.WriteString(" />\n")
}

func (w *xmlWriter) element(name string, attributes []string, content func()) {
	w.open(name, attributes)
	w.out.WriteString(">\n")
	w.depth++
	content()
	w.depth--
	w.out.WriteString(strings.Repeat("  ", w.depth) + "</" + name + ">\n")
}

func (w *xmlWriter) value(v value.Value) {
	v, done := v.Peek()
	if !done || w.err != nil {
		w.empty("unevaluated")
		return
	}
	switch v.Kind() {
	case value.Null:
		w.empty("null")
	case value.Bool:
		w.empty("bool", "value", strconv.FormatBool(v.Bool()))
	case value.Int:
		w.empty("int", "value", strconv.FormatInt(v.Int(), 10))
	case value.Float:
		text, err := w.ev.Print(v)
		w.fail(err)
		w.empty("float", "value", text)
	case value.String:
		w.empty("string", "value", v.Str())
	case value.Path:
		w.empty("path", "value", v.Path())
	case value.List:
		w.element("list", nil, func() {
			for _, element := range v.List() {
				w.value(element)
			}
		})
	case value.AttrSet:
		w.set(v)
	case value.Lambda:
		w.function(v.Closure().Fn)
	default: // primops, and what is unknown
		w.empty("unevaluated")
	}
}

func (w *xmlWriter) set(v value.Value) {
	if !w.isDerivation(v) {
		w.element("attrs", nil, func() { w.attributes(v) })
		return
	}
	drvPath := w.path(v, "drvPath")
	var attributes []string
	if drvPath != "" {
		attributes = append(attributes, "drvPath", drvPath)
	}
	if outPath := w.path(v, "outPath"); outPath != "" {
		attributes = append(attributes, "outPath", outPath)
	}
	w.element("derivation", attributes, func() {
		if drvPath == "" || w.seen[drvPath] {
			w.empty("repeated")
			return
		}
		w.seen[drvPath] = true
		w.attributes(v)
	})
}

func (w *xmlWriter) attributes(v value.Value) {
	for _, attr := range v.Attrs().ByName() {
		w.element("attr", []string{"name", attr.Name.String()}, func() { w.value(attr.Value) })
	}
}

func (w *xmlWriter) isDerivation(v value.Value) bool {
	kind, ok := w.ev.Attr(v, "type")
	if !ok {
		return false
	}
	kind, err := w.ev.Force(kind)
	w.fail(err)
	return err == nil && kind.Kind() == value.String && kind.Str() == "derivation"
}

// path is a string attribute, "" when it is not there or not evaluated.
func (w *xmlWriter) path(v value.Value, name string) string {
	attr, ok := w.ev.Attr(v, name)
	if !ok {
		return ""
	}
	if w.strict {
		var err error
		if attr, err = w.ev.Force(attr); err != nil {
			w.fail(err)
			return ""
		}
	}
	if attr, ok = attr.Peek(); ok && attr.Kind() == value.String {
		return attr.Str()
	}
	return ""
}

func (w *xmlWriter) function(f *value.Function) {
	w.element("function", nil, func() {
		if !f.HasFormals {
			w.empty("varpat", "name", f.Param.String())
			return
		}
		var attributes []string
		if f.Ellipsis {
			attributes = append(attributes, "ellipsis", "1")
		}
		if f.HasParam {
			attributes = append(attributes, "name", f.Param.String())
		}
		w.element("attrspat", attributes, func() {
			for _, name := range formalNames(f) {
				w.empty("attr", "name", name)
			}
		})
	})
}

func formalNames(f *value.Function) []string {
	names := make([]string, len(f.Formals))
	for i := range f.Formals {
		names[i] = f.Formals[i].Name.String()
	}
	slices.Sort(names)
	return names
}

func (w *xmlWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}
