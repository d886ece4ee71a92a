// Package ere matches POSIX extended regular expressions the way
// builtins.match and builtins.split do: as libstdc++'s std::regex with the
// syntax flag "extended", byte by byte, in the C locale.
package ere

import (
	"errors"
	"sync"
	"sync/atomic"
)

// ErrSyntax and ErrTooBig are what Compile's errors wrap; ErrTooComplex is
// given by matching when a search takes too many steps.
var (
	ErrSyntax     = errors.New("invalid regular expression")
	ErrTooBig     = errors.New("memory limit exceeded by regular expression")
	ErrTooComplex = errors.New("too many steps in matching the regular expression")
)

// Error says what is wrong with which expression.
type Error struct {
	Pattern string
	Err     error
}

func (e *Error) Error() string { return e.Err.Error() + " '" + e.Pattern + "'" }
func (e *Error) Unwrap() error { return e.Err }

// Regexp is a compiled expression. It is safe for concurrent use.
type Regexp struct {
	pattern string
	prog    []inst
	first   *set // see firstBytes
	groups  int
	choices int
	loops   int
	spare   atomic.Pointer[matcher] // of a search that is over
}

// Group is what a parenthesis matched; one that took no part has Matched false.
type Group struct {
	Text    string
	Matched bool
}

// Piece is one step of a split: the text before a match (or after the last
// one, with Groups nil and Last true), and the match's groups.
type Piece struct {
	Text   string
	Groups []Group
	Last   bool
}

// cache holds compiled expressions; when it is full, everything is dropped.
var cache = struct {
	sync.RWMutex
	compiled map[string]*Regexp
	size     int // instructions in all
}{compiled: map[string]*Regexp{}}

const (
	maxCached     = 1024
	maxCachedSize = 1 << 20
)

// Compile parses an expression; results are cached. The error is an *Error
// that wraps ErrSyntax or ErrTooBig.
func Compile(pattern string) (*Regexp, error) {
	cache.RLock()
	re := cache.compiled[pattern]
	cache.RUnlock()
	if re != nil {
		return re, nil
	}
	re, err := compile(pattern)
	if err != nil {
		return nil, &Error{pattern, err}
	}
	cache.Lock()
	defer cache.Unlock()
	if len(cache.compiled) >= maxCached || cache.size+len(re.prog) > maxCachedSize {
		cache.compiled = map[string]*Regexp{}
		cache.size = 0
	}
	if cache.compiled[pattern] == nil {
		cache.compiled[pattern] = re
		cache.size += len(re.prog)
	}
	return re, nil
}

func compile(pattern string) (*Regexp, error) {
	p := parser{text: pattern}
	tree, err := p.parse()
	if err != nil {
		return nil, err
	}
	var c compiler
	if err := c.node(tree); err != nil {
		return nil, err
	}
	if _, err := c.add(inst{op: opMatch}); err != nil {
		return nil, err
	}
	return &Regexp{pattern: pattern, prog: c.prog, first: firstBytes(c.prog), groups: p.groups, choices: c.choices, loops: c.loops}, nil
}

// Spend is told of the work that matching takes, in steps of some nanoseconds,
// a few thousand at a time. It may end the search by a panic. Nil is allowed.
type Spend func(steps int)

// matcher gives the room for searches in a text. An expression is mostly used on many
// short texts, so the room is kept for the next.
func (re *Regexp) matcher(text string, spend Spend) *matcher {
	m := re.spare.Swap(nil)
	if m == nil {
		m = &matcher{
			prog:    re.prog,
			first:   re.first,
			groups:  make([]span, re.groups+1),
			loops:   make([]loopState, re.loops),
			choices: re.choices,
		}
	}
	m.text, m.spent, m.most = text, spend, maxSteps+stepsPerByte*len(text)
	return m
}

// release keeps a matcher for the next text.
func (re *Regexp) release(m *matcher) {
	kept := matcher{prog: m.prog, first: m.first, groups: m.groups, loops: m.loops, trail: m.trail, best: m.best, choices: m.choices}
	if cap(kept.trail) <= maxSpareTrail {
		*m = kept
		re.spare.Store(m)
	}
}

// Match matches the whole text and gives the parentheses' texts in order. The
// error, if any, is an *Error that wraps ErrTooComplex.
func (re *Regexp) Match(text string, spend Spend) (groups []Group, ok bool, err error) {
	m := re.matcher(text, spend)
	defer re.release(m)
	m.whole = true
	ok = m.search(0)
	if m.tooMuch {
		return nil, false, &Error{re.pattern, ErrTooComplex}
	}
	if !ok {
		return nil, false, nil
	}
	return m.results(), true, nil
}

func (m *matcher) results() []Group {
	out := make([]Group, len(m.best)-1)
	for i, s := range m.best[1:] {
		if s.end >= 0 {
			out[i] = Group{m.text[s.start:s.end], true}
		}
	}
	return out
}

// Split cuts the text at all matches, as std::sregex_iterator finds them: an
// empty match may directly follow a non-empty one. It gives the pieces to yield
// as it finds them. The last piece is the rest of the text; a text without match
// gives one piece, itself. The error, if any, is an *Error that wraps
// ErrTooComplex; some pieces were given by then.
func (re *Regexp) Split(text string, spend Spend, yield func(Piece)) error {
	var (
		m     = re.matcher(text, spend)
		from  = 0     // end of the last match
		later = false // "^" can no longer match
	)
	defer re.release(m)
	found := m.searchFrom(0, later)
	for found {
		start, end := m.begin, m.bestEnd
		yield(Piece{Text: text[from:start], Groups: m.results()})
		from = end
		next := end
		if start == end {
			if end == len(text) {
				break
			}
			// First look for a non-empty match here. If the empty match was the
			// first of all, "^" matches here, wherever here is.
			m.notEmpty, m.notFirst = true, later
			found = m.search(end)
			m.notEmpty = false
			if found {
				continue
			}
			next++
		}
		later = true
		found = m.searchFrom(next, later)
	}
	if m.tooMuch {
		return &Error{re.pattern, ErrTooComplex}
	}
	yield(Piece{Text: text[from:], Last: true})
	return nil
}

// searchFrom looks for the leftmost match at or after a place.
func (m *matcher) searchFrom(pos int, notFirst bool) bool {
	m.notFirst = notFirst
	for ; pos <= len(m.text) && !m.tooMuch; pos++ {
		if m.first != nil {
			start := pos
			for pos < len(m.text) && !m.first.has(m.text[pos]) {
				pos++
			}
			m.spend((pos - start) / runLength)
			if pos == len(m.text) {
				return false
			}
			m.notFirst = m.notFirst || pos > start
		}
		m.spend(1)
		if m.search(pos) {
			return true
		}
		m.notFirst = true
	}
	return false
}
