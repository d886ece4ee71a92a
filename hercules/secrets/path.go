package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// A Step leads from a value to one inside it: to a field of an object, or to
// any element of a list.
type Step struct {
	Name    string
	Element bool
}

// A Path is the way from a secret's data to a field.
type Path []Step

// String writes a path as jq would: `password`, `database.password`,
// `users[].name`. A name with other characters than letters, digits, "_" and "-"
// stands in double quotes, as in JSON.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		if step.Element {
			b.WriteString("[]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(quoteName(step.Name))
	}
	return b.String()
}

// ParsePath reads what [Path.String] writes. The error does not quote the text.
func ParsePath(text string) (Path, error) {
	s := &scanner{text: []byte(text)}
	bad := errors.New(`not the path of a field, such as password, database.password or users[].name`)
	var path Path
	for {
		name, ok := s.fieldName()
		if !ok {
			return nil, bad
		}
		path = append(path, Step{Name: name})
		for strings.HasPrefix(text[s.at:], "[]") {
			path = append(path, Step{Element: true})
			s.at += 2
		}
		if s.at == len(text) {
			return path, nil
		}
		if text[s.at] != '.' {
			return nil, bad
		}
		s.at++
	}
}

// fieldName reads one name of a path, bare or quoted.
func (s *scanner) fieldName() (string, bool) {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		name, err := s.str()
		return name, err == nil
	}
	start := s.at
	for s.at < len(s.text) && isBareByte(s.text[s.at]) {
		s.at++
	}
	return string(s.text[start:s.at]), s.at > start
}

func isBareByte(c byte) bool {
	return c == '_' || c == '-' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isBare reports whether a name needs no quotes.
func isBare(name string) bool {
	for i := range len(name) {
		if !isBareByte(name[i]) {
			return false
		}
	}
	return name != ""
}

// quoteName writes a name for people: as it is, or as JSON if it is unusual.
func quoteName(name string) string {
	if isBare(name) {
		return name
	}
	return quote(name)
}

// quote writes a JSON string.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// startsWith reports whether p is prefix or leads further.
func (p Path) startsWith(prefix Path) bool {
	if len(p) < len(prefix) {
		return false
	}
	for i, step := range prefix {
		if p[i] != step {
			return false
		}
	}
	return true
}
