package diff

import (
	"slices"
	"strings"
)

// fewestFolded is how many refs a value must have that differs by no more than the
// ref's name to be told once.
const fewestFolded = 3

// fold makes one change of those that are the same for several refs but for the
// name of the ref, for which ${branch}, ${tag} or ${ref} stands then: a preview for
// every branch would be told for each of them.
func (m *merger) fold() {
	like := map[change][]int{}
	for i := range m.list {
		if c := &m.list[i]; len(c.refs) == 1 {
			t := c.change
			t.before, t.value = pattern(c.before, c.refs[0]), pattern(c.value, c.refs[0])
			if t != c.change {
				like[t] = append(like[t], i)
			}
		}
	}
	gone := map[int]bool{}
	for t, list := range like {
		if len(list) < fewestFolded {
			continue
		}
		first := &m.list[list[0]]
		for _, i := range list[1:] {
			first.refs = append(first.refs, m.list[i].refs...)
			gone[i] = true
		}
		first.change = t
	}
	at := -1
	m.list = slices.DeleteFunc(m.list, func(merged) bool { at++; return gone[at] })
}

// pattern is a value with what it says of the ref replaced.
func pattern(value, ref string) string {
	value = replaceWord(value, ref, "${ref}")
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return replaceWord(value, branch, "${branch}")
	}
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return replaceWord(value, tag, "${tag}")
	}
	return value
}

// replaceWord replaces a text where it is no part of a word.
func replaceWord(s, old, with string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, old)
		if at < 0 || old == "" {
			return b.String() + s
		}
		end := at + len(old)
		if at > 0 && isWord(rune(s[at-1])) || end < len(s) && isWord(rune(s[end])) {
			b.WriteString(s[:at+1])
			s = s[at+1:]
			continue
		}
		b.WriteString(s[:at] + with)
		s = s[end:]
	}
}
