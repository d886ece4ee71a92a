// Package credentials finds secrets that stand in a text as they are: keys and
// tokens of well-known services, private keys, passwords in URLs.
//
// It reports what has the exact form of a credential and looks random. What
// documentation and tests are full of – placeholders, repeated characters,
// EXAMPLE keys –, public keys, hashes and store paths are not reported, and
// neither are passwords that nothing but their place tells from other text.
//
// The forms are facts published by the services; the table is our own.
package credentials

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Finding is one credential in a text. It does not hold the credential.
type Finding struct {
	Start, End int // the bytes of the text to hide
	// Kind is a stable name, "github-token"; What names it in a sentence, "a
	// GitHub token".
	Kind, What string
	// Redacted is what can be shown: the public prefix that all credentials of
	// the kind have, and an ellipsis.
	Redacted string
	// Identifier means that the text names a credential and is none: an AWS
	// access key ID opens nothing without its secret key.
	Identifier bool
}

// Scan finds the credentials in a text, in order and without overlaps.
func Scan(text string) []Finding {
	var list []Finding
	if len(text) < shortest {
		return nil
	}
	for i := range rules() {
		r := &rules()[i]
		if !r.mayMatch(text) {
			continue
		}
		for _, at := range r.pattern().FindAllStringSubmatchIndex(text, -1) {
			start, end := at[len(at)-2], at[len(at)-1] // the last group, or all
			value := text[start:end]
			if r.alone && !standsAlone(text, at[0], at[1]) || r.accept != nil && !r.accept(value, text[at[0]:at[1]]) {
				continue
			}
			if markedPublic(text[:start]) {
				continue
			}
			if r.entropy > 0 && (placeholder(value) || entropy(value) < r.entropy) {
				continue
			}
			list = append(list, Finding{
				Start: start, End: end, Kind: r.kind, What: r.what,
				Redacted: r.shown + "…", Identifier: r.identifier,
			})
		}
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	end := 0
	return slices.DeleteFunc(list, func(f Finding) bool {
		if f.Start < end {
			return true
		}
		end = f.End
		return false
	})
}

// Hide puts as many asterisks in the place of the credentials of a text, so
// that columns stay what they are.
func Hide(text string) string {
	findings := Scan(text)
	if len(findings) == 0 {
		return text
	}
	var b strings.Builder
	done := 0
	for _, f := range findings {
		b.WriteString(text[done:f.Start])
		b.WriteString(strings.Repeat("*", f.End-f.Start))
		done = f.End
	}
	return b.String() + text[done:]
}

// shortest is the length of the shortest text with a credential in it.
const shortest = 16

// rule is the form of one kind of credential.
type rule struct {
	kind, what, shown string
	// One of keywords is in every text with a match; possible, where it is set,
	// is asked instead. They save most texts the search for the pattern.
	keywords []string
	possible func(text string) bool
	// pattern matches the credential; where it has a group, the last group is
	// the credential and the rest is what it is recognised by.
	pattern func() *regexp.Regexp
	// alone: no letter, digit or underscore stands around the match.
	alone bool
	// entropy is the least number of bits per byte of a random value; 0 for
	// credentials that are not checked for being placeholders.
	entropy    float64
	accept     func(value, match string) bool // nil accepts all
	identifier bool
}

func (r *rule) mayMatch(text string) bool {
	if r.possible != nil {
		return r.possible(text)
	}
	return slices.ContainsFunc(r.keywords, func(k string) bool { return strings.Contains(text, k) })
}

// markedPublic reports whether what stands before a value calls it snake oil,
// as keys made for tests and known to all are called.
func markedPublic(before string) bool {
	before = strings.ToLower(before[max(0, len(before)-120):])
	return strings.Contains(before, "snakeoil") || strings.Contains(before, "snake oil") || strings.Contains(before, "snake_oil")
}

func standsAlone(text string, start, end int) bool {
	return (start == 0 || !wordByte(text[start-1]) && text[start-1] != '+') && (end == len(text) || !wordByte(text[end]))
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// placeholders are parts of values that people write where a credential goes.
var placeholders = []string{
	"example", "xxxx", "1234567", "7654321", "abcdefg", "deadbeef", "placeholder", "changeme", "redacted", "dummy", "fake",
	"sample", "secret", "insert", "replace", "yourtoken", "your_", "your-", "notreal", "test_", "test-", "todo",
}

// placeholder reports whether a value was written by hand for people to put
// their own in its place, or for a test.
func placeholder(value string) bool {
	lower := strings.ToLower(value)
	for _, p := range placeholders {
		if strings.Contains(lower, p) {
			return true
		}
	}
	run := 1
	for i := 1; i < len(value); i++ {
		if value[i] != value[i-1] {
			run = 1
			continue
		}
		if run++; run == 5 {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits per byte.
func entropy(s string) float64 {
	var count [256]float64
	for i := range len(s) {
		count[s[i]]++
	}
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			p := n / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
