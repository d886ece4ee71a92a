package value

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Symbol is an interned attribute or variable name. Equal names have equal
// symbols in the whole process; their order means nothing.
type Symbol uint32

// symbols is written under its mutex and read without: evaluators run beside each
// other, and a lock that both take for every name cost a twentieth of their time.
var symbols = newSymbolTable()

// symbolTable is a hash table with open addressing. Names are only added.
type symbolTable struct {
	seed  maphash.Seed
	slots atomic.Pointer[symbolSlots]
	names atomic.Pointer[[]*symbolNames] // by Symbol, in pieces that stay where they are

	mu    sync.Mutex
	count Symbol
}

// symbolSlots are of a number that is a power of two, more than half of them free: a
// hash in the upper half and the symbol plus one in the lower, or 0. Two maps, one
// for reading and one for new names, took twice the time for new names.
type symbolSlots []atomic.Uint64

// symbolNames is a piece of the list of names.
type symbolNames [1 << pieceBits]string

const (
	pieceBits  = 10
	firstSlots = 1 << 9 // a page, for the names of a short program
)

func newSymbolTable() *symbolTable {
	t := &symbolTable{seed: maphash.MakeSeed()}
	slots := make(symbolSlots, firstSlots)
	t.slots.Store(&slots)
	t.names.Store(&[]*symbolNames{})
	return t
}

// Intern gives a name's symbol. It is safe for concurrent use.
func Intern(name string) Symbol {
	hash := symbols.hash(name)
	if s, ok := symbols.find(hash, name); ok {
		return s
	}
	return symbols.add(hash, name)
}

// Lookup gives a name's symbol if anything was ever called so; a name nobody
// interned is in no attribute set.
func Lookup(name string) (Symbol, bool) { return symbols.find(symbols.hash(name), name) }

// String is the symbol's name.
func (s Symbol) String() string { return symbols.name(s) }

func (t *symbolTable) name(s Symbol) string {
	return (*t.names.Load())[s>>pieceBits][s&(1<<pieceBits-1)]
}

func (t *symbolTable) hash(name string) uint32 { return uint32(maphash.String(t.seed, name)) }

func (t *symbolTable) find(hash uint32, name string) (Symbol, bool) {
	slots := *t.slots.Load()
	for i := hash; ; i++ {
		slot := slots[i&uint32(len(slots)-1)].Load()
		if slot == 0 {
			return 0, false
		}
		if s := Symbol(slot) - 1; uint32(slot>>32) == hash && t.name(s) == name {
			return s, true
		}
	}
}

func (t *symbolTable) add(hash uint32, name string) Symbol {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.find(hash, name); ok { // somebody else was faster
		return s
	}
	slots := *t.slots.Load()
	if 2*int(t.count+1) > len(slots) {
		slots = slots.grow()
		t.slots.Store(&slots)
	}
	s := t.count
	t.count++
	pieces := *t.names.Load()
	if int(s>>pieceBits) == len(pieces) {
		pieces = append(pieces[:len(pieces):len(pieces)], new(symbolNames))
		t.names.Store(&pieces)
	}
	pieces[s>>pieceBits][s&(1<<pieceBits-1)] = name
	slots.put(uint64(hash)<<32 | uint64(s+1)) // last: who finds it reads the name
	return s
}

// put fills the first free slot for an entry.
func (slots symbolSlots) put(entry uint64) {
	i := uint32(entry >> 32)
	for slots[i&uint32(len(slots)-1)].Load() != 0 {
		i++
	}
	slots[i&uint32(len(slots)-1)].Store(entry)
}

// grow gives the same entries in twice the room.
func (slots symbolSlots) grow() symbolSlots {
	larger := make(symbolSlots, 2*len(slots))
	for i := range slots {
		if entry := slots[i].Load(); entry != 0 {
			larger.put(entry)
		}
	}
	return larger
}
