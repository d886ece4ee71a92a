package ere

import (
	"strconv"
	"strings"
)

// A node is one part of a parsed expression.
type node struct {
	kind nodeKind
	set  *set    // nodeSet
	b    byte    // nodeByte
	subs []*node // nodeConcat, nodeAlt; the body of nodeGroup and nodeRepeat
	num  int     // nodeGroup: its number from 1; nodeRepeat: the least count
	max  int     // nodeRepeat: the greatest count, unbounded when < 0
}

type nodeKind uint8

const (
	nodeEmpty nodeKind = iota
	nodeByte
	nodeSet
	nodeBegin // ^
	nodeEnd   // $
	nodeConcat
	nodeAlt
	nodeGroup
	nodeRepeat
)

// special are the bytes a backslash may precede. "]", "}", "/" and "-" are not
// among them, nor are letters and digits: there are no classes like \d and no
// back references.
const special = `^$\.*+?()[{|`

// maxNesting bounds the parser's recursion.
const maxNesting = 1000

// parser follows libstdc++'s regex scanner and compiler in its extended mode.
type parser struct {
	text   string
	pos    int
	groups int
	depth  int
}

func (p *parser) more() bool { return p.pos < len(p.text) }

func (p *parser) at(c byte) bool { return p.more() && p.text[p.pos] == c }

func (p *parser) accept(c byte) bool {
	if p.at(c) {
		p.pos++
		return true
	}
	return false
}

// parse reads the whole expression.
func (p *parser) parse() (*node, error) {
	n, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if p.more() { // ")" without "(", or a quantifier after nothing
		return nil, ErrSyntax
	}
	return n, nil
}

func (p *parser) disjunction() (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, ErrTooBig
	}
	defer func() { p.depth-- }()
	alt := &node{kind: nodeAlt}
	for {
		branch, err := p.branch()
		if err != nil {
			return nil, err
		}
		alt.subs = append(alt.subs, branch)
		if !p.accept('|') {
			break
		}
	}
	if len(alt.subs) == 1 {
		return alt.subs[0], nil
	}
	return alt, nil
}

// branch reads terms up to "|", ")" or the end; it may be empty.
func (p *parser) branch() (*node, error) {
	concat := &node{kind: nodeConcat}
	for p.more() && !p.at('|') && !p.at(')') {
		term, err := p.term()
		if err != nil {
			return nil, err
		}
		concat.subs = append(concat.subs, term)
	}
	switch len(concat.subs) {
	case 0:
		return &node{kind: nodeEmpty}, nil
	case 1:
		return concat.subs[0], nil
	}
	return concat, nil
}

// term reads an anchor, or an atom with any number of quantifiers.
func (p *parser) term() (*node, error) {
	if p.accept('^') {
		return &node{kind: nodeBegin}, nil
	}
	if p.accept('$') {
		return &node{kind: nodeEnd}, nil
	}
	atom, err := p.atom()
	if err != nil {
		return nil, err
	}
	for quantifiers := 0; p.more(); quantifiers++ {
		low, high := 0, -1
		switch {
		case p.accept('*'):
		case p.accept('+'):
			low = 1
		case p.accept('?'):
			high = 1
		case p.accept('{'):
			if low, high, err = p.interval(); err != nil {
				return nil, err
			}
		default:
			return atom, nil
		}
		if quantifiers >= maxNesting {
			return nil, ErrTooBig
		}
		atom = &node{kind: nodeRepeat, subs: []*node{atom}, num: low, max: high}
	}
	return atom, nil
}

func (p *parser) atom() (*node, error) {
	c := p.text[p.pos]
	p.pos++
	switch c {
	case '*', '+', '?', '{', ')':
		return nil, ErrSyntax
	case '.':
		return &node{kind: nodeSet, set: anyByte}, nil
	case '\\':
		if !p.more() || strings.IndexByte(special, p.text[p.pos]) < 0 {
			return nil, ErrSyntax
		}
		c = p.text[p.pos]
		p.pos++
	case '(':
		p.groups++
		number := p.groups
		body, err := p.disjunction()
		if err != nil {
			return nil, err
		}
		if !p.accept(')') {
			return nil, ErrSyntax
		}
		return &node{kind: nodeGroup, subs: []*node{body}, num: number}, nil
	case '[':
		set, err := p.bracket()
		if err != nil {
			return nil, err
		}
		return &node{kind: nodeSet, set: set}, nil
	}
	return &node{kind: nodeByte, b: c}, nil
}

// interval reads `m}`, `m,}` or `m,n}`.
func (p *parser) interval() (low, high int, err error) {
	if low, err = p.count(); err != nil {
		return 0, 0, err
	}
	high = low
	if p.accept(',') {
		high = -1
		if !p.at('}') {
			if high, err = p.count(); err != nil {
				return 0, 0, err
			}
			if high < low {
				return 0, 0, ErrSyntax
			}
		}
	}
	if !p.accept('}') {
		return 0, 0, ErrSyntax
	}
	return low, high, nil
}

func (p *parser) count() (int, error) {
	start := p.pos
	for p.more() && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		p.pos++
	}
	if p.pos == start {
		return 0, ErrSyntax
	}
	n, err := strconv.Atoi(p.text[start:p.pos])
	if err != nil || n > maxProgram {
		return 0, ErrTooBig
	}
	return n, nil
}
