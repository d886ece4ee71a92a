package jsonx

import (
	"fmt"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain are the bytes a JSON string holds as they are. Neither "/", "<", ">",
// "&" nor U+2028 is escaped.
var plain = func() (ok [256]bool) {
	for b := range ok {
		ok[b] = b >= ' ' && b != '"' && b != '\\'
	}
	return ok
}()

// Valid is an error for a text that is not UTF-8: today's Nix does not write it.
func Valid(s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	at := invalidAt(s)
	return fmt.Errorf("invalid UTF-8 byte at index %d: 0x%02X", at, s[at])
}

// AppendString appends a text as a JSON string, as today's Nix writes it. Text
// that is not UTF-8 is an error.
func AppendString(out []byte, s string) ([]byte, error) {
	if err := Valid(s); err != nil {
		return out, err
	}
	return append(AppendPart(append(out, '"'), s, false), '"'), nil
}

// AppendString28 appends a text as Nix 2.8 writes it: "\b" and "\f" as \u00XX
// and bytes that are not UTF-8 as they are.
func AppendString28(out []byte, s string) []byte {
	return append(AppendPart(append(out, '"'), s, true), '"')
}

// AppendPart appends a part of a text as it stands within a JSON string.
func AppendPart(out []byte, s string, nix28 bool) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plain[c] {
			continue
		}
		out = append(out, s[start:i]...)
		start = i + 1
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c == '\b' && !nix28:
			out = append(out, '\\', 'b')
		case c == '\f' && !nix28:
			out = append(out, '\\', 'f')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(out, s[start:]...)
}
