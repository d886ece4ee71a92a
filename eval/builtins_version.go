package eval

import (
	"github.com/nixplan/nixplan/eval/internal/version"
	"github.com/nixplan/nixplan/eval/value"
)

// CompareVersions is what builtins.compareVersions gives: -1, 0 or 1.
func CompareVersions(a, b string) int { return version.Compare(a, b) }

func versionPrims() []value.Prim {
	return []value.Prim{
		{Name: "compareVersions", Result: value.Int, Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesPlain}, F2: func(m *value.Machine, a, b value.Value) value.Value {
			x, y := wantPlain(m, a), wantPlain(m, b)
			m.Step(min(len(x), len(y)) / 64)
			result := value.NewInt(int64(version.Compare(x, y)))
			decide(m, "compareVersions", a, b, result, here(m))
			return result
		}},
		{Name: "parseDrvName", Result: value.AttrSet, Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			name, ver := version.ParseDrvName(wantPlain(m, v))
			marks := v.Context().Marks()
			return host(m).Set(map[string]value.Value{"name": value.NewStringContext(name, marks), "version": value.NewStringContext(ver, marks)})
		}},
		{Name: "splitVersion", Result: value.List, Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
			var list []value.Value
			for part := range version.Split(wantPlain(m, v)) {
				m.Step(1)
				list = appendCharged(m, list, value.NewStringContext(part, v.Context().Marks()))
			}
			return value.NewList(list)
		}},
	}
}
