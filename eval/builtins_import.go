package eval

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/text"
)

func importPrims() []value.Prim {
	return []value.Prim{
		{Name: "findFile", Arity: 2, Strict: 0b01, Takes: takes{takesList}, F2: primFindFile},
		{Name: "getEnv", Result: value.String, Arity: 1, Strict: 1, F1: primGetEnv},
		{Name: "import", Arity: 1, Strict: 1, F1: primImport},
		{Name: "pathExists", Result: value.Bool, Arity: 1, Strict: 1, F1: primPathExists},
		{Name: "readDir", Result: value.AttrSet, Arity: 1, Strict: 1, F1: primReadDir},
		{Name: "readFile", Result: value.String, Arity: 1, Strict: 1, F1: primReadFile},
		{Name: "readFileType", Result: value.String, Arity: 1, Strict: 1, F1: primReadFileType},
		{Name: "scopedImport", Arity: 2, Strict: 0b10, F2: primScopedImport},
		{Name: "toPath", Arity: 1, Strict: 1, F1: primToPath},
	}
}

// pathOrUnknown is wantPath for builtins that give an unknown for an unknown.
func pathOrUnknown(m *value.Machine, v value.Value) (string, *value.Unknown) {
	v = m.Force(&v)
	if v.Kind() != value.Path {
		v = coerce(m, v, coercion{})
		if v.Kind() == value.UnknownValue {
			return "", v.Unknown()
		}
		if s := v.Str(); s == "" || s[0] != '/' {
			fail(m, value.OtherError, "string '%s' doesn't represent an absolute path", s)
		}
		return canonPath(v.Str()), nil
	}
	return v.Path(), nil
}

func primImport(m *value.Machine, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "import "+u.Origin, u.At)
	}
	ev := host(m)
	if drv := ev.importedDerivation(m, path); !drv.IsNone() {
		return drv
	}
	return ev.importPath(m, path, value.Span{})
}

// importedDerivation is what `import` gives for the path of a derivation; none for
// other paths.
func (ev *Evaluator) importedDerivation(m *value.Machine, path string) value.Value {
	stored, rest, ok := store.DefaultDir.Split(path)
	if !ok || rest != "" || !store.IsDerivation(stored) {
		return value.Value{}
	}
	drv, err := ev.storeState.get(ev).Derivation(stored)
	if err != nil {
		if _, missing := ev.world.ReadFile(stored); missing != nil {
			return value.Value{} // whoever reads it says so
		}
		fail(m, value.OtherError, "cannot import '%s': %s", stored, err)
	}
	attrs := derivationAttrs(m, stored, drv)
	names := make([]value.Value, len(drv.Outputs))
	for i, output := range drv.Outputs {
		names[i] = value.NewString(output.Name)
	}
	attrs = append(attrs, value.Attr{Name: symName, Value: value.NewString(drv.Name)}, value.Attr{Name: symOutputs, Value: value.NewList(names)})
	return call(m, nil, ev.ownModel(m, "imported-derivation.nix"), value.NewAttrs(value.NewAttrsList(attrs)))
}

// primScopedImport evaluates a file with more variables; it is never cached.
func primScopedImport(m *value.Machine, scope, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "scopedImport "+u.Origin, u.At)
	}
	extra := wantAttrs(m, scope)
	ev := host(m)
	if drv := ev.importedDerivation(m, path); !drv.IsNone() {
		return drv
	}
	file, display, err := ev.world.ImportPath(path)
	if err != nil {
		return ev.unreadable(m, err, path, value.Span{})
	}
	return ev.run(m, ev.read(m, file, display), filepath.Dir(file), extra, ev.isModelled(file))
}

func primGetEnv(m *value.Machine, v value.Value) value.Value {
	return value.NewString(host(m).world.Getenv(wantPlain(m, v)))
}

func primPathExists(m *value.Machine, v value.Value) value.Value {
	directory := false // "x/" and "x/." ask for a directory
	if v.Kind() == value.String {
		directory = strings.HasSuffix(v.Str(), "/") || strings.HasSuffix(v.Str(), "/.")
	}
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "pathExists "+u.Origin, u.At)
	}
	ev := host(m)
	var info fs.FileInfo
	var err error
	if directory {
		info, err = ev.world.Stat(path)
	} else {
		info, err = ev.world.Lstat(path)
	}
	var unknown *world.UnknownSourceError
	switch {
	case err == nil:
		return value.NewBool(!directory || info.IsDir())
	case errors.As(err, &unknown) && ev.opts.Model:
		return ev.unreadable(m, err, path, value.Span{})
	}
	if v.Kind() != value.Path { // text, which Nix would build what it refers to for
		if unknown := ev.unbuilt(m, path, value.Span{}); !unknown.IsNone() {
			return unknown
		}
	}
	return value.False
}

func primReadFile(m *value.Machine, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "readFile "+u.Origin, u.At)
	}
	ev := host(m)
	data, err := ev.world.ReadFile(path)
	if err != nil {
		return ev.unreadable(m, err, path, value.Span{})
	}
	if strings.IndexByte(string(data), 0) >= 0 {
		fail(m, value.OtherError, "the contents of the file '%s' cannot be represented as a Nix string: it has a NUL byte", ev.Display(path))
	}
	m.Charge(int64(len(data)))
	return value.NewString(string(data))
}

func primReadDir(m *value.Machine, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "readDir "+u.Origin, u.At)
	}
	ev := host(m)
	entries, err := ev.world.ReadDir(path)
	if err != nil {
		return ev.unreadable(m, err, path, value.Span{})
	}
	list := m.AttrSlots(len(entries))
	for i, e := range entries {
		list[i] = value.Attr{Name: value.Intern(e.Name()), Value: value.NewString(fileType(e.Type()))}
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

func fileType(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	case mode.IsDir():
		return "directory"
	case mode.IsRegular():
		return "regular"
	default:
		return "unknown"
	}
}

func primReadFileType(m *value.Machine, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "readFileType "+u.Origin, u.At)
	}
	ev := host(m)
	info, err := ev.world.Lstat(path)
	if err != nil {
		return ev.unreadable(m, err, path, value.Span{})
	}
	return value.NewString(fileType(info.Mode()))
}

func primToPath(m *value.Machine, v value.Value) value.Value {
	if v.Kind() == value.Path {
		return value.NewString(v.Path())
	}
	s := coerce(m, v, coercion{})
	if s.Kind() == value.UnknownValue {
		return s
	}
	if s.Str() == "" || s.Str()[0] != '/' {
		fail(m, value.OtherError, "string '%s' doesn't represent an absolute path", s.Str())
	}
	return value.NewStringContext(canonPath(s.Str()), s.Context())
}

// primFindFile resolves <name> against a search path: the first entry whose
// prefix matches whole components and which has the file. In the modelled
// world <nixpkgs> and other names that the path lacks are sources.
func primFindFile(m *value.Machine, search, v value.Value) value.Value {
	type searched struct {
		prefix string
		dir    value.Value
	}
	var entries []searched
	for _, e := range wantList(m, search) {
		entry := wantAttrs(m, e)
		prefix := ""
		if a := entry.Get(symPrefix); a != nil {
			prefix = wantPlain(m, a.Value)
		}
		a := entry.Get(symPath)
		if a == nil {
			fail(m, value.MissingAttribute, "attribute 'path' missing in an entry of the search path")
		}
		entries = append(entries, searched{prefix, coerce(m, m.Force(&a.Value), coercion{})})
	}
	if unknown := late(m, &v, "findFile", value.Path); !unknown.IsNone() {
		return unknown
	}
	name := wantPlain(m, v)
	ev := host(m)
	help := ""
	for _, entry := range entries {
		rest, ok := searchMatch(entry.prefix, name)
		if !ok {
			continue
		}
		dir := entry.dir
		if dir.Kind() == value.UnknownValue {
			return undecided(dir.Unknown(), "<"+name+">", dir.Unknown().At)
		}
		path := dir.Str()
		if world.IsAddress(path) {
			path = fetchPrim("fetchTarball")(m, value.NewString(path)).Str()
		}
		if path == "" || path[0] != '/' {
			continue
		}
		path = canonPath(path + "/" + rest)
		_, err := ev.world.Lstat(path) // a link is there, wherever it leads
		var unknown *world.UnknownSourceError
		if err == nil || errors.As(err, &unknown) && ev.opts.Model {
			return value.NewPath(path)
		}
		if help == "" && entry.prefix != "" && errors.Is(err, fs.ErrNotExist) {
			help = dir.Str() + ", which <" + entry.prefix + "> stands for, does not exist"
			if rest != "" {
				help = dir.Str() + ", which <" + entry.prefix + "> stands for, has no " + rest
			}
		}
	}
	if v, ok := ev.searchSource(m, name); ok {
		return v
	}
	if help == "" {
		first, _, _ := strings.Cut(name, "/")
		help = "give it with -I " + first + "=DIR"
	}
	add := "-I"
	if ev.world.HasEnvironment() {
		add = "$NIX_PATH or -I"
	}
	m.Throw(&value.Error{Kind: value.NotFound, Soft: true, Help: text.WithoutCredentials(help),
		Message: "file '" + name + "' was not found in the Nix search path (add it using " + add + ")"})
	return value.Value{}
}

// searchMatch matches a search path entry's prefix against a name and gives
// what is left of the name.
func searchMatch(prefix, name string) (rest string, ok bool) {
	switch {
	case prefix == "":
		return name, true
	case name == prefix:
		return "", true
	case strings.HasPrefix(name, prefix+"/"):
		return name[len(prefix)+1:], true
	}
	return "", false
}
