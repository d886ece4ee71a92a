package text

import "testing"

func TestQuotedNixSize(t *testing.T) {
	for _, s := range []string{"", "a", "é\n\r\t\\\"", "$", "${", "$${a}", "{$"} {
		if got, want := QuotedNixSize(s), len(QuoteNix(s)); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}
