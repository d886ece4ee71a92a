package value

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestConcat extends lists, old and new ones, by each other in any order: none may
// change by what is made of it later.
func TestConcat(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := NewMachine(context.Background(), Limits{})
	next := int64(0)
	fresh := func(n int) (Value, []int64) {
		slots, want := m.Slots(n), []int64(nil)
		for i := range slots {
			next++
			slots[i] = NewInt(next)
			want = append(want, next)
		}
		return NewList(slots), want
	}
	type list struct {
		v    Value
		want []int64
	}
	var lists []list
	add := func(v Value, want []int64) { lists = append(lists, list{v, want}) }
	for _, n := range []int{1, 3, growFrom - 1, growFrom, 200} {
		add(fresh(n))
	}
	for range 3000 {
		a, b := lists[rng.IntN(len(lists))], lists[rng.IntN(5)]
		if rng.IntN(4) > 0 { // mostly the newest one, as in a fold
			a = lists[len(lists)-1]
		}
		if rng.IntN(8) == 0 {
			b = a
		}
		if len(a.want) > 5000 {
			a = lists[rng.IntN(5)]
		}
		add(m.Concat(a.v, b.v), slices.Concat(a.want, b.want))
	}
	for i, l := range lists {
		got := l.v.List()
		same := slices.EqualFunc(got, l.want, func(v Value, n int64) bool { return v.Int() == n })
		if !same {
			t.Fatalf("list %d of %d elements changed", i, len(l.want))
		}
	}
}

// A fold that adds elements one by one takes memory for its result, a few times.
func TestConcatGrows(t *testing.T) {
	m := NewMachine(context.Background(), Limits{})
	const n = 20_000
	acc := NewList([]Value{True})
	for range n {
		acc = m.Concat(acc, NewList([]Value{False}))
	}
	if most := int64(8 * n * slotSize); acc.Len() != n+1 || m.allocated > most {
		t.Errorf("%d elements took %d bytes, more than %d", acc.Len(), m.allocated, most)
	}
}
