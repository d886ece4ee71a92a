package eval

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/parser"
)

// scope is what the resolver knows about one environment level.
type scope struct {
	outer *scope
	// slots maps the names the level binds to their slots; nil for `with`.
	slots  map[value.Symbol]int
	isWith bool
	// uses are, by slot, the variables that the slot's expression mentions; nil
	// where slots hold arguments, or it was not noted.
	uses [][]use
}

// binding is where a name was found.
type binding struct {
	level int
	slot  int
	found bool
	scope *scope
	withs []int // levels of the enclosing `with`s, innermost first
	// withScopes are those of withs.
	withScopes []*scope
}

func (s *scope) lookup(name value.Symbol) binding {
	var withs []int
	var scopes []*scope
	level := 0
	for ; s != nil; s = s.outer {
		if s.isWith {
			withs, scopes = append(withs, level), append(scopes, s)
		} else if slot, ok := s.slots[name]; ok {
			return binding{level: level, slot: slot, found: true, scope: s}
		}
		level++
	}
	return binding{withs: withs, withScopes: scopes}
}

// bindNames lays out a recursive level: slot 1 and up in the order of the
// attributes, then one slot for each `inherit (e)`.
func bindNames(outer *scope, attrs *parser.Attrs) *scope {
	slots := make(map[value.Symbol]int, len(attrs.Static))
	for i, a := range attrs.Static {
		slots[value.Intern(a.Name)] = i + 1
	}
	return &scope{outer: outer, slots: slots}
}
