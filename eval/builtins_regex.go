package eval

import (
	"errors"

	"github.com/nixplan/nixplan/eval/internal/ere"
	"github.com/nixplan/nixplan/eval/value"
)

func regexPrims() []value.Prim {
	return []value.Prim{
		{Name: "match", Arity: 2, Strict: 0b01, Takes: takes{takesPlain}, F2: primMatch},
		{Name: "split", Result: value.List, Arity: 2, Strict: 0b01, Takes: takes{takesPlain}, F2: primSplit},
	}
}

func compileRegex(m *value.Machine, v value.Value) *ere.Regexp {
	re, err := ere.Compile(wantPlain(m, v))
	if err != nil {
		regexFailed(m, err)
	}
	return re
}

func regexFailed(m *value.Machine, err error) {
	kind := value.RegexError
	if errors.Is(err, ere.ErrTooComplex) {
		kind = value.Budget
	}
	fail(m, kind, "%s", err)
}

// primMatch counts as a comparison when the text derives from the ref.
func primMatch(m *value.Machine, pattern, v value.Value) value.Value {
	re := compileRegex(m, pattern)
	if unknown := late(m, &v, "match", value.None); !unknown.IsNone() {
		return unknown
	}
	text, _ := wantString(m, v)
	m.Charge(int64(len(text)))
	groups, ok, err := re.Match(text, m.Step)
	if err != nil {
		regexFailed(m, err)
	}
	decide(m, "match", v, pattern, value.NewBool(ok), here(m))
	if !ok {
		return value.NullValue
	}
	return groupList(m, groups, v.Context().Marks())
}

// groupList are the groups of a match. They have no context in Nix, but do derive from
// what the text derives from.
func groupList(m *value.Machine, groups []ere.Group, marks *value.Context) value.Value {
	list := m.Slots(len(groups))
	for i, g := range groups {
		if g.Matched {
			list[i] = value.NewStringContext(g.Text, marks)
		} else {
			list[i] = value.NullValue
		}
	}
	return value.NewList(list)
}

// primSplit gives the pieces and, between them, lists of groups. A text without
// a match stays what it is, its context included.
func primSplit(m *value.Machine, pattern, v value.Value) value.Value {
	re := compileRegex(m, pattern)
	if unknown := late(m, &v, "split", value.List); !unknown.IsNone() {
		return unknown
	}
	text, _ := wantString(m, v)
	m.Charge(int64(len(text)))
	var list []value.Value
	marks := v.Context().Marks()
	err := re.Split(text, m.Step, func(p ere.Piece) {
		m.FitList(int64(len(list)))
		list = appendCharged(m, list, value.NewStringContext(p.Text, marks))
		if !p.Last {
			list = appendCharged(m, list, groupList(m, p.Groups, marks))
		}
	})
	if err != nil {
		regexFailed(m, err)
	}
	if len(list) == 1 {
		list[0] = v
	}
	return value.NewList(list)
}
