package eval

import (
	"sync"

	"github.com/nixplan/nixplan/eval/model"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

// wellKnown is the modelled meaning of a name selected from an unknown. Of a
// foreign one, a project that is known to be another, only names that are
// unmistakable are understood: repositories pass those on.
func (ev *Evaluator) wellKnown(m *value.Machine, sym value.Symbol, foreign bool) (value.Value, bool) {
	if !ev.opts.Model || foreign && !unmistakable()[sym] {
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

// unmistakable are the names that only hercules-ci-effects and other projects of
// its authors have.
var unmistakable = sync.OnceValue(func() map[value.Symbol]bool {
	symbols := map[value.Symbol]bool{}
	for _, name := range []string{"cargoPublish", "dimension", "effects", "flakeUpdate", "gitignoreSource", "gitWriteBranch", "hci-effects", "mkEffect", "modularEffect", "netlifyDeploy",
		"runArion", "runCachixDeploy", "runIf", "runNixDarwin", "runNixOS", "runNixOps", "runNixOps2"} {
		symbols[value.Intern(name)] = true
	}
	return symbols
})

// ownMount is where the model's own files lie in the world.
var ownMount = sync.OnceValue(func() string { return world.StorePath("model", "nixplan-model") })

// ownModel evaluates a file of the model that belongs to no source.
func (ev *Evaluator) ownModel(m *value.Machine, name string) value.Value {
	ev.mountOwn()
	return ev.importPath(m, ownMount()+"/"+name, value.Span{})
}

// ModelledLib is nixpkgs' lib as far as it is modelled; none outside of the
// modelled world.
func (ev *Evaluator) ModelledLib() (lib value.Value) {
	if ev.opts.Model {
		_ = ev.catch(func() { lib = ev.ownModel(ev.machine, "nixpkgs/lib/default.nix") }) // the model's own files do not fail
	}
	return lib
}

func (ev *Evaluator) mountOwn() {
	if mount, _ := ev.world.Mount(ownMount()); mount == nil {
		ev.world.AddMount(&world.Mount{Path: ownMount(), Files: model.Own()})
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

// InLibrary reports whether a place is in the model or in one of the libraries.
func (ev *Evaluator) InLibrary(at value.Span) bool { return at.Start != 0 && ev.inModel(at.Start) }

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
