package refset

import (
	"slices"
	"strings"
	"unicode"
)

// mostNamed is up to how many refs that are named exactly are surrounded with
// all the refs that look alike. Of more, a few are made for each.
const mostNamed = 12

// Probes are refs for which literals are put to the test: just inside and just
// outside of each. They may be names that git does not allow.
func Probes(literals []Literal) []string {
	var out []string
	seen := map[string]bool{}
	add := func(ref string) {
		if !seen[ref] {
			seen[ref] = true
			out = append(out, ref)
		}
	}
	named := 0
	for i := range literals {
		l := &literals[i]
		if l.Op == Is && l.Fact.IsRef() {
			named++
		}
		for _, ref := range l.probes(named > mostNamed) {
			add(ref)
		}
	}
	// A text that begins like the one and ends like the other.
	for _, a := range literals {
		for _, b := range literals {
			if a.Fact == Ref && a.Op == Prefix && b.Fact.IsRef() && (b.Op == Suffix || b.Op == Contains) {
				add(a.Text + "x" + b.Text)
				add(a.Text + "x" + b.Text + "y")
			}
		}
	}
	for _, ref := range both(literals) {
		add(ref)
	}
	return out
}

// mostBoth bounds the refs that are made for two literals at once.
const mostBoth = 120

// both are refs for which two literals hold at once, one of which may hold anywhere or
// at the end: regular expressions, suffixes, and texts that a ref contains.
func both(literals []Literal) (out []string) {
	type part struct {
		of    *Literal
		begin string // of a ref, or
		piece string // behind it
	}
	var parts []part
	for i := range literals {
		l := &literals[i]
		switch {
		case !l.Fact.IsRef():
		case l.Op == Suffix || l.Op == Contains:
			parts = append(parts, part{of: l, piece: l.Text})
		case l.Op == Prefix && l.Text != "":
			for _, top := range l.Fact.dirs() {
				if dir, name := split(top + l.Text); name != "" {
					parts = append(parts, part{of: l, begin: dir + name})
				}
			}
		case l.Op == Matches:
			for _, example := range longest(Examples(l.Text), 3) {
				for _, top := range l.Fact.dirs() {
					if dir, _ := split(top + example); dir != "" {
						parts = append(parts, part{of: l, begin: top + example})
					}
				}
				if dir, _ := split(example); dir == "" && example != "" {
					parts = append(parts, part{of: l, piece: example})
				}
			}
		}
	}
	for _, a := range parts {
		for _, b := range parts {
			if a.of == b.of || b.piece == "" {
				continue
			}
			begins := []string{a.begin}
			if a.begin == "" {
				begins = begins[:0]
				for _, begin := range beginnings(a.of.Fact) {
					begins = append(begins, begin+"x"+a.piece)
				}
			} else if a.of.Op == Prefix && b.of.Op != Matches {
				continue // made above
			}
			for _, begin := range begins {
				if len(out) == mostBoth {
					return out
				}
				out = append(out, begin+b.piece)
			}
		}
	}
	return out
}

// longest are up to n texts of a list, those that say the most first.
func longest(list []string, n int) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list[:min(len(list), n)]
}

// dirs are where the values of a fact stand in full names.
func (f Fact) dirs() []string {
	switch f {
	case Branch:
		return []string{Heads}
	case Tag:
		return []string{Tags}
	case Ref:
		return []string{""}
	}
	return nil
}

// split takes a ref's directory off.
func split(ref string) (dir, name string) {
	for _, dir := range []string{Heads, Tags} {
		if name, ok := strings.CutPrefix(ref, dir); ok {
			return dir, name
		}
	}
	return "", ref
}

func (l *Literal) probes(few bool) (out []string) {
	if !l.Fact.IsRef() {
		return nil
	}
	for _, top := range l.Fact.dirs() {
		dir, name := split(top + l.Text)
		switch l.Op {
		case Is, Folded:
			out = append(out, dir+name, dir+name+"x", dir+"x"+name)
			if !few {
				out = append(out, dir+name+"/x", dir+"x/"+name, dir+"x-"+name, dir+name+"-x", dir+shorter(name), other(dir)+name)
				out = append(out, dir+strings.ToUpper(name), dir+strings.ToLower(name), dir+capital(name))
				for _, text := range separated(name) {
					out = append(out, dir+text)
				}
			}
		case Prefix:
			out = append(out, dir+name+"x", dir+name+"zz-9/y", other(dir)+name+"x", dir+"x"+name+"x", dir+"x/"+name+"x")
			if name != "" {
				out = append(out, dir+name, dir+strings.TrimSuffix(name, "/"), dir+shorter(name)+"x",
					dir+strings.ToUpper(name)+"x", dir+strings.ToLower(name)+"x", dir+capital(name)+"x")
				if last := name[len(name)-1]; '0' <= last && last <= '9' {
					out = append(out, dir+name+"0") // another number
				}
			}
		case Suffix, Contains:
			for _, begin := range beginnings(l.Fact) {
				out = append(out, begin+"x"+l.Text, begin+"zz/9"+l.Text, begin+"x"+l.Text+"y",
					begin+"x"+strings.ToUpper(l.Text), begin+strings.TrimLeft(l.Text, "/-"))
			}
		case Matches:
			for _, example := range Examples(l.Text) {
				out = append(out, top+example, top+example+"x", top+"x"+example, top+example+"/x", top+shorter(example), top+strings.ToUpper(example))
			}
		case Older, Newer:
			for _, version := range []string{l.Text, l.Text + ".1", "0", "0.0.1", "999999", "nightly"} {
				out = append(out, top+l.After+version)
			}
		}
	}
	return out
}

// beginnings are where refs of which the end is known may begin.
func beginnings(f Fact) []string {
	if f == Ref {
		return []string{Heads, Tags}
	}
	return f.dirs()
}

// other is the directory of tags for that of branches, and the other way round.
func other(dir string) string {
	switch dir {
	case Heads:
		return Tags
	case Tags:
		return Heads
	}
	return dir + "x/"
}

func shorter(s string) string {
	if len(s) < 2 {
		return s
	}
	return s[:len(s)-1]
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return string(unicode.ToUpper(rune(s[0]))) + s[1:]
}

// separated are texts in which other signs stand between the words: programs
// replace those that a name must not have.
func separated(s string) (out []string) {
	const signs = "-/_."
	if !strings.ContainsAny(s, signs) {
		return nil
	}
	for _, sign := range signs {
		text := strings.Map(func(r rune) rune {
			if strings.ContainsRune(signs, r) {
				return sign
			}
			return r
		}, s)
		if text != s {
			out = append(out, text)
		}
	}
	return out
}

// Values are those that facts besides the ref are tried with: those that
// literals name, and one that nobody names.
func Values(literals []Literal, fact Fact) []string {
	var out []string
	for i := range literals {
		l := &literals[i]
		if l.Fact != fact {
			continue
		}
		var values []string
		switch l.Op {
		case Is, Older, Newer:
			values = []string{l.Text}
		case Folded:
			values = []string{l.Text, strings.ToUpper(l.Text)}
		case Prefix:
			values = []string{l.Text + "x"}
		case Suffix:
			values = []string{"x" + l.Text}
		case Contains:
			values = []string{"x" + l.Text + "x"}
		case Matches:
			values = Examples(l.Text)
		}
		for _, v := range values {
			if v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	if len(out) > 0 {
		out = append(out, "nixplan-another-"+strings.ToLower(string(fact)))
	}
	return out
}
