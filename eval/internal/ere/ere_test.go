package ere

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval/internal/oracle"
)

// matchCases are patterns with texts; every pair is matched, and split.
var matchCases = []struct {
	pattern string
	texts   []string
}{
	// Plain things and groups.
	{`abc`, []string{"abc", "abcd", "xabc", ""}},
	{``, []string{"", "a", "ab"}},
	{`()`, []string{"", "a"}},
	{`(a)(b)?`, []string{"a", "ab", "xaby"}},
	{`(a)|(b)`, []string{"a", "b", "ab", "cacb"}},
	{`a|`, []string{"", "a", "ba"}},
	{`|a`, []string{"", "a", "ba"}},
	{`a||b`, []string{"", "a", "b"}},
	{`(|a)b`, []string{"b", "ab"}},
	{`.`, []string{"", "a", "\n", "é", "aé"}},
	{`..`, []string{"é", "ab"}},
	{`é`, []string{"é", "e", "aéb"}},
	{`é*`, []string{"é", "éé", "é\xa9"}},
	// Anchors.
	{`^a$`, []string{"a", "aa", "a\na"}},
	{`^a`, []string{"aaa", "ba"}},
	{`a$`, []string{"aaa", "ab"}},
	{`^`, []string{"", "ab"}},
	{`$`, []string{"", "ab"}},
	{`(^a|b$)`, []string{"a", "b", "aabb"}},
	{`a^b`, []string{"a^b", "ab"}},
	{`x*|^a`, []string{"ba", "a", "xa"}},
	{`(^x|y)*`, []string{"xy", "yx", "xxy"}},
	// Quantifiers.
	{`a*`, []string{"", "aaa", "baab"}},
	{`a+`, []string{"", "aaa", "baab"}},
	{`a?`, []string{"", "aa", "bab"}},
	{`a**`, []string{"", "aaa"}},
	{`a+?`, []string{"", "aaa", "b"}},
	{`a*+`, []string{"aaa", "b"}},
	{`a{2}`, []string{"a", "aa", "aaaaa"}},
	{`a{2,}`, []string{"a", "aa", "aaaaa"}},
	{`a{1,2}`, []string{"a", "aa", "aaaaa"}},
	{`a{0}`, []string{"", "a"}},
	{`(a){0}b`, []string{"b", "ab"}},
	{`a{0,0}`, []string{"", "a"}},
	{`a{2}{3}`, []string{"aaaaaa", "aaaaa"}},
	{`(ab){1,3}`, []string{"ab", "abab", "abababab"}},
	{`(a|ab)(c|bcd)(d*)`, []string{"abcd", "abcdxabcd"}},
	{`(ab|a)(bcd|c)(d*)`, []string{"abcd"}},
	{`a{1500}`, []string{"a", strings.Repeat("a", 1500), strings.Repeat("a", 1501)}},
	// Which group holds what.
	{`(a*)*`, []string{"", "aa", "b", "aab"}},
	{`(a*)+`, []string{"", "aa", "b"}},
	{`(a*)?`, []string{"", "aa", "b"}},
	{`((a*)b?)*`, []string{"aab", "abab", ""}},
	{`(a?)*`, []string{"aa", ""}},
	{`(a|b)*`, []string{"abab", ""}},
	{`((a)|(b))*`, []string{"ab", "ba"}},
	{`(a|b|ab)*`, []string{"ab", "abab", "aab"}},
	{`(x)?(y)?`, []string{"x", "y", "xy", ""}},
	{`(()|a)*`, []string{"aa", ""}},
	{`(a|())*b`, []string{"aab", "b"}},
	{`(.*)/(.*)`, []string{"a/b/c", "ab", "/"}},
	{`(.+)-(.+)`, []string{"a-b-c", "ab"}},
	{`(a*)(a|aa)*`, []string{"aaaa", ""}},
	{`(a*)(ab)*(b*)`, []string{"aabb", "ab", "abb"}},
	// A repetition's first success cuts, so the longest match may be missed.
	{`a?(abc)?`, []string{"abc", "aabc", "xabcx"}},
	{`a*(ab)?`, []string{"aab", "ab", "b"}},
	{`(a|ab)(bc)?`, []string{"abc", "ab", "abcabc"}},
	{`(ab|a)?(bc|abcd)?`, []string{"abcd", "abc"}},
	{`(a|abc)+`, []string{"abcabc", "aabc", "abca"}},
	{`foo|foobar`, []string{"foobar", "foobarfoo"}},
	{`foobar|foo`, []string{"foobar", "foobarfoo"}},
	{`(foo|foobar)(bar)?`, []string{"foobarbar", "foobar"}},
	// Split's empty matches.
	{`b*`, []string{"abc", "", "bb", "abbc"}},
	{`(b)?`, []string{"abc", "cb"}},
	{`b|`, []string{"abc"}},
	{`(b)|()`, []string{"abc"}},
	{`,`, []string{"a,b,,c,", ",", "abc"}},
	{`([^,]*)`, []string{"a,b,,c"}},
	{`[[:space:]]+`, []string{" a b  c ", "\n\t"}},
	{`(\.|-)`, []string{"1.2-3"}},
	// Brackets.
	{`[abc]*`, []string{"cab", "d"}},
	{`[^abc]*`, []string{"xyz\n", "a"}},
	{`[]x]*`, []string{"]x", "[", ""}},
	{`[^]x]*`, []string{"]", "abc["}},
	{`[]-a]*`, []string{"]^_`a", "b", "-"}},
	{`[a-]*`, []string{"a-", "b"}},
	{`[-a]*`, []string{"a-", "b"}},
	{`[--0]*`, []string{"-./0", "1", ","}},
	{`[+--]*`, []string{"+,-", "."}},
	{`[%--]*`, []string{"%&'()*+,-"}},
	{`[a\]*`, []string{`a\`, "b"}},
	{`[\n]*`, []string{`\n`, "\n"}},
	{`[.]*`, []string{"..", "a"}},
	{`[^.]*`, []string{"..", "a"}},
	{`[a^]*`, []string{"^a", "b"}},
	{`[[]*`, []string{"[[", "a"}},
	{`[[a]*`, []string{"[a", "."}},
	{`[a-c]*[d-f]`, []string{"abcd", "abc"}},
	{`[a-z0-9_-]*`, []string{"a-b_9", "A"}},
	{`[[:w:]-]*`, []string{"a-_9", "."}},
	{`[[:alpha:]]*`, []string{"aZ", "a1", "é"}},
	{`[[:ALPHA:]]*`, []string{"aZ", "a1"}},
	{`[[:alnum:][:blank:].]*`, []string{"a 1\t.", "\n"}},
	{`[^[:space:][:cntrl:]]*`, []string{"ab", "a b", "\x7f"}},
	{`[[:digit:][:upper:]]*`, []string{"1A", "a"}},
	{`[[:punct:]]*`, []string{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "a", " "}},
	{`[[:xdigit:]]*`, []string{"09afAF", "g"}},
	{`[[:graph:]]*|[[:print:]]*`, []string{"a!", "a !", "\t"}},
	{`[[:d:][:s:]]*`, []string{"1 \n", "a"}},
	{`[[:lower:]]*`, []string{"az", "A"}},
	{`[[.a.]]`, []string{"a", "."}},
	{`[[.space.][.hyphen.]]*`, []string{" -", "_"}},
	{`[[.hyphen.]-a]*`, []string{".-a", "b"}},
	{`[[.zero.]-9]*`, []string{"0123", "a"}},
	{`[[=a=]]*`, []string{"aA", "b"}},
	{`[[=A=]b]*`, []string{"aAb", "B"}},
	{`[é]*`, []string{"é", "\xc3", "e"}},
	{`[^é]`, []string{"é", "e"}},
	{"[\x80-\xff]*", []string{"é", "e"}},
	{"[\x80-a]*", []string{"é", "aB", "b"}},
	// Escapes.
	{`\.`, []string{".", "a"}},
	{`\\`, []string{`\`, `\\`}},
	{`\*\+\?\^\$\|`, []string{`*+?^$|`}},
	{`\(\)`, []string{"()", ""}},
	{`\[\{`, []string{"[{"}},
	{`]`, []string{"]"}},
	{`}`, []string{"}"}},
	{`a}`, []string{"a}"}},
	{`a]{2}`, []string{"a]]"}},
	// Errors.
	{`\]`, []string{"]"}},
	{`\}`, []string{"}"}},
	{`\/`, []string{"/"}},
	{`\-`, []string{"-"}},
	{`\d`, []string{"1"}},
	{`\n`, []string{"\n"}},
	{`(a)\1`, []string{"aa"}},
	{`\`, []string{""}},
	{`(?:a)`, []string{"a"}},
	{`(?i)a`, []string{"a"}},
	{`*a`, []string{"a"}},
	{`+`, []string{"a"}},
	{`?`, []string{"a"}},
	{`(*a)`, []string{"a"}},
	{`a|*b`, []string{"a"}},
	{`^*`, []string{"a"}},
	{`$+`, []string{"a"}},
	{`{`, []string{"{"}},
	{`a{`, []string{"a"}},
	{`a{}`, []string{"a"}},
	{`a{,2}`, []string{"a"}},
	{`a{2,1}`, []string{"a"}},
	{`a{1`, []string{"a"}},
	{`a{1,`, []string{"a"}},
	{`a{x}`, []string{"a"}},
	{`a{-1}`, []string{"a"}},
	{`(`, []string{""}},
	{`)`, []string{""}},
	{`a)`, []string{"a"}},
	{`(a`, []string{"a"}},
	{`[`, []string{"a"}},
	{`[]`, []string{"a"}},
	{`[^]`, []string{"a"}},
	{`[a`, []string{"a"}},
	{`[a-`, []string{"a"}},
	{`[a-c-e]`, []string{"b"}},
	{`[c-a]`, []string{"b"}},
	{`[a-é]`, []string{"b"}},
	{`[-----]`, []string{"-"}},
	{`[--]`, []string{"-"}},
	{`[---]`, []string{"-"}},
	{`[[:foo:]]`, []string{"a"}},
	{`[[:alpha:`, []string{"a"}},
	{`[[:alpha:]`, []string{"a"}},
	{`[[:alpha]]`, []string{"a"}},
	{`[[:w:]-a]`, []string{"a"}},
	{`[a-[:w:]]`, []string{"a"}},
	{`[a-[.z.]]`, []string{"b"}},
	{`[[.-.]]`, []string{"-"}},
	{`[[.foo.]]`, []string{"a"}},
	{`[[==]]`, []string{"a"}},
	{`[[..]]`, []string{"a"}},
	{`[[=foo=]]`, []string{"a"}},
	{`a{200000}`, []string{"a"}},
	{`a{99999999999}`, []string{"a"}},
	// From real Nix code.
	{`[[:space:]]*(.*[^[:space:]])[[:space:]]*`, []string{"  a b ", " "}},
	{`([0-9]+)\.([0-9]+)(\.([0-9]+))?`, []string{"1.2", "1.2.3", "v1"}},
	{`refs/heads/(.*)`, []string{"refs/heads/production", "refs/tags/v1"}},
	{`^refs/(heads|tags)/(release-)?([0-9]+)$`, []string{"refs/heads/release-21", "refs/tags/5", "refs/heads/main"}},
	{`([^/]+)/([^/]+)/?(.*)`, []string{"github/owner", "a/b/c"}},
	{`(.*)[.]nix$`, []string{"a.nix", "b.nixx"}},
	{`(.*/)?([^/]*)`, []string{"/a/b/c", "c"}},
}

// render writes groups as Nix prints them.
func render(groups []Group) string {
	var b strings.Builder
	b.WriteString("[ ")
	for _, g := range groups {
		if g.Matched {
			b.WriteString(oracle.Quote(g.Text))
		} else {
			b.WriteString("null")
		}
		b.WriteByte(' ')
	}
	return b.String() + "]"
}

func matchText(pattern, text string) string {
	re, err := Compile(pattern)
	if err != nil {
		return "error: " + err.Error()
	}
	groups, ok, err := re.Match(text, nil)
	switch {
	case err != nil:
		return "error: " + err.Error()
	case !ok:
		return "null"
	}
	return render(groups)
}

// pieces is Split's result as a slice.
func pieces(re *Regexp, text string) (list []Piece, err error) {
	err = re.Split(text, nil, func(p Piece) { list = append(list, p) })
	return list, err
}

func splitText(pattern, text string) string {
	re, err := Compile(pattern)
	if err != nil {
		return "error: " + err.Error()
	}
	list, err := pieces(re, text)
	if err != nil {
		return "error: " + err.Error()
	}
	var b strings.Builder
	b.WriteString("[ ")
	for _, p := range list {
		b.WriteString(oracle.Quote(p.Text) + " ")
		if !p.Last {
			b.WriteString(render(p.Groups) + " ")
		}
	}
	return b.String() + "]"
}

func TestAgainstNix(t *testing.T) {
	for _, op := range []struct {
		name string
		run  func(pattern, text string) string
	}{{"match", matchText}, {"split", splitText}} {
		t.Run(op.name, func(t *testing.T) {
			var exprs, got []string
			for _, c := range matchCases {
				for _, text := range c.texts {
					exprs = append(exprs, fmt.Sprintf("builtins.%s %s %s", op.name, oracle.Quote(c.pattern), oracle.Quote(text)))
					got = append(got, op.run(c.pattern, text))
				}
			}
			answers := oracle.Answers(t, op.name, exprs)
			for i, e := range exprs {
				if want := answers[e].String(); got[i] != want {
					t.Errorf("%s\n got %s\nwant %s", e, got[i], want)
				}
			}
		})
	}
}

// TestRandomAgainstNix compares on expressions made of the constructs whose
// interplay is hard: nested loops, optional parts and alternatives.
func TestRandomAgainstNix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var exprs, got []string
	for range 150 {
		pattern := randomPattern(r, 3)
		text := randomText(r, 7)
		for _, op := range []string{"match", "split"} {
			exprs = append(exprs, fmt.Sprintf("builtins.%s %s %s", op, oracle.Quote(pattern), oracle.Quote(text)))
			if op == "match" {
				got = append(got, matchText(pattern, text))
			} else {
				got = append(got, splitText(pattern, text))
			}
		}
	}
	answers := oracle.Answers(t, "random", exprs)
	for i, e := range exprs {
		if want := answers[e].String(); got[i] != want {
			t.Errorf("%s\n got %s\nwant %s", e, got[i], want)
		}
	}
}

func randomText(r *rand.Rand, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = "abc"[r.IntN(3)]
	}
	return string(b)
}

func randomPattern(r *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"a", "b", "c", ".", "[ab]", "[^a]", "ab", ""}[r.IntN(8)]
	}
	sub := func() string { return randomPattern(r, depth-1) }
	switch r.IntN(8) {
	case 0, 1:
		return sub() + sub()
	case 2:
		return "(" + sub() + "|" + sub() + ")"
	case 3:
		return "(" + sub() + ")*"
	case 4:
		return "(" + sub() + ")?" + sub()
	case 5:
		return "(" + sub() + ")+"
	case 6:
		return "(" + sub() + "){1,2}"
	default:
		return "(" + sub() + ")"
	}
}

// TestLanguage compares what matches at all with Go's regexp, which decides
// it by another algorithm.
func TestLanguage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		pattern := randomPattern(r, 4)
		re, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		goRe := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
		for range 5 {
			text := randomText(r, 12)
			_, ok, err := re.Match(text, nil)
			if err != nil {
				t.Fatal(err)
			}
			if ok != goRe.MatchString(text) {
				t.Errorf("match %q %q = %v", pattern, text, ok)
			}
		}
	}
}

// TestHostile has searches that take a plain backtracker exponential time.
func TestHostile(t *testing.T) {
	long := strings.Repeat("a", 3000)
	for _, c := range []struct {
		pattern, text string
		ok            bool
	}{
		{`(a*)*b`, long, false},
		{`(a|a)*b`, long, false},
		{`(a|aa)+$`, long, true},
		{`((a?)*)*c`, long, false},
		{`(.*)(.*)(.*)(.*)x`, long, false},
		{`(a|b|ab)*c`, strings.Repeat("ab", 1000), false},
	} {
		re, err := Compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := re.Match(c.text, nil); err != nil || ok != c.ok {
			t.Errorf("match %q: %v, %v", c.pattern, ok, err)
		}
	}
}

func TestBounds(t *testing.T) {
	nested := strings.Repeat("(", 100_000) + strings.Repeat(")", 100_000)
	for _, pattern := range []string{
		nested,
		strings.Repeat("(a*", 3000) + strings.Repeat(")", 3000),
		"((((a{100}){100}){100}){100}){100}",
		"(((((){1000}){1000}){1000}){1000}){1000}",
		"a" + strings.Repeat("*", 100_000),
	} {
		if _, err := Compile(pattern); !errors.Is(err, ErrTooBig) {
			t.Errorf("%.20s…: %v, want %v", pattern, err, ErrTooBig)
		}
	}
	re, err := Compile("((a|b)*,)*")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("ab,", 1_000_000)
	if _, _, err := re.Match(text, nil); !errors.Is(err, ErrTooComplex) {
		t.Errorf("a text of %d bytes: %v, want %v", len(text), err, ErrTooComplex)
	}
	// Each of many searches runs over all the text, with a single choice.
	if re, err = Compile("a*b"); err != nil {
		t.Fatal(err)
	}
	if _, err := pieces(re, strings.Repeat("a", 1_000_000)); !errors.Is(err, ErrTooComplex) {
		t.Errorf("long runs: %v, want %v", err, ErrTooComplex)
	}
}

func TestCacheIsBounded(t *testing.T) {
	for i := range 3 * maxCached {
		if _, err := Compile(fmt.Sprint("x", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cache.compiled); n > maxCached {
		t.Errorf("%d expressions are cached, at most %d may be", n, maxCached)
	}
}

func FuzzMatch(f *testing.F) {
	for _, c := range matchCases {
		f.Add(c.pattern, c.texts[0])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := Compile(pattern)
		if err != nil {
			return
		}
		if groups, ok, _ := re.Match(text, nil); ok && len(groups) != re.groups {
			t.Errorf("%d groups, want %d", len(groups), re.groups)
		}
		list, err := pieces(re, text)
		if err != nil {
			return
		}
		n := 0
		for _, p := range list {
			n += len(p.Text)
		}
		if n > len(text) || !list[len(list)-1].Last {
			t.Errorf("split %q %q = %v", pattern, text, list)
		}
	})
}

// A split takes no more memory for the searches before.
func TestSplitMemory(t *testing.T) {
	re, _ := Compile("(b)")
	const matches = 1 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := re.Split(strings.Repeat("ab", matches), nil, func(Piece) {}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / matches; each > 64 {
		t.Errorf("%d bytes for a match", each)
	}
}

func BenchmarkMatch(b *testing.B) {
	re, _ := Compile(`([^/]+)/([^/]+)/?(.*)`)
	for b.Loop() {
		re.Match("nixos/lib/eval-config.nix", nil)
	}
}

func BenchmarkSplit(b *testing.B) {
	re, _ := Compile(`(\.|-)`)
	for b.Loop() {
		re.Split("1.2.3-pre20230101", nil, func(Piece) {})
	}
}
