package eval

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/jsonx"
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
)

var (
	symDrvPath         = value.Intern("drvPath")
	symIgnoreNulls     = value.Intern("__ignoreNulls")
	symStructuredAttrs = value.Intern("__structuredAttrs")
)

// primDerivationStrict computes a derivation: its path and those of its
// outputs, as strings that refer to them. When an attribute is unknown, so are
// the paths; all attributes are evaluated even then, so their errors show.
func primDerivationStrict(m *value.Machine, v value.Value) value.Value {
	attrs := wantAttrs(m, v)
	a := attrs.Get(symName)
	if a == nil {
		if u := attrs.Open(); u != nil {
			return undecided(u, "derivation "+u.Origin, here(m))
		}
		fail(m, value.MissingAttribute, "required attribute 'name' missing")
	}
	m.EnterNoted(func() (string, value.Span) { return "while evaluating the name of a derivation", a.Pos.Span() })
	name := m.Force(&a.Value)
	text := ""
	if name.Kind() != value.UnknownValue {
		text = wantPlain(m, name)
	}
	m.Leave()
	if name.Kind() == value.UnknownValue {
		return undecided(name.Unknown(), "derivation "+name.Unknown().Origin, here(m))
	}
	b := derivationBuilder{
		m:     m,
		attrs: attrs,
		drv: &store.Derivation{
			Name:    text,
			Outputs: []store.Output{{Name: "out"}},
			Env:     make([]store.Variable, 0, attrs.Len()+1),
		},
	}
	if err := host(m).checkName(b.drv.Name); err != nil {
		failAt(m, value.OtherError, a.Pos.Span(), "invalid derivation name: %s. Please pass a different 'name'.", err)
	}
	m.EnterNoted(func() (string, value.Span) { return "while evaluating derivation '" + b.drv.Name + "'", a.Pos.Span() })
	drv := b.build()
	m.Leave()
	return drv
}

// derivationBuilder collects what the attributes say.
type derivationBuilder struct {
	m       *value.Machine
	attrs   *value.Attrs
	drv     *store.Derivation
	context value.ContextBuilder
	unknown *value.Unknown

	structured  bool
	ignoreNulls bool
	json        []jsonField // of structured attributes, in order of names

	hasHash   bool
	hash      string
	hashAlgo  hash.Algo
	recursive bool
}

type jsonField struct{ name, text string }

func (b *derivationBuilder) build() value.Value {
	b.structured = b.flag(symStructuredAttrs)
	b.ignoreNulls = b.flag(symIgnoreNulls)
	for _, a := range b.attrs.ByName() {
		b.m.EnterNoted(func() (string, value.Span) {
			return "while evaluating attribute '" + a.Name.String() + "' of derivation '" + b.drv.Name + "'", a.Pos.Span()
		})
		b.attribute(a)
		b.m.Leave()
	}
	if u := b.attrs.Open(); u != nil {
		b.needs(u)
	}
	if b.structured {
		b.structuredEnv()
	}
	if b.unknown != nil {
		return b.unknownResult()
	}
	if b.drv.Builder == "" {
		fail(b.m, value.MissingAttribute, "required attribute 'builder' missing")
	}
	if b.drv.System == "" {
		fail(b.m, value.MissingAttribute, "required attribute 'system' missing")
	}
	if store.IsDerivation(b.drv.Name) {
		fail(b.m, value.OtherError, "derivation names are allowed to end in '.drv' only if they produce a single derivation file")
	}
	b.inputs()
	size := 0
	for _, v := range b.drv.Env {
		size += len(v.Text)
	}
	if size >= longText {
		b.m.Charge(5 * int64(size)) // the derivation's text, with escapes, while it grows
	}
	path, err := host(b.m).storeState.get(host(b.m)).Instantiate(b.drv, b.fixed())
	if err != nil {
		fail(b.m, value.OtherError, "%s", err)
	}
	return b.result(path)
}

// needs notes that the derivation depends on an unknown.
func (b *derivationBuilder) needs(u *value.Unknown) {
	if b.unknown == nil {
		b.unknown = u
	}
}

// flag is a Boolean attribute, false when it is missing.
func (b *derivationBuilder) flag(sym value.Symbol) bool {
	a := b.attrs.Get(sym)
	if a == nil {
		return false
	}
	v := b.m.Force(&a.Value)
	if v.Kind() == value.UnknownValue {
		b.needs(v.Unknown())
		return false
	}
	return wantBool(b.m, v)
}

// attribute handles one attribute. All but a few go to the environment, or to
// the JSON text of structured attributes.
func (b *derivationBuilder) attribute(a *value.Attr) {
	if a.Name == symIgnoreNulls || b.structured && a.Name == symStructuredAttrs {
		return
	}
	name := a.Name.String()
	v := b.m.Force(&a.Value)
	if b.ignoreNulls && v.Kind() == value.Null {
		return
	}
	switch name {
	case "__contentAddressed":
		b.experimental(v, "ca-derivations")
		return
	case "__impure":
		b.experimental(v, "impure-derivations")
		return
	case "args":
		b.args(v)
		return
	}
	if b.structured {
		b.structuredAttribute(name, v)
		return
	}
	text, ok := b.text(v)
	if !ok {
		return
	}
	b.drv.Env = append(b.drv.Env, store.Variable{Name: name, Text: text})
	if name == "outputs" {
		b.outputs(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\r", r) }))
	} else {
		b.special(name, text)
	}
}

// special takes what the derivation itself needs from an attribute's text.
func (b *derivationBuilder) special(name, text string) {
	switch name {
	case "builder":
		b.drv.Builder = text
	case "system":
		b.drv.System = text
	case "outputHash":
		b.hash, b.hasHash = text, true
	case "outputHashAlgo":
		b.hashAlgo, _ = hash.ParseAlgo(text) // a wrong name counts as none
	case "outputHashMode":
		switch text {
		case "flat":
			b.recursive = false
		case "recursive", "nar":
			b.recursive = true
		default:
			fail(b.m, value.OtherError, "invalid value '%s' for 'outputHashMode' attribute", text)
		}
	}
}

// text coerces an attribute's value for the environment.
func (b *derivationBuilder) text(v value.Value) (string, bool) {
	s := coerce(b.m, v, coercion{more: true, copyPaths: true})
	if s.Kind() == value.UnknownValue {
		b.needs(s.Unknown())
		return "", false
	}
	b.context.Add(s.Context())
	return s.Str(), true
}

func (b *derivationBuilder) args(v value.Value) {
	if v.Kind() == value.UnknownValue {
		b.needs(v.Unknown())
		return
	}
	list := wantList(b.m, v)
	for i := range list {
		if text, ok := b.text(b.m.Force(&list[i])); ok {
			b.drv.Args = append(b.drv.Args, text)
		}
	}
}

// experimental refuses a feature that a Nix without special settings refuses.
func (b *derivationBuilder) experimental(v value.Value, feature string) {
	if v.Kind() == value.UnknownValue {
		b.needs(v.Unknown())
	} else if wantBool(b.m, v) {
		fail(b.m, value.NotSupported, "experimental Nix feature '%s' is disabled", feature)
	}
}

func (b *derivationBuilder) structuredAttribute(name string, v value.Value) {
	text := ToJSON(b.m, v)
	if text.Kind() == value.UnknownValue {
		b.needs(text.Unknown())
	} else {
		b.context.Add(text.Context())
		b.json = append(b.json, jsonField{name, text.Str()})
	}
	if v.Kind() == value.UnknownValue {
		return
	}
	switch name {
	case "builder":
		s, c := wantString(b.m, v)
		b.context.Add(c)
		b.special(name, s)
	case "system", "outputHash", "outputHashAlgo", "outputHashMode":
		b.special(name, wantPlain(b.m, v))
	case "outputs":
		var names []string
		list := wantList(b.m, v)
		for i := range list {
			output := b.m.Force(&list[i])
			if output.Kind() == value.UnknownValue {
				b.needs(output.Unknown())
				return
			}
			names = append(names, wantPlain(b.m, output))
		}
		b.outputs(names)
	}
}

// structuredEnv makes the one variable that holds all structured attributes.
func (b *derivationBuilder) structuredEnv() {
	size := 0
	for _, field := range b.json {
		size += len(field.text)
	}
	if size >= longText {
		b.m.FitText(size)
		b.m.Charge(3 * int64(size))
	}
	out := []byte{'{'}
	for i, field := range b.json {
		if i > 0 {
			out = append(out, ',')
		}
		out = jsonx.AppendString28(out, field.name) // names are plain text
		out = append(append(out, ':'), field.text...)
	}
	b.drv.Env = append(b.drv.Env, store.Variable{Name: "__json", Text: string(append(out, '}'))})
}

func (b *derivationBuilder) outputs(names []string) {
	var outputs []store.Output
	refused := "drvPath" // a derivation has an attribute of that name
	if host(b.m).as28(outputNamedDrv) {
		refused = "drv"
	}
	for _, name := range names {
		if slices.Contains(outputs, store.Output{Name: name}) {
			fail(b.m, value.OtherError, "duplicate derivation output '%s'", name)
		}
		if name == refused {
			fail(b.m, value.OtherError, "invalid derivation output name '%s'", name)
		}
		outputs = append(outputs, store.Output{Name: name})
	}
	if len(outputs) == 0 {
		fail(b.m, value.OtherError, "derivation cannot have an empty set of outputs")
	}
	b.drv.Outputs = outputs
}

// fixed is the hash of a fixed-output derivation, nil for others.
func (b *derivationBuilder) fixed() *store.FixedOutput {
	if !b.hasHash {
		return nil
	}
	if len(b.drv.Outputs) != 1 || b.drv.Outputs[0].Name != "out" {
		fail(b.m, value.OtherError, "multiple outputs are not supported in fixed-output derivations")
	}
	h, err := hash.ParseAllowEmpty(b.hash, b.hashAlgo)
	if err != nil {
		fail(b.m, value.OtherError, "%s", err)
	}
	return &store.FixedOutput{Hash: h, Recursive: b.recursive}
}

// inputs turns the references of all attributes into the derivation's inputs.
func (b *derivationBuilder) inputs() {
	s := host(b.m).storeState.get(host(b.m))
	for _, e := range b.context.Context().References().Elems() {
		switch e.Kind {
		case value.Opaque:
			b.drv.InputSrcs = append(b.drv.InputSrcs, e.Path)
		case value.Built:
			b.drv.InputDrvs = append(b.drv.InputDrvs, store.Input{Path: e.Path, Output: e.Output})
		case value.DrvDeep:
			b.deepInput(s, e.Path)
		}
	}
}

// deepInput adds a derivation with everything it was made from: a builder that
// may read it may read all that.
func (b *derivationBuilder) deepInput(s *store.Store, drvPath string) {
	closure, err := s.Closure(drvPath)
	if err != nil {
		fail(b.m, value.OtherError, "%s", err)
	}
	b.m.Step(len(closure))
	for _, path := range closure {
		b.drv.InputSrcs = append(b.drv.InputSrcs, path)
		if !store.IsDerivation(path) {
			continue
		}
		input, err := s.Derivation(path)
		if err != nil {
			continue // a text file that is merely named so
		}
		for _, output := range input.Outputs {
			b.drv.InputDrvs = append(b.drv.InputDrvs, store.Input{Path: path, Output: output.Name})
		}
	}
}

func (b *derivationBuilder) result(drvPath string) value.Value {
	return value.NewAttrs(value.NewAttrsList(derivationAttrs(b.m, drvPath, b.drv)))
}

// derivationAttrs are drvPath and a derivation's outputs as attributes.
func derivationAttrs(m *value.Machine, drvPath string, drv *store.Derivation) []value.Attr {
	out := m.AttrSlots(1 + len(drv.Outputs))[:0]
	out = append(out, value.Attr{Name: symDrvPath, Value: value.NewStringContext(drvPath, value.NewContext(value.ContextElem{Kind: value.DrvDeep, Path: drvPath}))})
	for _, output := range drv.Outputs {
		if output.Name == "drvPath" {
			continue // Nix 2.8 takes the name and gives the derivation's path
		}
		c := value.NewContext(value.ContextElem{Kind: value.Built, Path: drvPath, Output: output.Name})
		out = append(out, value.Attr{Name: value.Intern(output.Name), Value: value.NewStringContext(output.Path, c)})
	}
	return out
}

// unknownResult has unknown paths under the names that are known.
func (b *derivationBuilder) unknownResult() value.Value {
	at := here(b.m)
	attr := func(name string) value.Attr {
		return value.Attr{Name: value.Intern(name), Value: undecided(b.unknown, "(derivation \""+b.drv.Name+"\")."+name, at)}
	}
	out := []value.Attr{attr("drvPath")}
	for _, output := range b.drv.Outputs {
		out = append(out, attr(output.Name))
	}
	return value.NewAttrs(value.NewAttrsList(out).WithOpen(b.unknown))
}
