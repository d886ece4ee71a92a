package eval

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

func fetchPrims() []value.Prim {
	return []value.Prim{
		{Name: "fetchGit", Arity: 1, Strict: 1, F1: fetchPrim("fetchGit")},
		{Name: "fetchMercurial", Arity: 1, Strict: 1, F1: fetchPrim("fetchMercurial")},
		{Name: "fetchTarball", Arity: 1, Strict: 1, F1: fetchPrim("fetchTarball")},
		{Name: "fetchTree", Arity: 1, Strict: 1, F1: primFetchTree},
		{Name: "fetchurl", Arity: 1, Strict: 1, F1: fetchPrim("fetchurl")},
		{Name: "getFlake", Arity: 1, Strict: 1, F1: primGetFlake},
	}
}

// A fetcher is a builtin that gives what is behind a URL.
type fetcher struct {
	// attrs are the attributes its argument may have. A misspelt sha256 would
	// otherwise mean a source that is not pinned.
	attrs map[string]attrKind
	// name is the store path's name unless the argument says otherwise; "" is
	// the last part of the URL.
	name string
	// paths says that the URL may be a path of Nix; else it has to be a string.
	paths bool
	// fetch gets it, and gives the builtin's result.
	fetch func(m *value.Machine, f *fetchArgs) value.Value
	// modelled is the result for a source that is not here.
	modelled func(m *value.Machine, f *fetchArgs) value.Value
}

// attrKind is the type that an attribute of a fetcher's argument has.
type attrKind uint8

const (
	textAttr attrKind = iota
	boolAttr
	intAttr
	// refusedAttr is one that Nix knows and nixplan does not.
	refusedAttr
)

// fetchers are made when the first is called: what is initialised for a program
// that fetches nothing is a part of every start.
var fetchers = sync.OnceValue(makeFetchers)

func makeFetchers() map[string]*fetcher {
	file := map[string]attrKind{"url": textAttr, "sha256": textAttr, "name": textAttr}
	return map[string]*fetcher{
		"fetchurl":     {attrs: file, fetch: fetchFile, modelled: modelFile},
		"fetchTarball": {attrs: file, name: "source", fetch: fetchArchive, modelled: modelTree},
		"fetchGit": {name: "source", paths: true, fetch: fetchGit, modelled: modelCheckout, attrs: map[string]attrKind{
			"url": textAttr, "name": textAttr, "rev": textAttr, "ref": textAttr, "narHash": textAttr,
			"submodules": boolAttr, "shallow": boolAttr, "allRefs": boolAttr, "exportIgnore": boolAttr,
			"lastModified": intAttr, "revCount": intAttr, "dirtyRev": textAttr, "dirtyShortRev": textAttr,
			"lfs": refusedAttr, "verifyCommit": refusedAttr, "keytype": refusedAttr, "publicKey": refusedAttr, "publicKeys": refusedAttr,
		}},
		"fetchMercurial": {name: "source", paths: true, fetch: fetchMercurial, modelled: modelCheckout,
			attrs: map[string]attrKind{"url": textAttr, "name": textAttr, "rev": textAttr}},
	}
}

// fetchPrim is the builtin of a fetcher.
func fetchPrim(name string) func(*value.Machine, value.Value) value.Value {
	return func(m *value.Machine, v value.Value) value.Value {
		f := parseFetchArgs(m, name, v)
		if f.unknown != nil {
			return undecided(f.unknown, name+" "+f.unknown.Origin, f.unknown.At)
		}
		how, ev := fetchers()[name], host(m)
		f.note(ev)
		// What is modelled stays so wherever else it may be: a plan should not
		// depend on what lies in somebody's cache.
		if ev.opts.Model && (f.undetermined() || f.local == "" && ev.isModelledSource(f.source.URL)) {
			return how.modelled(m, f)
		}
		return how.fetch(m, f)
	}
}

// fetchArgs are what a fetcher is asked for.
type fetchArgs struct {
	fetcher string
	source  world.Source
	unknown *value.Unknown // the URL, which is
	local   string         // a path of this world, when the URL is one
	pin     *hash.Hash
	pinAt   value.Span
	bools   map[string]bool
	ints    map[string]int64
	// vague are attributes whose values are unknown, by name.
	vague map[string]*value.Unknown
}

// note remembers the call, unless it is of this machine's files or not known in
// full.
func (f *fetchArgs) note(ev *Evaluator) {
	if f.local != "" || f.undetermined() {
		return
	}
	ev.noteFetch(Fetch{
		Fetcher: f.fetcher, URL: f.source.URL, Rev: f.source.Rev, Ref: f.source.Ref,
		Hash: f.source.Hash, HashAt: f.pinAt, Placeholder: isPlaceholder(f.pin),
	})
}

// undetermined reports whether something is unknown that what is fetched
// depends on.
func (f *fetchArgs) undetermined() bool { return len(f.vague) > 0 }

func parseFetchArgs(m *value.Machine, name string, v value.Value) *fetchArgs {
	how := fetchers()[name]
	f := &fetchArgs{fetcher: name, bools: map[string]bool{}, ints: map[string]int64{}, vague: map[string]*value.Unknown{}}
	if v.Kind() != value.AttrSet || how.paths && v.Attrs().Get(symOutPath) != nil {
		f.url(m, v)
	} else {
		f.set(m, how, v.Attrs())
	}
	if f.unknown != nil {
		return f
	}
	if f.source.Name == "" {
		f.source.Name = how.name
	}
	if f.source.Name == "" {
		f.source.Name = f.source.URL[strings.LastIndexByte(f.source.URL, '/')+1:]
	}
	if err := host(m).checkName(f.source.Name); err != nil && f.vague["name"] == nil {
		m.Throw(&value.Error{Kind: value.OtherError, Message: "what '" + name + "' fetches cannot be named '" + f.source.Name + "' in the store: " + err.Error(),
			Help: "give it a name: " + name + " { url = …; name = \"…\"; }"})
	}
	return f
}

// set reads the attributes of a fetcher's argument.
func (f *fetchArgs) set(m *value.Machine, how *fetcher, attrs *value.Attrs) {
	for _, a := range attrs.ByName() {
		name := a.Name.String()
		kind, ok := how.attrs[name]
		switch {
		case !ok:
			unsupportedArgument(m, f.fetcher, a, how.attrs)
		case kind == refusedAttr:
			failAt(m, value.NotSupported, a.Pos.Span(), "the argument '%s' of '%s' is not supported yet", name, f.fetcher)
		}
		v := m.Force(&a.Value)
		if v.Kind() == value.UnknownValue {
			if name == "url" {
				f.unknown = v.Unknown()
				return
			}
			f.vague[name] = v.Unknown()
			continue
		}
		switch kind {
		case boolAttr:
			f.bools[name] = wantBool(m, v)
		case intAttr:
			f.ints[name] = wantInt(m, v)
		default:
			f.text(m, a, name, v)
		}
	}
	if a := attrs.Lookup("url"); a == nil {
		if f.unknown = attrs.Open(); f.unknown == nil {
			fail(m, value.MissingAttribute, "'%s' needs the attribute 'url'", f.fetcher)
		}
	}
}

func unsupportedArgument(m *value.Machine, fetcher string, a *value.Attr, known map[string]attrKind) {
	e := &value.Error{Kind: value.UnexpectedArgument, At: a.Pos.Span(),
		Message: "unsupported argument '" + a.Name.String() + "' to '" + fetcher + "'"}
	if near := nearest(a.Name.String(), slices.Sorted(maps.Keys(known))); near != "" {
		e.Help = "did you mean '" + near + "'?"
	}
	m.Throw(e)
}

// text takes an attribute that is a string.
func (f *fetchArgs) text(m *value.Machine, a *value.Attr, name string, v value.Value) {
	if name == "url" {
		f.url(m, v)
		return
	}
	if v.Kind() == value.Null && host(m).opts.Model {
		return // pins of some tools have it for what they do not know
	}
	s := v
	if fetchers()[f.fetcher].paths {
		s = coerce(m, v, coercion{})
	}
	text, _ := wantString(m, s)
	if text == "" && f.fetcher == "fetchGit" && (name == "rev" || name == "ref") {
		failAt(m, value.OtherError, a.Pos.Span(), "'%s' of 'fetchGit' is empty; leave it out for what is checked out", name)
	}
	switch name {
	case "name":
		f.source.Name = text
	case "rev":
		f.source.Rev = strings.ToLower(text)
	case "ref":
		f.source.Ref = text
	case "sha256", "narHash":
		f.source.Hash = text
		algo := hash.SHA256
		if name == "narHash" {
			algo = hash.NoAlgo // it is part of the text
		}
		f.pin = parseHash(m, a, text, algo)
		f.pinAt = a.Pos.Span()
	}
}

func (f *fetchArgs) url(m *value.Machine, v value.Value) {
	v = m.Force(&v)
	how := fetchers()[f.fetcher]
	if how == nil || how.paths {
		if v.Kind() == value.Path {
			f.local, f.source.URL = v.Path(), v.Path()
			return
		}
		v = coerce(m, v, coercion{})
	}
	if v.Kind() == value.UnknownValue {
		f.unknown = v.Unknown()
		return
	}
	f.source.URL, _ = wantString(m, v)
	switch {
	case strings.HasPrefix(f.source.URL, "file:///"):
		f.local = canonPath(strings.TrimPrefix(f.source.URL, "file://"))
	case strings.HasPrefix(f.source.URL, "/") && (how == nil || how.paths || host(m).opts.Model):
		f.local = canonPath(f.source.URL)
	case f.fetcher == "fetchTarball":
		f.source.URL = channelURL(f.source.URL, host(m).as28(channelsOldHost))
	}
}

// channelURL is the address that "channel:NAME" stands for.
func channelURL(url string, compat28 bool) string {
	name, ok := strings.CutPrefix(url, "channel:")
	switch {
	case !ok:
		return url
	case compat28:
		return "https://nixos.org/channels/" + name + "/nixexprs.tar.xz"
	}
	return "https://channels.nixos.org/" + name + "/nixexprs.tar.xz"
}

// unsupported ends the evaluation outside the modelled world: flakes are evaluated by
// a part of the model.
func unsupported(m *value.Machine, name string) {
	if !host(m).opts.Model {
		m.Throw(&value.Error{Kind: value.NotSupported, Message: "'" + name + "' works with the model only", Help: noModelHelp})
	}
}

const noModelHelp = "leave out --no-model"

// NoFlakes is why a flake cannot be evaluated; nil when it can.
func (ev *Evaluator) NoFlakes() error {
	if ev.opts.Model {
		return nil
	}
	return &value.Error{Kind: value.NotSupported, Message: "flakes are evaluated with the model only", Help: noModelHelp}
}

// primFetchTree takes a flake reference's attributes or URL.
func primFetchTree(m *value.Machine, v value.Value) value.Value {
	unsupported(m, "fetchTree")
	f := &fetchArgs{fetcher: "fetchTree"}
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
	return modelCheckout(m, f)
}

// primGetFlake gives a flake's outputs through the model's call-flake.
func primGetFlake(m *value.Machine, v value.Value) value.Value {
	unsupported(m, "getFlake")
	f := &fetchArgs{fetcher: "getFlake"}
	f.url(m, v)
	if f.unknown != nil {
		return undecided(f.unknown, "getFlake "+f.unknown.Origin, f.unknown.At)
	}
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
