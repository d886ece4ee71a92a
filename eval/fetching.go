package eval

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nixplan/nixplan/eval/internal/hash"
	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/eval/world/fetch"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/text"
)

// fileKind is the kind of a source that is a single file.
const fileKind = "file"

// isModelledSource reports whether the model has files for what is at a URL.
func (ev *Evaluator) isModelledSource(url string) bool {
	kind, _ := ev.sourceKind(url)
	return kind != ""
}

// localFile is the file of this machine behind a path of the world, after a look
// whether it may be read.
func (ev *Evaluator) localFile(m *value.Machine, f *fetchArgs) (real string, missing value.Value) {
	if f.local == "" {
		return "", value.Value{}
	}
	if _, err := ev.world.Stat(f.local); err != nil {
		return "", ev.unreadable(m, err, f.local, value.Span{})
	}
	return ev.world.RealPath(f.local), value.Value{}
}

// fetched makes a fetcher's result: where it lies is mounted at its store path.
func (ev *Evaluator) fetched(f *fetchArgs, r *fetch.Result) value.Value {
	f.source.Path = r.StorePath
	ev.world.AddMount(&world.Mount{Path: r.StorePath, Dir: r.Path, Own: true, Source: f.remote()})
	return storeString(r.StorePath)
}

// remote is the source, nil when it is a file or directory of this machine: that
// is no pin, and is shown by its path.
func (f *fetchArgs) remote() *world.Source {
	if f.local != "" {
		return nil
	}
	return &f.source
}

// fetchFile is fetchurl.
func fetchFile(m *value.Machine, f *fetchArgs) value.Value {
	f.source.Kind = fileKind
	return fetchOne(m, f, fetch.Request{}, modelFile)
}

// fetchArchive is fetchTarball.
func fetchArchive(m *value.Machine, f *fetchArgs) value.Value {
	return fetchOne(m, f, fetch.Request{Unpack: true, OneMember: host(m).as28(tarballOneMember)}, modelTree)
}

func fetchOne(m *value.Machine, f *fetchArgs, r fetch.Request, modelled func(*value.Machine, *fetchArgs) value.Value) value.Value {
	ev := host(m)
	real, missing := ev.localFile(m, f)
	if !missing.IsNone() {
		return missing
	}
	r.URL, r.Local, r.Disk, r.Name, r.Hash = f.source.URL, real, ev.world.Disk(), f.source.Name, f.pin
	result, err := ev.fetcher().Fetch(ev.ctx, r)
	var absent *fetch.NotHereError
	switch {
	case errors.As(err, &absent) && ev.opts.Model:
		return modelled(m, f)
	case err != nil:
		ev.notFetched(m, f.fetcher, err)
	}
	return ev.fetched(f, result)
}

// fetcher is what fetches. An evaluator that was given none has one that reads
// what lies here and cannot unpack.
func (ev *Evaluator) fetcher() *fetch.Fetcher {
	if ev.opts.Fetcher == nil {
		ev.opts.Fetcher = fetch.New(fetch.Config{})
	}
	return ev.opts.Fetcher
}

// notFetched ends the evaluation with what a fetcher says.
func (ev *Evaluator) notFetched(m *value.Machine, name string, err error) {
	e := &value.Error{Kind: value.NotFound, Message: "'" + name + "': " + err.Error()}
	var failed *fetch.Error
	if errors.As(err, &failed) {
		e.Message = text.WithoutCredentials("'" + name + "' cannot fetch " + failed.URL + ": " + failed.Err.Error())
	}
	var absent *fetch.NotHereError
	var wrong *fetch.HashError
	var restricted *world.RestrictedError
	var link *repo.LinkError
	switch {
	case errors.As(err, &absent):
		e.Kind, e.Message = value.NotSupported, "'"+name+"' cannot fetch "+text.WithoutCredentials(absent.URL)+": it is not here, and nixplan uses the network only when told to"
		e.Help = "allow the network with --fetch, or leave out --no-model"
	case errors.As(err, &wrong):
		e.Kind = value.OtherError
		e.Help = "if the new contents are the right ones, pin them: \"" + wrong.Got.Format(hash.SRI) + "\""
	case errors.As(err, &restricted):
		e.Kind, e.Message, e.Help = value.Restricted, restricted.Error(), allowing(restricted)
	case errors.As(err, &link):
		e.Kind, e.Message = value.Restricted, link.Error()
	case errors.Is(err, context.Canceled):
		e.Kind, e.Message = value.Budget, "the evaluation was cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Message = value.Budget, "the evaluation takes longer than allowed"
	case errors.Is(err, fetch.ErrNoRepository):
		e.Help = "fetchGit takes the root of a repository, the directory that has .git, or its address"
	}
	m.Throw(e)
}

// isFetchError reports whether a file cannot be read because it could not be
// fetched.
func isFetchError(err error) bool {
	var absent *fetch.NotHereError
	var wrong *fetch.HashError
	var other *fetch.Error
	return errors.As(err, &absent) || errors.As(err, &wrong) || errors.As(err, &other)
}

// fetchGit gives the files of a commit or work tree, and what is known of it.
func fetchGit(m *value.Machine, f *fetchArgs) value.Value {
	ev := host(m)
	real, missing := ev.localFile(m, f)
	if !missing.IsNone() {
		return missing
	}
	if f.local != "" && real == "" { // of a source that is not here, or made by the evaluation
		if !ev.opts.Model {
			ev.notFetched(m, f.fetcher, &fetch.Error{URL: f.source.URL, Err: fetch.ErrNoRepository})
		}
		return modelCheckout(m, f)
	}
	r := fetch.GitRequest{
		URL: f.source.URL, Local: real, Rev: f.source.Rev, Ref: f.source.Ref,
		Submodules: f.bools["submodules"], AllRefs: f.bools["allRefs"], Shallow: f.bools["shallow"],
		Commit: ev.world.Disk().Commit(real),
	}
	if ev.world.Restricted() {
		r.Allow, r.Root = ev.world.Readable, ev.world.IsRoot(real)
	}
	ignore, set := f.bools["exportIgnore"]
	r.ExportIgnore = ignore || !set && !r.Submodules
	r.WholeIfDirty = ev.as28(gitDirtyWhole)
	r.EmptySubmodules = ev.opts.Model // whoever looks for files there knows what they are in
	tree, err := ev.fetcher().Git(ev.ctx, r)
	var absent *fetch.NotHereError
	switch {
	case err == nil:
		return ev.gitSet(m, f, tree)
	case errors.As(err, &absent) && ev.opts.Model, errors.Is(err, fetch.ErrNoRepository) && ev.opts.Model && real != "":
		return modelCheckout(m, f)
	}
	ev.notFetched(m, f.fetcher, err)
	return value.Value{}
}

// noRev is the revision of a work tree that differs from every commit.
const noRev = "0000000000000000000000000000000000000000"

// gitSet is the result of fetchGit.
func (ev *Evaluator) gitSet(m *value.Machine, f *fetchArgs, tree *fetch.Tree) value.Value {
	path, narHash := ev.mountTree(m, f, tree)
	rev := tree.Rev
	if rev == "" {
		rev = noRev
	}
	const short = 7
	modified := tree.LastModified
	if given, ok := f.ints["lastModified"]; ok {
		modified = given
	}
	result := map[string]value.Value{
		"outPath": storeString(path), "narHash": narHash,
		"rev": value.NewString(rev), "shortRev": value.NewString(rev[:short]),
		"revCount":         ev.revCount(f, tree),
		"lastModified":     value.NewInt(modified),
		"lastModifiedDate": value.NewString(time.Unix(modified, 0).UTC().Format("20060102150405")),
		"submodules":       value.NewBool(f.bools["submodules"]),
	}
	if tree.DirtyRev != "" && !ev.as28(gitNoDirtyRev) {
		result["dirtyRev"] = value.NewString(tree.DirtyRev + "-dirty")
		result["dirtyShortRev"] = value.NewString(tree.DirtyRev[:short] + "-dirty")
	}
	return ev.Set(result)
}

// mountTree puts a git tree at its store path. In the modelled world a work tree
// is not hashed, unless somebody asks for the hash.
func (ev *Evaluator) mountTree(m *value.Machine, f *fetchArgs, tree *fetch.Tree) (path string, narHash value.Value) {
	mount := &world.Mount{Dir: tree.Dir, Keep: tree.Keep, Own: tree.NARHash != nil, Source: f.remote()}
	work := *mount // to hash: at a name of its own
	work.Source, work.Path = nil, world.StorePath("tree\x00"+tree.Dir+"\x00"+f.source.URL+"\x00"+text.QuoteNix(f.source.Name), f.source.Name)
	h := func() hash.Hash {
		if tree.NARHash == nil {
			ev.world.AddMount(&work)
			sum, err := store.HashTree(ev.world, work.Path, nil)
			if err != nil {
				ev.notCopied(m, err, tree.Dir, value.Span{})
			}
			tree.NARHash = &sum
		}
		if f.pin != nil && (f.pin.Algo != tree.NARHash.Algo || string(f.pin.Bytes) != string(tree.NARHash.Bytes)) {
			ev.notFetched(m, f.fetcher, &fetch.HashError{URL: f.source.URL, Want: *f.pin, Got: *tree.NARHash})
		}
		return *tree.NARHash
	}
	if ev.opts.Model && tree.NARHash == nil && f.pin == nil {
		mount.Path = work.Path
		narHash = ev.lazy(func(*value.Machine) value.Value { return value.NewString(h().Format(hash.SRI)) })
	} else {
		sum := h()
		var err error
		if mount.Path, err = ev.fetcher().StorePath(f.source.Name, sum); err != nil {
			fail(m, value.OtherError, "%s", err)
		}
		narHash = value.NewString(sum.Format(hash.SRI))
	}
	f.source.Path = mount.Path
	if f.source.Rev == "" {
		f.source.Rev = tree.Rev
	}
	ev.world.AddMount(mount)
	return mount.Path, narHash
}

// revCount is counted when it is looked at: git has to walk the whole history.
func (ev *Evaluator) revCount(f *fetchArgs, tree *fetch.Tree) value.Value {
	if given, ok := f.ints["revCount"]; ok {
		return value.NewInt(given)
	}
	if f.bools["shallow"] {
		return value.NewInt(0)
	}
	return ev.lazy(func(m *value.Machine) value.Value {
		n, err := tree.RevCount(ev.ctx)
		if err != nil {
			ev.notFetched(m, f.fetcher, err)
		}
		return value.NewInt(n)
	})
}

// fetchMercurial has no implementation outside the modelled world.
func fetchMercurial(m *value.Machine, f *fetchArgs) value.Value {
	if host(m).opts.Model {
		return modelCheckout(m, f)
	}
	fail(m, value.NotSupported, "'fetchMercurial' is not supported")
	return value.Value{}
}

// modelFile stands for a file that is not here.
func modelFile(m *value.Machine, f *fetchArgs) value.Value {
	f.source.Kind = fileKind // no tree that the model could stand for
	return modelTree(m, f)
}

// modelTree stands for a tree that is not here.
func modelTree(m *value.Machine, f *fetchArgs) value.Value { return host(m).addSource(&f.source) }

// modelCheckout is the set for a repository that is not here, or for a directory
// of this machine that is no repository. Its revision is known only when it is
// pinned.
func modelCheckout(m *value.Machine, f *fetchArgs) value.Value {
	ev := host(m)
	if f.vague["rev"] != nil {
		f.source.Rev = "unknown"
	}
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
		return value.NewUnknown(&value.Unknown{Origin: "(" + f.fetcher + " " + f.source.URL + ")." + attr, Reason: "it is not fetched", At: ev.userSpan(m, value.Span{})})
	}
	rev, short := unknown("rev"), unknown("shortRev")
	switch {
	case f.vague["rev"] != nil:
		rev = value.NewUnknown(f.vague["rev"])
	case f.source.Rev != "":
		rev = value.NewString(f.source.Rev)
		short = value.NewString(f.source.Rev[:min(7, len(f.source.Rev))])
	}
	return ev.Set(map[string]value.Value{
		"outPath": out, "rev": rev, "shortRev": short, "revCount": unknown("revCount"), "narHash": unknown("narHash"),
		"lastModified": unknown("lastModified"), "lastModifiedDate": unknown("lastModifiedDate"), "submodules": value.NewBool(f.bools["submodules"]),
	})
}

// provideFixed fetches the output of a derivation that does nothing but download
// one file, as <nix/fetchurl.nix> makes them: a program reads it, and Nix would
// build it now.
func (ev *Evaluator) provideFixed(path string) error {
	drv := ev.storeState.get(ev).Producer(path)
	if drv == nil || drv.Builder != "builtin:fetchurl" {
		return nil
	}
	out := drv.Output("out")
	if out == nil {
		return nil
	}
	method, recursive := strings.CutPrefix(out.HashAlgo, "r:")
	algo, err := hash.ParseAlgo(method)
	if err != nil {
		return nil
	}
	want, err := hash.Parse(out.Hash, algo)
	if err != nil {
		return err
	}
	r := fetch.Request{URL: drv.Variable("url"), Name: drv.Name, Hash: &want, Recursive: recursive,
		Unpack: drv.Variable("unpack") == "1", Executable: drv.Variable("executable") == "1"}
	if strings.HasPrefix(r.URL, "file:///") {
		local := canonPath(strings.TrimPrefix(r.URL, "file://"))
		if _, err := ev.world.Stat(local); err != nil {
			return &fetch.Error{URL: r.URL, Err: err}
		}
		r.Local, r.Disk = ev.world.RealPath(local), ev.world.Disk()
	}
	result, err := ev.fetcher().Fetch(ev.ctx, r)
	if err != nil {
		return err
	}
	ev.world.AddMount(&world.Mount{Path: path, Dir: result.Path, Own: true, Source: &world.Source{URL: r.URL, Name: r.Name, Hash: want.Format(hash.SRI), Kind: fileKind, Path: path}})
	return nil
}
