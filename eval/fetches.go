package eval

import (
	"bytes"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// Fetch is a call of a fetcher.
type Fetch struct {
	Fetcher string // the builtin's name, "" for one of nixpkgs
	At      value.Span
	// URL is what it fetches, Rev and Ref the commit of it, for fetchers of
	// repositories.
	URL, Rev, Ref string
	// Hash is as it is written, "" for none, and HashAt where the attribute is
	// named. Placeholder says that no file has the hash: it is all zeroes.
	Hash        string
	HashAt      value.Span
	Placeholder bool
}

// Fetches are the calls of fetchers so far, in order, but for those of files of
// this machine.
func (ev *Evaluator) Fetches() []Fetch { return ev.fetches }

// noteFetch remembers a fetcher's call.
func (ev *Evaluator) noteFetch(f Fetch) {
	f.At = ev.userSpan(ev.machine, f.At)
	if f.At.Start != 0 {
		ev.fetches = append(ev.fetches, f)
	}
}

// isPlaceholder reports whether a hash stands for one that nobody knows yet.
func isPlaceholder(h *hash.Hash) bool {
	return h != nil && bytes.Equal(h.Bytes, make([]byte, len(h.Bytes)))
}

// parseHash reads a hash that an attribute has. An empty one is a placeholder.
func parseHash(m *value.Machine, a *value.Attr, text string, algo hash.Algo) *hash.Hash {
	h, err := hash.ParseAllowEmpty(text, algo)
	if err != nil {
		m.Throw(&value.Error{Kind: value.OtherError, ID: diag.IDHash, At: a.Pos.Span(), Message: err.Error()})
	}
	return &h
}

// primFetching notes what one of nixpkgs' fetchers is called with, { url;
// args; }, and refuses a hash that is none.
func primFetching(m *value.Machine, v value.Value) value.Value {
	spec := wantAttrs(m, v)
	f := Fetch{}
	f.URL, _ = optionalText(m, spec, "url")
	a := spec.Lookup("args")
	args := m.Force(&a.Value)
	if args.Kind() != value.AttrSet {
		return value.NewBool(true)
	}
	for _, form := range []struct {
		name string
		algo hash.Algo
	}{{"hash", hash.NoAlgo}, {"sha256", hash.SHA256}, {"sha512", hash.SHA512}, {"sha1", hash.SHA1}, {"md5", hash.MD5}} {
		a := args.Attrs().Lookup(form.name)
		if a == nil {
			continue
		}
		text, _ := optionalText(m, args.Attrs(), form.name)
		if text == "" {
			continue // unknown, null, or to be filled in
		}
		h := parseHash(m, a, text, form.algo)
		f.Hash, f.HashAt, f.Placeholder = text, a.Pos.Span(), isPlaceholder(h)
	}
	if f.Hash != "" {
		host(m).noteFetch(f)
	}
	return value.NewBool(true)
}
