package eval

import (
	"github.com/nixplan/nixplan/eval/value"
)

// A program is evaluated again and again, each time for another git ref, and most
// of it has nothing to do with the ref. What an expression comes to depends on its
// code and on the arguments of the functions around it that it mentions, be it by
// way of a `let`. Where these are what they were in an earlier round, so is the
// result, and the thunk of then is used. What mentions src gets another src in
// each round, and is evaluated anew.
//
// Within a round every thunk is used once, as if it were new: functions, which are
// equal to nothing but themselves, must not become equal.

const (
	mostShared = 4096 // thunks of an expression, each for other arguments
	mostTried  = 256  // of them that are looked at for a match
	mostParams = 6    // arguments that an expression may mention
)

// NextRound begins another evaluation of the same program. With Options.Share it
// takes over what is sure to be the same as in the rounds before.
func (ev *Evaluator) NextRound() { ev.round++ }

// use is a variable that an expression mentions.
type use struct {
	scope *scope
	slot  int
}

// param is where an environment has an argument that an expression depends on.
type param struct{ level, slot int }

// sharedNode is an expression whose thunks may serve several rounds.
type sharedNode struct {
	code   value.Code
	scope  *scope
	uses   []use // nil once params are known
	params []param
	known  bool
	off    bool // it never is the same

	made   map[uint64]*alikeThunks // by hash
	size   int
	first  int // round
	hits   int
	misses int // after the first round
}

// alikeThunks are those whose arguments hash to the same, which sets and thunks all
// do: a thunk that was forced since has to be found as well.
type alikeThunks struct {
	list []sharedThunk
	next int // where to look first: rounds go the same way
}

type sharedThunk struct {
	args  [mostParams]value.Value
	round int // in which it was used last
	thunk value.Value
}

func (n *sharedNode) At() value.Span { return n.code.At() }
func (n *sharedNode) Eval(m *value.Machine, env *value.Env) value.Value {
	return n.code.Eval(m, env)
}

func (n *sharedNode) Delay(m *value.Machine, env *value.Env) value.Value {
	if !n.known {
		n.settle()
	}
	round := host(m).round
	// What is made in the first round serves later ones; with no room for more there is
	// nothing to look for. An endless program took a hundred times as long.
	if n.off || round == 0 || n.size == mostShared && round == n.first {
		return n.code.Delay(m, env)
	}
	var args [mostParams]value.Value
	for i, p := range n.params {
		arg := *env.Up(p.level).Slot(p.slot)
		if arg.IsNone() {
			return n.code.Delay(m, env) // a default that is still to be filled in
		}
		args[i] = arg
	}
	hash := uint64(14695981039346656037)
	for i := range n.params {
		hash = args[i].Hash(hash)
	}
	alike := n.made[hash]
	if n.first == 0 {
		n.first = round
	}
	if alike != nil && round != n.first {
		if s := n.find(alike, &args, round); s != nil {
			s.round = round
			n.hits++
			return s.thunk
		}
	}
	thunk := n.code.Delay(m, env)
	if round != n.first {
		if n.misses++; n.misses > 64 && n.misses > 4*n.hits {
			n.off, n.made = true, nil
			return thunk
		}
	}
	if n.size < mostShared {
		if n.made == nil {
			n.made = map[uint64]*alikeThunks{}
		}
		if alike == nil {
			alike = &alikeThunks{}
			n.made[hash] = alike
		}
		alike.list = append(alike.list, sharedThunk{args, round, thunk})
		n.size++
	}
	return thunk
}

// find gives a thunk for the same arguments that this round did not use yet.
func (n *sharedNode) find(alike *alikeThunks, args *[mostParams]value.Value, round int) *sharedThunk {
	for range min(len(alike.list), mostTried) {
		if alike.next >= len(alike.list) {
			alike.next = 0
		}
		s := &alike.list[alike.next]
		alike.next++
		if s.round != round && n.same(&s.args, args) {
			return s
		}
	}
	return nil
}

func (n *sharedNode) same(a, b *[mostParams]value.Value) bool {
	for i := range n.params {
		if !value.Identical(a[i], b[i]) {
			return false
		}
	}
	return true
}

// settle finds the arguments that the expression depends on.
func (n *sharedNode) settle() {
	n.known = true
	levels := map[*scope]int{}
	level := 0
	for sc := n.scope; sc != nil; sc = sc.outer {
		levels[sc] = level
		level++
	}
	seen := map[use]bool{}
	var follow func(uses []use)
	follow = func(uses []use) {
		for _, u := range uses {
			if seen[u] || n.off {
				continue
			}
			seen[u] = true
			level, around := levels[u.scope]
			switch {
			case u.scope.uses != nil:
				follow(u.scope.uses[u.slot])
			case !around: // an argument of a function inside
			case len(n.params) == mostParams:
				n.off = true
			default:
				n.params = append(n.params, param{level, u.slot})
			}
		}
	}
	follow(n.uses)
	n.uses, n.scope = nil, nil
}

// mentions notes a variable for the expressions around it.
func (r *resolver) mentions(sc *scope, slot int) {
	if r.share {
		r.used = append(r.used, use{sc, slot})
	}
}

// shared makes a node that may be shared of the code of an expression that stands
// where it is not evaluated at once; mark is how many variables were mentioned
// before it.
func (r *resolver) shared(code value.Code, sc *scope, mark int) value.Code {
	if !r.share {
		return code
	}
	r.compact(mark)
	switch code.(type) {
	case *callNode, *call1Node, *select1, *selectNode, *letNode, *attrsNode, *recNode, *withNode, *updateNode, *ifNode, *concatNode:
		return &sharedNode{code: code, scope: sc, uses: append([]use(nil), r.used[mark:]...)}
	}
	return code
}

// compact keeps each of the variables since mark once.
func (r *resolver) compact(mark int) {
	seen := make(map[use]bool, len(r.used)-mark)
	kept := r.used[:mark]
	for _, u := range r.used[mark:] {
		if !seen[u] {
			seen[u] = true
			kept = append(kept, u)
		}
	}
	r.used = kept
}
