package eval

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

func storePrims() []value.Prim {
	return []value.Prim{
		{Name: "derivationStrict", Result: value.AttrSet, Arity: 1, Strict: 1, F1: primDerivationStrict},
		{Name: "filterSource", Arity: 2, Strict: 0b10, F2: primFilterSource},
		{Name: "path", Arity: 1, Strict: 1, F1: primPath},
		{Name: "placeholder", Arity: 1, Strict: 1, F1: primPlaceholder},
		{Name: "storePath", Arity: 1, Strict: 1, F1: primStorePath},
		{Name: "toFile", Arity: 2, Strict: 0b11, Takes: takes{takesPlain, takesString}, F2: primToFile},
	}
}

// storeState is what an evaluation would have put into the store.
type storeState struct {
	store   *store.Store
	hashed  map[hashedTree]string
	filters map[string]sourceFilter
	// untracked are copies of what Options.Tracked does not have, by their store paths.
	untracked map[string]string
}

// hashedTree identifies a file or tree that was hashed without a filter.
type hashedTree struct{ path, name string }

// sourceFilter is what a source was made from, where it is not copied.
type sourceFilter struct {
	root   string
	filter value.Value
}

func (s *storeState) get(ev *Evaluator) *store.Store {
	if s.store == nil {
		s.store = store.New(store.DefaultDir)
		s.store.ReadFile = ev.world.ReadFile
		s.store.KeepTexts = ev.opts.KeepDerivations
		s.hashed = map[hashedTree]string{}
		s.filters = map[string]sourceFilter{}
		s.untracked = map[string]string{}
	}
	return s.store
}

// derivationFunction is the value of the variable `derivation`.
func (ev *Evaluator) derivationFunction(m *value.Machine) value.Value {
	return ev.ownModel(m, "derivation.nix")
}

// ownPath is the path of one of the model's own files.
func (ev *Evaluator) ownPath(name string) value.Value {
	ev.mountOwn()
	return value.NewPath(ownMount() + "/" + name)
}

// hashIntoStore is the store path a file or tree has by its contents.
func (ev *Evaluator) hashIntoStore(m *value.Machine, path, name string, at value.Span) value.Value {
	ev.storeState.get(ev)
	key := hashedTree{path, name}
	if known := ev.storeState.hashed[key]; known != "" {
		return storeString(known)
	}
	var kept members
	filter, untracked := ev.trackedOnly(path, nil)
	if filter != nil {
		filter, kept = noting(filter, path)
	}
	stored, err := ev.treePath(path, name, true, filter)
	if err != nil {
		return ev.notCopied(m, err, path, at)
	}
	if untracked {
		ev.storeState.untracked[stored] = path
	}
	ev.storeState.hashed[key] = stored
	ev.mountCopy(stored, path, kept)
	return storeString(stored)
}

// members are those of a tree that a filter let through, by their paths inside.
type members map[string]bool

// noting is a filter of the tree at root that writes down what it lets through.
func noting(filter store.Filter, root string) (store.Filter, members) {
	kept := members{}
	return func(path, kind string) (bool, error) {
		keep, err := filter(path, kind)
		if keep {
			kept[strings.TrimPrefix(path, strings.TrimSuffix(root, "/")+"/")] = true
		}
		return keep, err
	}, kept
}

// trackedOnly makes a filter, which may be nil, leave out what Options.Tracked does
// not have. What is itself not tracked is copied as it is, and untracked says so.
func (ev *Evaluator) trackedOnly(path string, filter store.Filter) (_ store.Filter, untracked bool) {
	if ev.opts.Tracked == nil {
		return filter, false
	}
	real := ev.world.RealPath(path)
	if outer, _ := ev.world.Mount(path); real == "" || outer != nil && outer.Own {
		return filter, false // a model's, or fetched
	}
	if parent, err := ev.world.Disk().EvalSymlinks(filepath.Dir(real)); err == nil {
		real = filepath.Join(parent, filepath.Base(real))
	}
	info, err := ev.world.Lstat(path)
	if err != nil {
		return filter, false // whoever reads it says so
	}
	if !ev.opts.Tracked(real, info.IsDir()) {
		return filter, true
	}
	if !info.IsDir() {
		return filter, false
	}
	return func(member, kind string) (bool, error) {
		if !ev.opts.Tracked(filepath.Join(real, strings.TrimPrefix(member, path)), kind == "directory") {
			return false, nil
		}
		if filter == nil {
			return true, nil
		}
		return filter(member, kind)
	}, false
}

// Untracked is a file or directory that Options.Tracked does not have and that a
// derivation takes in, directly or through others; "" when there is none.
func (ev *Evaluator) Untracked(drvPath string) string {
	if len(ev.storeState.untracked) == 0 {
		return ""
	}
	closure, err := ev.storeState.store.Closure(drvPath)
	if err != nil {
		return ""
	}
	for _, path := range closure {
		if from := ev.storeState.untracked[path]; from != "" {
			return from
		}
	}
	return ""
}

// mountCopy lets what was copied be read below its store path, from where it is.
// kept, unless nil, are the members that a filter let through.
func (ev *Evaluator) mountCopy(stored, path string, kept map[string]bool) {
	mount := &world.Mount{Path: stored, Dir: ev.world.RealPath(path)}
	if mount.Dir == "" {
		return // modelled files are read where the model has them
	}
	if kept != nil {
		mount.Keep = func(sub string) bool { return sub == "" || kept[sub] || ev.linked(mount.Dir, sub, kept) }
	}
	// What is copied may itself be a part of something copied.
	if outer, inside := ev.world.Mount(path); outer != nil {
		mount.Own = outer.Own
		if outer.Keep != nil && kept == nil {
			mount.Keep = func(sub string) bool { return outer.Keep(filepath.Join(inside, sub)) }
		}
	}
	ev.world.AddMount(mount)
}

// linked reports whether a path inside of a copied directory leads over symbolic links
// to something that was copied. In the store a link that leads out of it dangles.
func (ev *Evaluator) linked(dir, sub string, kept map[string]bool) bool {
	disk := ev.world.Disk()
	top, err := disk.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	parent, err := disk.EvalSymlinks(filepath.Join(dir, filepath.Dir(sub)))
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(top, parent)
	return err == nil && filepath.IsLocal(rel) && kept[filepath.Join(rel, filepath.Base(sub))]
}

// treePath is the store path of a file or tree: by its NAR, or by the contents
// of a file.
func (ev *Evaluator) treePath(path, name string, recursive bool, filter store.Filter) (string, error) {
	if err := ev.checkName(name); err != nil {
		return "", err
	}
	if recursive {
		h, err := store.HashTree(ev.world, path, filter)
		if err != nil {
			return "", err
		}
		return store.DefaultDir.FixedPath(name, true, h)
	}
	data, err := ev.world.ReadFile(path)
	if err != nil {
		return "", err
	}
	return store.DefaultDir.FixedPath(name, false, hash.Sum(hash.SHA256, string(data)))
}

// checkName says what is wrong with the name part of a store path.
func (ev *Evaluator) checkName(name string) error {
	if ev.as28(namesWithDots) {
		return store.CheckName28(name)
	}
	return store.CheckName(name)
}

// splitStorePath cuts a path into a store path and what follows; ok is false for a path
// that is none.
func (ev *Evaluator) splitStorePath(path string) (stored, rest string, ok bool) {
	stored, rest, ok = store.DefaultDir.Split(path)
	return stored, rest, ok && ev.checkName(store.DefaultDir.Name(stored)) == nil
}

func (ev *Evaluator) notCopied(m *value.Machine, err error, path string, at value.Span) value.Value {
	m.EnterNoted(func() (string, value.Span) {
		return "while adding path '" + ev.Display(path) + "' to the store", value.Span{}
	})
	v := ev.unreadable(m, err, path, at)
	m.Leave()
	return v
}

func primPlaceholder(m *value.Machine, v value.Value) value.Value {
	return value.NewString(store.Placeholder(wantPlain(m, v)))
}

func primStorePath(m *value.Machine, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "storePath "+u.Origin, here(m))
	}
	stored, _, ok := host(m).splitStorePath(path)
	if !ok {
		fail(m, value.OtherError, "path '%s' is not in the Nix store", path)
	}
	return value.NewStringContext(path, value.NewContext(value.ContextElem{Kind: value.Opaque, Path: stored}))
}

// primToFile names a text file. Its text may refer to files, not to what has
// yet to be built.
func primToFile(m *value.Machine, name, text value.Value) value.Value {
	fileName := wantPlain(m, name)
	content, c := wantString(m, text)
	var refs []string
	for _, e := range c.References().Elems() {
		if e.Kind != value.Opaque {
			what := e.Path
			if e.Kind == value.Built {
				what = "output '" + e.Output + "' of " + e.Path
			}
			fail(m, value.OtherError, "files created by builtins.toFile may not reference derivations, but %s references %s", fileName, what)
		}
		refs = append(refs, e.Path)
	}
	m.Step(len(content) / 64)
	ev := host(m)
	err := ev.checkName(fileName)
	var path string
	if err == nil {
		path, err = ev.storeState.get(ev).AddText(fileName, content, refs)
	}
	if err != nil {
		fail(m, value.OtherError, "invalid store path name when writing '%s': %s", fileName, err)
	}
	ev.world.AddMount(&world.Mount{Path: path, Text: []byte(content)})
	return value.NewStringContext(path, value.NewContext(value.ContextElem{Kind: value.Opaque, Path: path}).Union(c.Marks()))
}

// pathArgs are the arguments of builtins.path.
type pathArgs struct {
	path      string
	name      string
	filter    value.Value // None without one
	recursive bool
	expected  *hash.Hash
}

func primFilterSource(m *value.Machine, filter, v value.Value) value.Value {
	path, u := pathOrUnknown(m, v)
	if u != nil {
		return undecided(u, "filterSource … "+u.Origin, here(m))
	}
	return addPath(m, pathArgs{path: path, name: filepath.Base(path), filter: wantFunction(m, filter), recursive: true})
}

func primPath(m *value.Machine, v value.Value) value.Value {
	args := pathArgs{recursive: true}
	attrs := wantAttrs(m, v)
	var unknown *value.Unknown
	for _, a := range attrs.ByName() {
		field := m.Force(&a.Value)
		if field.Kind() == value.UnknownValue && a.Name.String() != "filter" {
			unknown = field.Unknown()
			continue
		}
		switch a.Name.String() {
		case "path":
			var u *value.Unknown
			if args.path, u = pathOrUnknown(m, field); u != nil {
				unknown = u
			}
		case "name":
			args.name = wantPlain(m, field)
		case "filter":
			args.filter = wantFunction(m, field)
		case "recursive":
			args.recursive = wantBool(m, field)
		case "sha256":
			h, err := hash.ParseAllowEmpty(wantPlain(m, field), hash.SHA256)
			if err != nil {
				failAt(m, value.OtherError, a.Pos.Span(), "%s", err)
			}
			args.expected = &h
		default:
			failAt(m, value.UnexpectedArgument, a.Pos.Span(), "unsupported argument '%s' to 'builtins.path'", a.Name)
		}
	}
	if unknown == nil {
		unknown = attrs.Open()
	}
	if unknown != nil {
		return undecided(unknown, "path "+unknown.Origin, here(m))
	}
	if args.path == "" {
		fail(m, value.MissingAttribute, "missing required 'path' attribute in the first argument to 'builtins.path'")
	}
	if args.name == "" {
		args.name = filepath.Base(args.path)
	}
	return addPath(m, args)
}

// addPath copies a file or tree to the store. In the modelled world nothing is
// copied or hashed: the result stands for the files where they are, and the
// filter is kept for those who ask what it keeps.
func addPath(m *value.Machine, args pathArgs) value.Value {
	ev := host(m)
	if err := ev.checkName(args.name); err != nil {
		fail(m, value.OtherError, "the path '%s' cannot be added to the store: %s", ev.Display(args.path), err)
	}
	if ev.opts.Model {
		return ev.mountFiltered(m, args)
	}
	if args.filter.IsNone() && args.recursive && args.expected == nil {
		return ev.hashIntoStore(m, args.path, args.name, value.Span{})
	}
	var kept members
	filter, untracked := ev.trackedOnly(args.path, ev.callFilter(m, args.filter))
	if filter != nil {
		filter, kept = noting(filter, args.path)
	}
	stored, err := ev.treePath(args.path, args.name, args.recursive, filter)
	if err != nil {
		return ev.notCopied(m, err, args.path, value.Span{})
	}
	if args.expected != nil {
		expected, err := store.DefaultDir.FixedPath(args.name, args.recursive, *args.expected)
		if err != nil {
			fail(m, value.OtherError, "%s", err)
		}
		if stored != expected {
			fail(m, value.OtherError, "store path mismatch in (possibly filtered) path added from '%s'", ev.Display(args.path))
		}
	}
	if untracked {
		ev.storeState.untracked[stored] = args.path
	}
	ev.mountCopy(stored, args.path, kept)
	return storeString(stored)
}

// callFilter is a filter function of Nix as the archiver calls it.
func (ev *Evaluator) callFilter(m *value.Machine, filter value.Value) store.Filter {
	if filter.IsNone() {
		return nil
	}
	return func(path, kind string) (bool, error) {
		m.Step(1)
		yes, u := callBool(m, call1(m, filter, value.NewString(path)), value.NewString(kind))
		if u != nil {
			undetermined(m, u)
		}
		return yes, nil
	}
}

// mountFiltered gives a path of the modelled world that stands for a tree as a
// filter shows it.
func (ev *Evaluator) mountFiltered(m *value.Machine, args pathArgs) value.Value {
	if args.filter.IsNone() {
		return ev.copyNamed(m, args.path, args.name, value.Span{})
	}
	if _, err := ev.world.Lstat(args.path); err != nil {
		return ev.notCopied(m, err, args.path, value.Span{})
	}
	ev.storeState.get(ev)
	// Functions cannot be compared, so each use has a path of its own.
	number := strconv.Itoa(len(ev.storeState.filters))
	stored := world.StorePath("filtered\x00"+args.path+"\x00"+args.name+"\x00"+number, args.name)
	if real := ev.world.RealPath(args.path); real != "" {
		ev.world.AddMount(&world.Mount{Path: stored, Dir: real})
	}
	ev.storeState.filters[stored] = sourceFilter{root: args.path, filter: args.filter}
	return storeString(stored)
}

// Kept reports whether a file that lies in a source survives the filters the
// source was made with: path is a store path of the modelled world followed by
// the file's path inside. The filters are asked about each directory on the
// way and about the file, as when the source is copied. The error is that of a
// filter, which may be an Undetermined one, or says that there is no such file.
func (ev *Evaluator) Kept(path string) (kept bool, err error) {
	kept = true
	var failure error
	caught := ev.catch(func() { kept, failure = ev.kept(ev.machine, canonPath(path)) })
	return kept, errors.Join(caught, failure)
}

// Filtered reports whether a store path of the modelled world stands for what a
// filter keeps of a tree.
func (ev *Evaluator) Filtered(storePath string) bool {
	_, filtered := ev.storeState.filters[storePath]
	return filtered
}

func (ev *Evaluator) kept(m *value.Machine, path string) (bool, error) {
	stored, rest, ok := store.DefaultDir.Split(path)
	if !ok {
		return true, nil
	}
	source, filtered := ev.storeState.filters[stored]
	if !filtered {
		return true, nil
	}
	// The source may itself be made from a filtered one.
	if kept, err := ev.kept(m, source.root+rest); err != nil || !kept {
		return kept, err
	}
	filter := ev.callFilter(m, source.filter)
	for i := 1; i < len(rest); i++ {
		if i+1 < len(rest) && rest[i+1] != '/' {
			continue
		}
		member := source.root + rest[:i+1]
		info, err := ev.world.Lstat(member)
		if err != nil {
			return false, err
		}
		if kept, err := filter(member, store.FileKind(info.Mode())); err != nil || !kept {
			return kept, err
		}
	}
	return true, nil
}
