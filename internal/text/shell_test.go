package text

import (
	"os/exec"
	"testing"
)

func TestShellWord(t *testing.T) {
	tests := []struct{ word, want string }{
		{"nixops", "nixops"},
		{"--arg", "--arg"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", `'it'\''s'`},
		{"$HOME", "'$HOME'"},
		{"a\nb", `$'a\nb'`},
		{"\x1b[31m", `$'\033[31m'`},
		{"it's\x07 a \\", `$'it\'s\007 a \\'`},
		{"\xff\uFFFD\xe2\x80", "$'\\377\uFFFD\\342\\200'"},
		{"gpj\u202e.sh", `$'gpj\342\200\256.sh'`},
	}
	for _, test := range tests {
		if got := ShellWord(test.word); got != test.want {
			t.Errorf("%q: got %s, want %s", test.word, got, test.want)
		}
		if bash, err := exec.LookPath("bash"); err == nil {
			if out, err := exec.Command(bash, "-c", "printf %s "+test.want).Output(); err != nil || string(out) != test.word {
				t.Errorf("bash takes %s for %q, %v", test.want, out, err)
			}
		}
	}
}
