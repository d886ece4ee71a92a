package eval

import (
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
)

func contextPrims() []value.Prim {
	return []value.Prim{
		{Name: "addDrvOutputDependencies", Arity: 1, Strict: 1, F1: primAddDrvOutputDependencies},
		{Name: "appendContext", Arity: 2, Strict: 0b11, Takes: takes{takesString, takesSet}, F2: primAppendContext},
		{Name: "getContext", Result: value.AttrSet, Arity: 1, Strict: 1, F1: primGetContext},
		{Name: "hasContext", Result: value.Bool, Arity: 1, Strict: 1, F1: primHasContext},
		{Name: "unsafeDiscardOutputDependency", Arity: 1, Strict: 1, F1: primUnsafeDiscardOutputDependency},
		{Name: "unsafeDiscardStringContext", Result: value.String, Arity: 1, Strict: 1, F1: primUnsafeDiscardStringContext},
	}
}

var (
	symAllOutputs = value.Intern("allOutputs")
	symOutputs    = value.Intern("outputs")
)

// editContext is the text of a value with another context. Unknown parts keep
// theirs: what they refer to is not known anyway.
func editContext(m *value.Machine, v value.Value, edit func(text string, c *value.Context) *value.Context) value.Value {
	s := coerce(m, v, coercion{copyPaths: true})
	if s.Kind() == value.UnknownValue {
		return s
	}
	return value.NewStringContext(s.Str(), edit(s.Str(), s.Context()))
}

// primUnsafeDiscardStringContext drops references; the marks of texts that
// derive from the git ref stay.
func primUnsafeDiscardStringContext(m *value.Machine, v value.Value) value.Value {
	return editContext(m, v, func(_ string, c *value.Context) *value.Context { return c.Marks() })
}

// primUnsafeDiscardOutputDependency turns references to a derivation and all it
// needs into references to the .drv file.
func primUnsafeDiscardOutputDependency(m *value.Machine, v value.Value) value.Value {
	return editContext(m, v, func(_ string, c *value.Context) *value.Context {
		var elems []value.ContextElem
		for _, e := range c.Elems() {
			changed := *e
			if changed.Kind == value.DrvDeep {
				changed.Kind = value.Opaque
			}
			elems = append(elems, changed)
		}
		return value.NewContext(elems...)
	})
}

// primAddDrvOutputDependencies is its inverse, for a string that refers to
// nothing but one .drv file.
func primAddDrvOutputDependencies(m *value.Machine, v value.Value) value.Value {
	return editContext(m, v, func(text string, c *value.Context) *value.Context {
		refs := c.References().Elems()
		if len(refs) != 1 {
			fail(m, value.OtherError, "context of string '%s' must have exactly one element, but has %d", text, len(refs))
		}
		e := *refs[0]
		switch {
		case e.Kind == value.Built:
			fail(m, value.OtherError, "`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as '%s'", e.Output)
		case !store.IsDerivation(e.Path):
			fail(m, value.OtherError, "path '%s' is not a derivation", e.Path)
		}
		e.Kind = value.DrvDeep
		return value.NewContext(e).Union(c.Marks())
	})
}

func primHasContext(m *value.Machine, v value.Value) value.Value {
	_, c := wantString(m, v)
	return value.NewBool(!c.References().Empty())
}

// primGetContext shows a context as a set: for each path whether it is
// referred to itself (path), as a derivation with all it needs (allOutputs), or
// for which of its outputs.
func primGetContext(m *value.Machine, v value.Value) value.Value {
	_, c := wantString(m, v)
	type info struct {
		path, all bool
		outputs   []value.Value
	}
	infos := map[string]*info{}
	for _, e := range c.References().Elems() {
		i := infos[e.Path]
		if i == nil {
			i = &info{}
			infos[e.Path] = i
		}
		switch e.Kind {
		case value.Opaque:
			i.path = true
		case value.DrvDeep:
			i.all = true
		case value.Built:
			i.outputs = append(i.outputs, value.NewString(e.Output))
		}
	}
	out := make([]value.Attr, 0, len(infos))
	for path, i := range infos {
		var list []value.Attr
		if i.path {
			list = append(list, value.Attr{Name: symPath, Value: value.True})
		}
		if i.all {
			list = append(list, value.Attr{Name: symAllOutputs, Value: value.True})
		}
		if i.outputs != nil {
			list = append(list, value.Attr{Name: symOutputs, Value: value.NewList(i.outputs)})
		}
		out = append(out, value.Attr{Name: value.Intern(path), Value: value.NewAttrs(value.NewAttrsList(list))})
	}
	return value.NewAttrs(value.NewAttrsList(out))
}

// primAppendContext adds references in the form getContext shows them.
func primAppendContext(m *value.Machine, v, set value.Value) value.Value {
	text, c := wantString(m, v)
	added := wantAttrs(m, set)
	if u := added.Open(); u != nil {
		return undecided(u, "appendContext … "+u.Origin, here(m))
	}
	var elems []value.ContextElem
	for _, a := range added.ByName() {
		path := a.Name.String()
		if _, rest, ok := host(m).splitStorePath(path); !ok || rest != "" {
			failAt(m, value.OtherError, a.Pos.Span(), "context key '%s' is not a store path", path)
		}
		info := wantAttrs(m, a.Value)
		if f := info.Get(symPath); f != nil && wantBool(m, f.Value) {
			elems = append(elems, value.ContextElem{Kind: value.Opaque, Path: path})
		}
		if f := info.Get(symAllOutputs); f != nil && wantBool(m, f.Value) {
			if !store.IsDerivation(path) {
				failAt(m, value.OtherError, a.Pos.Span(), "tried to add all-outputs context of %s, which is not a derivation, to a string", path)
			}
			elems = append(elems, value.ContextElem{Kind: value.DrvDeep, Path: path})
		}
		if f := info.Get(symOutputs); f != nil {
			outputs := wantList(m, f.Value)
			if len(outputs) > 0 && !store.IsDerivation(path) {
				failAt(m, value.OtherError, a.Pos.Span(), "tried to add derivation output context of %s, which is not a derivation, to a string", path)
			}
			for _, output := range outputs {
				elems = append(elems, value.ContextElem{Kind: value.Built, Path: path, Output: wantPlain(m, output)})
			}
		}
	}
	return value.NewStringContext(text, c.Union(value.NewContext(elems...)))
}
