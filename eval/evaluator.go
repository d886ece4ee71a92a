// Package eval evaluates Nix: it resolves syntax trees to code, runs the code
// lazily on the machine of package value, and has the builtins.
//
// An Evaluator is for one goroutine. Its methods return errors of type
// *value.Error; nothing a Nix program does makes them panic.
package eval

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/eval/world/fetch"
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
	// Partial makes what would have to be built first unknown, as in the modelled
	// world, and no error.
	Partial bool
	// Share lets expressions that do not depend on what differs between rounds
	// keep their values; see NextRound.
	Share bool
	// Fetcher gets what fetchers ask for; nil is one without cache and network.
	Fetcher *fetch.Fetcher
	// Libraries are directories whose files are not the user's: places in them are
	// shown where the user's own code comes to them, as those in the model are.
	Libraries []string
	// SourceKind says which modelled source an address is, besides those that are
	// known, or ""; nil knows no others.
	SourceKind func(url string) string
	// Tracked says which files of this machine (absolute paths without symbolic
	// links on the way, and whether they are directories) a copy to the store takes: a
	// work tree has more than the checkout that somebody else evaluates. nil: all.
	Tracked func(path string, dir bool) bool
	// KeepDerivations keeps the texts of derivations, for Derivations.
	KeepDerivations bool
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
	ctx     context.Context // of the whole evaluation, as the machine's
	opts    Options
	world   *world.World
	machine *value.Machine
	trees   parser.Arena // of files, each until it is resolved

	resolved    int64    // nodes of syntax trees so far
	globalScope *globals // see globals
	imports     map[string]*value.Value
	paths       map[*diag.Source]string // where a source was read from
	assumed     value.Value
	assumptions []Assumption
	assumedSeen map[string]bool
	likenesses  []string
	modelBases  []baseRange
	fetches     []Fetch
	decisions   []Decision
	decidedSeen map[decisionKey]bool
	storeState  storeState
	round       int          // see NextRound
	apply       applyCode    // of all calls that builtins delay
	apply2      apply2Code   // the same with two arguments
	root        *diag.Source // what EvalFile or EvalText was last given
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
		ctx:         ctx,
		opts:        opts,
		world:       opts.World,
		machine:     value.NewMachine(ctx, opts.Limits),
		imports:     map[string]*value.Value{},
		paths:       map[*diag.Source]string{},
		assumedSeen: map[string]bool{},
		decidedSeen: map[decisionKey]bool{},
	}
	ev.world.Provide(ev.provideFixed)
	ev.machine.Host = ev
	ev.trees.Taking = func(bytes int) { ev.machine.ChargeApart(int64(bytes)) }
	ev.machine.Apply = func(m *value.Machine, f, arg value.Value) value.Value { return call(m, nil, f, arg) }
	return ev
}

func host(m *value.Machine) *Evaluator { return m.Host.(*Evaluator) }

// World is the world the evaluator reads from.
func (ev *Evaluator) World() *world.World { return ev.world }

// Machine is the machine the evaluator runs on. Its methods may panic with a
// *value.Error; use them inside Catch.
func (ev *Evaluator) Machine() *value.Machine { return ev.machine }

// Sources are the texts of the files that were read as Nix, by their paths.
func (ev *Evaluator) Sources() []*diag.Source {
	return slices.SortedFunc(maps.Keys(ev.paths), func(a, b *diag.Source) int { return strings.Compare(ev.paths[a], ev.paths[b]) })
}

// Assumptions are what the modelled world took for granted so far, in order.
func (ev *Evaluator) Assumptions() []Assumption { return ev.assumptions }

func (ev *Evaluator) assume(text string, at value.Span) {
	text = ev.readable(text)
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
	ev.root = nil
	err = ev.catch(func() { v = ev.importPath(ev.machine, canonPath(path), value.Span{}) })
	return v, err
}

// Root is the beginning of the text that EvalFile or EvalText was last given, the
// place of whatever has no other; no place when it could not be read.
func (ev *Evaluator) Root() diag.Range { return diag.Range{Source: ev.root} }

// EvalText evaluates Nix source text; relative paths in it start at dir, an
// absolute path.
func (ev *Evaluator) EvalText(src *diag.Source, dir string) (v value.Value, err error) {
	ev.root = src
	err = ev.catch(func() {
		v = ev.run(ev.machine, src, dir, nil, false)
	})
	return v, err
}

// DelayText is EvalText without evaluating: the value is a thunk.
func (ev *Evaluator) DelayText(src *diag.Source, dir string) (v value.Value, err error) {
	err = ev.catch(func() {
		v = ev.code(ev.machine, src, dir, nil, false).Delay(ev.machine, nil)
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
			m.Enter(nil) // a functor may give itself for ever
			v := ev.autoCall(m, call(m, nil, m.Force(&fn.Value), f), args)
			m.Leave()
			return v
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
	if formal := missing(fn, args); formal != nil {
		m.Throw(&value.Error{Kind: value.MissingArgument, At: formal.Span,
			Message: "cannot call the function: its argument '" + formal.Name.String() + "' is not given and has no default",
			Help:    "give it a default; nixplan eval can pass it with --arg"})
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

// Text coerces a value to a string as interpolation does, without copying
// paths. For an unknown ok is false and text has "…" for what is not known.
func (ev *Evaluator) Text(v value.Value) (text string, ok bool, err error) {
	err = ev.catch(func() {
		s := coerce(ev.machine, ev.machine.Force(&v), coercion{more: true})
		text, ok = Known(s)
	})
	return text, ok, err
}

// Print writes a value as nix-instantiate --eval does.
func (ev *Evaluator) Print(v value.Value) (text string, err error) {
	err = ev.catch(func() { text = Print(ev.machine, v) })
	return text, err
}

// deepForce forces everything in a value that is in weak head normal form. Thunks stay
// where they are with their results, so that Print can tell them apart.
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
			elem := v.List()[i]
			deepForce(m, m.Force(&elem), seen)
		}
		m.Leave()
	case value.AttrSet:
		if seen[v] {
			return
		}
		seen[v] = true
		for _, a := range v.Attrs().ByName() {
			m.EnterAttr(a)
			inner := a.Value
			deepForce(m, m.Force(&inner), seen)
			m.Leave()
		}
	}
}
