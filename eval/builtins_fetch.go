package eval

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

var fetchPrims = []value.Prim{
	{Name: "fetchGit", Arity: 1, Strict: 1, F1: primFetchGit},
	{Name: "fetchMercurial", Arity: 1, Strict: 1, F1: primFetchMercurial},
	{Name: "fetchTarball", Arity: 1, Strict: 1, F1: primFetchTarball},
	{Name: "fetchTree", Arity: 1, Strict: 1, F1: primFetchTree},
	{Name: "fetchurl", Arity: 1, Strict: 1, F1: primFetchurl},
	{Name: "getFlake", Arity: 1, Strict: 1, F1: primGetFlake},
}

// needNetwork ends the evaluation outside the modelled world, where a fetcher
// would have to fetch.
func needNetwork(m *value.Machine, name, url string) {
	if host(m).opts.Model {
		return
	}
	m.Throw(&value.Error{Kind: value.NotSupported, Message: "'" + name + "' cannot fetch " + url + ": nixplan does not use the network",
		Help: "leave out --no-model to evaluate with a model of the source"})
}

// fetchArgs are what the fetchers take: a URL, or a set with one.
type fetchArgs struct {
	source  world.Source
	unknown *value.Unknown
	local   string // a path of this world, when the URL is one
	rev     value.Value
}

// fetchNames are all the attributes that a fetcher takes, where they are few: a
// misspelt sha256 would otherwise mean a source that is not pinned.
var fetchNames = map[string][]string{
	"fetchTarball": {"url", "sha256", "name"},
	"fetchurl":     {"url", "sha256", "name"},
}

func checkFetchNames(m *value.Machine, fetcher string, attrs *value.Attrs) {
	names := fetchNames[fetcher]
	if names == nil {
		return
	}
	for _, a := range attrs.ByName() {
		if slices.Contains(names, a.Name.String()) {
			continue
		}
		e := &value.Error{Kind: value.UnexpectedArgument, At: a.Pos.Span(),
			Message: "unsupported argument '" + a.Name.String() + "' to '" + fetcher + "'"}
		if near := nearest(a.Name.String(), names); near != "" {
			e.Help = "did you mean '" + near + "'?"
		}
		m.Throw(e)
	}
}

func parseFetchArgs(m *value.Machine, fetcher string, v value.Value) fetchArgs {
	var f fetchArgs
	if v.Kind() == value.AttrSet && v.Attrs().Get(symOutPath) == nil {
		attrs := v.Attrs()
		checkFetchNames(m, fetcher, attrs)
		a := attrs.Lookup("url")
		if a == nil {
			if attrs.Open() != nil {
				return fetchArgs{unknown: attrs.Open()}
			}
			fail(m, value.MissingAttribute, "'%s' needs the attribute 'url'", fetcher)
		}
		f.url(m, m.Force(&a.Value))
		for _, field := range []struct {
			names []string
			to    *string
		}{{[]string{"rev"}, &f.source.Rev}, {[]string{"ref"}, &f.source.Ref}, {[]string{"name"}, &f.source.Name}, {[]string{"sha256", "narHash", "hash"}, &f.source.Hash}} {
			for _, name := range field.names {
				text, u := optionalText(m, attrs, name)
				if text != "" {
					*field.to = text
				}
				if u != nil && name == "rev" {
					f.rev = value.NewUnknown(u)
					*field.to = "unknown"
				}
			}
		}
		return f
	}
	f.url(m, v)
	return f
}

func (f *fetchArgs) url(m *value.Machine, v value.Value) {
	if v.Kind() == value.Path {
		f.local, f.source.URL = v.Path(), v.Path()
		return
	}
	s := coerce(m, v, coercion{})
	if s.Kind() == value.UnknownValue {
		f.unknown = s.Unknown()
		return
	}
	f.source.URL = s.Str()
	switch {
	case strings.HasPrefix(f.source.URL, "/"):
		f.local = canonPath(f.source.URL)
	case strings.HasPrefix(f.source.URL, "file:///"):
		f.local = canonPath(strings.TrimPrefix(f.source.URL, "file://"))
	}
}

func primFetchTarball(m *value.Machine, v value.Value) value.Value {
	f := parseFetchArgs(m, "fetchTarball", v)
	if f.unknown != nil {
		return undecided(f.unknown, "fetchTarball "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "fetchTarball", f.source.URL)
	return host(m).addSource(&f.source)
}

func primFetchurl(m *value.Machine, v value.Value) value.Value {
	f := parseFetchArgs(m, "fetchurl", v)
	if f.unknown != nil {
		return undecided(f.unknown, "fetchurl "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "fetchurl", f.source.URL)
	if f.source.Name == "" {
		f.source.Name = storeName(f.source.URL[strings.LastIndexByte(f.source.URL, '/')+1:])
	}
	f.source.Kind = "file" // a single file is no tree the model could stand for
	return host(m).addSource(&f.source)
}

// primFetchGit gives a set. A directory of this machine is itself; the revision
// of anything else is known only when it is pinned.
func primFetchGit(m *value.Machine, v value.Value) value.Value {
	f := parseFetchArgs(m, "fetchGit", v)
	if f.unknown != nil {
		return undecided(f.unknown, "fetchGit "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "fetchGit", f.source.URL)
	return gitResult(m, &f, "fetchGit")
}

func gitResult(m *value.Machine, f *fetchArgs, fetcher string) value.Value {
	ev := host(m)
	var out value.Value
	if f.local != "" && f.source.Rev == "" {
		name := f.source.Name
		if name == "" {
			name = "source"
		}
		out = ev.copyNamed(m, f.local, name, value.Span{})
	} else {
		out = ev.addSource(&f.source)
	}
	unknown := func(attr string) value.Value {
		return value.NewUnknown(&value.Unknown{Origin: "(" + fetcher + " " + f.source.URL + ")." + attr, Reason: "it is not fetched", At: ev.userSpan(m, value.Span{})})
	}
	rev, short := unknown("rev"), unknown("shortRev")
	if f.source.Rev != "" && f.rev.IsNone() {
		rev = value.NewString(f.source.Rev)
		short = value.NewString(f.source.Rev[:min(7, len(f.source.Rev))])
	} else if !f.rev.IsNone() {
		rev = f.rev
	}
	return ev.Set(map[string]value.Value{
		"outPath": out, "rev": rev, "shortRev": short, "revCount": unknown("revCount"), "narHash": unknown("narHash"),
		"lastModified": unknown("lastModified"), "lastModifiedDate": unknown("lastModifiedDate"), "submodules": value.False,
	})
}

func primFetchMercurial(m *value.Machine, v value.Value) value.Value {
	f := parseFetchArgs(m, "fetchMercurial", v)
	if f.unknown != nil {
		return undecided(f.unknown, "fetchMercurial "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "fetchMercurial", f.source.URL)
	return gitResult(m, &f, "fetchMercurial")
}

// primFetchTree takes a flake reference's attributes or URL.
func primFetchTree(m *value.Machine, v value.Value) value.Value {
	var f fetchArgs
	if v.Kind() == value.AttrSet && v.Attrs().Get(symOutPath) == nil {
		text := func(name string) string {
			s, u := optionalText(m, v.Attrs(), name)
			if u != nil && f.unknown == nil {
				f.unknown = u
			}
			return s
		}
		f.source = world.Source{Rev: text("rev"), Ref: text("ref"), Hash: text("narHash")}
		switch kind := text("type"); kind {
		case "github", "gitlab", "sourcehut":
			host := text("host")
			if host == "" {
				host = map[string]string{"github": "github.com", "gitlab": "gitlab.com", "sourcehut": "git.sr.ht"}[kind]
			}
			f.source.URL = "https://" + host + "/" + text("owner") + "/" + text("repo")
		case "path":
			f.local = canonPath(text("path"))
			f.source.URL = f.local
		default:
			f.source.URL = text("url")
		}
	} else {
		f.url(m, v)
	}
	if f.unknown != nil {
		return undecided(f.unknown, "fetchTree "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "fetchTree", f.source.URL)
	return gitResult(m, &f, "fetchTree")
}

// primGetFlake gives a flake's outputs through the model's call-flake.
func primGetFlake(m *value.Machine, v value.Value) value.Value {
	f := fetchArgs{}
	f.url(m, v)
	if f.unknown != nil {
		return undecided(f.unknown, "getFlake "+f.unknown.Origin, f.unknown.At)
	}
	needNetwork(m, "getFlake", f.source.URL)
	ev := host(m)
	ref := strings.TrimPrefix(strings.TrimPrefix(f.source.URL, "path:"), "git+file://")
	if strings.HasPrefix(ref, "/") {
		f.local = canonPath(strings.SplitN(ref, "?", 2)[0])
	}
	if f.local != "" {
		return ev.callFlake(m, f.local)
	}
	return ev.flakeOutputs(m, ev.addSource(&f.source))
}
