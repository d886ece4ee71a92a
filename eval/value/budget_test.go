package value

import (
	"context"
	"testing"
)

// The heap is looked at when much is charged, when one thing would not fit, and
// after many steps: not everything that takes memory is charged.
func TestHeapIsLookedAt(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int64
		work  func(m *Machine)
	}{
		{"much", 1, func(m *Machine) {
			for range 2 * lookEvery / (1 << 10) {
				m.Charge(1 << 10)
			}
		}},
		{"one large thing", 1 << 40, func(m *Machine) { m.Charge(1 << 41) }},
		{"steps", 1, func(m *Machine) {
			for range 2 * heapLook {
				m.Step(1)
			}
		}},
		{"levels", 1, func(m *Machine) {
			for range 2 * heapLook {
				m.Enter(nil)
				m.Leave()
			}
		}},
	} {
		m := NewMachine(context.Background(), Limits{Heap: test.limit})
		if err := m.Catch(func() { test.work(m) }); err == nil || err.Kind != Budget {
			t.Errorf("%s: %v, want an error of kind %s", test.name, err, Budget)
		}
		m = NewMachine(context.Background(), Limits{Heap: 1 << 50})
		if err := m.Catch(func() { test.work(m) }); err != nil {
			t.Errorf("%s, with room: %v", test.name, err)
		}
	}
}

// The default is asked for when an evaluation grows, once, and counts when no
// limit was given.
func TestDefaultHeap(t *testing.T) {
	for _, limit := range []int64{0, 1 << 50} {
		asked := 0
		m := NewMachine(context.Background(), Limits{Heap: limit, DefaultHeap: func() int64 { asked++; return 1 }})
		m.Charge(1 << 10)
		if asked != 0 {
			t.Error("asked for a kilobyte")
		}
		err := m.Catch(func() { m.Charge(firstLook); m.Charge(lookEvery) })
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		if (err == nil) != (limit > 0) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// Once the steps are used up whatever is begun ends at once, however short it is.
func TestSpent(t *testing.T) {
	m := NewMachine(context.Background(), Limits{Steps: 10})
	if m.Spent() != "" {
		t.Error("spent before the first step")
	}
	err := m.Catch(func() { m.Step(stepsPerLook) })
	if err == nil || err.Late || m.Spent() != err.Message {
		t.Errorf("got %+v, spent: %q", err, m.Spent())
	}
	for _, work := range []func(){func() { m.Step(1) }, func() { m.Enter(nil) }} {
		if err := m.Catch(work); err == nil || err.Kind != Budget || !err.Late {
			t.Errorf("further work: %+v, want a late error of kind %s", err, Budget)
		}
	}
}
