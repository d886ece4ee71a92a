package hash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval/internal/oracle"
)

func TestSum(t *testing.T) {
	texts := []string{"", "abc", "é", "The quick brown fox jumps over the lazy dog", strings.Repeat("a", 1000)}
	var exprs, got []string
	for _, a := range []Algo{MD5, SHA1, SHA256, SHA512} {
		for _, text := range texts {
			exprs = append(exprs, fmt.Sprintf("builtins.hashString %q %s", a, oracle.Quote(text)))
			got = append(got, oracle.Quote(Sum(a, text).Format(Base16)))
		}
	}
	answers := oracle.Answers(t, "sum", exprs)
	for i, e := range exprs {
		if want := answers[e].String(); got[i] != want {
			t.Errorf("%s = %s, want %s", e, got[i], want)
		}
	}
	// From the algorithm's own test vectors; Nix 2.8 has no BLAKE3.
	if got, want := Sum(BLAKE3, "").Format(Base16), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"; got != want {
		t.Errorf("blake3 of nothing = %s, want %s", got, want)
	}
}

// TestParse reads one hash in all its forms, and what is none.
func TestParse(t *testing.T) {
	abc := Sum(SHA256, "abc")
	for _, c := range []struct {
		text string
		algo Algo
		err  string
	}{
		{abc.Format(Base16), SHA256, ""},
		{strings.ToUpper(abc.Format(Base16)), SHA256, ""},
		{abc.Format(Nix32), SHA256, ""},
		{abc.Format(Base64), SHA256, ""},
		{abc.Format(SRI), SHA256, ""},
		{abc.Format(SRI), NoAlgo, ""},
		{strings.TrimRight(abc.Format(SRI), "="), NoAlgo, ""},
		{abc.Format(SRI) + "?x", NoAlgo, ""},
		{"sha256:" + abc.Format(Base16), NoAlgo, ""},
		{"sha256:" + abc.Format(Nix32), SHA256, ""},
		{"sha256:" + abc.Format(Base64), SHA256, ""},
		{abc.Format(Base16), NoAlgo, "hash '" + abc.Format(Base16) + "' does not include a type, nor is the type otherwise known from context"},
		{abc.Format(SRI), SHA1, "hash '" + abc.Format(SRI) + "' should have type 'sha1'"},
		{abc.Format(Base16), SHA1, "hash '" + abc.Format(Base16) + "' has wrong length for hash algorithm 'sha1'"},
		{"", SHA256, "hash '' has wrong length for hash algorithm 'sha256'"},
		{"sha3-abc", NoAlgo, "unknown hash algorithm 'sha3', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'"},
		{"sha256-abc", NoAlgo, "invalid SRI hash 'abc', length 2 != expected length 32"},
		{strings.Repeat("g", 64), SHA256, "invalid base16 hash '" + strings.Repeat("g", 64) + "'"},
		{strings.Repeat("e", 52), SHA256, "invalid nix32 hash '" + strings.Repeat("e", 52) + "'"},
		{strings.Repeat("z", 52), SHA256, "invalid nix32 hash '" + strings.Repeat("z", 52) + "'"},
		{strings.Repeat("!", 44), SHA256, "invalid Base64 hash '" + strings.Repeat("!", 44) + "'"},
	} {
		h, err := Parse(c.text, c.algo)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if message != c.err {
			t.Errorf("Parse(%q, %v): %s, want %s", c.text, c.algo, message, c.err)
		}
		if err == nil && string(h.Bytes) != string(abc.Bytes) {
			t.Errorf("Parse(%q, %v) = %x, want %x", c.text, c.algo, h.Bytes, abc.Bytes)
		}
	}
	if h, err := ParseAllowEmpty("", MD5); err != nil || h.Format(Base16) != strings.Repeat("0", 32) {
		t.Errorf("the empty hash is %v, %v", h, err)
	}
	if _, err := ParseAllowEmpty("", NoAlgo); err == nil {
		t.Error("the empty hash without an algorithm is accepted")
	}
}

// TestFormats has every form of every algorithm, and reads each back.
func TestFormats(t *testing.T) {
	for a := MD5; a <= BLAKE3; a++ {
		h := Sum(a, "nix")
		for _, name := range []string{"base16", "nix32", "base32", "base64", "sri"} {
			f, err := ParseFormat(name)
			if err != nil {
				t.Fatal(err)
			}
			back, err := Parse(h.Format(f), a)
			if err != nil || back.Algo != a || string(back.Bytes) != string(h.Bytes) {
				t.Errorf("%s %s: %v, %v", a, name, back, err)
			}
		}
	}
	if _, err := ParseFormat("base85"); err == nil {
		t.Error("base85 is accepted as a format")
	}
	// Recorded from nix-hash --type sha1 --to-base32 and --to-sri.
	h := Sum(SHA1, "abc")
	for f, want := range map[Format]string{
		Base16: "a9993e364706816aba3e25717850c26c9cd0d89d",
		Nix32:  "kpcd173cq987hw957sx6m0868wv3x6d9",
		Base64: "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
		SRI:    "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
	} {
		if got := h.Format(f); got != want {
			t.Errorf("sha1 of abc in format %d = %s, want %s", f, got, want)
		}
	}
}

// FuzzParse: what is accepted has the algorithm's size, and is read back from each
// of its forms.
func FuzzParse(f *testing.F) {
	for a := MD5; a <= BLAKE3; a++ {
		for _, form := range []Format{Base16, Nix32, Base64, SRI} {
			f.Add(Sum(a, "nix").Format(form), uint8(a))
			f.Add(a.String()+":"+Sum(a, "nix").Format(form), uint8(NoAlgo))
		}
	}
	f.Fuzz(func(t *testing.T, text string, algo uint8) {
		h, err := Parse(text, Algo(algo)%(BLAKE3+1))
		if err != nil {
			return
		}
		if len(h.Bytes) != h.Algo.Size() {
			t.Fatalf("%q: %d bytes of %s", text, len(h.Bytes), h.Algo)
		}
		for _, form := range []Format{Base16, Nix32, Base64, SRI} {
			back, err := Parse(h.Format(form), h.Algo)
			if err != nil || back.Algo != h.Algo || string(back.Bytes) != string(h.Bytes) {
				t.Errorf("%q in form %d is %q, which is %v, %v", text, form, h.Format(form), back, err)
			}
		}
	})
}
