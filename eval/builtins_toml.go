package eval

import (
	"errors"

	"github.com/nixplan/nixplan/eval/internal/tomlx"
	"github.com/nixplan/nixplan/eval/value"
)

func tomlPrims() []value.Prim {
	return []value.Prim{
		{Name: "fromTOML", Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			table, err := tomlx.Read(wantPlain(m, v), m)
			if err != nil {
				kind := value.OtherError
				if errors.Is(err, tomlx.ErrRange) {
					kind = value.Overflow
				}
				fail(m, kind, "while parsing TOML: %s", err)
			}
			return observe(m, "fromTOML", v, fromTOML(m, table))
		}},
	}
}

func fromTOML(m *value.Machine, v any) value.Value {
	m.Step(1)
	switch v := v.(type) {
	case bool:
		return value.NewBool(v)
	case int64:
		return value.NewInt(v)
	case float64:
		return value.NewFloat(v)
	case string:
		return value.NewString(v)
	case []any:
		list := m.Slots(len(v))
		for i, e := range v {
			list[i] = fromTOML(m, e)
		}
		return value.NewList(list)
	default:
		table := v.(tomlx.Table)
		attrs := m.AttrSlots(len(table))
		for i, e := range table {
			attrs[i] = value.Attr{Name: value.Intern(e.Key), Value: fromTOML(m, e.Value)}
		}
		return value.NewAttrs(value.NewAttrsList(attrs))
	}
}
