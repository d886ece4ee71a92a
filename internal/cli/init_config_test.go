package cli

import (
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

func TestQuoteHCL(t *testing.T) {
	for _, s := range []string{
		"", "main", `a "b" \ c`, "${x} %{ if } $${y} $ { % $", "ends in $", "a\tb\nc\r", "ü€𝒳", "\x00\x1b[1m\u200e\U000e0001",
	} {
		if got, want := quoteHCL(s), string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}
