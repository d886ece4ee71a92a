// Package tomlx reads TOML as builtins.fromTOML does.
//
// The library below accepts a little more than Nix, which keeps to TOML 1.0:
// the additions of TOML 1.1 (\e and \x in strings, newlines in inline tables),
// and keys that extend an inline table or replace a dotted one.
package tomlx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Entry is one key of a table with its value: a bool, int64, float64, string,
// []any or Table.
type Entry struct {
	Key   string
	Value any
}

// Table is a table's entries in byte order of their keys.
type Table []Entry

// MaxDepth is how deeply tables and arrays may be nested.
const MaxDepth = 5_000

var (
	errDates = errors.New("dates and times are not supported")
	errDepth = fmt.Errorf("nested more than %d levels deep", MaxDepth)
	errNUL   = errors.New("a Nix string cannot hold the NUL character")
)

// Read reads a whole document.
func Read(text string) (Table, error) {
	if err := checkDepth(text); err != nil {
		return nil, err
	}
	var document map[string]any
	if _, err := toml.Decode(text, &document); err != nil {
		return nil, shorten(err)
	}
	v, err := convert(document, 0)
	if err != nil {
		return nil, err
	}
	return v.(Table), nil
}

// checkDepth refuses what takes the library too long: it recurses on brackets
// without a bound, and takes memory by the square of the names of a dotted key.
// Those in strings count as well here, which matters to nobody's configuration.
func checkDepth(text string) error {
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(line, "=")
		if strings.Count(key, ".") > MaxDepth {
			return errDepth
		}
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			if depth++; depth > MaxDepth {
				return errDepth
			}
		case ']', '}':
			depth--
		}
	}
	return nil
}

// shorten names the line of a mistake; the library's own text begins with its
// name and depends on the kind of error.
func shorten(err error) error {
	var e toml.ParseError
	if errors.As(err, &e) {
		return fmt.Errorf("line %d: %s", e.Position.Line, e.Message)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "toml: "))
}

func convert(v any, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	switch v := v.(type) {
	case map[string]any:
		table := make(Table, 0, len(v))
		for key, value := range v {
			if strings.IndexByte(key, 0) >= 0 {
				return nil, errNUL
			}
			converted, err := convert(value, depth+1)
			if err != nil {
				return nil, err
			}
			table = append(table, Entry{key, converted})
		}
		slices.SortFunc(table, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
		return table, nil
	case []any:
		return convertList(v, depth)
	case []map[string]any:
		return convertList(v, depth)
	case time.Time:
		return nil, errDates
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return nil, errNUL
		}
	}
	return v, nil
}

func convertList[T any](list []T, depth int) (any, error) {
	out := make([]any, len(list))
	for i, v := range list {
		converted, err := convert(v, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = converted
	}
	return out, nil
}
