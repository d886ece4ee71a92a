package refset

import (
	"cmp"
	"math/bits"
	"slices"
)

// Table has samples, which are points, and the literals that sets of them can be
// described with. What holds of what is found out once for all sets.
type Table struct {
	literals []Literal
	words    int    // of a mask
	holds    []mask // by literal
}

// NewTable makes a table. The literals are not negated.
func NewTable(points []Point, literals []Literal) *Table {
	t := &Table{literals: literals, words: (len(points) + 63) / 64}
	for i := range literals {
		holds := make(mask, t.words)
		for j := range points {
			if literals[i].Holds(&points[j]) {
				holds.set(j)
			}
		}
		t.holds = append(t.holds, holds)
	}
	return t
}

// Sample says of a point whether it is in a set.
type Sample uint8

const (
	Out Sample = iota
	In
	Either // nothing is known of it
)

// mostPaired is up to how many literals are tried two and two.
const mostPaired = 40

// mostExceptions bounds the negations of one term, fewExceptions where there are
// more than mostPaired literals.
const (
	mostExceptions = 16
	fewExceptions  = 4
)

// Fit is a short description, made of the table's literals, that agrees with every
// sample, of which there is one for each of the table's points; false when there
// is none.
//
// It is a search by rule covering: candidates for terms are one or two literals,
// from which others are excepted until no sample is covered that must not be;
// then terms are chosen by what they cost for each sample that they add.
func (t *Table) Fit(samples []Sample) (Set, bool) {
	f := t.fitter(samples)
	literals := t.literals
	switch {
	case f.in.empty():
		return Set{Any: []Term{}}, true
	case f.out.empty():
		return Set{Any: []Term{{All: []Literal{}}}}, true
	}
	if set, ok := f.single(); ok {
		return set, true
	}
	f.seed()
	for i := range literals {
		f.seed(i)
	}
	best, ok := f.cover()
	if len(literals) <= mostPaired {
		for i := range literals {
			for j := range i {
				if !(literals[i].Op == Is && literals[j].Op == Is && literals[i].Fact == literals[j].Fact) {
					f.seed(j, i)
				}
			}
		}
		if paired, found := f.cover(); found && (!ok || cost(paired) < cost(best)) {
			best, ok = paired, true
		}
	}
	if !ok {
		f.facts()
		if best, ok = f.cover(); !ok {
			return Set{}, false
		}
	}
	for i := range best {
		f.shorten(&best[i])
	}
	return f.set(f.needed(best)), true
}

// single is one literal than which nothing is shorter.
func (f *fitter) single() (Set, bool) {
	for i := range f.literals {
		if price(&f.literals[i]) == cheapest && f.out.common(f.holds[i]) == 0 && f.in.without(f.holds[i]).empty() {
			return f.set([]candidate{{is: []int{i}}}), true
		}
	}
	return Set{}, false
}

// facts adds terms that are about the ref and two other facts, or three.
func (f *fitter) facts() {
	var others []int
	for i := range f.literals {
		if !f.literals[i].Fact.IsRef() {
			others = append(others, i)
		}
	}
	for n, i := range others {
		for _, j := range others[:n] {
			if f.literals[i].Fact == f.literals[j].Fact {
				continue
			}
			for k := range f.literals {
				if k != i && k != j {
					f.seed(k, j, i)
				}
			}
		}
	}
}

// shorten leaves out literals without which a term still covers no sample that
// it must not.
func (f *fitter) shorten(c *candidate) {
	for _, list := range []*[]int{&c.is, &c.not} {
		for n := 0; n < len(*list); {
			all := *list
			*list = slices.Delete(slices.Clone(all), n, n+1)
			if f.covered(c, f.out).empty() {
				c.covers = f.covered(c, f.in)
			} else {
				*list = all
				n++
			}
		}
	}
}

// covered are those samples of a set that a term covers.
func (f *fitter) covered(c *candidate, of mask) mask {
	for _, i := range c.is {
		of = of.and(f.holds[i])
	}
	for _, i := range c.not {
		of = of.without(f.holds[i])
	}
	return of
}

// mask is a set of samples.
type mask []uint64

func (m mask) set(i int) { m[i/64] |= 1 << (i % 64) }
func (m mask) empty() bool {
	return !slices.ContainsFunc(m, func(w uint64) bool { return w != 0 })
}

// common is how many samples both have.
func (m mask) common(o mask) (n int) {
	for i := range m {
		n += bits.OnesCount64(m[i] & o[i])
	}
	return n
}

func (m mask) and(o mask) mask {
	out := make(mask, len(m))
	for i := range m {
		out[i] = m[i] & o[i]
	}
	return out
}

func (m mask) without(o mask) mask {
	out := make(mask, len(m))
	for i := range m {
		out[i] = m[i] &^ o[i]
	}
	return out
}

type fitter struct {
	*Table
	in, out mask
	terms   []candidate
}

// candidate is a term that covers no sample it must not.
type candidate struct {
	is, not []int // literals
	covers  mask
	cost    int
}

func (t *Table) fitter(samples []Sample) *fitter {
	f := &fitter{Table: t, in: make(mask, t.words), out: make(mask, t.words)}
	for i, sample := range samples {
		switch sample {
		case In:
			f.in.set(i)
		case Out:
			f.out.set(i)
		}
	}
	return f
}

// cheapest is the least that price gives.
const cheapest = 4

// price is what a literal costs: how long it takes to explain.
func price(l *Literal) int {
	switch {
	case l.Op == Is, l.Op == Prefix && l.Fact == Ref && (l.Text == Heads || l.Text == Tags):
		return cheapest
	case l.Op == Prefix:
		return 6
	case l.Op == Contains:
		return 10
	case l.Op == Matches:
		return 11
	}
	return 8
}

// seed adds the term that begins with the literals, if there is one.
func (f *fitter) seed(is ...int) {
	c := candidate{is: is, cost: 3}
	covers := f.in.and(f.in)
	bad := f.out.and(f.out)
	for n, i := range is {
		if n == 0 {
			c.cost = 0
		}
		c.cost += price(&f.literals[i])
		covers, bad = covers.and(f.holds[i]), bad.and(f.holds[i])
	}
	most := mostExceptions
	if len(f.literals) > mostPaired && len(is) > 0 {
		most = fewExceptions
	}
	for !bad.empty() {
		if len(c.not) == most || covers.empty() {
			return
		}
		best, bestScore := -1, 0
		for i := range f.literals {
			gain, loss := bad.common(f.holds[i]), covers.common(f.holds[i])
			if gain == 0 || slices.Contains(is, i) {
				continue
			}
			// What is lost has to be covered by other terms.
			score := 1000*(gain-2*loss)/price(&f.literals[i]) + 1_000_000
			if score > bestScore {
				best, bestScore = i, score
			}
		}
		if best < 0 {
			return
		}
		c.not = append(c.not, best)
		c.cost += price(&f.literals[best]) + 1
		covers, bad = covers.without(f.holds[best]), bad.without(f.holds[best])
	}
	if c.covers = covers; !covers.empty() {
		f.terms = append(f.terms, c)
	}
}

// cover chooses terms that together cover every sample that is in the set.
func (f *fitter) cover() ([]candidate, bool) {
	var single *candidate
	for i := range f.terms {
		c := &f.terms[i]
		if f.in.without(c.covers).empty() && (single == nil || c.cost < single.cost) {
			single = c
		}
	}
	var chosen []candidate
	for left := f.in; !left.empty(); {
		best, bestScore := -1, 0
		for i := range f.terms {
			if n := left.common(f.terms[i].covers); n > 0 {
				if score := 1_000_000 * n / (f.terms[i].cost + 2); score > bestScore {
					best, bestScore = i, score
				}
			}
		}
		if best < 0 {
			return nil, false
		}
		chosen = append(chosen, f.terms[best])
		left = left.without(f.terms[best].covers)
	}
	chosen = f.needed(chosen)
	if single != nil && single.cost <= cost(chosen) {
		return []candidate{*single}, true
	}
	return chosen, true
}

// needed leaves out terms that the others make superfluous.
func (f *fitter) needed(chosen []candidate) []candidate {
	for i := 0; i < len(chosen); {
		left := f.in
		for j := range chosen {
			if j != i {
				left = left.without(chosen[j].covers)
			}
		}
		if left.empty() {
			chosen = slices.Delete(chosen, i, i+1)
		} else {
			i++
		}
	}
	return chosen
}

func cost(terms []candidate) (n int) {
	for _, c := range terms {
		n += c.cost + 1
	}
	return n
}

// set writes the terms down in the order of the literals.
func (f *fitter) set(terms []candidate) Set {
	out := Set{Any: []Term{}}
	for _, c := range terms {
		term := Term{All: []Literal{}}
		slices.Sort(c.not)
		for _, i := range c.is {
			term.All = append(term.All, f.literals[i])
		}
		for _, i := range c.not {
			l := f.literals[i]
			l.Not = true
			term.All = append(term.All, l)
		}
		out.Any = append(out.Any, term)
	}
	slices.SortStableFunc(out.Any, func(a, b Term) int {
		return cmp.Or(cmp.Compare(a.exceptions(), b.exceptions()), slices.CompareFunc(a.All, b.All, Compare))
	})
	return out
}
