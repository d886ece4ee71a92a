package redact

import "slices"

// automaton finds all patterns in one pass (Aho and Corasick). A state stands
// for the longest suffix of what was read that begins a pattern.
type automaton struct {
	states []state
	edges  []edge     // that did not fit into their state
	root   [256]int32 // from the root, 0 where no pattern begins
}

type state struct {
	fail  int32 // the state of the longest proper suffix
	depth int32 // length of the text that the state stands for
	match int32 // length of the longest pattern that ends here, 0: none
	least int32 // length of the shortest pattern that goes through here
	// The first edge lies in the state: almost all have just one.
	first byte
	child int32 // 0: none
	more  int32 // 1 + index of the next edge, 0: none
}

type edge struct {
	c    byte
	to   int32
	more int32 // as in state
}

func (p *patterns) automaton() *automaton {
	a := &automaton{states: []state{{}}}
	texts := make([]string, 0, len(p.texts))
	for text := range p.texts {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	for _, text := range texts {
		a.insert(text)
	}
	a.link()
	return a
}

func (a *automaton) insert(text string) {
	at := int32(0)
	length := int32(len(text))
	for i := range len(text) {
		to := a.edge(at, text[i])
		if to == 0 {
			to = int32(len(a.states))
			a.states = append(a.states, state{depth: int32(i + 1), least: length})
			a.addEdge(at, text[i], to)
		}
		at = to
		a.states[at].least = min(a.states[at].least, length)
	}
	a.states[at].match = length
}

func (a *automaton) addEdge(from int32, c byte, to int32) {
	if from == 0 {
		a.root[c] = to
		return
	}
	s := &a.states[from]
	if s.child == 0 {
		s.first, s.child = c, to
		return
	}
	a.edges = append(a.edges, edge{c, to, s.more})
	s.more = int32(len(a.edges))
}

// edge is where c leads from a state within a pattern, 0 for nowhere.
func (a *automaton) edge(from int32, c byte) int32 {
	if from == 0 {
		return a.root[c]
	}
	s := &a.states[from]
	if s.child != 0 && s.first == c {
		return s.child
	}
	for i := s.more; i != 0; i = a.edges[i-1].more {
		if e := a.edges[i-1]; e.c == c {
			return e.to
		}
	}
	return 0
}

// link computes the suffixes, breadth first.
func (a *automaton) link() {
	queue := []int32{}
	for _, to := range a.root {
		if to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		s := &a.states[at]
		visit := func(c byte, to int32) {
			fail := a.step(s.fail, c)
			t := &a.states[to]
			t.fail = fail
			t.match = max(t.match, a.states[fail].match)
			queue = append(queue, to)
		}
		if s.child != 0 {
			visit(s.first, s.child)
		}
		for i := s.more; i != 0; i = a.edges[i-1].more {
			visit(a.edges[i-1].c, a.edges[i-1].to)
		}
	}
}

// step is the state after c.
func (a *automaton) step(at int32, c byte) int32 {
	for {
		if to := a.edge(at, c); to != 0 || at == 0 {
			return to
		}
		at = a.states[at].fail
	}
}
