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
//
// The result of `//` may be two layers, so that a large set with a few other
// attributes is not a copy of the large set. Looking up a name goes through the
// layers; who wants all attributes makes them one list, once.
type Attrs struct {
	list []Attr
	base *Attrs // what list is laid over; nil for most sets
	// size is a bound for the number of attributes, exact without base.
	size   int32
	layers int32 // number of sets below
	// open, when set, says that the set may have more attributes than are
	// known; a missing one is an unknown derived from it.
	open *Unknown
}

// EmptyAttrs is `{ }`.
var EmptyAttrs = &Attrs{}

// NewAttrsSorted takes ownership of a list that is sorted by symbol and has no
// name twice.
func NewAttrsSorted(list []Attr) *Attrs { return &Attrs{list: list, size: int32(len(list))} }

// NewAttrsList sorts list; of attributes with the same name the first wins, as
// in listToAttrs.
func NewAttrsList(list []Attr) *Attrs {
	slices.SortStableFunc(list, func(a, b Attr) int { return int(int64(a.Name) - int64(b.Name)) })
	list = slices.CompactFunc(list, func(a, b Attr) bool { return a.Name == b.Name })
	return NewAttrsSorted(list)
}

// WithOpen is the same set, open (or closed when u is nil).
func (a *Attrs) WithOpen(u *Unknown) *Attrs {
	if a.open == u {
		return a
	}
	with := *a
	with.open = u
	return &with
}

// Open is what unknown attributes of the set derive from, nil for a closed set.
func (a *Attrs) Open() *Unknown { return a.open }

// Len is the number of known attributes.
func (a *Attrs) Len() int { return len(a.All()) }

// All are the known attributes by symbol; values may be forced in place.
func (a *Attrs) All() []Attr {
	if a.base != nil {
		a.flatten(make([]Attr, a.size))
	}
	return a.list
}

// flatten makes one list of all layers in room, which has a.size of them; of equal
// names the uppermost counts.
func (a *Attrs) flatten(room []Attr) {
	const done = ^Symbol(0)
	var lists [maxLayers + 1][]Attr
	var next [maxLayers + 1]Symbol // the first name of each list
	first := func(list []Attr) Symbol {
		if len(list) == 0 {
			return done
		}
		return list[0].Name
	}
	n := 0
	for s := a; s != nil; s = s.base {
		lists[n], next[n] = s.list, first(s.list)
		n++
	}
	out := room[:0]
	for {
		top := 0
		for i := 1; i < n; i++ {
			if next[i] < next[top] {
				top = i
			}
		}
		name := next[top]
		if name == done {
			break
		}
		out = append(out, lists[top][0])
		for i := top; i < n; i++ {
			if next[i] == name {
				lists[i] = lists[i][1:]
				next[i] = first(lists[i])
			}
		}
	}
	a.list, a.base, a.size, a.layers = out[:len(out):len(out)], nil, int32(len(out)), 0
}

// Get finds an attribute, nil when it is not known.
func (a *Attrs) Get(name Symbol) *Attr {
	for ; a.base != nil; a = a.base {
		if found := find(a.list, name); found != nil {
			return found
		}
	}
	return find(a.list, name)
}

func find(list []Attr, name Symbol) *Attr {
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
	list := a.All()
	out := make([]*Attr, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortFunc(out, func(x, y *Attr) int { return strings.Compare(x.Name.String(), y.Name.String()) })
	return out
}

const (
	// maxLayers bounds how many lists a look-up goes through.
	maxLayers = 8
	// minLayered is how many attributes are worth a layer. Copying fewer costs no
	// more than looking through one more list.
	minLayered = 16
)

// Update is `a // b`: both sets' attributes, b's where both have one. The
// result is open when either is; a closed b over an open a leaves b's names known.
func (m *Machine) Update(a, b *Attrs) *Attrs {
	open := a.open
	if b.open != nil && (open == nil || b.open.Lacks == nil) { // what one lacks the other may have
		open = b.open
	}
	if b.size == 0 && open == a.open {
		return a
	}
	if a.size == 0 && open == b.open {
		return b
	}
	out := m.newSet()
	out.open = open
	y := b.All()
	if int(a.size) >= minLayered && len(y) <= int(a.size)/2 {
		if a.layers >= maxLayers {
			m.Step(int(a.size) / 16)
			room, fromSlab := m.attrRoom(int(a.size))
			a.flatten(room)
			if fromSlab {
				m.attrs = m.attrs[len(a.list):]
			}
		}
		// Copying took a quarter of what the packages of nixpkgs take.
		out.list, out.base, out.size, out.layers = y, a, a.size+int32(len(y)), a.layers+1
		return out
	}
	out.list = m.merge(a.All(), y)
	out.size = int32(len(out.list))
	return out
}

// merge is both lists' attributes, y's where both have one.
func (m *Machine) merge(x, y []Attr) []Attr {
	m.Step((len(x) + len(y)) / 16)
	room, fromSlab := m.attrRoom(len(x) + len(y))
	out := room[:0]
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
	if fromSlab {
		m.attrs = m.attrs[len(out):]
	}
	return out[:len(out):len(out)]
}
