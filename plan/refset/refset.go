// Package refset describes sets of git refs: "refs/heads/main or any tag". A
// description is found by looking for the shortest one that agrees with what
// was observed for some refs (Fit), and put to the test with refs that lie just
// inside and just outside of it (Probes).
//
// Nothing here evaluates a program.
package refset

import (
	"regexp"
	"strings"
	"sync"

	"github.com/nixplan/nixplan/eval"
)

// Prefixes of full ref names.
const (
	Heads = "refs/heads/"
	Tags  = "refs/tags/"
)

// Fact names what a literal is about: the ref, or something else that an agent
// says about a repository.
type Fact string

const (
	Ref    Fact = "ref"    // full name
	Branch Fact = "branch" // without refs/heads/; other refs have none
	Tag    Fact = "tag"    // without refs/tags/; other refs have none
)

// Others are the facts besides the ref, by the names agents give them.
var Others = [...]Fact{"owner", "name", "forgeType", "remoteHttpUrl", "remoteSshUrl", "webUrl", "rev"}

// Point is what a program was evaluated for.
type Point struct {
	Ref string
	// Others are the values of the facts of that name, in their order; "" is
	// unknown.
	Others [len(Others)]string
}

// Get is the value of a fact; false when there is none.
func (p *Point) Get(f Fact) (string, bool) {
	switch f {
	case Ref:
		return p.Ref, true
	case Branch:
		return strings.CutPrefix(p.Ref, Heads)
	case Tag:
		return strings.CutPrefix(p.Ref, Tags)
	}
	i := f.other()
	return p.Others[i], p.Others[i] != ""
}

// other is the fact's place in Others.
func (f Fact) other() int {
	for i, other := range Others {
		if f == other {
			return i
		}
	}
	panic("refset: no such fact: " + string(f))
}

// IsRef reports whether the fact follows from the ref.
func (f Fact) IsRef() bool { return f == Ref || f == Branch || f == Tag }

// Op is how a literal compares.
type Op string

const (
	Is       Op = "is"
	Prefix   Op = "prefix"
	Suffix   Op = "suffix"
	Contains Op = "contains"
	Matches  Op = "matches"       // an extended regular expression, the whole text
	Folded   Op = "is_any_case"   // Is, upper and lower case being the same
	Older    Op = "version_below" // as builtins.compareVersions compares
	Newer    Op = "version_above"
)

// Literal is one statement about a point. A fact that has no value makes it
// false, and its negation true.
type Literal struct {
	Fact Fact   `json:"fact"`
	Op   Op     `json:"op"`
	Text string `json:"value"`
	// After is left out of the front of the fact's value where it is there: the
	// "v" of "v1.0".
	After string `json:"after,omitempty"`
	Not   bool   `json:"not,omitempty"`
}

// Normal writes statements about branches and tags as statements about the ref,
// where there is one that means the same.
func (l Literal) Normal() Literal {
	if l.Op == Is || l.Op == Prefix {
		switch l.Fact {
		case Branch:
			l.Fact, l.Text = Ref, Heads+l.Text
		case Tag:
			l.Fact, l.Text = Ref, Tags+l.Text
		}
	}
	return l
}

// Holds reports whether the statement is true of a point.
func (l *Literal) Holds(p *Point) bool { return l.holds(p) != l.Not }

func (l *Literal) holds(p *Point) bool {
	value, ok := p.Get(l.Fact)
	if !ok {
		return false
	}
	value = strings.TrimPrefix(value, l.After)
	switch l.Op {
	case Is:
		return value == l.Text
	case Prefix:
		return strings.HasPrefix(value, l.Text)
	case Suffix:
		return strings.HasSuffix(value, l.Text)
	case Contains:
		return strings.Contains(value, l.Text)
	case Folded:
		return lower(value) == lower(l.Text)
	case Older:
		return eval.CompareVersions(value, l.Text) < 0
	case Newer:
		return eval.CompareVersions(value, l.Text) > 0
	}
	re := compiled(l.Text)
	return re != nil && re.MatchString(value)
}

// lower is what lib.toLower makes of a text: only the letters of ASCII.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// Valid reports whether the statement can be told of a point: patterns must be
// ones that Go's library reads as well.
func (l *Literal) Valid() bool { return l.Op != Matches || compiled(l.Text) != nil }

// Folds are literals together with those that ignore the case of what they name.
func Folds(literals []Literal) []Literal {
	out := literals[:len(literals):len(literals)]
	for _, l := range literals {
		if l.Op == Is {
			l.Op = Folded
			out = append(out, l)
		}
	}
	return out
}

var patterns sync.Map // text → *regexp.Regexp, nil for none

// compiled is an extended regular expression for whole texts, nil when it is not
// one that means the same to Go.
func compiled(pattern string) *regexp.Regexp {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re, err := regexp.CompilePOSIX("^(" + pattern + ")$")
	if err != nil {
		re = nil
	}
	patterns.Store(pattern, re)
	return re
}

// Term holds where all its literals do; one without literals holds everywhere.
type Term struct {
	All []Literal `json:"all"`
}

// Holds reports whether the term is true of a point.
func (t *Term) Holds(p *Point) bool {
	for i := range t.All {
		if !t.All[i].Holds(p) {
			return false
		}
	}
	return true
}

// Set holds where any of its terms does; one without terms is empty.
type Set struct {
	Any []Term `json:"any"`
}

// Has reports whether a point is in the set.
func (s *Set) Has(p *Point) bool {
	for i := range s.Any {
		if s.Any[i].Holds(p) {
			return true
		}
	}
	return false
}

// Facts are the facts besides the ref that the set is about, in the order of
// Others.
func (s *Set) Facts() []Fact {
	var out []Fact
	for _, fact := range Others {
		for _, term := range s.Any {
			for _, l := range term.All {
				if l.Fact == fact && (len(out) == 0 || out[len(out)-1] != fact) {
					out = append(out, fact)
				}
			}
		}
	}
	return out
}
