package value

import (
	"slices"
	"strings"
)

// Attr is one attribute: its value lies inline.
type Attr struct {
	Value Value
	Name  Symbol
	Pos   Pos
}

// Attrs is an immutable attribute set, sorted by symbol. Only the values
// change: forcing replaces a thunk by its result.
type Attrs struct {
	list []Attr
	// open, when set, says that the set may have more attributes than are
	// known; a missing one is an unknown derived from it.
	open *Unknown
}

// EmptyAttrs is `{ }`.
var EmptyAttrs = &Attrs{}

// NewAttrsSorted takes ownership of a list that is sorted by symbol and has no
// name twice.
func NewAttrsSorted(list []Attr) *Attrs { return &Attrs{list: list} }

// NewAttrsList sorts list; of attributes with the same name the first wins, as
// in listToAttrs.
func NewAttrsList(list []Attr) *Attrs {
	slices.SortStableFunc(list, func(a, b Attr) int { return int(int64(a.Name) - int64(b.Name)) })
	list = slices.CompactFunc(list, func(a, b Attr) bool { return a.Name == b.Name })
	return &Attrs{list: list}
}

// WithOpen is the same set, open (or closed when u is nil).
func (a *Attrs) WithOpen(u *Unknown) *Attrs {
	if a.open == u {
		return a
	}
	return &Attrs{list: a.list, open: u}
}

// Open is what unknown attributes of the set derive from, nil for a closed set.
func (a *Attrs) Open() *Unknown { return a.open }

// Len is the number of known attributes.
func (a *Attrs) Len() int { return len(a.list) }

// All are the known attributes by symbol; values may be forced in place.
func (a *Attrs) All() []Attr { return a.list }

// Get finds an attribute, nil when it is not known.
func (a *Attrs) Get(name Symbol) *Attr {
	list := a.list
	if len(list) <= 8 {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
		return nil
	}
	lo, hi := 0, len(list)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if list[mid].Name < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(list) && list[lo].Name == name {
		return &list[lo]
	}
	return nil
}

// Lookup finds an attribute by name, nil when it is not known.
func (a *Attrs) Lookup(name string) *Attr {
	if s, ok := Lookup(name); ok {
		return a.Get(s)
	}
	return nil
}

// ByName are the attributes in byte order of their names, the order users see.
func (a *Attrs) ByName() []*Attr {
	type named struct {
		name string
		attr *Attr
	}
	sorted := make([]named, len(a.list))
	symbols.RLock()
	for i := range a.list {
		sorted[i] = named{symbols.names[a.list[i].Name], &a.list[i]}
	}
	symbols.RUnlock()
	slices.SortFunc(sorted, func(x, y named) int { return strings.Compare(x.name, y.name) })
	out := make([]*Attr, len(sorted))
	for i := range sorted {
		out[i] = sorted[i].attr
	}
	return out
}

// Update is `a // b`: both sets' attributes, b's where both have one. The
// result is open when either is; a closed b over an open a leaves b's names known.
func (m *Machine) Update(a, b *Attrs) *Attrs {
	open := a.open
	if b.open != nil {
		open = b.open
	}
	if len(b.list) == 0 && open == a.open {
		return a
	}
	if len(a.list) == 0 && open == b.open {
		return b
	}
	out := m.attrSlots(len(a.list) + len(b.list))[:0]
	x, y := a.list, b.list
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].Name < y[0].Name:
			out = append(out, x[0])
			x = x[1:]
		case x[0].Name > y[0].Name:
			out = append(out, y[0])
			y = y[1:]
		default:
			out = append(out, y[0])
			x, y = x[1:], y[1:]
		}
	}
	out = append(append(out, x...), y...)
	return &Attrs{list: out, open: open}
}
