package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// firstUnknown is the first unknown among values in weak head normal form, nil
// when there is none.
func firstUnknown(vs ...value.Value) *value.Unknown {
	for _, v := range vs {
		if v.Kind() == value.UnknownValue {
			return v.Unknown()
		}
	}
	return nil
}

// undecided is the unknown result of an operation that needed u.
func undecided(u *value.Unknown, origin string, at value.Span) value.Value {
	return value.NewUnknown(u.Derive(origin, at))
}

// blame is the unknown result of an expression that needed u: in the user's
// files it is called by its text, in the model's it keeps u's name, as nobody
// wants to read the model.
func blame(m *value.Machine, u *value.Unknown, at value.Span) value.Value {
	return blameText(m, u, excerpt(at), at)
}

// ofType gives an unknown value a type.
func ofType(v value.Value, k value.Kind) value.Value {
	if v.Kind() == value.UnknownValue {
		return value.NewUnknown(v.Unknown().OfType(k))
	}
	return v
}

func blameText(m *value.Machine, u *value.Unknown, text string, at value.Span) value.Value {
	if ev := host(m); ev.inModel(at.Start) {
		return undecided(u, u.Origin, ev.userSpan(m, at))
	}
	return undecided(u, text, at)
}

// selectUnknown is the attribute of an unknown, or of an open set that is not
// known to have it. A name whose meaning is unmistakable (`runNixOps`, `lib`,
// …) gives the model, and the plan says that this was assumed.
func (ev *Evaluator) selectUnknown(m *value.Machine, u *value.Unknown, sym value.Symbol, at value.Span) value.Value {
	origin := u.Origin + "." + sym.String()
	if u.Lacking(sym) {
		m.Throw(&value.Error{
			Kind: value.MissingAttribute, ID: diag.IDNoEffects, At: ev.userSpan(m, at),
			Message: "nixpkgs has no attribute '" + sym.String() + "', and no overlay adds it",
			Help:    "add the overlay of hercules-ci-effects: import nixpkgs { overlays = [ (import \"${effects}/overlay.nix\") ]; }",
		})
	}
	if v, ok := ev.wellKnown(m, sym, u.Foreign); ok {
		ev.assume(origin+" is the usual '"+sym.String()+"'", at)
		return v
	}
	if u.Elem.IsNone() || u.Some {
		return value.NewUnknown(u.Derive(origin, at))
	}
	// An unknown collection whose elements are known in shape: any attribute
	// is such an element.
	elem := u.Elem
	return m.Force(&elem)
}

// delaySelect is selectUnknown for later.
func (ev *Evaluator) delaySelect(m *value.Machine, u *value.Unknown, sym value.Symbol, at value.Span) value.Value {
	return m.NewThunk(&openSelect{u, sym, at}, nil)
}

type openSelect struct {
	u   *value.Unknown
	sym value.Symbol
	at  value.Span
}

func (n *openSelect) At() value.Span { return n.at }
func (n *openSelect) Eval(m *value.Machine, _ *value.Env) value.Value {
	return host(m).selectUnknown(m, n.u, n.sym, n.at)
}
func (n *openSelect) Delay(m *value.Machine, env *value.Env) value.Value { return m.NewThunk(n, env) }

// joinUnknown is a list of which only some parts are known.
func joinUnknown(parts []value.Value, origin string, at value.Span) value.Value {
	u := firstUnknown(parts...)
	joined := u.Derive(origin, at).OfType(value.List)
	joined.Elem = u.Elem
	for _, p := range parts {
		if p.Kind() == value.UnknownValue && p.Unknown().Parts != nil {
			joined.Parts = append(joined.Parts, p.Unknown().Parts...)
		} else {
			joined.Parts = append(joined.Parts, p)
		}
	}
	joined.Parts = boundParts(joined.Parts)
	return value.NewUnknown(joined)
}

// maxParts is how many parts of a partly known text or list are remembered. A
// program that adds to one in a loop would have all of them copied each time.
const maxParts = 1000

func boundParts(parts []value.Value) []value.Value {
	if len(parts) > maxParts {
		return nil
	}
	return parts
}

// applyThunk delays `f arg`.
func applyThunk(m *value.Machine, f, arg value.Value, at value.Span) value.Value {
	if f.Kind() == value.Lambda {
		return m.DelayCall(f, arg)
	}
	env := m.NewEnv(nil, 3)
	*env.Slot(1), *env.Slot(2) = f, arg
	if at.Start == 0 {
		return host(m).apply.Delay(m, env)
	}
	return m.NewThunk(&applyCode{span{at.Start, at.End}.node()}, env)
}

// applyCode calls slot 1 with slot 2.
type applyCode struct{ node }

func (n *applyCode) Eval(m *value.Machine, env *value.Env) value.Value {
	return call(m, n, m.Force(env.Slot(1)), *env.Slot(2))
}
func (n *applyCode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// Known is the text of a string, or what is known of a partly unknown one, with
// "${origin}" where the unknown parts are.
func Known(v value.Value) (text string, complete bool) {
	if v.Kind() == value.String {
		return v.Str(), true
	}
	var b strings.Builder
	complete = writeKnown(&b, v, func(u *value.Unknown) string { return "${" + u.Origin + "}" })
	return b.String(), complete
}
