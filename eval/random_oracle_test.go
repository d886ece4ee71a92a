package eval_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// TestRandomOracle compares builtins that have a language of their own with real
// Nix 2.8 on random input. The input is the same every time, unless the
// environment has NIXPLAN_SEED; NIXPLAN_RANDOM is how many expressions of each
// kind to compare.
func TestRandomOracle(t *testing.T) {
	nix, err := exec.LookPath("nix-instantiate")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	number := func(name string, otherwise int) int {
		if s := os.Getenv(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return n
		}
		return otherwise
	}
	count, seed := number("NIXPLAN_RANDOM", 60), number("NIXPLAN_SEED", 1)
	o := newOracle(t, nix)
	for _, kind := range []struct {
		name string
		expr func(random) string
	}{
		{"match", func(r random) string {
			return "builtins.match " + quote(r.regex(3)) + " " + quote(r.some("abc.-é", 8))
		}},
		{"split", func(r random) string {
			return "builtins.split " + quote(r.regex(3)) + " " + quote(r.some("abc.-é", 8))
		}},
		{"versions", func(r random) string {
			a, b := r.version(), r.version()
			return fmt.Sprintf("[ (builtins.compareVersions %s %s) (builtins.splitVersion %[1]s) (builtins.parseDrvName %[1]s) ]", quote(a), quote(b))
		}},
		{"JSON", func(r random) string {
			s := quote(r.damaged(r.json(3)))
			return "builtins.fromJSON " + s
		}},
		{"toJSON", func(r random) string { return "builtins.toJSON (builtins.fromJSON " + quote(r.json(3)) + ")" }},
		{"TOML", func(r random) string { return "builtins.fromTOML " + quote(r.toml()) }},
		{"hashes", func(r random) string {
			return "(derivation { name = \"x\"; system = \"x\"; builder = \"x\"; " + r.hash() + " }).outPath"
		}},
		{"floats", func(r random) string {
			f := r.float()
			return fmt.Sprintf("let f = builtins.fromJSON \"%s\"; in [ f (toString f) (builtins.toJSON f) (if f < 1.0e15 && f > -1.0e15 then [ (builtins.floor f) (builtins.ceil f) ] else null) ]", f)
		}},
		{"strings", func(r random) string {
			return fmt.Sprintf("[ (builtins.substring %d %d %s) (builtins.replaceStrings [ %s %s ] [ %s %s ] %[3]s) (baseNameOf %[3]s) (dirOf %[3]s) ]",
				r.IntN(5), r.IntN(8)-1, quote(r.some("ab/.é$", 8)), quote(r.some("ab/", 2)), quote(r.some("ab/", 2)), quote(r.some("ab/", 2)), quote(r.some("ab/", 2)))
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			r := random{rand.New(rand.NewPCG(uint64(seed), 1))}
			var values, failures []string
			ours := map[string]string{}
			for range count {
				e := kind.expr(r)
				v, err := evalCompat(e)
				ours[e] = v
				if err != nil {
					failures = append(failures, e)
				} else {
					values = append(values, e)
				}
			}
			const batch = 100
			for ; len(values) > 0; values = values[min(len(values), batch):] {
				o.compare(t, values[:min(len(values), batch)], ours)
			}
			for _, e := range failures {
				if stdout, _, err := o.run(t, []string{"-E", e}); err == nil {
					t.Errorf("%s\n is an error here\n but for Nix %s", e, stdout)
				}
			}
		})
	}
}

// compare asks for the values of all expressions at once, or, if one of them
// fails, of halves.
func (o *oracle) compare(t *testing.T, exprs []string, ours map[string]string) {
	t.Helper()
	stdout, stderr, err := o.run(t, append([]string{"-E"}, exprs...))
	if err != nil && len(exprs) == 1 {
		t.Errorf("%s\n is %s here\n but for Nix %s", exprs[0], ours[exprs[0]], errorMessage(stderr))
		return
	}
	if err != nil {
		half := len(exprs) / 2
		o.compare(t, exprs[:half], ours)
		o.compare(t, exprs[half:], ours)
		return
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != len(exprs) {
		t.Fatalf("%d answers to %d questions: %q", len(lines), len(exprs), lines)
	}
	for i, e := range exprs {
		if lines[i] != ours[e] {
			t.Errorf("%s\n is %s here\n but for Nix %s", e, ours[e], lines[i])
		}
	}
}

func evalCompat(expr string) (string, error) {
	ev := eval.New(context.Background(), eval.Options{Compat28: true, Limits: value.Limits{Steps: 10_000_000}})
	v, err := ev.EvalText(diag.NewSource("random.nix", expr), "/")
	if err == nil {
		v, err = ev.DeepForce(v)
	}
	if err != nil {
		return "", err
	}
	return ev.Print(v)
}

func quote(s string) string { return text.QuoteNix(s) }

// random makes input of the builtins' languages.
type random struct{ *rand.Rand }

func (r random) of(choice ...string) string { return choice[r.IntN(len(choice))] }

// some is a text of at most so many of the characters.
func (r random) some(characters string, most int) string {
	all := []rune(characters)
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteRune(all[r.IntN(len(all))])
	}
	return b.String()
}

// damaged is now and then the text with something changed.
func (r random) damaged(s string) string {
	if r.IntN(5) > 0 || s == "" {
		return s
	}
	i := r.IntN(len(s))
	return strings.ToValidUTF8(s[:i]+r.of("", "\"", "1", "e", "-", ",", "\\", "{", "]", ".", "0")+s[i+r.IntN(2):], "")
}

func (r random) regex(depth int) string {
	if depth == 0 {
		return r.of("a", "b", "c", ".", "é", "^", "$", "", "\\.", "[ab]", "[^a]", "[a-c]", "[[:alpha:]]", "[^[:punct:]]", "[]a]", "[a-]", "-", "ab")
	}
	sub := func() string { return r.regex(depth - 1) }
	switch r.IntN(9) {
	case 0, 1, 2:
		return sub() + sub()
	case 3:
		return "(" + sub() + "|" + sub() + ")"
	case 4:
		return sub() + "|" + sub()
	case 5:
		return "(" + sub() + ")" + r.of("*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}")
	case 6:
		return r.of("a", "[ab]", ".") + r.of("*", "+", "?", "{2}", "{1,}")
	default:
		return "(" + sub() + ")"
	}
}

func (r random) version() string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(r.of("1", "2", "10", "01", "0", "pre", "a", "rc", ".", "-", "--", "..", "_", "2147483647", "2147483648", "é", "B"))
	}
	return b.String()
}

func (r random) json(depth int) string {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch r.IntN(kinds) {
	case 0:
		return r.of("null", "true", "false")
	case 1:
		return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10)
	case 2:
		return r.float()
	case 3:
		return r.of("0", "-0", "1e2", "1E+2", "0.5", "9223372036854775807", "-9223372036854775808", "1e-7", "123456.7", "1e308")
	case 4, 5:
		return r.jsonString()
	case 6:
		return r.items("[", "]", func() string { return r.json(depth - 1) })
	default:
		return r.items("{", "}", func() string { return r.jsonString() + r.of(":", " : ") + r.json(depth-1) })
	}
}

func (r random) items(begin, end string, item func() string) string {
	var list []string
	for range r.IntN(4) {
		list = append(list, item())
	}
	return begin + strings.Join(list, r.of(",", " , ", ",\n")) + end
}

func (r random) jsonString() string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(r.of("a", "b", "é", "\\n", "\\t", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "$", "${", " ", "\x7f", "日"))
	}
	return `"` + b.String() + `"`
}

// toml has one key a line. Dates, which Nix 2.8 refuses, are left out, and so is
// what the library takes although it is no TOML 1.0.
func (r random) toml() string {
	var b strings.Builder
	for i := range r.IntN(5) {
		switch r.IntN(5) {
		case 0:
			fmt.Fprintf(&b, "[t%d.%s]\n", i, r.of("a", "b", `"c d"`))
		case 1:
			fmt.Fprintf(&b, "[[l%d]]\n", r.IntN(2))
		}
		fmt.Fprintf(&b, "%s%d%s= %s\n", r.of("k", "k.a", `"q r"`, "bare-key_"), i, r.of("", " ", ".x "), r.tomlValue(2))
	}
	return b.String()
}

func (r random) tomlValue(depth int) string {
	kinds := 7
	if depth == 0 {
		kinds = 5
	}
	switch r.IntN(kinds) {
	case 0:
		return r.of("true", "false", "0", "-1", "+7", "1_000", "0x1F", "0o17", "0b101", "9223372036854775807")
	case 1:
		return r.of("1.5", "-0.25", "1e3", "1.0e-2", "6.02E+3", "3_1.5", "0.0")
	case 2:
		return `"` + r.some("ab é$", 5) + r.of("", "\\n", "\\t", "\\\\", "\\\"", "\\u00e9", "\\U0001F600") + `"`
	case 3:
		return "'" + r.some("ab\\\"é$", 5) + "'"
	case 4:
		return r.of("\"\"\"\na\n b\"\"\"", "'''\na\\n\n'''", "\"\"\"a \\\n  b\"\"\"", `""`, "''")
	case 5:
		return r.items("[", "]", func() string { return strconv.Itoa(r.IntN(100)) })
	default:
		return "{ a = " + r.tomlValue(depth-1) + ", b.c = " + r.tomlValue(depth-1) + " }"
	}
}

// hash is a fixed output's hash in one of the ways to write it, right or nearly.
func (r random) hash() string {
	sizes := map[string]int{"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
	algo := r.of("md5", "sha1", "sha256", "sha512")
	n := sizes[algo]
	digits, prefix := "", ""
	switch r.IntN(4) {
	case 0:
		digits = r.digits("0123456789abcdef", 2*n)
	case 1: // the first digit has the bits that are left over
		digits = "0" + r.digits("0123456789abcdfghijklmnpqrsvwxyz", (8*n+4)/5-1)
	case 2:
		digits = r.base64(n)
	default:
		digits, prefix = r.base64(n), algo+"-"
	}
	if prefix == "" {
		prefix = r.of("", "", algo+":")
	}
	if r.IntN(8) == 0 {
		digits = digits[r.IntN(2):] + r.of("", "0", "=")
	}
	return fmt.Sprintf("outputHash = %s; outputHashAlgo = %s; outputHashMode = %s;",
		quote(prefix+digits), r.of(quote(algo), quote(algo), "null", `"sha256"`, `""`), r.of(`"flat"`, `"recursive"`))
}

func (r random) digits(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func (r random) base64(size int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	n := (8*size + 5) / 6
	return r.digits(alphabet, n-1) + "A" + strings.Repeat("=", (4-n%4)%4)
}

// float is a number as JSON and Nix write it.
func (r random) float() string {
	mantissa := float64(r.IntN(2_000_000)-1_000_000) / float64([]int{1, 2, 10, 1000, 7}[r.IntN(5)])
	return strconv.FormatFloat(mantissa, 'f', r.IntN(7)+1, 64) + r.of("", "", "e3", "e-5", "e20", "e-300", "E+2")
}
