package planner

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/plan/refset"
)

// mostLiterals bounds what conditions are made from.
const mostLiterals = 300

// literals collects statements about refs that conditions may be made of.
type literals struct {
	list []refset.Literal
	seen map[refset.Literal]bool
	met  map[question]int
}

// question is a decision as it is for every ref.
type question struct {
	at     value.Span
	op     string
	others string
}

// mostMet bounds how often one question is looked at. A program may ask it of
// every part of a text, and new refs have new parts.
const mostMet = 8

// again reports whether a question was met so often that there is nothing new in
// it.
func (l *literals) again(d *eval.Decision) bool {
	q := question{d.At, d.Op, d.Pattern + "\x00" + strings.Join(d.Others, "\x00")}
	l.met[q]++
	return l.met[q] > mostMet
}

func newLiterals() *literals {
	l := &literals{seen: map[refset.Literal]bool{}, met: map[question]int{}}
	for _, dir := range []string{heads, tags} {
		l.add(refset.Literal{Fact: refset.Ref, Op: refset.Prefix, Text: dir})
	}
	return l
}

func (l *literals) add(lit refset.Literal) {
	lit = lit.Normal()
	switch {
	case l.seen[lit] || len(l.list) >= mostLiterals || !lit.Valid():
	case lit.Op != refset.Is && lit.Text == "":
	case lit.Fact == refset.Ref && lit.Op == refset.Is && !isFullRef(lit.Text):
	case lit.Fact == refset.Ref && lit.Op == refset.Prefix && !strings.HasPrefix(lit.Text, anyRef):
	default:
		l.seen[lit] = true
		l.list = append(l.list, lit)
	}
}

// anyRef is how all full names of refs begin.
const anyRef = "refs/"

func isFullRef(name string) bool { return strings.HasPrefix(name, anyRef) && repo.ValidRef(name) }

// from adds what a decision taken for src may have asked. The text it looked at
// was made from a fact, and how the two differ tells in which ways: where it is
// the beginning of the fact, say, the decision may be about prefixes. What does
// not hold is found out later.
func (l *literals) from(d *eval.Decision, src *hercules.GitSource) {
	point := pointOf(src)
	for _, mark := range d.Marks {
		fact := refset.Fact(FactName(mark))
		if !knownFact(fact) {
			continue
		}
		whole, ok := point.Get(fact)
		if !ok {
			whole = "" // null
		}
		if d.Pattern != "" {
			l.add(refset.Literal{Fact: fact, Op: refset.Matches, Text: d.Pattern})
			l.plain(fact, d.Pattern)
			if before, ok := strings.CutSuffix(whole, d.Subject); ok && before != "" && d.Subject != "" {
				l.add(refset.Literal{Fact: fact, Op: refset.Matches, Text: quotePattern(before) + "(" + d.Pattern + ")"})
				l.tail(fact, before, func(f refset.Fact) refset.Literal {
					return refset.Literal{Fact: f, Op: refset.Matches, Text: d.Pattern}
				})
			}
			continue
		}
		for _, text := range d.Others {
			if text != "" {
				l.compared(d.Op, fact, whole, d.Subject, text)
			}
		}
		if d.Joined[1] != "" {
			l.compared(d.Op, fact, whole, d.Joined[0], d.Joined[1])
		}
	}
}

// plain adds what a regular expression means that is a text with anything before
// or behind it.
func (l *literals) plain(fact refset.Fact, pattern string) {
	text, open := strings.CutSuffix(pattern, ".*")
	text, begin := strings.CutPrefix(text, ".*")
	if text != quotePattern(text) {
		return
	}
	switch {
	case open && begin:
		l.add(refset.Literal{Fact: fact, Op: refset.Contains, Text: text})
	case open:
		l.add(refset.Literal{Fact: fact, Op: refset.Prefix, Text: text})
	case begin:
		l.add(refset.Literal{Fact: fact, Op: refset.Suffix, Text: text})
	default:
		l.add(refset.Literal{Fact: fact, Op: refset.Is, Text: text})
	}
}

// tail adds a statement about a branch or a tag where before is what is left out
// of a ref to have it.
func (l *literals) tail(fact refset.Fact, before string, make func(refset.Fact) refset.Literal) {
	if fact == refset.Ref {
		switch before {
		case heads:
			l.add(make(refset.Branch))
		case tags:
			l.add(make(refset.Tag))
		}
	}
}

// compared adds what may be meant when subject, which was made from a fact's
// whole text, is compared with a text.
func (l *literals) compared(op string, fact refset.Fact, whole, subject, text string) {
	add := func(op refset.Op, text string) {
		l.add(refset.Literal{Fact: fact, Op: op, Text: text})
	}
	if op == "compareVersions" {
		after, found := strings.CutSuffix(whole, subject)
		if !found {
			return
		}
		for _, op := range []refset.Op{refset.Older, refset.Newer} {
			l.add(refset.Literal{Fact: fact, Op: op, Text: text, After: after})
			l.tail(fact, after, func(f refset.Fact) refset.Literal {
				return refset.Literal{Fact: f, Op: op, Text: text}
			})
		}
		return
	}
	if before, after, ok := strings.Cut(subject, whole); ok && whole != "" {
		// The fact is a part of what is compared: "${owner}/${name}".
		if middle, ok := strings.CutPrefix(text, before); ok {
			if middle, ok = strings.CutSuffix(middle, after); ok {
				add(refset.Is, middle)
			}
		}
	}
	add(refset.Is, text)
	if len(whole) <= len(text) {
		add(refset.Prefix, text)
	}
	before, after, ok := strings.Cut(whole, subject)
	if !ok || subject == "" || subject == whole {
		for _, text := range unmapped(whole, subject, text) {
			add(refset.Is, text)
		}
		return
	}
	add(refset.Is, before+text+after)
	if before == "" {
		add(refset.Prefix, text)
		if after != "" && !alphanumeric(after[0]) {
			add(refset.Prefix, text+after[:1]) // one of the parts that after[0] separates
		}
		return
	}
	add(refset.Is, before+text)
	add(refset.Prefix, before+text)
	last := before[len(before)-1]
	if after == "" {
		add(refset.Suffix, text)
		if !alphanumeric(last) {
			add(refset.Suffix, before[len(before)-1:]+text)
		}
		return
	}
	add(refset.Contains, text)
	if !alphanumeric(last) {
		add(refset.Suffix, before[len(before)-1:]+text)
		add(refset.Prefix, before+text+after[:1])
		add(refset.Contains, before[len(before)-1:]+text+after[:1])
	}
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// mostUnmapped bounds the texts that unmapped gives.
const mostUnmapped = 16

// unmapped are texts that become text when characters are replaced as they were
// where whole, or its end, became subject: "release/1" for "release-1".
func unmapped(whole, subject, text string) []string {
	if subject == "" || len(subject) > len(whole) || subject == whole {
		return nil
	}
	before, tail := whole[:len(whole)-len(subject)], whole[len(whole)-len(subject):]
	from := map[byte]byte{}
	for i := range len(subject) {
		if tail[i] != subject[i] {
			if alphanumeric(tail[i]) {
				return nil
			}
			from[subject[i]] = tail[i]
		}
	}
	out := []string{before}
	for i := range len(text) {
		choices := []byte{text[i]}
		if original, ok := from[text[i]]; ok {
			choices = append(choices, original)
		}
		var longer []string
		for _, begin := range out {
			for _, c := range choices {
				if len(longer) < mostUnmapped {
					longer = append(longer, begin+string(c))
				}
			}
		}
		out = longer
	}
	return out
}

// quotePattern is an extended regular expression for a text.
func quotePattern(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(`\.[]{}()*+?|^$`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

func knownFact(f refset.Fact) bool { return f.IsRef() || slices.Contains(refset.Others[:], f) }

// pointOf is what a source says, as sets of refs see it.
func pointOf(src *hercules.GitSource) refset.Point {
	p := refset.Point{Ref: src.Ref}
	for i, fact := range refset.Others {
		p.Others[i] = *factField(src, fact)
	}
	return p
}

// sourceOf changes a source to what a point says.
func sourceOf(src hercules.GitSource, p *refset.Point) hercules.GitSource {
	for i, fact := range refset.Others {
		*factField(&src, fact) = p.Others[i]
	}
	return src
}

func factField(src *hercules.GitSource, fact refset.Fact) *string {
	switch fact {
	case "owner":
		return &src.Owner
	case "name":
		return &src.Name
	case "forgeType":
		return &src.ForgeType
	case "remoteHttpUrl":
		return &src.RemoteHTTPURL
	case "remoteSshUrl":
		return &src.RemoteSSHURL
	case "webUrl":
		return &src.WebURL
	case "rev":
		return &src.Rev
	}
	panic("planner: no such fact: " + string(fact))
}
