package refset

import (
	"cmp"
	"strings"
)

// Compare orders literals: by fact, the ref first, text, operation.
func Compare(a, b Literal) int {
	order := func(f Fact) int {
		switch f {
		case Ref, Branch, Tag:
			return -1
		}
		return f.other()
	}
	return cmp.Or(
		cmp.Compare(order(a.Fact), order(b.Fact)), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Op, b.Op),
		cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.After, b.After),
	)
}

// String describes the set for people: "refs/heads/main or any tag". A "*"
// stands for any text, also one with slashes.
func (s *Set) String() string {
	if len(s.Any) == 0 {
		return "no ref"
	}
	var terms []string
	for i := range s.Any {
		terms = append(terms, s.Any[i].String())
	}
	between := " or "
	if n := len(s.Any); n > 1 && s.Any[n-2].exceptions() > 0 {
		between = "; or " // or the exceptions of one would seem to go on
	}
	return strings.Join(terms, between)
}

// exceptions are the refs and patterns that the term leaves out.
func (t *Term) exceptions() (n int) {
	for _, l := range t.All {
		if l.Not && l.Fact.IsRef() && l.Op != Older && l.Op != Newer {
			n++
		}
	}
	return n
}

// Pattern describes the refs of a term that is about more than refs one by one,
// what is known besides the ref left out; "" for other terms.
func (t *Term) Pattern() string {
	refs, pattern := t.AboutRefs(), false
	for _, l := range refs.All {
		directory := l.Op == Prefix && (l.Text == Heads || l.Text == Tags)
		version := l.Op == Older || l.Op == Newer
		pattern = pattern || version || l.Op != Is && !l.Not && !directory
	}
	if !pattern {
		return ""
	}
	return refs.String()
}

// AboutRefs is the part of a term that is about the ref.
func (t *Term) AboutRefs() Term {
	out := Term{All: []Literal{}}
	for _, l := range t.All {
		if l.Fact.IsRef() {
			out.All = append(out.All, l)
		}
	}
	return out
}

// String describes the term: "any branch except refs/heads/main".
func (t *Term) String() string {
	var is, whose, except, when []string
	from, to := "", ""
	for i := range t.All {
		l := t.All[i]
		switch {
		case !l.Fact.IsRef():
			when = append(when, l.condition())
		case l.Op == Older || l.Op == Newer:
			whose = append(whose, l.version())
		case l.Not:
			l.Not = false
			except = append(except, l.pattern())
		case l.Op == Prefix && from == "":
			from = l.Text
		case l.Op == Suffix && to == "" && l.Fact == Ref:
			to = l.Text
		default:
			is = append(is, l.pattern())
		}
	}
	if from != "" || to != "" {
		glob := (&Literal{Fact: Ref, Op: Prefix, Text: from}).pattern()
		if to != "" {
			glob = from + "*" + to
		}
		is = append([]string{glob}, is...)
	}
	out := strings.Join(is, " that is also ")
	if out == "" {
		out = "every ref"
	}
	if len(whose) > 0 {
		out += " whose version " + strings.Join(whose, " and ")
	}
	if len(except) > 0 {
		out += " except " + strings.Join(except, ", ")
	}
	if len(when) > 0 {
		out += " if " + strings.Join(when, " and ")
	}
	return out
}

// pattern describes the refs for which a literal holds.
func (l *Literal) pattern() string {
	dir, noun := "", "a ref"
	switch l.Fact {
	case Branch:
		dir, noun = Heads, "a branch"
	case Tag:
		dir, noun = Tags, "a tag"
	}
	switch l.Op {
	case Is:
		return dir + l.Text
	case Prefix:
		switch dir + l.Text {
		case Heads:
			return "any branch"
		case Tags:
			return "any tag"
		case "":
			return "every ref"
		}
		return dir + l.Text + "*"
	case Suffix:
		return dir + "*" + l.Text
	case Contains:
		return dir + "*" + l.Text + "*"
	case Folded:
		return dir + l.Text + " in any case"
	case Older, Newer:
		return noun + " whose version " + l.version()
	}
	return noun + " matching " + l.Text
}

// version describes a comparison of versions: "after v is 2.0 or newer".
func (l *Literal) version() string {
	out := "is "
	if l.After != "" {
		out = "after " + l.After + " is "
	}
	switch {
	case l.Op == Older && l.Not:
		return out + l.Text + " or newer"
	case l.Op == Older:
		return out + "older than " + l.Text
	case l.Not:
		return out + l.Text + " or older"
	}
	return out + "newer than " + l.Text
}

// words name the facts besides the ref.
var words = map[Fact]string{
	"owner": "the owner", "name": "the repository's name", "forgeType": "the forge",
	"remoteHttpUrl": "remoteHttpUrl", "remoteSshUrl": "remoteSshUrl", "webUrl": "webUrl",
	"rev": "the commit",
}

// condition describes a statement about something else than the ref: "the owner
// is acme".
func (l *Literal) condition() string {
	verb, not := "is", "is not"
	text := l.Text
	switch l.Op {
	case Prefix:
		verb, not = "begins with", "does not begin with"
	case Suffix:
		verb, not = "ends in", "does not end in"
	case Contains:
		verb, not = "contains", "does not contain"
	case Matches:
		verb, not = "matches", "does not match"
	case Folded:
		text += " in any case"
	case Older:
		verb, not = "is a version older than", "is no version older than"
	case Newer:
		verb, not = "is a version newer than", "is no version newer than"
	}
	if l.Not {
		verb = not
	}
	return words[l.Fact] + " " + verb + " " + text
}
