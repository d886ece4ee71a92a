package ere

// The matcher is libstdc++'s depth-first search, quirks included:
//
//   - "|" always tries both sides and the longer match wins, the left one on
//     a tie; a repetition stops at the first way to match, even when fewer
//     rounds would match more: `a?(abc)?` finds "a" in "abc".
//   - A loop may match the empty text twice at one place, which decides what
//     the group in `(a*)*` holds.
//
// It differs in cost only. Once a search has taken a while it notes for each
// choice and place whether it led to a match, so no choice is explored twice
// at a place and the work is bounded by program size × text length.
const (
	// memoAfter is the number of choices after which notes are taken.
	memoAfter = 512
	// maxMemo bounds the notes' bytes; larger searches rely on maxSteps.
	maxMemo = 64 << 20
	// maxSteps and stepsPerByte of text bound the work of one match or split:
	// the choices, the places where a search starts, and what repetitions of
	// one character run over.
	maxSteps     = 10_000_000
	stepsPerByte = 8
	// runLength is how many bytes of a run count as a step.
	runLength = 32
	// spendAtOnce is how many steps are told together.
	spendAtOnce = 1 << 12
	// maxSpareTrail bounds what an expression keeps for its next text.
	maxSpareTrail = 1 << 10
	// maxDepth bounds the recursion, to 128 MB of stack; libstdc++ crashes earlier.
	maxDepth = 250_000
)

// span is where a group matched; start < 0: it did not.
type span struct{ start, end int }

// A loopState says where a loop last began and how often in a row there.
type loopState struct{ pos, count int }

type matcher struct {
	prog  []inst
	first *set // what a match begins with, nil for anything and the empty text
	text  string
	begin int // where this search starts
	// whole: the match must end at the end of the text.
	whole bool
	// notEmpty: the match must not be empty.
	notEmpty bool
	// notFirst: begin is not the start of the text, "^" fails there.
	notFirst bool

	groups  []span // of the path being explored; 0 is unused
	trail   []undo // how to undo changes of groups
	loops   []loopState
	best    []span // groups of the best match so far
	bestEnd int    // its end, < 0 without one

	choices int
	steps   int // of all searches
	most    int // steps allowed
	told    int // steps that spent was told of
	spent   Spend
	started int // steps when this search started
	memo    []uint8
	noting  bool // memo is in use in this search
	tooMuch bool
}

type undo struct {
	group int
	old   span
}

const (
	memoFailed  = 1
	memoMatched = 2
)

// search explores all paths from begin and reports whether one matches.
func (m *matcher) search(begin int) bool {
	m.begin, m.bestEnd = begin, -1
	m.started, m.noting = m.steps, false
	m.trail = m.trail[:0]
	for i := range m.groups {
		m.groups[i] = span{-1, -1}
	}
	clear(m.loops)
	return m.run(0, begin, 0) && !m.tooMuch
}

// rewind undoes the groups' changes since the trail had the given length.
func (m *matcher) rewind(length int) {
	for i := len(m.trail) - 1; i >= length; i-- {
		m.groups[m.trail[i].group] = m.trail[i].old
	}
	m.trail = m.trail[:length]
}

// fork runs a path and forgets the groups it set.
func (m *matcher) fork(pc, pos, depth int) bool {
	mark := len(m.trail)
	ok := m.run(pc, pos, depth+1)
	m.rewind(mark)
	return ok
}

// enough says that nothing better can be found.
func (m *matcher) enough() bool { return m.bestEnd == len(m.text) || m.tooMuch }

// spend counts steps.
func (m *matcher) spend(steps int) {
	m.steps += steps
	m.tooMuch = m.tooMuch || m.steps > m.most
	if n := m.steps - m.told; n >= spendAtOnce {
		m.told = m.steps
		if m.spent != nil {
			m.spent(n)
		}
	}
}

// note is where the memo keeps what a choice at a place led to; nil when no
// notes are taken (yet).
func (m *matcher) note(in *inst, pos int) *uint8 {
	m.spend(1)
	if !m.noting {
		size := m.choices * (len(m.text) + 1)
		if m.steps-m.started < memoAfter || size > maxMemo {
			return nil
		}
		if m.memo == nil {
			m.memo = make([]uint8, size)
		} else {
			clear(m.memo)
		}
		m.noting = true
		m.spend(size / 64) // clearing costs as well
	}
	return &m.memo[in.choice*(len(m.text)+1)+pos]
}

// run follows one path until it fails or matches; at a choice it explores
// both ways.
func (m *matcher) run(pc, pos, depth int) bool {
	if depth > maxDepth {
		m.tooMuch = true
	}
	for !m.tooMuch {
		in := &m.prog[pc]
		switch in.op {
		case opByte:
			if pos == len(m.text) || m.text[pos] != in.b {
				return false
			}
			pos++
			pc++
		case opSet:
			if pos == len(m.text) || !in.set.has(m.text[pos]) {
				return false
			}
			pos++
			pc++
		case opBegin:
			if pos != m.begin || m.notFirst {
				return false
			}
			pc++
		case opEnd:
			if pos != len(m.text) {
				return false
			}
			pc++
		case opOpen:
			m.trail = append(m.trail, undo{in.num, m.groups[in.num]})
			m.groups[in.num].start = pos
			pc++
		case opClose:
			m.trail = append(m.trail, undo{in.num, m.groups[in.num]})
			m.groups[in.num].end = pos
			pc++
		case opJump:
			pc = in.x
		case opMatch:
			return m.accept(pos)
		default:
			note := m.note(in, pos)
			if note != nil && *note != 0 {
				return *note == memoMatched
			}
			ok := m.choose(in, pc, pos, depth)
			if note != nil {
				*note = memoFailed
				if ok {
					*note = memoMatched
				}
			}
			return ok
		}
	}
	return false
}

// choose explores the ways from a choosing instruction.
func (m *matcher) choose(in *inst, pc, pos, depth int) bool {
	switch in.op {
	case opAlt:
		left := m.fork(in.x, pos, depth)
		if m.enough() {
			return left
		}
		return m.run(in.y, pos, depth+1) || left
	case opRepeat:
		state := &m.loops[in.loop]
		before := *state
		switch {
		case state.count == 0 || state.pos != pos:
			*state = loopState{pos, 1}
		case state.count < 2:
			state.count++
		default:
			return m.run(in.y, pos, depth+1)
		}
		ok := m.fork(in.x, pos, depth)
		*state = before
		if ok || m.tooMuch {
			return ok
		}
		return m.run(in.y, pos, depth+1)
	default: // opRun
		end, rest := pos, m.text[pos:]
		if len(rest) > in.num {
			rest = rest[:in.num]
		}
		for i := 0; i < len(rest) && in.set.has(rest[i]); i++ {
			end++
		}
		m.spend((end - pos) / runLength)
		next := &m.prog[pc+1]
		for ; end >= pos; end-- {
			if next.op == opByte && (end == len(m.text) || m.text[end] != next.b) {
				continue
			}
			if m.fork(pc+1, end, depth) {
				return true
			}
			if m.tooMuch {
				return false
			}
		}
		return false
	}
}

// accept takes a match that ends at pos, if it may and is the longest so far.
func (m *matcher) accept(pos int) bool {
	if m.whole && pos != len(m.text) || m.notEmpty && pos == m.begin {
		return false
	}
	if pos > m.bestEnd {
		m.bestEnd = pos
		m.best = append(m.best[:0], m.groups...)
	}
	return true
}
