package refset

import "regexp/syntax"

// mostExamples bounds the texts tried for one regular expression.
const mostExamples = 8

// Examples are texts that an extended regular expression matches, one for each
// of its alternatives. They are guesses: what Go's syntax does not cover is left
// out.
func Examples(pattern string) []string {
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
