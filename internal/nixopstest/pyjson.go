package nixopstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// pyString is json.dumps of a string: ASCII only.
func pyString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= 0x20 && r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pyList and pyMap are json.dumps of values that the database has as text.
func pyList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = pyString(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func pyMap(m map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, pyString(key)+": "+pyString(m[key]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// pyIndented is json.dumps(v, indent=2, sort_keys=True) of maps and strings.
func pyIndented(v any, indent string) string {
	m, ok := v.(map[string]any)
	if !ok {
		return pyString(v.(string))
	}
	if len(m) == 0 {
		return "{}"
	}
	var b strings.Builder
	b.WriteString("{")
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n" + indent + "  " + pyString(key) + ": " + pyIndented(m[key], indent+"  "))
	}
	b.WriteString("\n" + indent + "}")
	return b.String()
}

// member is a member of an object, in the order of the text.
type member struct {
	key   string
	value any // string, json.Number, bool, nil, []any or []member
}

// pyLoad is json.loads of an object, its order kept, with Python's errors.
func pyLoad(data []byte) ([]member, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, decodeError("Expecting value", nil, 0)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := pyValue(d)
	if err != nil {
		return nil, decodeError(complaint(data, d), data, int(d.InputOffset()))
	}
	if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
		return nil, decodeError("Extra data", data, len(data)-len(rest))
	}
	object, ok := v.([]member)
	if !ok {
		return nil, raise("AttributeError", "'%s' object has no attribute 'items'", pyType(v))
	}
	return object, nil
}

func pyValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := []member{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := pyValue(d)
			if err != nil {
				return nil, err
			}
			object = append(object, member{key.(string), v})
		}
		_, err := d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := pyValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

// complaint is roughly what Python expected where the decoder stopped.
func complaint(data []byte, d *json.Decoder) string {
	rest := bytes.TrimLeft(data[d.InputOffset():], " \t\r\n,:")
	switch {
	case d.InputOffset() > 0 && len(rest) > 0 && rest[0] == '"':
		return "Unterminated string starting at"
	case d.InputOffset() > 0 && len(rest) == 0:
		return "Expecting ',' delimiter"
	}
	return "Expecting value"
}

func decodeError(what string, data []byte, offset int) error {
	offset = min(offset, len(data))
	for offset < len(data) && strings.IndexByte(" \t\r\n", data[offset]) >= 0 {
		offset++
	}
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := offset - (bytes.LastIndexByte(before, '\n') + 1) + 1
	return raise("json.decoder.JSONDecodeError", "%s: line %d column %d (char %d)", what, line, column, offset)
}

func pyType(v any) string {
	switch v.(type) {
	case string:
		return "str"
	case json.Number:
		return "int"
	case bool:
		return "bool"
	case nil:
		return "NoneType"
	case []any:
		return "list"
	}
	return "dict"
}

// pyText is what SQLite makes of a value in a column for text.
func pyText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		if v {
			return "1", nil
		}
		return "0", nil
	case nil:
		return "", nil
	}
	return "", raise("sqlite3.InterfaceError", "Error binding parameter 2 - probably unsupported type.")
}
