// Package hash parses, prints and computes hashes in the forms Nix knows.
package hash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/nix-community/go-nix/pkg/nixbase32"
)

// Algo is a hash algorithm; the zero Algo means that none is given.
type Algo uint8

const (
	NoAlgo Algo = iota
	MD5
	SHA1
	SHA256
	SHA512
	BLAKE3
)

var algos = [...]struct {
	name string
	size int // bytes
	new  func() hash.Hash
}{
	MD5:    {"md5", 16, md5.New},
	SHA1:   {"sha1", 20, sha1.New},
	SHA256: {"sha256", 32, sha256.New},
	SHA512: {"sha512", 64, sha512.New},
	BLAKE3: {"blake3", 32, newBLAKE3},
}

func (a Algo) String() string { return algos[a].name }

// Size is the length of the algorithm's hashes in bytes.
func (a Algo) Size() int { return algos[a].size }

// New gives the algorithm's implementation.
func (a Algo) New() hash.Hash { return algos[a].new() }

// ParseAlgo knows an algorithm by its name.
func ParseAlgo(name string) (Algo, error) {
	for a := MD5; a <= BLAKE3; a++ {
		if algos[a].name == name {
			return a, nil
		}
	}
	return NoAlgo, fmt.Errorf("unknown hash algorithm '%s', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'", name)
}

// Format is a way to write a hash.
type Format uint8

const (
	Base16 Format = iota
	Nix32
	Base64
	SRI // "sha256-" and base 64
)

// ParseFormat knows a format by its name; "base32" is an old name of "nix32".
func ParseFormat(name string) (Format, error) {
	switch name {
	case "base16":
		return Base16, nil
	case "nix32", "base32":
		return Nix32, nil
	case "base64":
		return Base64, nil
	case "sri":
		return SRI, nil
	}
	return 0, fmt.Errorf("unknown hash format '%s', expect 'base16', 'base32', 'base64', or 'sri'", name)
}

// Hash is the result of an algorithm: Bytes has the algorithm's size.
type Hash struct {
	Algo  Algo
	Bytes []byte
}

// Sum hashes a text.
func Sum(a Algo, text string) Hash {
	h := a.New()
	h.Write([]byte(text))
	return Hash{a, h.Sum(nil)}
}

// Format writes the hash without the algorithm's name, except as SRI.
func (h Hash) Format(f Format) string {
	switch f {
	case Base16:
		return hex.EncodeToString(h.Bytes)
	case Nix32:
		return nixbase32.EncodeToString(h.Bytes)
	case Base64:
		return base64.StdEncoding.EncodeToString(h.Bytes)
	default:
		return h.Algo.String() + "-" + base64.StdEncoding.EncodeToString(h.Bytes)
	}
}

// Parse reads "algo:digits" with digits in base 16, Nix' base 32 or base 64,
// told apart by their number, "algo-base64" (SRI), or digits alone when algo
// says what they are. When both name an algorithm they must agree.
func Parse(text string, algo Algo) (Hash, error) {
	rest, sri := text, false
	name, digits, prefixed := strings.Cut(text, ":")
	if !prefixed {
		name, digits, prefixed = strings.Cut(text, "-")
		sri = prefixed
	}
	if prefixed {
		parsed, err := ParseAlgo(name)
		if err != nil {
			return Hash{}, err
		}
		if algo != NoAlgo && algo != parsed {
			return Hash{}, fmt.Errorf("hash '%s' should have type '%s'", text, algo)
		}
		algo, rest = parsed, digits
	}
	if algo == NoAlgo {
		return Hash{}, fmt.Errorf("hash '%s' does not include a type, nor is the type otherwise known from context", text)
	}
	return decode(rest, algo, sri)
}

// ParseAllowEmpty is Parse, but an empty text is the hash of all zeroes.
func ParseAllowEmpty(text string, algo Algo) (Hash, error) {
	if text != "" {
		return Parse(text, algo)
	}
	if algo == NoAlgo {
		return Hash{}, fmt.Errorf("empty hash requires explicit hash algorithm")
	}
	return Hash{algo, make([]byte, algo.Size())}, nil
}

func decode(digits string, algo Algo, sri bool) (Hash, error) {
	var (
		size     = algo.Size()
		encoding string
		bytes    []byte
		err      error
	)
	switch {
	case sri:
		encoding = "SRI"
		bytes, err = decodeBase64(digits)
	case len(digits) == hex.EncodedLen(size):
		encoding = "base16"
		bytes, err = hex.DecodeString(digits)
	case len(digits) == nixbase32.EncodedLen(size):
		encoding = "nix32"
		bytes, err = nixbase32.DecodeString(digits)
	case len(digits) == base64.StdEncoding.EncodedLen(size):
		encoding = "Base64"
		bytes, err = decodeBase64(digits)
	default:
		return Hash{}, fmt.Errorf("hash '%s' has wrong length for hash algorithm '%s'", digits, algo)
	}
	if err != nil {
		return Hash{}, fmt.Errorf("invalid %s hash '%s'", encoding, digits)
	}
	if len(bytes) != size {
		return Hash{}, fmt.Errorf("invalid %s hash '%s', length %d != expected length %d", encoding, digits, len(bytes), size)
	}
	return Hash{algo, bytes}, nil
}

// decodeBase64 is as lenient as Nix: padding may be missing, what follows it
// and the bits that make no byte are ignored.
func decodeBase64(digits string) ([]byte, error) {
	digits, _, _ = strings.Cut(digits, "=")
	digits = strings.ReplaceAll(digits, "\n", "")
	// A last digit that is alone in its group of four adds no whole byte, but
	// must be one.
	if len(digits)%4 == 1 {
		if _, err := base64.RawStdEncoding.DecodeString("AAA" + digits[len(digits)-1:]); err != nil {
			return nil, err
		}
		digits = digits[:len(digits)-1]
	}
	return base64.RawStdEncoding.DecodeString(digits)
}
