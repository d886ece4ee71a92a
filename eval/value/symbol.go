package value

import "sync"

// Symbol is an interned attribute or variable name. Equal names have equal
// symbols in the whole process; their order means nothing.
type Symbol uint32

var symbols = struct {
	sync.RWMutex
	ids   map[string]Symbol
	names []string
}{ids: make(map[string]Symbol, 512), names: make([]string, 0, 512)}

// Intern gives a name's symbol. It is safe for concurrent use.
func Intern(name string) Symbol {
	symbols.RLock()
	s, ok := symbols.ids[name]
	symbols.RUnlock()
	if ok {
		return s
	}
	symbols.Lock()
	defer symbols.Unlock()
	if s, ok := symbols.ids[name]; ok {
		return s
	}
	s = Symbol(len(symbols.names))
	symbols.names = append(symbols.names, name)
	symbols.ids[name] = s
	return s
}

// Lookup gives a name's symbol if anything was ever called so; a name nobody
// interned is in no attribute set.
func Lookup(name string) (Symbol, bool) {
	symbols.RLock()
	s, ok := symbols.ids[name]
	symbols.RUnlock()
	return s, ok
}

// String is the symbol's name.
func (s Symbol) String() string {
	symbols.RLock()
	name := symbols.names[s]
	symbols.RUnlock()
	return name
}
