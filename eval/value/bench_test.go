package value

import (
	"context"
	"testing"
)

func benchAttrs(m *Machine, first, n int) *Attrs {
	list := m.AttrSlots(n)
	for i := range list {
		list[i] = Attr{Name: Symbol(first + i), Value: NewInt(int64(i))}
	}
	return NewAttrsSorted(list)
}

// BenchmarkUpdate is `set // { a; b; }` for sets of the sizes that nixpkgs has:
// arguments, derivations, package sets.
func BenchmarkUpdate(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"8", 8}, {"60", 60}, {"10000", 10_000}} {
		b.Run(size.name, func(b *testing.B) {
			m := NewMachine(context.Background(), Limits{})
			set, few := benchAttrs(m, 0, size.n), benchAttrs(m, size.n-1, 2)
			b.ReportAllocs()
			for b.Loop() {
				if m.Update(set, few).Get(Symbol(size.n)) == nil {
					b.Fatal("an attribute is missing")
				}
			}
		})
	}
}

type constantCode struct{ Delayed }

func (*constantCode) Eval(*Machine, *Env) Value          { return True }
func (c *constantCode) Delay(m *Machine, env *Env) Value { return m.Delay(&c.Delayed, c, env) }
func (*constantCode) At() Span                           { return Span{} }

// BenchmarkForce makes a thunk and forces it.
func BenchmarkForce(b *testing.B) {
	m := NewMachine(context.Background(), Limits{})
	code := new(constantCode)
	b.ReportAllocs()
	for b.Loop() {
		v := code.Delay(m, nil)
		if !m.Force(&v).Bool() {
			b.Fatal("wrong value")
		}
	}
}

// BenchmarkCall makes an environment and gives it back.
func BenchmarkCall(b *testing.B) {
	m := NewMachine(context.Background(), Limits{})
	b.ReportAllocs()
	for b.Loop() {
		env := m.NewEnv(nil, 2)
		*env.Slot(1) = True
		m.Release(env, 2)
	}
}
