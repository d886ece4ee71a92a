package planner

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
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
		texts = examples(d.Pattern)
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
// subject, may be text: the text itself, and what comes out when the text takes
// the place that subject has in the fact.
func wholes(text, subject, fact string) []string {
	if text == "" {
		return nil
	}
	out := []string{text}
	if before, after, ok := strings.Cut(fact, subject); ok && subject != "" && subject != fact {
		out = append(out, before+text, before+text+after)
	}
	return out
}

// mostExamples bounds the texts tried for one regular expression.
const mostExamples = 8

// examples are texts that an extended regular expression matches, one for each
// of its alternatives. They are guesses: what Go's syntax does not cover is left
// out.
func examples(pattern string) []string {
	re, err := syntax.Parse(pattern, syntax.POSIX)
	if err != nil {
		return nil
	}
	return exampleOf(re)
}

func exampleOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		return []string{string(fromClass(re.Rune))}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCapture, syntax.OpPlus:
		return exampleOf(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return capped(append([]string{""}, exampleOf(re.Sub[0])...))
	case syntax.OpRepeat:
		out := []string{""}
		for range min(max(re.Min, 1), 64) {
			out = combine(out, exampleOf(re.Sub[0]))
		}
		return out
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			out = combine(out, exampleOf(sub))
		}
		return out
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			out = append(out, exampleOf(sub)...)
		}
		return capped(out)
	case syntax.OpNoMatch:
		return nil
	}
	return []string{""} // anchors
}

// fromClass picks a letter or digit of a class where it has one, since these may
// stand anywhere in a ref.
func fromClass(ranges []rune) rune {
	for _, want := range "x1aA" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}

func combine(left, right []string) []string {
	var out []string
	for _, a := range left {
		for _, b := range right {
			if out = append(out, a+b); len(out) == mostExamples {
				return out
			}
		}
	}
	return out
}

func capped(list []string) []string { return list[:min(len(list), mostExamples)] }
