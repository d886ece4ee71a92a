package check

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// A hash that is none is refused when it is read; see package eval.
var badHash = &Rule{
	ID: diag.IDHash, Name: "hash",
	Summary: "A hash is malformed, of the wrong length, or a placeholder that no file has.",
	run:     checkBadHash,
}

func checkBadHash(p *pass) {
	seen := map[value.Span]bool{}
	for _, f := range p.ev.Fetches() {
		if !f.Placeholder || seen[f.HashAt] {
			continue
		}
		seen[f.HashAt] = true
		d := diag.Diagnostic{
			Range:   userRange(f.At.Range()),
			Summary: "the hash of " + text.WithoutCredentials(f.URL) + " is a placeholder",
			Detail:  "No file has a hash of zeroes, so fetching it fails.",
			Help:    "put in the hash that the failing fetch prints",
		}
		if at := userRange(f.HashAt.Range()); at.Valid() {
			d.Range = p.valueAt(at)
		}
		p.report(d)
	}
}
