package ere

import "math"

// maxProgram bounds the instructions of one expression, as libstdc++ bounds
// its states.
const maxProgram = 100_000

type opcode uint8

const (
	opByte   opcode = iota // one byte b
	opSet                  // one byte of set
	opBegin                // ^
	opEnd                  // $
	opOpen                 // group num begins
	opClose                // group num ends
	opAlt                  // try x, then y
	opRepeat               // try the body at x, which comes back here, unless it matches; then go on at y
	opRun                  // as many bytes of set as possible, then fewer, at most num
	opJump                 // go on at x
	opMatch
)

// An inst is one instruction; all but opAlt, opRepeat and opJump go on with
// the next one.
type inst struct {
	op   opcode
	b    byte
	set  *set
	num  int
	x, y int
	// choice numbers the instructions that choose, loop the opRepeats.
	choice, loop int
}

type compiler struct {
	prog    []inst
	choices int
	loops   int
}

func (c *compiler) add(in inst) (int, error) {
	if len(c.prog) >= maxProgram {
		return 0, ErrTooBig
	}
	switch in.op {
	case opRepeat:
		in.loop = c.loops
		c.loops++
		fallthrough
	case opAlt, opRun:
		in.choice = c.choices
		c.choices++
	}
	c.prog = append(c.prog, in)
	return len(c.prog) - 1, nil
}

// node appends the code of one part of the expression.
func (c *compiler) node(n *node) (err error) {
	switch n.kind {
	case nodeEmpty:
	case nodeByte:
		_, err = c.add(inst{op: opByte, b: n.b})
	case nodeSet:
		_, err = c.add(inst{op: opSet, set: n.set})
	case nodeBegin:
		_, err = c.add(inst{op: opBegin})
	case nodeEnd:
		_, err = c.add(inst{op: opEnd})
	case nodeConcat:
		for _, sub := range n.subs {
			if err = c.node(sub); err != nil {
				return err
			}
		}
	case nodeAlt:
		return c.alternatives(n.subs)
	case nodeGroup:
		if _, err = c.add(inst{op: opOpen, num: n.num}); err != nil {
			return err
		}
		if err = c.node(n.subs[0]); err != nil {
			return err
		}
		_, err = c.add(inst{op: opClose, num: n.num})
	case nodeRepeat:
		return c.repeat(n.subs[0], n.num, n.max)
	}
	return err
}

func (c *compiler) alternatives(subs []*node) error {
	var exits []int
	for i, sub := range subs {
		last := i == len(subs)-1
		at := -1
		if !last {
			var err error
			if at, err = c.add(inst{op: opAlt}); err != nil {
				return err
			}
			c.prog[at].x = at + 1
		}
		if err := c.node(sub); err != nil {
			return err
		}
		if !last {
			exit, err := c.add(inst{op: opJump})
			if err != nil {
				return err
			}
			exits = append(exits, exit)
			c.prog[at].y = len(c.prog)
		}
	}
	for _, exit := range exits {
		c.prog[exit].x = len(c.prog)
	}
	return nil
}

// repeat unrolls counts: the body low times, then a loop, or the rest nested
// as (body(body)?)?.
func (c *compiler) repeat(body *node, low, high int) error {
	if s := single(body); s != nil && low == 0 {
		most := high
		if high < 0 {
			most = math.MaxInt
		}
		_, err := c.add(inst{op: opRun, set: s, num: most})
		return err
	}
	for range low {
		if err := c.nonEmptyNode(body); err != nil {
			return err
		}
	}
	if high < 0 {
		if low > 0 && single(body) != nil {
			return c.repeat(body, 0, -1)
		}
		at, err := c.add(inst{op: opRepeat})
		if err != nil {
			return err
		}
		c.prog[at].x = at + 1
		if err := c.node(body); err != nil {
			return err
		}
		if _, err := c.add(inst{op: opJump, x: at}); err != nil {
			return err
		}
		c.prog[at].y = len(c.prog)
		return nil
	}
	var optional []int
	for range high - low {
		at, err := c.add(inst{op: opRepeat})
		if err != nil {
			return err
		}
		c.prog[at].x = at + 1
		optional = append(optional, at)
		if err := c.node(body); err != nil {
			return err
		}
	}
	for _, at := range optional {
		c.prog[at].y = len(c.prog)
	}
	return nil
}

// nonEmptyNode is node, but fails when a body without code is repeated too
// often for a program of bounded size to be the reason to stop.
func (c *compiler) nonEmptyNode(n *node) error {
	before := len(c.prog)
	if err := c.node(n); err != nil {
		return err
	}
	if len(c.prog) == before {
		_, err := c.add(inst{op: opJump, x: before + 1})
		return err
	}
	return nil
}

// single is the set of bytes a part matches when it is one plain byte.
func single(n *node) *set {
	switch n.kind {
	case nodeSet:
		return n.set
	case nodeByte:
		s := new(set)
		s.add(n.b)
		return s
	}
	return nil
}

// firstBytes are the bytes that a match can begin with; nil when it can be empty.
func firstBytes(prog []inst) *set {
	var first set
	seen := make([]bool, len(prog))
	todo := []int{0}
	for len(todo) > 0 {
		pc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch in := &prog[pc]; in.op {
		case opByte:
			first.add(in.b)
		case opSet:
			first.addAll(in.set)
		case opBegin, opEnd, opOpen, opClose:
			todo = append(todo, pc+1)
		case opAlt, opRepeat:
			todo = append(todo, in.x, in.y)
		case opRun:
			first.addAll(in.set)
			todo = append(todo, pc+1)
		case opJump:
			todo = append(todo, in.x)
		case opMatch:
			return nil
		}
	}
	return &first
}
