package value

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Symbol is an interned attribute or variable name. Equal names have equal
// symbols in the whole process; their order means nothing.
type Symbol uint32

// symbols is written under its mutex and read without: evaluators run beside each
// other, and a lock that both take for every name cost a twentieth of their time.
var symbols = newSymbolTable()

type symbolTable struct {
	// known is never changed, but replaced by recent when that was looked into as
	// often as it has names.
	known atomic.Pointer[map[string]Symbol]
	names atomic.Pointer[[]*symbolNames] // by Symbol, in pieces that stay where they are

	mu     sync.Mutex
	recent map[string]Symbol // all names, when there are some that known has not
	looks  int               // into recent
	count  Symbol
}

// symbolNames is a piece of the list of names.
type symbolNames [1 << pieceBits]string

const pieceBits = 10

func newSymbolTable() *symbolTable {
	t := &symbolTable{recent: make(map[string]Symbol, 512)}
	t.known.Store(&map[string]Symbol{})
	t.names.Store(&[]*symbolNames{})
	return t
}

// Intern gives a name's symbol. It is safe for concurrent use.
func Intern(name string) Symbol {
	if s, ok := (*symbols.known.Load())[name]; ok {
		return s
	}
	return symbols.add(name)
}

// Lookup gives a name's symbol if anything was ever called so; a name nobody
// interned is in no attribute set.
func Lookup(name string) (Symbol, bool) {
	if s, ok := (*symbols.known.Load())[name]; ok {
		return s, true
	}
	symbols.mu.Lock()
	defer symbols.mu.Unlock()
	return symbols.look(name)
}

// String is the symbol's name.
func (s Symbol) String() string {
	return (*symbols.names.Load())[s>>pieceBits][s&(1<<pieceBits-1)]
}

// look looks for a name that known did not have. The mutex is held.
func (t *symbolTable) look(name string) (Symbol, bool) {
	if t.recent == nil {
		s, ok := (*t.known.Load())[name] // it may be another one by now
		return s, ok
	}
	s, ok := t.recent[name]
	if t.looks++; t.looks >= len(t.recent) {
		recent := t.recent
		t.known.Store(&recent)
		t.recent, t.looks = nil, 0
	}
	return s, ok
}

func (t *symbolTable) add(name string) Symbol {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.look(name); ok {
		return s
	}
	if t.recent == nil {
		t.recent = maps.Clone(*t.known.Load())
	}
	s := t.count
	pieces := *t.names.Load()
	if int(s>>pieceBits) == len(pieces) {
		pieces = append(pieces[:len(pieces):len(pieces)], new(symbolNames))
		t.names.Store(&pieces)
	}
	pieces[s>>pieceBits][s&(1<<pieceBits-1)] = name
	t.recent[name] = s
	t.count++
	return s
}
