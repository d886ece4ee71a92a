package check

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

var partialRef = &Rule{
	ID: "NP203", Name: "partial-ref",
	Summary: "A ref is compared with something that is no full ref, so the comparison never holds.",
	run:     checkPartialRef,
}

func checkPartialRef(p *pass) {
	type comparison struct {
		at    value.Span
		other string
	}
	found := map[comparison]eval.Decision{}
	var order []comparison
	derived := map[value.Span]bool{} // where something made from the ref is compared
	for _, d := range p.ev.Decisions() {
		if d.Op != "==" && d.Op != "!=" {
			continue
		}
		if !p.wholeRef(&d) {
			derived[d.At] = true
			continue
		}
		for _, other := range d.Others {
			key := comparison{d.At, other}
			if _, known := found[key]; !known && isPartial(other) {
				found[key] = d
				order = append(order, key)
			}
		}
	}
	for _, key := range order {
		if d := found[key]; !derived[key.at] {
			p.partialRef(&d, key.other)
		}
	}
}

// wholeRef reports whether what is compared is a ref as the agent gives it, not
// something made from one.
func (p *pass) wholeRef(d *eval.Decision) bool {
	return len(d.Marks) == 1 && planner.FactName(d.Marks[0]) == "ref" &&
		slices.ContainsFunc(p.Survey.Readings, func(r *planner.Reading) bool { return r.Ref.Name == d.Subject })
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
	meant := text.QuoteNix(p.meantRef(other))
	out := diag.Diagnostic{
		Range:   userRange(d.User.Range()),
		Summary: d.Marks[0] + " is never " + text.QuoteNix(other) + ": it is a full ref, such as refs/heads/main",
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
