package text

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"", 0}, {"abc", 3}, {"é", 1}, {"e\u0301", 1}, {"日本", 4}, {"●", 1}, {"🚀", 2}, {"a\x1bb", 2},
	}
	for _, test := range tests {
		if got := Width(test.text); got != test.want {
			t.Errorf("%q: got %d, want %d", test.text, got, test.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ text, want string }{
		{"plain é 日本\n\tx", "plain é 日本\n\tx"},
		{"\x1b[31mred", "<U+001B>[31mred"},
		{"a\rb", "a<U+000D>b"},
		{"\u009b2J", "<U+009B>2J"},
		{"user\u202Etxt", "user<U+202E>txt"},
		{"bad \xff byte", "bad \uFFFD byte"},
		{"\uFFFD", "\uFFFD"},
	}
	for _, test := range tests {
		if got := Printable(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		text string
		n    int
		want string
	}{
		{"abcdef", 6, "abcdef"}, {"abcdef", 5, "abcd…"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"ab", 0, ""},
	}
	for _, test := range tests {
		if got := Clip(test.text, test.n); got != test.want {
			t.Errorf("%q to %d: got %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text string
		n    int
		want []string
	}{
		{"a bb ccc", 80, []string{"a bb ccc"}},
		{"a bb ccc", 4, []string{"a bb", "ccc"}},
		{"a incomprehensible b", 5, []string{"a", "incomprehensible", "b"}},
		{"one\ntwo  three", 20, []string{"one", "two three"}},
		{"one\n\ntwo", 20, []string{"one", "", "two"}},
		{"  one two\nthree", 7, []string{"  one", "  two", "three"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Wrap(test.text, test.n)); diff != "" {
			t.Errorf("%q to %d: %s", test.text, test.n, diff)
		}
	}
}

func TestWrapItems(t *testing.T) {
	items := []string{"lock", "deploy", "unlock"}
	tests := []struct {
		n    int
		want []string
	}{
		{80, []string{"lock · deploy · unlock"}},
		{22, []string{"lock · deploy · unlock"}},
		{21, []string{"lock · deploy ·", "unlock"}},
		{14, []string{"lock ·", "deploy ·", "unlock"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, WrapItems(items, " · ", test.n)); diff != "" {
			t.Errorf("to %d: %s", test.n, diff)
		}
	}
}
