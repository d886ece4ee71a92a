package value

import "unsafe"

// growFrom is the length from which lists that grow get room for more.
const growFrom = 64

// Concat is the list of a's and b's elements; neither is empty.
//
// The machine remembers the list it made last. When that one is extended again,
// as in a fold, the new list has room behind it, and its extension uses that room:
// both lists begin with the same slots, which is right because the elements are
// the same values, and because only a list that ends where the used slots end can
// take the next one. A fold that adds 30,000 elements one by one took 3.6 s and
// 2 GB of copies without it.
func (m *Machine) Concat(a, b Value) Value {
	from, length := a.Len(), a.Len()+b.Len()
	m.FitList(int64(length))
	if length < growFrom {
		out := m.Slots(length)
		copy(out, a.List())
		copy(out[from:], b.List())
		return NewList(out)
	}
	grows := from == len(m.grown) && a.p == unsafe.Pointer(unsafe.SliceData(m.grown))
	if grows && length <= cap(m.grown) {
		m.Step(b.Len() / 16)
		m.grown = append(m.grown, b.List()...)
		return NewList(m.grown)
	}
	m.Step(length / 16)
	var out []Value
	if grows {
		room := 2 * length
		m.Charge(int64(room) * int64(slotSize))
		out = make([]Value, length, room)
	} else {
		out = m.Slots(length)
	}
	copy(out, a.List())
	copy(out[from:], b.List())
	m.grown = out
	return NewList(out)
}
