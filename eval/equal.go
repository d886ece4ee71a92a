package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// equal is `a == b` for two values in weak head normal form. When the answer
// needs an unknown, that is returned instead.
func equal(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	// Two functions are never equal at the top, even the same one.
	if a.IsFunction() && b.IsFunction() {
		return false, nil
	}
	return equalContents(m, a, b)
}

// equalCells compares two elements of lists or sets: there the same cell is
// equal to itself whatever it holds, functions included.
func equalCells(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	if a.Same(b) && a.Kind() != value.UnknownValue {
		return true, nil
	}
	return equalContents(m, a, b)
}

func equalContents(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	if u := firstUnknown(a, b); u != nil {
		return false, u
	}
	ak, bk := a.Kind(), b.Kind()
	if ak != bk {
		if (ak == value.Int || ak == value.Float) && (bk == value.Int || bk == value.Float) {
			return a.Number() == b.Number(), nil
		}
		return false, nil
	}
	switch ak {
	case value.Null:
		return true, nil
	case value.Bool:
		return a.Bool() == b.Bool(), nil
	case value.Int:
		return a.Int() == b.Int(), nil
	case value.Float:
		return a.Float() == b.Float(), nil
	case value.String:
		m.Step(len(a.Str()) / 256)
		return a.Str() == b.Str(), nil
	case value.Path:
		return a.Path() == b.Path(), nil
	case value.List:
		return equalLists(m, a, b)
	case value.AttrSet:
		return equalSets(m, a, b)
	default: // functions
		return false, nil
	}
}

func equalLists(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	if a.Len() != b.Len() {
		return false, nil
	}
	m.Enter(nil)
	eq, unknown := equalElems(m, a, b)
	m.Leave()
	return eq, unknown
}

// equalElems compares lists of the same length.
func equalElems(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	var unknown *value.Unknown
	x, y := a.List(), b.List()
	for i := range x {
		m.Step(1)
		eq, u := equalCells(m, m.Force(&x[i]), m.Force(&y[i]))
		if u != nil {
			unknown = u
		} else if !eq {
			return false, nil
		}
	}
	return true, unknown
}

func equalSets(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	m.Enter(nil)
	eq, unknown := equalAttrs(m, a, b)
	m.Leave()
	return eq, unknown
}

func equalAttrs(m *value.Machine, a, b value.Value) (bool, *value.Unknown) {
	if isDerivation(m, a) && isDerivation(m, b) {
		x, y := a.Attrs().Get(symOutPath), b.Attrs().Get(symOutPath)
		if x != nil && y != nil {
			return equalCells(m, m.Force(&x.Value), m.Force(&y.Value))
		}
	}
	var unknown *value.Unknown
	if u := a.Attrs().Open(); u != nil {
		unknown = u
	} else if u := b.Attrs().Open(); u != nil {
		unknown = u
	}
	if unknown == nil {
		x, y := a.Attrs().All(), b.Attrs().All()
		if len(x) != len(y) {
			return false, nil
		}
		for i := range x {
			if x[i].Name != y[i].Name {
				return false, nil
			}
		}
	}
	// Values are compared in the order of names, so that which error a program
	// meets first does not depend on how symbols are numbered.
	for _, x := range a.Attrs().ByName() {
		y := b.Attrs().Get(x.Name)
		if y == nil {
			continue
		}
		m.Step(1)
		eq, u := equalCells(m, m.Force(&x.Value), m.Force(&y.Value))
		if u != nil {
			unknown = u
		} else if !eq {
			return false, nil
		}
	}
	return true, unknown
}

// isDerivation reports whether a set says `type = "derivation"`.
func isDerivation(m *value.Machine, v value.Value) bool {
	a := v.Attrs().Get(symType)
	if a == nil {
		return false
	}
	t := m.Force(&a.Value)
	return t.Kind() == value.String && t.Str() == "derivation"
}

// less is `a < b`; at is the place of the comparison, for errors.
func less(m *value.Machine, a, b value.Value, at value.Span) (bool, *value.Unknown) {
	if u := firstUnknown(a, b); u != nil {
		return false, u
	}
	switch {
	case isNumber(a) && isNumber(b):
		if a.Kind() == value.Int && b.Kind() == value.Int {
			return a.Int() < b.Int(), nil
		}
		return a.Number() < b.Number(), nil
	case a.Kind() != b.Kind():
		failAt(m, value.TypeMismatch, at, "cannot compare %s with %s", describe(a), describe(b))
	}
	switch a.Kind() {
	case value.String:
		m.Step(len(a.Str()) / 256)
		return a.Str() < b.Str(), nil
	case value.Path:
		return strings.Compare(a.Path(), b.Path()) < 0, nil
	case value.List:
		m.Enter(nil)
		lt, unknown := lessLists(m, a, b, at)
		m.Leave()
		return lt, unknown
	}
	failAt(m, value.TypeMismatch, at, "cannot compare %s with %s; values of that type have no order", describe(a), describe(b))
	return false, nil
}

func lessLists(m *value.Machine, a, b value.Value, at value.Span) (bool, *value.Unknown) {
	x, y := a.List(), b.List()
	for i := range y {
		if i >= len(x) {
			return true, nil
		}
		m.Step(1)
		p, q := m.Force(&x[i]), m.Force(&y[i])
		eq, u := equalCells(m, p, q)
		if u != nil {
			return false, u
		}
		if !eq {
			return less(m, p, q, at)
		}
	}
	return false, nil
}

func isNumber(v value.Value) bool { return v.Kind() == value.Int || v.Kind() == value.Float }
