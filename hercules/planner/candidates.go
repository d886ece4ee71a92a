package planner

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/plan/refset"
)

// Refs that nobody names.
const (
	OtherBranch = "refs/heads/nixplan/another-branch"
	OtherTag    = "refs/tags/nixplan/another-tag"
)

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
)

// candidates are refs for which a decision that was taken for src may come out
// differently, the most likely first. A ref too many costs an evaluation, never
// an answer.
func candidates(d *eval.Decision, src *hercules.GitSource) []string {
	var out []string
	add := func(ref string) {
		if strings.HasSuffix(ref, "/") {
			ref += "x" // a prefix such as refs/heads/release/
		}
		if repo.ValidRef(ref) && !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	texts := d.Others
	if d.Pattern != "" {
		texts = refset.Examples(d.Pattern)
	}
	for _, mark := range d.Marks {
		fact, refs := factOf(mark, src)
		for _, text := range texts {
			for _, value := range wholes(text, d.Subject, fact) {
				for _, ref := range refs(value) {
					add(ref)
				}
			}
		}
		for _, value := range wholes(d.Joined[1], d.Joined[0], fact) {
			for _, ref := range refs(value) {
				add(ref)
			}
		}
	}
	return out
}

// factOf is what a mark stands for when src is pushed, and the refs that give
// the fact another value; none for facts that are not about the ref.
func factOf(mark string, src *hercules.GitSource) (text string, refs func(string) []string) {
	switch FactName(mark) {
	case "ref":
		return src.Ref, func(name string) []string {
			if strings.HasPrefix(name, "refs/") {
				return []string{name}
			}
			// Either a part of a ref is meant or the comparison never holds.
			return []string{heads + name, tags + name, "refs/" + name}
		}
	case "branch":
		return src.Branch, func(name string) []string { return []string{heads + name} }
	case "tag":
		return src.Tag, func(name string) []string { return []string{tags + name} }
	}
	return "", func(string) []string { return nil }
}

// FactName is the last part of a mark: "ref" of "src.ref".
func FactName(mark string) string { return mark[strings.LastIndexByte(mark, '.')+1:] }

// wholes are values of a fact for which something derived from it, which was
// subject, may be text: the text itself, what comes out when the text takes the
// place that subject has in the fact, and what makes the fact's part of it text.
func wholes(text, subject, fact string) []string {
	if text == "" {
		return nil
	}
	out := []string{text}
	if before, after, ok := strings.Cut(fact, subject); ok && subject != "" && subject != fact {
		out = append(out, before+text, before+text+after)
	}
	if before, after, ok := strings.Cut(subject, fact); ok && fact != "" && subject != fact {
		middle, begins := strings.CutPrefix(text, before)
		if middle, ends := strings.CutSuffix(middle, after); begins && ends && middle != "" {
			out = append(out, middle)
		}
	}
	return append(out, unmapped(fact, subject, text)...)
}
