package eval

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
)

func orderPrims() []value.Prim {
	return []value.Prim{
		{Name: "genericClosure", Result: value.List, Arity: 1, Strict: 1, Takes: takes{takesSet}, F1: primGenericClosure},
		{Name: "sort", Result: value.List, Arity: 2, F2: primSort},
	}
}

// primSort is stable. A comparator that contradicts itself gives some order.
func primSort(m *value.Machine, f, list value.Value) value.Value {
	if host(m).as28(sortFunctionFirst) {
		f = wantFunction(m, f)
	}
	if unknown := late(m, &list, "sort", value.List); !unknown.IsNone() {
		return unknown
	}
	elems := wantList(m, list)
	if len(elems) == 0 {
		return list
	}
	f = wantFunction(m, f)
	sorted := m.Slots(len(elems))
	for i := range elems {
		sorted[i] = m.Force(&elems[i])
	}
	builtin := f.Kind() == value.PrimOp && f.Prim().Name == "lessThan"
	before := func(a, b value.Value) bool {
		m.Step(1)
		if builtin {
			lt, u := less(m, m.Force(&a), m.Force(&b), value.Span{})
			if u != nil {
				undetermined(m, u)
			}
			return lt
		}
		v := call2(m, f, a, b)
		if v.Kind() != value.Bool {
			wrongType(m, v, "a Boolean as the result of the comparison")
		}
		return v.Bool()
	}
	slices.SortStableFunc(sorted, func(a, b value.Value) int {
		switch {
		case before(a, b):
			return -1
		case before(b, a):
			return 1
		default:
			return 0
		}
	})
	return value.NewList(sorted)
}

var (
	symStartSet = value.Intern("startSet")
	symOperator = value.Intern("operator")
	symKey      = value.Intern("key")
)

// primGenericClosure walks breadth first; of elements with equal keys the first
// one counts.
func primGenericClosure(m *value.Machine, v value.Value) value.Value {
	attrs := wantAttrs(m, v)
	field := func(sym value.Symbol) value.Value {
		a := attrs.Get(sym)
		if a == nil {
			fail(m, value.MissingAttribute, "attribute '%s' missing in the argument of 'genericClosure'", sym)
		}
		return m.Force(&a.Value)
	}
	start := field(symStartSet)
	if start.Kind() == value.UnknownValue {
		return start
	}
	work := slices.Clone(wantList(m, start))
	if len(work) == 0 && !host(m).as28(emptyClosureForcesOperator) {
		return value.NewList(nil)
	}
	operator := wantFunction(m, field(symOperator))
	var out []value.Value
	keys := keySet{m: m}
	for len(work) > 0 {
		elem := m.Force(&work[0])
		work = work[1:]
		m.Step(1)
		if elem.Kind() == value.UnknownValue {
			return ofType(undecided(elem.Unknown(), "genericClosure with "+elem.Unknown().Origin, elem.Unknown().At), value.List)
		}
		key := wantAttrs(m, elem).Get(symKey)
		if key == nil {
			fail(m, value.MissingAttribute, "attribute 'key' missing in an element of 'genericClosure'")
		}
		if !keys.add(m.Force(&key.Value)) {
			continue
		}
		out = appendCharged(m, out, elem)
		more := call1(m, operator, elem)
		if more.Kind() == value.UnknownValue {
			return ofType(undecided(more.Unknown(), "genericClosure with "+more.Unknown().Origin, more.Unknown().At), value.List)
		}
		elems := wantList(m, more)
		for i := range elems {
			m.Force(&elems[i])
		}
		for _, e := range elems {
			work = appendCharged(m, work, e)
		}
	}
	return value.NewList(out)
}

// keySet is a set of keys ordered by `<`, as Nix compares them. Its keys lie in
// blocks of bounded length, so that a key costs about the same however many there
// are and in whichever order they come.
type keySet struct {
	m      *value.Machine
	blocks [][]value.Value // ascending, none empty
}

// maxBlock is the length at which a block is divided.
const maxBlock = 512

// add reports whether the key was not there yet.
func (s *keySet) add(key value.Value) bool {
	if len(s.blocks) == 0 {
		s.blocks = [][]value.Value{{key}}
		return true
	}
	// The key belongs to the last block that does not begin after it.
	b, found := slices.BinarySearchFunc(s.blocks, key, func(block []value.Value, key value.Value) int {
		return s.compare(block[0], key)
	})
	if found {
		return false
	}
	b = max(b-1, 0)
	i, found := slices.BinarySearchFunc(s.blocks[b], key, s.compare)
	if found {
		return false
	}
	block := slices.Insert(s.blocks[b], i, key)
	if len(block) < maxBlock {
		s.blocks[b] = block
		return true
	}
	s.blocks[b] = slices.Clone(block[:maxBlock/2])
	s.blocks = slices.Insert(s.blocks, b+1, slices.Clone(block[maxBlock/2:]))
	return true
}

func (s *keySet) compare(a, b value.Value) int {
	switch {
	case s.before(a, b):
		return -1
	case s.before(b, a):
		return 1
	default:
		return 0
	}
}

func (s *keySet) before(a, b value.Value) bool {
	lt, u := less(s.m, a, b, value.Span{})
	if u != nil {
		undetermined(s.m, u)
	}
	return lt
}
