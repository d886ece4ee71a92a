package eval

import (
	"github.com/nixplan/nixplan/eval/internal/version"
	"github.com/nixplan/nixplan/eval/value"
)

var versionPrims = []value.Prim{
	{Name: "compareVersions", Result: value.Int, Arity: 2, Strict: 0b11, F2: func(m *value.Machine, a, b value.Value) value.Value {
		result := value.NewInt(int64(version.Compare(wantPlain(m, a), wantPlain(m, b))))
		return observe(m, "compareVersions", a, observe(m, "compareVersions", b, result))
	}},
	{Name: "parseDrvName", Result: value.AttrSet, Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
		name, ver := version.ParseDrvName(wantPlain(m, v))
		return host(m).Set(map[string]value.Value{"name": value.NewString(name), "version": value.NewString(ver)})
	}},
	{Name: "splitVersion", Result: value.List, Arity: 1, Strict: 1, F1: func(m *value.Machine, v value.Value) value.Value {
		parts := version.Split(wantPlain(m, v))
		list := m.Slots(len(parts))
		for i, p := range parts {
			list[i] = value.NewString(p)
		}
		return value.NewList(list)
	}},
}
