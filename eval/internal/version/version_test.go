package version

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval/internal/oracle"
)

var versions = []string{
	"", "1", "1.0", "1.0.0", "1.0a", "1.0.a", "1.0pre", "1.0pre1", "1.0-pre", "pre", "prealpha", "a", "b", "A",
	"2.3", "2.3.1", "2.3a", "2.3c", "2.3q", "2.3pre1", "01", "1.", "1..0", "-1", "1-1", ".", "-",
	"2147483647", "2147483648", "99999999999999999999", "10", "9", "1.0rc", "1.0_1", "1.0+git", "é", "1é2",
}

func TestCompare(t *testing.T) {
	var exprs []string
	var got []string
	for _, a := range versions {
		for _, b := range versions {
			exprs = append(exprs, fmt.Sprintf("builtins.compareVersions %s %s", oracle.Quote(a), oracle.Quote(b)))
			got = append(got, fmt.Sprint(Compare(a, b)))
		}
	}
	// One answer for all: a list costs Nix as much as a single comparison.
	all := "[ " + strings.Join(parenthesised(exprs), " ") + " ]"
	want := oracle.Answers(t, "compare", []string{all})[all].Value
	results := strings.Fields(strings.Trim(want, "[]"))
	if len(results) != len(got) {
		t.Fatalf("%d answers to %d questions", len(results), len(got))
	}
	for i := range got {
		if got[i] != results[i] {
			t.Errorf("%s = %s, want %s", exprs[i], got[i], results[i])
		}
	}
}

func parenthesised(exprs []string) []string {
	out := make([]string, len(exprs))
	for i, e := range exprs {
		out[i] = "(" + e + ")"
	}
	return out
}

func TestSplit(t *testing.T) {
	var exprs []string
	for _, v := range versions {
		exprs = append(exprs, "builtins.splitVersion "+oracle.Quote(v))
	}
	answers := oracle.Answers(t, "split", exprs)
	for i, v := range versions {
		got := "[ "
		for part := range Split(v) {
			got += oracle.Quote(part) + " "
		}
		got += "]"
		if want := answers[exprs[i]].String(); got != want {
			t.Errorf("Split(%q) = %s, want %s", v, got, want)
		}
	}
}

func TestParseDrvName(t *testing.T) {
	names := []string{
		"", "-", "a", "a-", "a-1", "nix-0.12pre12876", "a-b-c", "a-b-1-c-2", "a--b", "-1", "foo-é", "foo-_", "foo-Bar-3",
		"xf86-video-i740-1.0", "a-1-", "1-2",
	}
	var exprs []string
	for _, n := range names {
		exprs = append(exprs, "builtins.parseDrvName "+oracle.Quote(n))
	}
	answers := oracle.Answers(t, "drvname", exprs)
	for i, n := range names {
		name, version := ParseDrvName(n)
		got := fmt.Sprintf("{ name = %s; version = %s; }", oracle.Quote(name), oracle.Quote(version))
		if want := answers[exprs[i]].String(); got != want {
			t.Errorf("ParseDrvName(%q) = %s, want %s", n, got, want)
		}
	}
}

// FuzzCompare: the order is one, the components are what is left of a version
// without its separators, and a name and its version are the whole.
func FuzzCompare(f *testing.F) {
	for i, v := range versions {
		f.Add(v, versions[(7*i)%len(versions)])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if Compare(a, b) != -Compare(b, a) || Compare(a, a) != 0 || Compare(a, a+"-.") != 0 {
			t.Errorf("%q and %q: %d, %d", a, b, Compare(a, b), Compare(b, a))
		}
		joined := ""
		for part := range Split(a) {
			joined += part
		}
		if want := strings.NewReplacer(".", "", "-", "").Replace(a); joined != want {
			t.Errorf("the components of %q are %q", a, joined)
		}
		if name, version := ParseDrvName(a); name != a && name+"-"+version != a || name == a && version != "" {
			t.Errorf("%q is %q and %q", a, name, version)
		}
	})
}
