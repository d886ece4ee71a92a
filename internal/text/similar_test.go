package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSimilar(t *testing.T) {
	tests := []struct{ word, names, want string }{
		{"plam", "plan eval version", "plan"},
		{"vers", "plan eval version", "version"},
		{"evla", "plan eval version", ""},
		{"x", "plan eval version", ""},
		{"--forse", "--force --format", "--force"},
		{"warming", "off note warning error", "warning"},
		{"NP204", "NP201 NP204 NP304", "NP204 NP201 NP304"},
		{strings.Repeat("x", 200), strings.Repeat("x", 200), ""},
	}
	for _, test := range tests {
		got := strings.Join(Similar(test.word, strings.Fields(test.names)), " ")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.word, diff)
		}
	}
}
