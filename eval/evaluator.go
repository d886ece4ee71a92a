// Package eval evaluates Nix: it resolves syntax trees to code, runs the code
// lazily on the machine of package value, and has the builtins.
//
// An Evaluator is for one goroutine. Its methods return errors of type
// *value.Error; nothing a Nix program does makes them panic.
package eval

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/nixplan/nixplan/eval/model"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// Options configure an Evaluator. The zero value is the real world without
// files' limits; most callers set World.
type Options struct {
	// World is what may be read; nil is a world that sees all files.
	World *world.World
	// Model turns on the modelled world: fetchers give sources, modelled
	// sources are imported from package model, and what lies beyond is unknown.
	Model bool
	// Compat28 follows Nix 2.8 where it and today's Nix differ.
	Compat28 bool
	// Limits bound the work; see value.Limits.
	Limits value.Limits
	// Stderr gets what trace and warn print; nil discards it.
	Stderr io.Writer
	// DisplayDir is the directory that paths in messages are shown relative to.
	DisplayDir string
	// System is builtins.currentSystem; "" is "x86_64-linux".
	System string
	// Now is builtins.currentTime; the zero time is 1970.
	Now time.Time
}

// Evaluator evaluates Nix code. What it imported and computed once is shared by
// all later evaluations.
type Evaluator struct {
	opts    Options
	world   *world.World
	machine *value.Machine

	globals      *value.Attrs
	builtins     *value.Attrs
	builtinsSlot *value.Value
	modelScope   value.Value
	imports      map[string]*value.Value
	paths        map[*diag.Source]string // where a source was read from
	assumed      value.Value
	assumptions  []Assumption
	assumedSeen  map[string]bool
	modelBases   []baseRange
	storeState   storeState
}

// Assumption is something the modelled world took for granted.
type Assumption struct {
	Text string
	At   value.Span
}

type baseRange struct{ start, end value.Pos }

// New makes an evaluator that works until ctx is done.
func New(ctx context.Context, opts Options) *Evaluator {
	if opts.World == nil {
		opts.World, _ = world.New(world.Config{}) // without roots there is nothing to fail on
	}
	if opts.Stderr == nil {
		opts.Stderr = io.Discard
	}
	if opts.System == "" {
		opts.System = "x86_64-linux"
	}
	ev := &Evaluator{
		opts:        opts,
		world:       opts.World,
		machine:     value.NewMachine(ctx, opts.Limits),
		imports:     map[string]*value.Value{},
		paths:       map[*diag.Source]string{},
		assumedSeen: map[string]bool{},
	}
	ev.machine.Host = ev
	ev.defineGlobals()
	return ev
}

func host(m *value.Machine) *Evaluator { return m.Host.(*Evaluator) }

// World is the world the evaluator reads from.
func (ev *Evaluator) World() *world.World { return ev.world }

// Machine is the machine the evaluator runs on. Its methods may panic with a
// *value.Error; use them inside Catch.
func (ev *Evaluator) Machine() *value.Machine { return ev.machine }

// Assumptions are what the modelled world took for granted so far, in order.
func (ev *Evaluator) Assumptions() []Assumption { return ev.assumptions }

func (ev *Evaluator) assume(text string, at value.Span) {
	if ev.assumedSeen[text] {
		return
	}
	ev.assumedSeen[text] = true
	ev.assumptions = append(ev.assumptions, Assumption{text, ev.userSpan(ev.machine, at)})
}

// catch runs f and gives its error as a Go error.
func (ev *Evaluator) catch(f func()) error {
	if err := ev.machine.Catch(f); err != nil {
		return err
	}
	return nil
}

// EvalFile evaluates a file, or a directory's default.nix, to weak head normal
// form. path must be absolute.
func (ev *Evaluator) EvalFile(path string) (v value.Value, err error) {
	err = ev.catch(func() { v = ev.importPath(ev.machine, canonPath(path), value.Span{}) })
	return v, err
}

// EvalText evaluates Nix source text; relative paths in it start at dir, an
// absolute path.
func (ev *Evaluator) EvalText(src *diag.Source, dir string) (v value.Value, err error) {
	err = ev.catch(func() {
		file, diags := parser.Parse(src)
		v = ev.run(ev.machine, file, diags, dir, nil, false)
	})
	return v, err
}

// Force evaluates a value to weak head normal form.
func (ev *Evaluator) Force(v value.Value) (out value.Value, err error) {
	err = ev.catch(func() { out = ev.machine.Force(&v) })
	return out, err
}

// Track is Force that also gives the comparisons with facts about the ref that
// the result, or the error, depends on.
func (ev *Evaluator) Track(v value.Value) (out value.Value, deps *value.Deps, err error) {
	deps = ev.machine.Track(func() { err = ev.catch(func() { out = ev.machine.Force(&v) }) })
	return out, deps, err
}

// DeepForce evaluates a value and everything in it, as --strict does. Cycles
// are fine.
func (ev *Evaluator) DeepForce(v value.Value) (out value.Value, err error) {
	err = ev.catch(func() {
		out = ev.machine.Force(&v)
		deepForce(ev.machine, out, map[value.Value]bool{})
	})
	return out, err
}

// Call applies a function to arguments, one after the other.
func (ev *Evaluator) Call(f value.Value, args ...value.Value) (v value.Value, err error) {
	err = ev.catch(func() {
		v = ev.machine.Force(&f)
		for _, arg := range args {
			v = call(ev.machine, nil, v, arg)
		}
	})
	return v, err
}

// AutoCall calls a value that is a function with formals, as nix-instantiate
// and Hercules CI's agent do: each formal that args has is passed (all of args
// for `...`), the others need defaults. Other values, functions without
// formals too, come back as they are. A functor set is called as well.
func (ev *Evaluator) AutoCall(f value.Value, args *value.Attrs) (v value.Value, err error) {
	err = ev.catch(func() { v = ev.autoCall(ev.machine, ev.machine.Force(&f), args) })
	return v, err
}

func (ev *Evaluator) autoCall(m *value.Machine, f value.Value, args *value.Attrs) value.Value {
	if f.Kind() == value.AttrSet {
		if fn := f.Attrs().Get(symFunctor); fn != nil {
			return ev.autoCall(m, call(m, nil, m.Force(&fn.Value), f), args)
		}
		return f
	}
	if f.Kind() != value.Lambda || !f.Closure().Fn.HasFormals {
		return f
	}
	fn := f.Closure().Fn
	var pass []value.Attr
	if fn.Ellipsis {
		pass = append(pass, args.All()...)
	} else {
		for i := range fn.Formals {
			if a := args.Get(fn.Formals[i].Name); a != nil {
				pass = append(pass, *a)
			}
		}
	}
	for i := range fn.Formals {
		formal := &fn.Formals[i]
		if formal.Default == nil && args.Get(formal.Name) == nil {
			m.Throw(&value.Error{Kind: value.MissingArgument, At: formal.Span,
				Message: "cannot call the function: its argument '" + formal.Name.String() + "' is not given and has no default",
				Help:    "pass it with --arg " + formal.Name.String() + " EXPR, or give it a default"})
		}
	}
	return call(m, nil, f, value.NewAttrs(value.NewAttrsList(pass)))
}

// Attr is an attribute's value, not yet forced. Of an unknown or open set it is
// an unknown. ok is false when v is no set or lacks the attribute.
func (ev *Evaluator) Attr(v value.Value, name string) (attr value.Value, ok bool) {
	switch v.Kind() {
	case value.UnknownValue:
		u := v.Unknown()
		return value.NewUnknown(u.Derive(u.Origin+"."+name, u.At)), true
	case value.AttrSet:
		if a := v.Attrs().Lookup(name); a != nil {
			return a.Value, true
		}
		if u := v.Attrs().Open(); u != nil {
			return value.NewUnknown(u.Derive(u.Origin+"."+name, u.At)), true
		}
	}
	return value.Value{}, false
}

// Set makes an attribute set.
func (ev *Evaluator) Set(attrs map[string]value.Value) value.Value {
	list := make([]value.Attr, 0, len(attrs))
	for name, v := range attrs {
		list = append(list, value.Attr{Name: value.Intern(name), Value: v})
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

// Marked makes a string that carries the mark of a fact about the git ref.
func Marked(text, fact string) value.Value {
	return value.NewStringContext(text, value.NewContext(value.ContextElem{Kind: value.Marked, Path: fact}))
}

// MarkedNull makes a null that carries such a mark.
func MarkedNull(fact string) value.Value {
	return value.MarkedNull(value.NewContext(value.ContextElem{Kind: value.Marked, Path: fact}))
}

// Text coerces a value to a string as interpolation does, without copying
// paths. For an unknown ok is false and text has "…" for what is not known.
func (ev *Evaluator) Text(v value.Value) (text string, ok bool, err error) {
	err = ev.catch(func() {
		s := coerce(ev.machine, ev.machine.Force(&v), coercion{more: true})
		text, ok = Known(s)
	})
	return text, ok, err
}

// Known is the text of a string, or what is known of a partly unknown one, with
// "${origin}" where the unknown parts are.
func Known(v value.Value) (text string, complete bool) {
	if v.Kind() == value.String {
		return v.Str(), true
	}
	if v.Kind() != value.UnknownValue {
		return "", false
	}
	if v.Unknown().Parts == nil {
		return "${" + v.Unknown().Origin + "}", false
	}
	var b strings.Builder
	for _, p := range v.Unknown().Parts {
		t, _ := Known(p)
		b.WriteString(t)
	}
	return b.String(), false
}

// Print writes a value as nix-instantiate --eval does.
func (ev *Evaluator) Print(v value.Value) (text string, err error) {
	err = ev.catch(func() { text = Print(ev.machine, v) })
	return text, err
}

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
	file, diags := n.ev.parse(m, n.path, n.display)
	return n.ev.run(m, file, diags, filepath.Dir(n.path), nil, n.ev.isModelled(n.path))
}
func (n *fileCode) Delay(m *value.Machine, env *value.Env) value.Value { return m.NewThunk(n, env) }

// parse reads and parses a file.
func (ev *Evaluator) parse(m *value.Machine, path, display string) (*parser.File, diag.List) {
	data, err := ev.world.ReadFile(path)
	if err != nil {
		ev.unreadable(m, err, path, value.Span{}) // only files that exist come here
		m.Throw(&value.Error{Kind: value.NotFound, Message: err.Error()})
	}
	src := diag.NewSource(ev.Display(display), string(data))
	ev.paths[src] = path
	return parser.Parse(src)
}

// run resolves and evaluates a parsed file.
func (ev *Evaluator) run(m *value.Machine, file *parser.File, diags diag.List, dir string, extra *value.Attrs, modelled bool) value.Value {
	for _, d := range diags {
		if d.Severity == diag.Error && d.ID != diag.IDScope {
			throwSyntax(m, diags) // what could not be read hides names from the resolver
		}
	}
	r := &resolver{ev: ev, base: value.AddSource(file.Source), source: file.Source, dir: dir, extra: extra, model: modelled}
	if modelled {
		ev.modelBases = append(ev.modelBases, baseRange{r.base, r.base + value.Pos(len(file.Text)) + 1})
	}
	code := r.expr(file.Expr, nil)
	if errors := append(diags, r.errors...); errors.HasErrors() {
		throwSyntax(m, errors)
	}
	return code.Eval(m, nil)
}

func throwSyntax(m *value.Machine, diags diag.List) {
	diags.Sort()
	kind := value.SyntaxError
	if strings.HasPrefix(diags[0].Summary, "undefined variable") {
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
	switch {
	case errors.As(err, &unknown) && ev.opts.Model:
		return value.NewUnknown(&value.Unknown{Origin: sourceText(unknown.Source, unknown.Sub), Reason: "its files are not here", At: ev.userSpan(m, at)})
	case errors.As(err, &unknown):
		failAt(m, value.NotFound, at, "'%s' is not here: %s was not fetched", path, unknown.Source.URL)
	case errors.As(err, &restricted):
		failAt(m, value.Restricted, at, "%s", restricted.Error())
	case errors.Is(err, fs.ErrNotExist):
		failAt(m, value.NotFound, at, "path '%s' does not exist", ev.Display(path))
	case errors.As(err, &pathErr):
		failAt(m, value.OtherError, at, "cannot read '%s': %s", ev.Display(path), pathErr.Err)
	}
	failAt(m, value.NotFound, at, "cannot read '%s': %s", ev.Display(path), err)
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

// wellKnown is the modelled meaning of a name selected from an unknown.
func (ev *Evaluator) wellKnown(m *value.Machine, sym value.Symbol) (value.Value, bool) {
	if !ev.opts.Model {
		return value.Value{}, false
	}
	if ev.assumed.IsNone() {
		ev.assumed = ev.ownModel(m, "assumed.nix")
	}
	set := m.Force(&ev.assumed)
	if set.Kind() != value.AttrSet {
		return value.Value{}, false
	}
	a := set.Attrs().Get(sym)
	if a == nil {
		return value.Value{}, false
	}
	return m.Force(&a.Value), true
}

// ownMount is where the model's own files lie in the world.
var ownMount = world.StorePath("model", "nixplan-model")

// ownModel evaluates a file of the model that belongs to no source.
func (ev *Evaluator) ownModel(m *value.Machine, name string) value.Value {
	ev.mountOwn()
	return ev.importPath(m, ownMount+"/"+name, value.Span{})
}

func (ev *Evaluator) mountOwn() {
	if mount, _ := ev.world.Mount(ownMount); mount == nil {
		ev.world.AddMount(&world.Mount{Path: ownMount, Files: model.Own()})
	}
}

// isModelled reports whether a file is one of the model's.
func (ev *Evaluator) isModelled(path string) bool {
	mount, _ := ev.world.Mount(path)
	return mount != nil && mount.Files != nil
}

// userSpan is the place itself when it is in the user's files, else the nearest
// one on the stack that is.
func (ev *Evaluator) userSpan(m *value.Machine, at value.Span) value.Span {
	if at.Start != 0 && !ev.inModel(at.Start) {
		return at
	}
	return m.NearestSpan(func(s value.Span) bool { return s.Start != 0 && !ev.inModel(s.Start) })
}

func (ev *Evaluator) inModel(p value.Pos) bool {
	for _, b := range ev.modelBases {
		if p >= b.start && p < b.end {
			return true
		}
	}
	return false
}

// position is what unsafeGetAttrPos and __curPos give.
func (ev *Evaluator) position(pos value.Pos) value.Value {
	at := pos.Span().Range()
	if !at.Valid() {
		return value.NullValue
	}
	p := at.Source.Position(at.Start)
	file := ev.paths[at.Source]
	if file == "" {
		file = at.Source.Name
	}
	return ev.Set(map[string]value.Value{
		"file":   value.NewString(file),
		"line":   value.NewInt(int64(p.Line)),
		"column": value.NewInt(int64(p.Column)),
	})
}

// deepForce forces everything in a value that is in weak head normal form.
func deepForce(m *value.Machine, v value.Value, seen map[value.Value]bool) {
	switch v.Kind() {
	case value.List:
		if v.Len() == 0 || seen[v] {
			return
		}
		seen[v] = true
		m.Enter(nil)
		for i := range v.List() {
			m.Step(1)
			deepForce(m, m.Force(&v.List()[i]), seen)
		}
		m.Leave()
	case value.AttrSet:
		if seen[v] {
			return
		}
		seen[v] = true
		for _, a := range v.Attrs().ByName() {
			m.EnterAttr(a)
			deepForce(m, m.Force(&a.Value), seen)
			m.Leave()
		}
	}
}

// traceLine is what a trace says of one level; levels that are only laziness, or
// of which there is no place to show, say nothing.
func traceLine(t value.TrailEntry) (diag.Related, bool) {
	r := diag.Related{Range: t.At.Range(), Message: t.Text}
	switch {
	case t.Text != "":
		return r, true
	case t.Call != nil:
		r.Message = "while calling " + functionName(t.Call)
		if !r.Range.Valid() { // called by a builtin
			r.Range = t.Call.Span.Range()
			r.Message = "in " + functionName(t.Call)
		}
	case t.Prim != nil:
		r.Message = "while calling the '" + t.Prim.Name + "' builtin"
	case t.Attr != nil:
		r.Range = t.Attr.Pos.Span().Range()
		r.Message = "while evaluating the attribute '" + t.Attr.Name.String() + "'"
	default:
		return r, false
	}
	return r, r.Range.Valid()
}

// Diagnostics are an error as findings, with its trail; id is the finding's.
func Diagnostics(err error, id string) diag.List {
	var e *value.Error
	if !errors.As(err, &e) {
		return diag.List{{ID: id, Summary: err.Error()}}
	}
	if e.Diagnostics != nil {
		return e.Diagnostics
	}
	d := &diag.Diagnostic{ID: id, Range: e.At.Range(), Summary: e.Message, Help: e.Help}
	for _, t := range e.Trail {
		if r, ok := traceLine(t); ok && r.Range != d.Range {
			d.Trace = append(d.Trace, r)
		}
	}
	return diag.List{d}
}
