package value

import (
	"context"
	"testing"
)

// TestReleaseAtSlabEnd gives back environments that end their slab after the next
// slab was begun. Slabs can lie side by side in memory: the two must not become
// one.
func TestReleaseAtSlabEnd(t *testing.T) {
	m := NewMachine(context.Background(), Limits{})
	for range 500_000 {
		env := m.NewEnv(nil, 2)
		next := m.NewEnv(env, 2)
		m.Release(next, 2)
		m.Release(env, 2)
		if len(m.slots) > len(m.slab) {
			t.Fatalf("%d slots are left of a slab of %d", len(m.slots), len(m.slab))
		}
		if len(m.slots) > 0 && &m.slots[len(m.slots)-1] != &m.slab[len(m.slab)-1] {
			t.Fatal("what is left does not end where the slab ends")
		}
		m.Slots(2) // so that the slab is used up in the end, to the last slot
	}
}

// TestRelease shows that an environment is used again only when nothing holds on to it.
func TestRelease(t *testing.T) {
	m := NewMachine(context.Background(), Limits{})
	parent := m.NewEnv(nil, 2)
	env := m.NewEnv(nil, 2)
	*env.Slot(1) = NewInt(1)
	if !m.Release(env, 2) {
		t.Error("an environment nobody holds on to is not released")
	}
	if again := m.NewEnv(parent, 2); again != env || !again.Slot(1).IsNone() || again.Parent() != parent {
		t.Error("a released environment is not used again, or not as a new one")
	}
	*env.Slot(1) = NewInt(1)
	m.NewEnv(nil, 2)
	m.Release(env, 2)
	if other := m.NewEnv(nil, 3); other == env {
		t.Error("an environment is used again for a larger one")
	}
	if again := m.NewEnv(parent, 2); again != env || !again.Slot(1).IsNone() || again.Parent() != parent {
		t.Error("a released environment is not used again after another was made, or not as a new one")
	}
	for name, hold := range map[string]func(*Env){
		"a thunk of a node":       func(e *Env) { m.Delay(new(Delayed), poison{}, e) },
		"a thunk":                 func(e *Env) { m.NewThunk(poison{}, e) },
		"a function":              func(e *Env) { m.NewClosure(e, &Function{}) },
		"an environment below it": func(e *Env) { m.Capture(e, 2) },
	} {
		env := m.NewEnv(parent, 2)
		hold(env)
		if m.Release(env, 2) {
			t.Errorf("an environment is released although %s holds on to it", name)
		}
		for range 3 {
			if again := m.NewEnv(nil, 2); again == env {
				t.Errorf("an environment is used again although %s holds on to it", name)
			}
		}
	}
}

// TestReleaseBeforeList gives back an environment behind which a list ends the
// slab: the list, which is the call's result, must stay.
func TestReleaseBeforeList(t *testing.T) {
	m := NewMachine(context.Background(), Limits{})
	m.Slots(1)
	for len(m.slots) > 4 {
		m.Slots(1)
	}
	env := m.NewEnv(nil, 2)
	list := m.Slots(2)
	list[0], list[1] = NewInt(1), NewInt(2)
	m.Release(env, 2)
	for range 4 {
		*m.NewEnv(nil, 2).Slot(1) = NewInt(7)
	}
	if list[0].IsNone() || list[0].Int() != 1 || list[1].Int() != 2 {
		t.Error("a list was given back together with the environment before it")
	}
}

// What slabs hand out is empty and nobody else's, whatever is left of a slab.
func TestSlabsDoNotOverlap(t *testing.T) {
	m := NewMachine(context.Background(), Limits{})
	var attrs [][]Attr
	var slots [][]Value
	for i := 0; m.allocated < 40<<20; i++ {
		n := 1 + i%41
		if i%1000 == 999 { // the end of a large slab
			m.attrs, m.slots = nil, nil
			m.rest.attrs, m.rest.slots = make([]Attr, 3), make([]Value, 3)
		}
		a, s := m.AttrSlots(n), m.Slots(n)
		for j := range n {
			if a[j] != (Attr{}) || s[j] != (Value{}) {
				t.Fatalf("not empty: %v, %v", a[j], s[j])
			}
			a[j].Value, s[j] = NewInt(int64(i)), NewInt(int64(i))
		}
		if i%1000 == 0 {
			attrs, slots = append(attrs, a), append(slots, s)
		}
		if i%3 == 0 { // a set of which half is replaced
			m.merge(a[:n/2], a[:n])
		}
	}
	for k := range attrs {
		for j := range attrs[k] {
			if attrs[k][j].Value.Int() != int64(1000*k) || slots[k][j].Int() != int64(1000*k) {
				t.Fatalf("overwritten: %v, %v", attrs[k][j], slots[k][j])
			}
		}
	}
}
