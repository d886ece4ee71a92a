// Package tomlx reads TOML 1.0 as builtins.fromTOML does.
//
// The library below splits a document into expressions. What they add up to is made
// here: its own decoder looks for a key among all that came before.
package tomlx

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	toml "github.com/pelletier/go-toml/v2/unstable"
)

// Entry is one key of a table with its value: a bool, int64, float64, string,
// []any or Table.
type Entry struct {
	Key   string
	Value any
}

// Table is a table's entries in byte order of their keys.
type Table []Entry

// Budget is told of work, and of memory before it is taken. It ends the reading by a
// panic when there is too much of them.
type Budget interface {
	Step(n int)
	Charge(bytes int64)
}

const (
	// MaxDepth is how deeply tables and arrays may be nested.
	MaxDepth = 5_000
	// MaxSize is how many bytes a document may have.
	MaxSize = 64 << 20
)

// ErrRange is behind the error for a number that is too large.
var ErrRange = errors.New("is out of range")

var (
	errDates = errors.New("dates and times are not supported")
	errNUL   = errors.New("a Nix string cannot hold the NUL character")
)

func errDepth() error { return fmt.Errorf("nested more than %d levels deep", MaxDepth) }

// Read reads a whole document.
func Read(text string, budget Budget) (Table, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("the document is larger than %d bytes", MaxSize)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	budget.Step(len(text) / 16)
	nodes, err := scan(text)
	if err != nil {
		return nil, err
	}
	budget.Charge(2*int64(len(text)) + arenaBytes(nodes)) // a copy, and unescaped strings
	r := reader{budget: budget, root: &table{}}
	r.current = r.root
	r.parser.Reset([]byte(text))
	for r.parser.NextExpression() {
		if err := r.expression(r.parser.Expression()); err != nil {
			return nil, err
		}
	}
	if err := r.parser.Error(); err != nil {
		var e *toml.ParserError
		if !errors.As(err, &e) {
			return nil, err
		}
		return nil, r.errorAt(r.parser.Range(e.Highlight), e)
	}
	return r.finish(r.root, 0)
}

// arenaBytes is what the library takes for an expression of so many nodes. It doubles
// their room when there is none left, and has the old and the new one then.
func arenaBytes(nodes int) int64 {
	const node, first = 56, 64
	room := int64(first)
	for room < int64(nodes) {
		room *= 2
	}
	return room * node * 3 / 2
}

// table is a table that may not be complete yet. Its entries are what Entry says, or
// a *table or *tables.
type table struct {
	entries Table
	index   map[string]int // where a key's entry is; nil while there are few
	origin  origin
}

// origin is how a table came to be, which says how it may be extended.
type origin uint8

const (
	byPath   origin = iota // by the header of a table inside of it
	byHeader               // by its own header, or as an element of an array of tables
	byKey                  // by a dotted key
	inline
)

// tables is an array of tables that headers add to.
type tables struct{ list []any }

const (
	// few is how many entries a table has before it gets an index.
	few = 8

	// What things take. Lists are doubled when they are full, and the old one is there
	// along with the new one.
	tableBytes   = 80
	entryBytes   = 3*32 + 24
	indexBytes   = 96
	elementBytes = 3 * 16
)

func (t *table) find(key string) (v any, found bool) {
	if t.index != nil {
		if i, ok := t.index[key]; ok {
			return t.entries[i].Value, true
		}
		return nil, false
	}
	for i := range t.entries {
		if t.entries[i].Key == key {
			return t.entries[i].Value, true
		}
	}
	return nil, false
}

type reader struct {
	budget  Budget
	parser  toml.Parser
	root    *table
	current *table // what the last header names
}

func (r *reader) newTable(origin origin) *table {
	r.budget.Charge(tableBytes)
	return &table{origin: origin}
}

func (r *reader) add(t *table, key string, v any) {
	size := entryBytes + int64(len(key))
	if t.index != nil {
		size += indexBytes
	}
	r.budget.Charge(size)
	t.entries = append(t.entries, Entry{key, v})
	switch {
	case t.index != nil:
		t.index[key] = len(t.entries) - 1
	case len(t.entries) > few:
		t.index = make(map[string]int, 2*few)
		for i, e := range t.entries {
			t.index[e.Key] = i
		}
	}
}

func (r *reader) errorAt(at toml.Range, err error) error {
	line := 1 + bytes.Count(r.parser.Data()[:at.Offset], []byte{'\n'})
	return fmt.Errorf("line %d: %w", line, err)
}

func (r *reader) twice(key *toml.Node) error {
	return r.errorAt(key.Raw, fmt.Errorf("the key %q is defined twice", brief(key.Data)))
}

// brief is the beginning of a text, for messages.
func brief(text []byte) string {
	const longest = 80
	if len(text) <= longest {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:longest]), "") + "…"
}

func (r *reader) expression(n *toml.Node) error {
	if n.Kind == toml.KeyValue {
		return r.keyValue(r.current, n)
	}
	return r.header(n)
}

// part is the name that a part of a key is.
func (r *reader) part(n *toml.Node, depth int) (string, error) {
	r.budget.Step(1)
	if depth >= MaxDepth {
		return "", errDepth()
	}
	key := string(n.Data)
	if strings.IndexByte(key, 0) >= 0 {
		return "", r.errorAt(n.Raw, errNUL)
	}
	return key, nil
}

// header goes to the table that a header names, or to a new one of an array.
func (r *reader) header(n *toml.Node) error {
	at := r.root
	for it, depth := n.Key(), 0; it.Next(); depth++ {
		part := it.Node()
		key, err := r.part(part, depth)
		if err != nil {
			return err
		}
		v, found := at.find(key)
		next := within(v)
		switch {
		case it.IsLast() && n.Kind == toml.ArrayTable:
			list, isTables := v.(*tables)
			if !found {
				list, isTables = &tables{}, true
				r.add(at, key, list)
			}
			if !isTables {
				return r.twice(part)
			}
			r.budget.Charge(elementBytes)
			next = r.newTable(byHeader)
			list.list = append(list.list, next)
		case !found:
			next = r.newTable(byPath)
			r.add(at, key, next)
		case next == nil:
			return r.twice(part)
		}
		if it.IsLast() && n.Kind == toml.Table {
			if next.origin != byPath {
				return r.twice(part)
			}
			next.origin = byHeader
		}
		at = next
	}
	r.current = at
	return nil
}

// within is the table that a header goes on in: one that may be extended, or the last
// of an array of tables; else nil.
func within(v any) *table {
	switch v := v.(type) {
	case *table:
		if v.origin != inline {
			return v
		}
	case *tables:
		return v.list[len(v.list)-1].(*table)
	}
	return nil
}

// keyValue adds `a.b = value` to a table.
func (r *reader) keyValue(at *table, n *toml.Node) error {
	for it, depth := n.Key(), 0; it.Next(); depth++ {
		part := it.Node()
		key, err := r.part(part, depth)
		if err != nil {
			return err
		}
		v, found := at.find(key)
		if it.IsLast() {
			if found {
				return r.twice(part)
			}
			v, err := r.value(n.Value())
			if err != nil {
				return err
			}
			r.add(at, key, v)
			return nil
		}
		next, isTable := v.(*table)
		if !found {
			next, isTable = r.newTable(byKey), true
			r.add(at, key, next)
		}
		if !isTable || next.origin != byKey {
			return r.twice(part)
		}
		at = next
	}
	return nil
}

func (r *reader) value(n *toml.Node) (any, error) {
	r.budget.Step(1)
	switch n.Kind {
	case toml.String:
		if bytes.IndexByte(n.Data, 0) >= 0 {
			return nil, r.errorAt(n.Raw, errNUL)
		}
		r.budget.Charge(int64(len(n.Data)))
		return string(n.Data), nil
	case toml.Bool:
		return n.Data[0] == 't', nil
	case toml.Integer:
		i, err := integer(string(n.Data))
		if err != nil {
			return nil, r.errorAt(n.Raw, fmt.Errorf("%s %w", brief(n.Data), ErrRange))
		}
		return i, nil
	case toml.Float:
		f, err := float(string(n.Data))
		if err != nil {
			return nil, r.errorAt(n.Raw, fmt.Errorf("%s %w", brief(n.Data), ErrRange))
		}
		return f, nil
	case toml.Array:
		list := []any{}
		for it := n.Children(); it.Next(); {
			v, err := r.value(it.Node())
			if err != nil {
				return nil, err
			}
			r.budget.Charge(elementBytes + 24)
			list = append(list, v)
		}
		return list, nil
	case toml.InlineTable:
		t := r.newTable(inline)
		for it := n.Children(); it.Next(); {
			if err := r.keyValue(t, it.Node()); err != nil {
				return nil, err
			}
		}
		return t, nil
	default:
		return nil, r.errorAt(n.Raw, errDates)
	}
}

func integer(s string) (int64, error) {
	s = strings.ReplaceAll(s, "_", "")
	if len(s) > 2 && s[0] == '0' { // no other number begins so
		return strconv.ParseInt(s, 0, 64)
	}
	return strconv.ParseInt(s, 10, 64)
}

func float(s string) (float64, error) {
	switch s {
	case "nan", "+nan":
		return math.NaN(), nil
	case "-nan":
		return math.Copysign(math.NaN(), -1), nil
	}
	return strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
}

// finish gives a table and what is in it the form that Read promises.
func (r *reader) finish(t *table, depth int) (Table, error) {
	if t.entries == nil {
		t.entries = Table{}
	}
	t.index = nil
	for i := range t.entries {
		if err := r.finishValue(&t.entries[i].Value, depth+1); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(t.entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return t.entries, nil
}

func (r *reader) finishValue(v *any, depth int) (err error) {
	r.budget.Step(1)
	if depth > MaxDepth {
		return errDepth()
	}
	list, isList := (*v).([]any)
	switch old := (*v).(type) {
	case *table:
		*v, err = r.finish(old, depth)
		return err
	case *tables:
		list, isList = old.list, true
		*v = list
	}
	if isList {
		for i := range list {
			if err := r.finishValue(&list[i], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
