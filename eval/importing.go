package eval

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// importPath evaluates the file at a path once and gives its value.
func (ev *Evaluator) importPath(m *value.Machine, path string, at value.Span) value.Value {
	file, display, err := ev.world.ImportPath(path)
	if err != nil {
		return ev.unreadable(m, err, path, at)
	}
	slot := ev.imports[file]
	if slot == nil {
		slot = new(value.Value)
		*slot = m.NewThunk(&fileCode{ev: ev, path: file, display: display}, nil)
		ev.imports[file] = slot
	}
	return m.Force(slot)
}

// fileCode is the delayed evaluation of a file.
type fileCode struct {
	ev            *Evaluator
	path, display string
}

func (n *fileCode) At() value.Span { return value.Span{} }
func (n *fileCode) Eval(m *value.Machine, _ *value.Env) value.Value {
	return n.ev.run(m, n.ev.read(m, n.path, n.display), filepath.Dir(n.path), nil, n.ev.isModelled(n.path))
}
func (n *fileCode) Delay(m *value.Machine, env *value.Env) value.Value { return m.NewThunk(n, env) }

// read reads a file.
func (ev *Evaluator) read(m *value.Machine, path, display string) *diag.Source {
	data, err := ev.world.ReadFile(path)
	if err != nil {
		ev.unreadable(m, err, path, value.Span{}) // only files that exist come here
		m.Throw(&value.Error{Kind: value.NotFound, Message: err.Error()})
	}
	m.Step(len(data) / 64)
	src := diag.NewSource(ev.Display(display), string(data))
	ev.paths[src] = path
	if ev.root == nil {
		ev.root = src
	}
	return src
}

// run parses, resolves and evaluates a text.
func (ev *Evaluator) run(m *value.Machine, src *diag.Source, dir string, extra *value.Attrs, modelled bool) value.Value {
	code := ev.code(m, src, dir, extra, modelled)
	// What fails at the top of a file has no other place.
	m.Enter(code)
	v := code.Eval(m, nil)
	m.Leave()
	return v
}

// code is what run evaluates.
func (ev *Evaluator) code(m *value.Machine, src *diag.Source, dir string, extra *value.Attrs, modelled bool) value.Code {
	defer ev.trees.Free(src)
	file, diags := ev.trees.Parse(src)
	for _, d := range diags {
		if d.Severity == diag.Error && d.ID != diag.IDScope {
			throwSyntax(m, diags) // what could not be read hides names from the resolver
		}
	}
	r := &resolver{ev: ev, base: value.AddSource(file.Source), source: file.Source, dir: dir, extra: extra, model: modelled, share: ev.opts.Share && !modelled}
	if modelled || ev.inLibrary(dir) {
		ev.modelBases = append(ev.modelBases, baseRange{r.base, r.base + value.Pos(len(file.Text)) + 1})
	}
	code := r.expr(file.Expr, nil)
	if errors := append(diags, r.findings()...); errors.HasErrors() {
		throwSyntax(m, errors)
	}
	return code
}

// inLibrary reports whether a directory belongs to one of Options.Libraries.
func (ev *Evaluator) inLibrary(dir string) bool {
	if len(ev.opts.Libraries) == 0 {
		return false
	}
	real := ev.world.RealPath(dir)
	return slices.ContainsFunc(ev.opts.Libraries, func(library string) bool {
		return real == library || strings.HasPrefix(real, strings.TrimSuffix(library, "/")+"/")
	})
}

func throwSyntax(m *value.Machine, diags diag.List) {
	diags.Sort()
	kind := value.SyntaxError
	if diags[0].ID == diag.IDScope && strings.HasPrefix(diags[0].Summary, "undefined variable") {
		kind = value.UndefinedVariable
	}
	m.Throw(&value.Error{Kind: kind, Message: diags[0].Summary, Help: diags[0].Help, Diagnostics: diags})
}

// unreadable is the value of a path whose file cannot be read: an unknown where
// the file belongs to a source that is not here, else an error.
func (ev *Evaluator) unreadable(m *value.Machine, err error, path string, at value.Span) value.Value {
	var unknown *world.UnknownSourceError
	var restricted *world.RestrictedError
	var pathErr *fs.PathError
	if isFetchError(err) && !ev.opts.Model {
		ev.notFetched(m, "fetchurl", err) // a derivation that fetches
	}
	if v := ev.unbuilt(m, path, at); !v.IsNone() {
		return v
	}
	switch {
	case errors.As(err, &unknown) && ev.opts.Model:
		return value.NewUnknown(&value.Unknown{Origin: sourceText(unknown.Source, unknown.Sub), Reason: "its files are not here", At: ev.userSpan(m, at), Foreign: unknown.Source.Kind == ""})
	case errors.As(err, &unknown):
		failAt(m, value.NotFound, at, "'%s' is not here: %s was not fetched", path, unknown.Source.URL)
	case errors.As(err, &restricted):
		m.Throw(&value.Error{Kind: value.Restricted, At: at, Message: restricted.Error(), Help: allowing(restricted)})
	case errors.Is(err, fs.ErrNotExist):
		message := "path '" + ev.Display(path) + "' does not exist"
		if errors.As(err, &pathErr) && strings.HasPrefix(pathErr.Path, path+"/") {
			message = "the directory '" + ev.Display(path) + "' has no default.nix"
			path = pathErr.Path
		}
		m.Throw(&value.Error{Kind: value.NotFound, At: at, Path: path, Message: message})
	case errors.As(err, &pathErr):
		failAt(m, value.OtherError, at, "cannot read '%s': %s", ev.Display(path), pathErr.Err)
	}
	failAt(m, value.NotFound, at, "cannot read '%s': %s", ev.Display(path), err)
	return value.Value{}
}

// allowing says how what may not be read can be read after all. Nothing does that for
// what lies in .git.
func allowing(e *world.RestrictedError) string {
	if strings.Contains(e.Path+"/", "/.git/") {
		return ""
	}
	return "if an agent has it as well, allow reading it with -I NAME=DIR, DIR being a directory around it"
}

// unbuilt is the value of a path that cannot be read because a derivation would
// have to be built first, which nixplan does not do; none for other paths.
func (ev *Evaluator) unbuilt(m *value.Machine, path string, at value.Span) value.Value {
	stored, rest, ok := store.DefaultDir.Split(path)
	if !ok {
		return value.Value{}
	}
	drv := ev.storeState.get(ev).Producer(stored)
	if drv == nil {
		return value.Value{}
	}
	if ev.opts.Model || ev.opts.Partial {
		return value.NewUnknown(&value.Unknown{Origin: "<" + drv.Name + ">" + rest, Reason: "it would have to be built", At: ev.userSpan(m, at)})
	}
	m.Throw(&value.Error{Kind: value.NotSupported, At: at,
		Message: "cannot read '" + path + "': '" + drv.Name + "' would have to be built, and nixplan builds nothing",
		Help:    "avoid import from derivation, or build it with Nix first: the result is read from the store if it is there"})
	return value.Value{}
}

// sourceText names a file of a source for people.
func sourceText(s *world.Source, sub string) string {
	name := s.Kind
	if name == "" {
		name = s.URL
	}
	if sub == "" {
		return "<" + name + ">"
	}
	return "<" + name + ">/" + sub
}
