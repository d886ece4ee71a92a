package tomlx

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	toml "github.com/pelletier/go-toml/v2"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/internal/oracle"
)

// unbounded is a budget that counts.
type unbounded struct{ steps, bytes int64 }

func (b *unbounded) Step(n int)         { b.steps += int64(n) }
func (b *unbounded) Charge(bytes int64) { b.bytes += bytes }

func read(text string) (Table, error) { return Read(text, &unbounded{}) }

func render(v any) string {
	switch v := v.(type) {
	case Table:
		out := "{ "
		for _, e := range v {
			key := e.Key
			if strings.ContainsAny(key, " .é\"{[") || key == "" || strings.IndexByte("0123456789-", key[0]) >= 0 {
				key = oracle.Quote(key)
			}
			out += key + " = " + render(e.Value) + "; "
		}
		return out + "}"
	case []any:
		out := "[ "
		for _, e := range v {
			out += render(e) + " "
		}
		return out + "]"
	case string:
		return oracle.Quote(v)
	case float64:
		return numfmt.FormatG(v)
	default:
		return fmt.Sprint(v)
	}
}

var documents = []string{
	"", "# nothing\n", "a = 1", "a = true\nb = false", "a.b.c = 1\na.d = 2", "\"a b\" = 1\n'' = 2\n1 = 3\n-x = 4", "\"a.b\".c = 1\n\"é\" = 1",
	"a = 0xff\nb = 0o17\nc = 0b11\nd = 1_000\ne = +5\nf = -7\ng = -0", "a = 9223372036854775807\nb = -9223372036854775808",
	"a = 1.5\nb = 1e3\nc = -2.5E-3\nd = 1_0.0_1\ne = +0.0", "a = inf\nb = +inf\nc = -inf\nd = nan\ne = +nan",
	"a = \"x\\ty\\n\\\"\\\\\\u00e9\\U0001F600\"", "a = 'C:\\x'", "a = \"\"\"\nfirst\n  second \\\n     third\"\"\"", "a = '''\nx\\\ny'''", "a = \"\"\"\"q\"\"\"\"",
	"a = []\nb = [1, 2,]\nc = [[1], [\"x\"]]\nd = [\n 1,\n # c\n 2\n]", "a = [1, \"x\", {b = true}]", "a = {}\nb = {c = 1, d.e = 2}",
	"[t]\na = 1\n[t.u]\nb = 2\n[v]\n", "[a.b.c]\nd = 1\n[a]\ne = 2", "[[t]]\na = 1\n[[t]]\nb = 2\n[t.u]\nc = 3\n[[t.v]]\nd = 4", "[ a . b ]\nc = 1",
	"[package]\nname = \"x\"\nversion = \"0.1.0\"\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n[[bin]]\nname = \"x\"\n",
	"a = 1 # c\r\nb = 2\r\n", "\ta = 1",
	// Errors.
	"a", "a =", "a = 1\na = 2", "a = 1 b = 2", "= 1", "a = 1\n[a]\nb = 1", "[a]\n[a]", "[a", "a = [1", "a = {b = 1", "a = x", "a = 01", "a = 1__0", "a = _1", "a = 1.",
	"a = .5", "a = 0x", "a = 'x", "a = \"x", "a = \"\\q\"", "a = \"\\ud800\"", "a = \"x\ny\"", "a = [1]\n[[a]]", "a b = 1", "é = 1",
	"a = 1979-05-27", "a = 1979-05-27T07:32:00Z", "a = 1979-05-27T07:32:00", "a = 07:32:00", "a = [07:32:00]", "a = 1e", "a = truee", "[]", "[[]]", "a = +inff",
	// Keys that are there already.
	"a.b.c=2\na.b=1", "a.b=1\na=1", "a.b = 1\na = 2", "a={b=1}\na.c=2", "a = {b = 1}\na.c = 2", "a={}\n[a.b]", "c={a=1}\n[c.d]", "a={}\n[a]", "a={}\n[[a]]",
	"a.b=1\n[a]", "a.b=1\n[[a]]", "a.b=1\n[a.b]", "a=1\n[a.b]", "a=1\na.b=2", "a=1\n[[a.b]]", "a=[{}]\n[[a]]", "a=[{}]\n[a.b]", "a=[{b=1}]\na.c=1",
	"[a]\n[[a]]", "[[a]]\n[a]", "[a.b]\n[[a]]", "[a]\nb=1\n[a.b]", "a={b=1,b=2}", "a={b.c=1,b=2}", "a={b=1,b.c=2}", "a={b={},b.c=2}", "a=[[{b=1,b=2}]]", "[a]\n\"a\"=1\na=2",
	"[a.b]\n[a]\nb=1", "[[a]]\nb=1\nb=2", "[[a]]\n[a.b]\n[a.b]", "[a]\nb.c=1\n[a.b]", "[a.b]\n[a]\nb.c=1",
	// Keys that are not.
	"a={b.c=1,b.d=2}", "a.b=1\n[c]\na.b=2", "[[a]]\nb=1\n[[a]]\nb=2", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]", "[a.b.c]\n[a]\n[a.b]", "[a]\n[b]\n[a.c]\n[b.c]",
	"[[a]]\nb.c=1\n[[a]]\nb.c=2", "a=[{b=1},{b=1}]", "[a]\nb=1\n[a.c]\nb=1", "a.b=1\na.c.d=2\na.c.e=3", "[[a.b]]\n[a]", "[a]\nb.c=1\n[a.b.d]\ne=2",
	"a=1\nb=1\nc=1\nd=1\ne=1\nf=1\ng=1\nh=1\ni=1\nj=1\nk=1", "a=1\nb=1\nc=1\nd=1\ne=1\nf=1\ng=1\nh=1\ni=1\nj=1\nk=1\na=1", "a=1\nb=1\nc=1\nd=1\ne=1\nf=1\ng=1\nh=1\ni=1\nj=1\nk=1\nk=1",
	// What TOML 1.1 added.
	"a={b=1,}", "a={b=1\n}", "a={\nb=1}", "a = {\nb = 1}", "a={b=1,\nc=2}", "a={b=1 # c\n}", "a={b=1 , \t}", "a={\n}", "a={,}", "a=[{b=1,},]", "a=[\n{b=1\n}]", "a={b=[1],}", "a={b={},}", "a={b='',}",
	`a="\e"`, `a="\x41"`, `"\e"=1`, `"\x41"=1`, `["\e"]`, `a="""\e"""`, `a="""x"\x41"""`, `a="\\\e"`, `a=["\e"]`, `a={b="\x41"}`, "a=\"\"\"\\\n\\e\"\"\"",
	// What only looks so.
	`a='\e'`, `a='\x41'`, `a='''\e'''`, `a="\\e"`, `a="\\x41"`, `a="""\\e"""`, "a=1 # \"\\e\"", "a={b=[1,\n2,\n]}", "a={b=[\n{c=1},\n{d=[1,]}\n,]}", "a={b=[\n{c=1},\n{d=[1,]}\n]}", "a={b=[ # {\n1 ] }", "a={b=\"\"\"\n\n\"\"\"}", "a={b='''\n'''}",
	"a={b=\"{\"}\nc=\"\\\"{\"\n", "a='{'\nb=1", "a='\"'\nb=\"'\"", "a=\"\"\"'''\"\"\"\nb={c='\"\"\"'}", "a=''''x'''''\nb=1", "a=\"\"\"\"\"x\"\"\"\"\"\nb=1", "a=\"\"\"\"\"\"\nb=1", "a=\"\"\nb=''\nc=1", "a={b=\",\"}", "a={b=','}", "a=[1, # ,\n]", "a={}\nb={ }",
	"a=\"\"\"\\\"\"\"\"\nb=1", "# {\na=1", "# \"\na=1", "\"{\"=1\n'['=2", "a=[[],[{}]]\nb=1",
	// Numbers, at their edges.
	"a = -9223372036854775809", "a = 0x7fffffffffffffff", "a = 0o777777777777777777777", "a = 0b1_1", "a = 0xDEAD_beef", "a = -0.0", "a = -nan", "a = 1e-400", "a = 1e400", "a = 0e0", "a = 5e+22", "a = 6.626e-34", "a = +0x1", "a = 1_", "a = 1e1_0",
	"\ufeffa = 1", "a = \"\x80\"", "a = 1\rb = 2",
}

// today are documents that TOML 1.0 takes for something else than Nix 2.8. An empty
// answer is an error.
var today = map[string]string{
	// Tables that a dotted key or a list made are not to be extended.
	"a.b=1\n[a]": "", "a=[{}]\n[a.b]": "", "a=[{b=1}]\na.c=1": "", "[a]\nb.c=1\n[a.b]": "",
	// The header of a table may come after that of an array in it.
	"[[a.b]]\n[a]": "{ a = { b = [ { } ]; }; }",
	// Numbers that are too large are no others.
	"a = -9223372036854775809": "", "a = 1e400": "",
}

func TestRead(t *testing.T) {
	var exprs []string
	for _, d := range documents {
		exprs = append(exprs, "builtins.fromTOML "+oracle.Quote(d))
	}
	answers := oracle.Answers(t, "toml", exprs)
	for i, d := range documents {
		got, err := read(d)
		want := answers[exprs[i]]
		if value, ok := today[d]; ok {
			if value == want.Value {
				t.Errorf("%q: Nix 2.8 says so too", d)
			}
			want = oracle.Answer{Value: value}
			if value == "" {
				want.Error = "an error"
			}
		}
		switch {
		case (err != nil) != (want.Error != ""):
			t.Errorf("%q: got %v, %v, want %s", d, got, err, want)
		case err == nil && render(got) != want.Value:
			t.Errorf("%q: got %s, want %s", d, render(got), want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a = 1\nb = 1979-05-27", "line 2: dates and times are not supported"},
		{"a = [" + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth+1), "nested more than 5000 levels deep"},
		{strings.Repeat("a.", MaxDepth+1) + "b = 1", "nested more than 5000 levels deep"},
		{"a = \"\\u0000\"", "line 1: a Nix string cannot hold the NUL character"},
		{"\"\\u0000\" = 1", "line 1: a Nix string cannot hold the NUL character"},
		{"[a.\"\\u0000\"]", "line 1: a Nix string cannot hold the NUL character"},
		{"\"\\u0000\".a = 1", "line 1: a Nix string cannot hold the NUL character"},
		{"a = 9223372036854775808", "line 1: 9223372036854775808 is out of range"},
		{"a = 1e400", "line 1: 1e400 is out of range"},
		{"a = 1\nb = ", "line 2: expected value, not end of input"},
		{"a = 1\n[a.b]", "line 2: the key \"a\" is defined twice"},
		{"\n\na = {\n}", "line 3: an inline table cannot go over several lines"},
		{"\na = [\n{b = 1,}]", "line 3: an inline table cannot end with a comma"},
		{"a = 1\nb = \"\"\"\n\\x41\"\"\"", `line 3: \e and \x in strings are not TOML 1.0`},
		{"x = 1\n" + strings.Repeat("y", 100) + ".z = 1\n[" + strings.Repeat("y", 100) + "]", "line 3: the key \"" + strings.Repeat("y", 80) + "…\" is defined twice"},
		{"[" + strings.Repeat("a.", MaxDepth) + "b]", "nested more than 5000 levels deep"},
		{strings.Repeat("#", MaxSize+1), "the document is larger than 67108864 bytes"},
	} {
		_, err := read(c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.30q: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, d := range documents {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := read(text)
		theirs := toml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), new(map[string]any))
		if err != nil {
			if theirs == nil && strings.Contains(err.Error(), "is defined twice") {
				t.Errorf("%q: %v, and the library says nothing", text, err)
			}
			return
		}
		if table == nil {
			t.Error("no table and no error")
		}
		if theirs != nil {
			t.Errorf("%q is accepted, but the library says %v", text, theirs)
		}
		for i, e := range table {
			if i > 0 && table[i-1].Key >= e.Key {
				t.Errorf("%q: the keys %q and %q are not in order", text, table[i-1].Key, e.Key)
			}
		}
	})
}

// The time that a document takes, and the memory, do not grow with the square of it,
// and are told to the budget.
func TestLarge(t *testing.T) {
	const n = 100_000
	each := func(format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "@", fmt.Sprint(i)))
		}
		return b.String()
	}
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"keys", each("a@ = 1\n"), true},
		{"tables", each("[a@]\nx = 1\n"), true},
		{"tables of a table", each("[a.b@]\n[a.b@.c]\n"), true},
		{"arrays of tables", each("[[a]]\nx = 1\n"), true},
		{"arrays in arrays of tables", each("[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\n"), true},
		{"arrays beside a large table", each("[b.a@]\n") + each("[[a]]\nx = 1\n"), true},
		{"dotted keys", each("a.b.c@ = 1\n"), true},
		{"an array", "a = [" + each("@,\n") + "]", true},
		{"arrays in an array", "a = [" + each("[],") + "]", true},
		{"inline tables", "a = [" + each("{ b.c = @ },") + "]", true},
		{"an inline table", "a = { " + each("a@ = 1, ") + "b = 1 }", true},
		{"strings", each("a@ = \"\\t\"\n"), true},
		{"comments", each("# @\n"), true},
		{"one string", "a = \"" + each("\\\"@") + "\"", true},
		{"deep tables", each("[" + strings.Repeat("a.", 100) + "b@]\n")[:8<<20], false},
		{"brackets", "a = " + strings.Repeat("[", n), false},
		{"braces", "a = " + strings.Repeat("{a=", n), false},
		{"headers", strings.Repeat("[", n), false},
		{"parts of a key", strings.Repeat("a.", n) + "b = 1", false},
		{"parts of a header", "[" + strings.Repeat("a.", n) + "b]", false},
		{"strings without end", strings.Repeat("a = \"\\", n), false},
		{"quotes", "a = " + strings.Repeat("\"", n), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start, budget := time.Now(), &unbounded{}
			_, err := Read(test.text, budget)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if (err == nil) != test.ok {
				t.Errorf("error %v", err)
			}
			allocated := int64(after.TotalAlloc - before.TotalAlloc)
			t.Logf("%d bytes: %v, %d steps, %d bytes allocated, %d told", len(test.text), took, budget.steps, allocated, budget.bytes)
			if took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if allocated > budget.bytes+budget.bytes/4+1<<20 {
				t.Errorf("%d bytes were allocated, and the budget told of %d", allocated, budget.bytes)
			}
			if budget.steps < int64(len(test.text)/32) {
				t.Errorf("the budget was told of %d steps for %d bytes", budget.steps, len(test.text))
			}
		})
	}
}
