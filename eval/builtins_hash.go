package eval

import (
	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/value"
)

func hashPrims() []value.Prim {
	return []value.Prim{
		{Name: "convertHash", Result: value.String, Arity: 1, Strict: 1, F1: primConvertHash},
		{Name: "hashFile", Result: value.String, Arity: 2, Strict: 0b01, Takes: takes{takesPlain}, F2: primHashFile},
		{Name: "hashString", Result: value.String, Arity: 2, Strict: 0b01, Takes: takes{takesPlain}, F2: func(m *value.Machine, algo, v value.Value) value.Value {
			a := wantAlgo(m, algo)
			if unknown := late(m, &v, "hashString", value.String); !unknown.IsNone() {
				return unknown
			}
			text, _ := wantString(m, v)
			return observe(m, "hashString", v, hashText(m, a, text))
		}},
	}
}

func wantAlgo(m *value.Machine, v value.Value) hash.Algo {
	a, err := hash.ParseAlgo(wantPlain(m, v))
	if err != nil {
		fail(m, value.OtherError, "%s", err)
	}
	return a
}

func primHashFile(m *value.Machine, algo, v value.Value) value.Value {
	a := wantAlgo(m, algo)
	if unknown := late(m, &v, "hashFile", value.String); !unknown.IsNone() {
		return unknown
	}
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "hashFile "+u.Origin, u.At)
	}
	ev := host(m)
	data, err := ev.world.ReadFile(path)
	if err != nil {
		return ev.unreadable(m, err, path, value.Span{})
	}
	return hashText(m, a, string(data))
}

// hashText hashes a piece at a time, so that an interrupt is noticed, and counts
// 64 bytes as a step.
func hashText(m *value.Machine, a hash.Algo, text string) value.Value {
	sum := a.New()
	for piece := make([]byte, min(len(text), 1<<20)); text != ""; {
		n := copy(piece, text)
		m.Step(n / 64)
		sum.Write(piece[:n])
		text = text[n:]
	}
	return value.NewString(hash.Hash{Algo: a, Bytes: sum.Sum(nil)}.Format(hash.Base16))
}

func primConvertHash(m *value.Machine, v value.Value) value.Value {
	attrs := wantAttrs(m, v)
	field := func(name string) (string, bool) {
		a := attrs.Lookup(name)
		if a == nil {
			return "", false
		}
		return wantPlain(m, a.Value), true
	}
	text, ok := field("hash")
	if !ok {
		fail(m, value.MissingAttribute, "attribute 'hash' missing")
	}
	algo := hash.NoAlgo
	if name, ok := field("hashAlgo"); ok {
		a, err := hash.ParseAlgo(name)
		if err != nil {
			fail(m, value.OtherError, "%s", err)
		}
		algo = a
	}
	to, ok := field("toHashFormat")
	if !ok {
		fail(m, value.MissingAttribute, "attribute 'toHashFormat' missing")
	}
	format, err := hash.ParseFormat(to)
	if err != nil {
		fail(m, value.OtherError, "%s", err)
	}
	h, err := hash.Parse(text, algo)
	if err != nil {
		fail(m, value.OtherError, "%s", err)
	}
	return value.NewString(h.Format(format))
}
