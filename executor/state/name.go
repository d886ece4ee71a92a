package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// longestElement is how long an encoded name may be. Names of files may have 255
// bytes; this leaves room for those that are made of it.
const longestElement = 200

// EncodeName makes one element of a path from any name: letters, digits, "_", "-"
// and "." stay as they are, but not a dot in front; other bytes become %XX. An empty
// name is "%", and one that would get too long becomes "~" and its hash, from which
// it cannot be read any more.
func EncodeName(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() <= longestElement {
		return b.String()
	}
	sum := sha256.Sum256([]byte(name))
	return "~" + hex.EncodeToString(sum[:])
}
