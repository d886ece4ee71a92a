// Package store computes what a Nix store would hold without having one: store
// paths, NAR hashes of file trees, and derivations with their output paths.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nix-community/go-nix/pkg/nixbase32"
	"github.com/nixplan/nixplan/eval/internal/hash"
)

// Dir is a store directory; it is part of every path's hash.
type Dir string

// DefaultDir is the directory of almost every store.
const DefaultDir Dir = "/nix/store"

// hashLength is the number of base 32 digits a store path begins with.
const hashLength = 32

// maxNameLength is the longest name, in bytes.
const maxNameLength = 211

// CheckName says what is wrong with the name part of a store path.
func CheckName(name string) error {
	switch {
	case name == "." || name == "..":
		return fmt.Errorf("name '%s' is not valid", name)
	case strings.HasPrefix(name, ".-") || strings.HasPrefix(name, "..-"):
		return fmt.Errorf("name '%s' is not valid: first dash-separated component must not be '%s'", name, name[:strings.IndexByte(name, '-')])
	}
	return CheckName28(name)
}

// CheckName28 is CheckName as Nix 2.8 has it, which takes names that a path could be
// mistaken for. The functions of this package take what it takes.
func CheckName28(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("name must not be empty")
	case len(name) > maxNameLength:
		return fmt.Errorf("name '%s' must be no longer than %d characters", name, maxNameLength)
	}
	for i := 0; i < len(name); i++ {
		if !isNameByte(name[i]) {
			return fmt.Errorf("name '%s' contains illegal character '%c'", name, name[i])
		}
	}
	return nil
}

func isNameByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("+-._?=", c) >= 0
}

// Split cuts a path at or below a store path into the store path and the rest
// ("" or "/…"); ok is false for other paths.
func (d Dir) Split(path string) (storePath, rest string, ok bool) {
	below, ok := strings.CutPrefix(path, string(d)+"/")
	if !ok {
		return "", "", false
	}
	base, _, _ := strings.Cut(below, "/")
	if len(base) <= hashLength || base[hashLength] != '-' || CheckName28(base[hashLength+1:]) != nil {
		return "", "", false
	}
	if nixbase32.ValidateString(base[:hashLength]) != nil {
		return "", "", false
	}
	length := len(d) + 1 + len(base)
	return path[:length], path[length:], true
}

// Name is the name part of a store path.
func (d Dir) Name(storePath string) string { return storePath[len(d)+1+hashLength+1:] }

// IsDerivation reports whether a store path is named as a derivation.
func IsDerivation(storePath string) bool { return strings.HasSuffix(storePath, ".drv") }

// path makes a store path from its type, what identifies the contents, and the
// name. The hash is folded to 160 bits.
func (d Dir) path(kind string, inner [sha256.Size]byte, name string) string {
	b := make([]byte, 0, len(kind)+len(":sha256:::")+hex.EncodedLen(len(inner))+len(d)+len(name))
	b = append(append(b, kind...), ":sha256:"...)
	b = append(hex.AppendEncode(b, inner[:]), ':')
	b = append(append(append(b, d...), ':'), name...)
	sum := sha256.Sum256(b)
	var folded [20]byte
	for i, b := range sum {
		folded[i%len(folded)] ^= b
	}
	return string(d) + "/" + nixbase32.EncodeToString(folded[:]) + "-" + name
}

// TextPath is the path of a file with a text that refers to the given store
// paths: derivations and the results of builtins.toFile.
func (d Dir) TextPath(name, text string, refs []string) (string, error) {
	if err := CheckName28(name); err != nil {
		return "", err
	}
	return d.path(withRefs("text", refs), sha256.Sum256([]byte(text)), name), nil
}

func withRefs(kind string, refs []string) string {
	refs = sortedSet(refs)
	size := len(kind)
	for _, ref := range refs {
		size += 1 + len(ref)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(kind)
	for _, ref := range refs {
		b.WriteByte(':')
		b.WriteString(ref)
	}
	return b.String()
}

// FixedPath is the path of something whose hash is known: of a file's contents,
// or, if recursive, of the NAR of a file or tree.
func (d Dir) FixedPath(name string, recursive bool, h hash.Hash) (string, error) {
	if err := CheckName28(name); err != nil {
		return "", err
	}
	if recursive && h.Algo == hash.SHA256 {
		return d.path("source", [sha256.Size]byte(h.Bytes), name), nil
	}
	method := ""
	if recursive {
		method = "r:"
	}
	inner := sha256.Sum256([]byte("fixed:out:" + method + h.Algo.String() + ":" + h.Format(hash.Base16) + ":"))
	return d.path("output:out", inner, name), nil
}

// OutputName is the name of a derivation's output as a store path has it.
func OutputName(drvName, output string) string {
	if output == "out" {
		return drvName
	}
	return drvName + "-" + output
}

// Placeholder stands for an output's path in the derivation that makes it.
func Placeholder(output string) string {
	sum := sha256.Sum256([]byte("nix-output:" + output))
	return "/" + nixbase32.EncodeToString(sum[:])
}
