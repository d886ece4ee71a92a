package tomlx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/internal/oracle"
)

func render(v any) string {
	switch v := v.(type) {
	case Table:
		out := "{ "
		for _, e := range v {
			key := e.Key
			if strings.ContainsAny(key, " .é\"") || key == "" || strings.IndexByte("0123456789-", key[0]) >= 0 {
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
}

func TestRead(t *testing.T) {
	var exprs []string
	for _, d := range documents {
		exprs = append(exprs, "builtins.fromTOML "+oracle.Quote(d))
	}
	answers := oracle.Answers(t, "toml", exprs)
	for i, d := range documents {
		got, err := Read(d)
		want := answers[exprs[i]]
		switch {
		case (err != nil) != (want.Error != ""):
			t.Errorf("%q: got %v, %v, want %s", d, got, err, want)
		case err == nil && render(got) != want.Value:
			t.Errorf("%q: got %s, want %s", d, render(got), want)
		}
	}
}

// lenient are documents that Nix rejects and the library accepts; when one is
// rejected after an upgrade, move it to documents.
var lenient = []string{"a = {b = 1}\na.c = 2", "a.b = 1\na = 2", `a = "\e"`, "a = {\nb = 1}"}

func TestLenient(t *testing.T) {
	var exprs []string
	for _, d := range lenient {
		exprs = append(exprs, "builtins.fromTOML "+oracle.Quote(d))
	}
	answers := oracle.Answers(t, "lenient", exprs)
	for i, d := range lenient {
		if _, err := Read(d); err != nil || answers[exprs[i]].Error == "" {
			t.Errorf("%q: got %v, Nix says %s", d, err, answers[exprs[i]])
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a = 1\nb = 1979-05-27", "dates and times are not supported"},
		{"a = [" + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth+1), "nested more than 5000 levels deep"},
		{strings.Repeat("a.", MaxDepth+1) + "b = 1", "nested more than 5000 levels deep"},
		{"a = \"\\u0000\"", "a Nix string cannot hold the NUL character"},
		{"a = 9223372036854775808", "line 1: 9223372036854775808 is out of range for int64"},
		{"a = 1\nb = ", "line 2: unexpected EOF; expected value"},
	} {
		_, err := Read(c.text)
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
		table, err := Read(text)
		if err != nil {
			return
		}
		if table == nil {
			t.Error("no table and no error")
		}
		if _, err := toml.Decode(text, new(map[string]any)); err != nil {
			t.Errorf("%q is accepted, but the library says %v", text, err)
		}
		for i, e := range table {
			if i > 0 && table[i-1].Key >= e.Key {
				t.Errorf("%q: the keys %q and %q are not in order", text, table[i-1].Key, e.Key)
			}
		}
	})
}
