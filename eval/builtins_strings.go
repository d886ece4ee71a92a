package eval

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

func stringPrims() []value.Prim {
	return []value.Prim{
		{Name: "baseNameOf", Result: value.String, Arity: 1, Strict: 1, F1: primBaseNameOf},
		{Name: "concatStringsSep", Result: value.String, Arity: 2, Strict: 0b11, Takes: takes{takesString, takesList}, F2: primConcatStringsSep},
		{Name: "dirOf", Arity: 1, Strict: 1, F1: primDirOf},
		{Name: "replaceStrings", Result: value.String, Arity: 3, Strict: 0b011, Takes: takes{takesList, takesList}, F3: primReplaceStrings},
		{Name: "stringLength", Result: value.Int, Arity: 1, Strict: 1, F1: primStringLength},
		{Name: "substring", Result: value.String, Arity: 3, Strict: 0b001, Takes: takes{takesInt}, F3: primSubstring},
	}
}

// primBaseNameOf strips one trailing slash only, as Nix does.
func primBaseNameOf(m *value.Machine, v value.Value) value.Value {
	s := coerce(m, v, coercion{})
	if s.Kind() == value.UnknownValue {
		return undecided(s.Unknown(), "baseNameOf "+s.Unknown().Origin, s.Unknown().At)
	}
	text := strings.TrimSuffix(s.Str(), "/")
	return value.NewStringContext(text[strings.LastIndexByte(text, '/')+1:], s.Context())
}

func primDirOf(m *value.Machine, v value.Value) value.Value {
	if v.Kind() == value.Path {
		return value.NewPath(dirName(v.Path()))
	}
	s := coerce(m, v, coercion{})
	if s.Kind() == value.UnknownValue {
		return undecided(s.Unknown(), "dirOf "+s.Unknown().Origin, s.Unknown().At)
	}
	return value.NewStringContext(dirName(s.Str()), s.Context())
}

func dirName(p string) string {
	switch i := strings.LastIndexByte(p, '/'); i {
	case -1:
		return "."
	case 0:
		return "/"
	default:
		return p[:i]
	}
}

func primConcatStringsSep(m *value.Machine, sep, list value.Value) value.Value {
	var b textBuilder
	s, c := wantString(m, sep)
	sep = value.NewStringContext(s, c)
	b.context.Add(c) // the separator's context stays even when it is not used
	elems := wantList(m, list)
	for i, e := range elems {
		if i > 0 {
			b.add(m, sep)
		}
		m.Step(1)
		b.add(m, coerce(m, m.Force(&e), coercion{copyPaths: true}))
	}
	return b.value(value.Span{})
}

func primStringLength(m *value.Machine, v value.Value) value.Value {
	s := coerce(m, v, coercion{copyPaths: true})
	if s.Kind() == value.UnknownValue {
		return undecided(s.Unknown(), "stringLength "+s.Unknown().Origin, s.Unknown().At)
	}
	return observe(m, "stringLength", s, value.NewInt(int64(len(s.Str()))))
}

// primSubstring counts bytes; a negative length means to the end, a start past
// the end gives "". The context stays in any case.
func primSubstring(m *value.Machine, start, length, v value.Value) value.Value {
	from := wantInt(m, start)
	negative := func() {
		if from < 0 {
			fail(m, value.OutOfRange, "negative start position in 'substring'")
		}
	}
	if !host(m).as28(substringStartLate) {
		negative()
	}
	if unknown := late(m, &length, "substring", value.String); !unknown.IsNone() {
		return unknown
	}
	n := wantInt(m, length)
	if unknown := late(m, &v, "substring", value.String); !unknown.IsNone() {
		return unknown
	}
	s := coerce(m, v, coercion{copyPaths: true})
	if s.Kind() == value.UnknownValue {
		return undecided(s.Unknown(), "substring of "+s.Unknown().Origin, s.Unknown().At)
	}
	negative()
	text := s.Str()
	size := int64(len(text))
	switch {
	case from >= size:
		text = ""
	case n < 0 || n > size-from:
		text = text[from:]
	default:
		text = text[from : from+n]
	}
	return value.NewStringContext(text, s.Context())
}

// primReplaceStrings replaces from left to right, the first `from` that matches
// winning. An empty one matches between all characters and at the end.
func primReplaceStrings(m *value.Machine, fromList, toList, v value.Value) value.Value {
	from, to := wantList(m, fromList), wantList(m, toList)
	if len(from) != len(to) {
		fail(m, value.OtherError, "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths")
	}
	patterns := make([]string, len(from))
	for i := range from {
		pattern := from[i]
		if unknown := late(m, &pattern, "replaceStrings", value.String); !unknown.IsNone() {
			return unknown
		}
		patterns[i], _ = wantString(m, pattern)
	}
	if host(m).as28(replacementsForced) { // since 2.16 a replacement is evaluated when it is used
		for i := range to {
			wantString(m, to[i])
		}
	}
	if unknown := late(m, &v, "replaceStrings", value.String); !unknown.IsNone() {
		return unknown
	}
	text, context := wantString(m, v)
	var b textBuilder
	b.context.Add(context)
	// Most bytes begin no pattern and are skipped without asking each pattern.
	var begins [256]bool
	always := false
	for _, pat := range patterns {
		if pat == "" {
			always = true
		} else {
			begins[pat[0]] = true
		}
	}
	kept := 0 // start of what is copied as it is
	for p := 0; p <= len(text); {
		from := p
		for !always && p < len(text) && !begins[text[p]] {
			p++
		}
		m.Step(p - from + 1)
		found := -1
		for i, pat := range patterns {
			if strings.HasPrefix(text[p:], pat) {
				found = i
				break
			}
		}
		if found < 0 {
			p++
			continue
		}
		b.add(m, value.NewString(text[kept:p]))
		replacement := m.Force(&to[found])
		if replacement.Kind() != value.UnknownValue {
			wantString(m, replacement)
		}
		b.add(m, replacement)
		if n := len(patterns[found]); n > 0 {
			p += n
			kept = p
		} else {
			if p < len(text) {
				b.add(m, value.NewString(text[p:p+1]))
			}
			p++
			kept = p
		}
	}
	if kept < len(text) {
		b.add(m, value.NewString(text[kept:]))
	}
	return b.value(value.Span{})
}
