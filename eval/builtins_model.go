package eval

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// modelPrims are the attributes of __nixplan, the set only the model's own files
// see.
func modelPrims() []value.Prim {
	return []value.Prim{
		{Name: "assume", Arity: 2, Strict: 1, F2: func(m *value.Machine, text, v value.Value) value.Value {
			if s, _ := Known(text); s != "" {
				host(m).assume(s, value.Span{})
			}
			return m.Force(&v)
		}},
		// refuse { id; args; name; message; help; } fails because of an argument, at
		// its place.
		{Name: "refuse", Arity: 1, Strict: 1, F1: func(m *value.Machine, spec value.Value) value.Value {
			attrs := wantAttrs(m, spec)
			text := func(name string) string {
				a := attrs.Lookup(name)
				if a == nil {
					return ""
				}
				s, _ := Known(m.Force(&a.Value))
				return s
			}
			e := &value.Error{Kind: value.Throw, ID: text("id"), Message: text("message"), Help: text("help")}
			if args := attrs.Lookup("args"); args != nil {
				if a := wantAttrs(m, m.Force(&args.Value)).Lookup(text("name")); a != nil {
					e.At = a.Pos.Span()
				}
			}
			m.Throw(e)
			return value.Value{}
		}},
		{Name: "isUnknown", Arity: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			return value.NewBool(m.Force(&v).Kind() == value.UnknownValue)
		}},
		{Name: "json", Arity: 2, Strict: 0b11, F2: func(m *value.Machine, name, args value.Value) value.Value {
			a := wantAttrs(m, args).Lookup(wantPlain(m, name))
			return jsonArgument(m, a)
		}},
		{Name: "known", Arity: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			v = m.Force(&v)
			if v.Kind() == value.UnknownValue {
				return value.NewAttrs(value.EmptyAttrs)
			}
			return value.NewAttrs(wantAttrs(m, v).WithOpen(nil))
		}},
		{Name: "isOpen", Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			return value.NewBool(wantAttrs(m, v).Open() != nil)
		}},
		// lacking names set: the open set surely does not have the names.
		{Name: "lacking", Arity: 2, Strict: 0b11, F2: func(m *value.Machine, names, set value.Value) value.Value {
			attrs := wantAttrs(m, set)
			if attrs.Open() == nil {
				return set
			}
			open := *attrs.Open()
			for i := range names.List() {
				open.Lacks = append(open.Lacks, value.Intern(wantPlain(m, m.Force(&names.List()[i]))))
			}
			return value.NewAttrs(attrs.WithOpen(&open))
		}},
		{Name: "open", Arity: 2, Strict: 0b11, F2: func(m *value.Machine, origin, set value.Value) value.Value {
			return value.NewAttrs(wantAttrs(m, set).WithOpen(newUnknown(m, origin)))
		}},
		{Name: "elements", Arity: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			v = m.Force(&v)
			if v.Kind() != value.UnknownValue {
				return v
			}
			return value.NewList(knownElements(v.Unknown()))
		}},
		{Name: "fetching", Arity: 1, Strict: 1, F1: primFetching},
		{Name: "foreign", Arity: 1, Strict: 1, F1: func(m *value.Machine, origin value.Value) value.Value {
			return value.NewUnknown(newForeign(m, origin))
		}},
		{Name: "openForeign", Arity: 2, Strict: 0b11, F2: func(m *value.Machine, origin, set value.Value) value.Value {
			return value.NewAttrs(wantAttrs(m, set).WithOpen(newForeign(m, origin)))
		}},
		{Name: "openOwn", Arity: 2, Strict: 0b11, F2: func(m *value.Machine, origin, set value.Value) value.Value {
			// Modelled in part, and what is missing has a `lib` of its own.
			u := newUnknown(m, origin)
			u.Foreign = true
			return value.NewAttrs(wantAttrs(m, set).WithOpen(u))
		}},
		{Name: "source", Arity: 1, Strict: 1, F1: primSource},
		{Name: "sourceOf", Arity: 1, Strict: 1, F1: primSourceOf},
		{Name: "unknown", Arity: 1, Strict: 1, F1: func(m *value.Machine, origin value.Value) value.Value {
			return value.NewUnknown(newUnknown(m, origin))
		}},
	}
}

// JSONArgument is an argument of a network as runNixOps passes it: as JSON.
func (ev *Evaluator) JSONArgument(a *value.Attr) (v value.Value, err error) {
	err = ev.catch(func() { v = jsonArgument(ev.machine, a) })
	return v, err
}

// jsonArgument is ToJSON, but what cannot be JSON is refused at the place of the
// argument.
func jsonArgument(m *value.Machine, a *value.Attr) (v value.Value) {
	refuse := func(why string) {
		m.Throw(&value.Error{
			Kind: value.Throw, ID: diag.IDNetworkArgs, At: a.Pos.Span(),
			Message: "the network's argument " + a.Name.String() + " cannot be passed as JSON: " + why,
			Help:    "pass texts, numbers, lists and sets of them, and make the rest of them in a network file",
		})
	}
	err := m.Catch(func() { v = toJSON(m, a.Value, refuse) })
	switch {
	case err == nil:
	case err.Kind == value.StackOverflow:
		refuse("it contains itself, or nests too deeply")
	default:
		m.Throw(err)
	}
	return v
}

func newUnknown(m *value.Machine, origin value.Value) *value.Unknown {
	return &value.Unknown{Origin: wantPlain(m, origin), Reason: "it is modelled, not evaluated", At: host(m).userSpan(m, value.Span{})}
}

// knownElements are the elements of an unknown list that are known to be in it.
func knownElements(u *value.Unknown) []value.Value {
	var elems []value.Value
	for _, part := range u.Parts {
		if part.Kind() == value.List {
			elems = append(elems, part.List()...)
		}
	}
	return elems
}

// newForeign is an unknown of a project that is known to be another than those
// that are modelled.
func newForeign(m *value.Machine, origin value.Value) *value.Unknown {
	u := newUnknown(m, origin)
	u.Foreign, u.Reason = true, "its files are not here"
	return u
}

func (ev *Evaluator) modelBuiltins(*value.Machine) value.Value {
	list := []value.Attr{{Name: value.Intern("system"), Value: value.NewString(ev.opts.System)}}
	prims := modelPrims()
	for i := range prims {
		list = append(list, value.Attr{Name: value.Intern(prims[i].Name), Value: value.NewPrim(&prims[i])})
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

// primSource makes a source from { url; rev; ref; hash; name; kind; like; }:
// `like` is the kind to take it for when its URL is none that is recognised.
// Where the URL or the revision is unknown, so is the source.
func primSource(m *value.Machine, v value.Value) value.Value {
	attrs := wantAttrs(m, v)
	s, like := &world.Source{}, ""
	for _, field := range []struct {
		name string
		to   *string
	}{{"url", &s.URL}, {"rev", &s.Rev}, {"ref", &s.Ref}, {"hash", &s.Hash}, {"name", &s.Name}, {"kind", &s.Kind}, {"like", &like}} {
		text, u := optionalText(m, attrs, field.name)
		if u != nil {
			if field.name == "hash" {
				continue
			}
			return undecided(u, "source of "+u.Origin, u.At)
		}
		*field.to = text
	}
	if like != "" && s.Kind == "" {
		if kind, _ := host(m).sourceKind(s.URL); kind == "" {
			s.Kind = like
			host(m).assumeLike(s.URL, like)
		}
	}
	return host(m).addSource(s)
}

// optionalText is a string attribute, "" when it is missing or null.
func optionalText(m *value.Machine, attrs *value.Attrs, name string) (string, *value.Unknown) {
	a := attrs.Lookup(name)
	if a == nil {
		return "", nil
	}
	v := m.Force(&a.Value)
	if v.Kind() == value.Null {
		return "", nil
	}
	s := coerce(m, v, coercion{})
	if s.Kind() == value.UnknownValue {
		return "", s.Unknown()
	}
	return s.Str(), nil
}

// primSourceOf says which source a path or string lies in.
func primSourceOf(m *value.Machine, v value.Value) value.Value {
	s := v
	if v.Kind() != value.Path {
		if s = coerce(m, v, coercion{}); s.Kind() == value.UnknownValue {
			return value.NullValue
		}
	} else {
		s = value.NewString(v.Path())
	}
	ev := host(m)
	mount, _ := ev.world.Mount(s.Str())
	if mount == nil || mount.Source == nil {
		return value.NullValue
	}
	text := func(s string) value.Value {
		if s == "" {
			return value.NullValue
		}
		return value.NewString(s)
	}
	src := mount.Source
	return ev.Set(map[string]value.Value{"kind": text(src.Kind), "url": text(src.URL), "rev": text(src.Rev), "ref": text(src.Ref), "hash": text(src.Hash), "name": text(src.Name)})
}
