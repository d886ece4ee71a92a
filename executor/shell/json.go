package shell

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/itchyny/gojq"
)

// keyOrder knows in which order the keys of objects stand in a JSON text. jq keeps
// it, and Go's maps do not. Objects that a filter makes have sorted keys, and
// .[], to_entries, tojson and fromjson sort as well.
type keyOrder struct {
	keys map[uintptr][]string // by the map's identity
}

// decode reads a JSON text. Numbers stay as they are written.
func (o *keyOrder) decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := o.value(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func (o *keyOrder) value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := o.value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		var keys []string
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := key.(string) // the decoder takes no other
			if _, twice := object[name]; !twice {
				keys = append(keys, name)
			}
			if object[name], err = o.value(d); err != nil {
				return nil, err
			}
		}
		o.keys[reflect.ValueOf(object).Pointer()] = keys
		_, err := d.Token()
		return object, err
	}
	return token, nil
}

// of are the keys of an object in the order to print them.
func (o *keyOrder) of(object map[string]any) []string {
	keys := o.keys[reflect.ValueOf(object).Pointer()]
	if len(keys) == len(object) && !slices.ContainsFunc(keys, func(key string) bool { _, ok := object[key]; return !ok }) {
		return keys
	}
	keys = make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// write prints a value as jq does: on one line, or indented.
func (o *keyOrder) write(b *bytes.Buffer, v any, indent string) { o.nested(b, v, indent, "\n") }

// nested prints a value below something that is indented; line begins a line.
func (o *keyOrder) nested(b *bytes.Buffer, v any, indent, line string) {
	inner := line + indent
	newLine := func(line string) {
		if indent != "" {
			b.WriteString(line)
		}
	}
	switch v := v.(type) {
	case string:
		writeString(b, v)
	case []any:
		b.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			newLine(inner)
			o.nested(b, element, indent, inner)
		}
		if len(v) > 0 {
			newLine(line)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, key := range o.of(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			newLine(inner)
			writeString(b, key)
			b.WriteByte(':')
			if indent != "" {
				b.WriteByte(' ')
			}
			o.nested(b, v[key], indent, inner)
		}
		if len(v) > 0 {
			newLine(line)
		}
		b.WriteByte('}')
	default: // null, numbers and booleans
		text, _ := gojq.Marshal(v)
		b.Write(text)
	}
}

// writeString prints a JSON string with jq's escapes.
func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s { // a byte that is no UTF-8 becomes U+FFFD
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if r < 0x20 || r == 0x7f {
				fmt.Fprintf(b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
}
