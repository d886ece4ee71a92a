package text

import (
	"encoding/json"
	"testing"
)

func TestEscaped(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"a": "é 日"}`, `{"a": "é 日"}`},
		{"\"c1\u009b31m\"", `"c1\u009b31m"`},
		{"\"\u202egnp\u2066\u200f\x7f\"", `"\u202egnp\u2066\u200f\u007f"`},
		{"[\n\t\"x\"\n]", "[\n\t\"x\"\n]"},
	} {
		got := string(Escaped([]byte(test.in)))
		if got != test.want {
			t.Errorf("%q: got %s, want %s", test.in, got, test.want)
		}
		var before, after any
		if err := json.Unmarshal([]byte(test.in), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got), &after); err != nil {
			t.Errorf("%s: %v", got, err)
		}
		if s, ok := before.(string); ok && (after != before || NeedsEscape(s) != (got != test.in)) {
			t.Errorf("%q becomes %q", before, after)
		}
	}
}
