package secretfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nixplan/nixplan/executor/redact"
)

// Values are the texts in the secrets, each once: strings, numbers as they are
// written, and what is inside of strings that are themselves JSON or base64. Their
// labels are the names of secret and field.
func (s *Selection) Values() []redact.Value {
	v := &values{seen: map[string]bool{}}
	for _, e := range s.entries {
		v.json(e.name, e.data)
	}
	slices.SortStableFunc(v.list, func(a, b redact.Value) int { return strings.Compare(a.Label, b.Label) })
	return v.list
}

type values struct {
	list []redact.Value
	seen map[string]bool
}

func (v *values) add(label string, text []byte) {
	if len(text) > 0 && !v.seen[string(text)] {
		v.seen[string(text)] = true
		v.list = append(v.list, redact.Value{Label: label, Text: bytes.Clone(text)})
	}
}

// json adds what is in a JSON text, if it is one.
func (v *values) json(label string, text []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil || d.More() {
		return
	}
	v.any(label, value, 0)
}

// maxInner is how often a string may be JSON or base64 that holds another.
const maxInner = 4

func (v *values) any(label string, value any, depth int) {
	switch value := value.(type) {
	case json.Number:
		v.add(label, []byte(value))
	case string:
		v.add(label, []byte(value))
		v.inner(label, value, depth)
	case []any:
		for i, element := range value {
			v.any(label+"["+strconv.Itoa(i)+"]", element, depth)
		}
	case map[string]any:
		for key, element := range value {
			v.any(label+"."+key, element, depth)
		}
	}
}

// inner adds what is inside of a string. A service account's key is JSON in a
// string, and a file is often kept as base64; scripts take both apart.
func (v *values) inner(label, text string, depth int) {
	if depth == maxInner {
		return
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var value any
	if d.Decode(&value) == nil && !d.More() {
		switch value.(type) {
		case map[string]any, []any:
			v.any(label, value, depth+1)
		}
		return
	}
	compact := bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, []byte(text))
	if len(compact) < 8 {
		return
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(string(compact)); err == nil && utf8.Valid(decoded) {
			v.any(label, string(decoded), depth+1)
			return
		}
	}
}
