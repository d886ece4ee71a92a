package check

import (
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var partialRef = &Rule{
	ID: "NP203", Name: "partial-ref",
	Summary: "A ref is compared with something that is no full ref, or a branch with a full ref, so the comparison never holds.",
	run:     checkPartialRef,
}

func checkPartialRef(p *pass) {
	type comparison struct {
		at    value.Span
		other string
	}
	seen := map[comparison]bool{}
	all := p.ev.Decisions()
	for i := range all {
		d := &all[i]
		if d.Op == "select" || !p.isEquality(d) {
			continue
		}
		for _, other := range d.Others {
			key := comparison{d.At, other}
			if !seen[key] && isMistaken(fact(d.Comparison), other) && !p.exists(named(fact(d.Comparison), other)) {
				seen[key] = true
				p.partialRef(d, other)
			}
		}
	}
}

// isMistaken reports whether a fact is never a text.
func isMistaken(fact, text string) bool {
	switch fact {
	case "ref":
		return isPartial(text)
	case "branch":
		return strings.HasPrefix(text, heads)
	case "tag":
		return strings.HasPrefix(text, tags)
	}
	return false
}

// isPartial reports whether a text is no full ref, but meant to be one. Forges
// have refs of their own, such as refs/pull/1/head.
func isPartial(ref string) bool {
	if ref == "" {
		return false
	}
	rest, ok := strings.CutPrefix(ref, "refs/")
	if !ok {
		return true
	}
	kind, _, _ := strings.Cut(rest, "/")
	return kind != "heads" && kind != "tags" && len(text.Similar(kind, []string{"heads", "tags"})) > 0
}

func (p *pass) partialRef(d *eval.Decision, other string) {
	meant, form := text.QuoteNix(p.meantRef(other)), "a full ref, such as refs/heads/main"
	if name := fact(d.Comparison); name != "ref" {
		meant, form = text.QuoteNix(after(other, kindOf(other))), "the name alone"
	}
	out := diag.Diagnostic{
		Range:   userRange(d.User.Range()),
		Summary: d.Marks[0] + " is never " + text.QuoteNix(other) + ": it is " + form,
		Help:    "write " + meant,
	}
	if literal := p.literal(out.Range, other); literal.Valid() {
		out.Range = literal
		out.Fix = &diag.Fix{Summary: out.Help, Edits: []diag.Edit{{Range: literal, Text: meant}}}
	}
	p.report(out)
}

// meantRef is the full ref that a name is short, or a slip, for.
func (p *pass) meantRef(name string) string {
	bare := name
	for _, prefix := range []string{"refs/", "ref/", "heads/", "head/", "tags/", "tag/", "origin/"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	for _, ref := range p.refs() {
		if ref == "refs/heads/"+bare || ref == "refs/tags/"+bare {
			return ref
		}
	}
	if strings.HasPrefix(strings.TrimPrefix(name, "refs/"), "tag") {
		return "refs/tags/" + bare
	}
	return "refs/heads/" + bare
}
