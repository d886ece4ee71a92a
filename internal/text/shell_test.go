package text

import "testing"

func TestShellWord(t *testing.T) {
	tests := []struct{ word, want string }{
		{"nixops", "nixops"},
		{"--arg", "--arg"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", `'it'\''s'`},
		{"$HOME", "'$HOME'"},
		{"a\nb", "'a\nb'"},
	}
	for _, test := range tests {
		if got := ShellWord(test.word); got != test.want {
			t.Errorf("%q: got %s, want %s", test.word, got, test.want)
		}
	}
}
