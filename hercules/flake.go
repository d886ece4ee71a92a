package hercules

import (
	"path/filepath"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// flake evaluates flake.nix. Without herculesCI.onPush an agent makes a job
// "default" from the outputs.
func (a *agent) flake() {
	a.out.Form = Flake
	if err := a.ev.NoFlakes(); err != nil {
		// The file is read so that the finding has its place.
		_, _ = a.ev.EvalFile(filepath.Join(a.project.Root, filepath.FromSlash(a.project.Entry)))
		a.fail(nil, value.Span{}, err)
		return
	}
	var outputs value.Value
	var err error
	deps := a.trackRun(func() {
		outputs, err = a.ev.EvalText(
			diag.NewSource("<the flake>", "builtins.getFlake "+quote("path:"+a.project.Root)), a.project.Root)
	})
	if err != nil {
		a.fail(nil, value.Span{}, err)
		return
	}
	switch outputs.Kind() {
	case value.AttrSet:
	case value.UnknownValue:
		a.out.Unknown = append(a.out.Unknown, Found{Class: Open, Value: outputs, Own: deps})
		return
	default:
		a.fail(nil, value.Span{}, &value.Error{Kind: value.TypeMismatch,
			Message: "the outputs of " + filepath.Base(a.project.Entry) + " must be a set, but are " + outputs.Kind().InWords()})
		return
	}
	args := a.out.Source.HerculesCIArgs()
	config := value.NewAttrs(value.EmptyAttrs)
	if attr := outputs.Attrs().Lookup("herculesCI"); attr != nil {
		var own Reasons
		config, own, err = a.call(attr.Value, args, aboutArgs)
		deps = deps.Join(own)
		if err != nil {
			a.fail([]string{"herculesCI"}, attr.Pos.Span(), err)
			return
		}
		a.herculesCI(config, attr.Pos.Span(), args, deps)
	} else if open := outputs.Attrs().Open(); open != nil {
		a.out.Unknown = append(a.out.Unknown, Found{Class: Open, Value: value.NewUnknown(open), Own: deps})
	}
	if config.Kind() == value.AttrSet && config.Attrs().Lookup("onPush") == nil && config.Attrs().Open() == nil {
		a.defaultJob(outputs, a.ciSystems(config), args, deps)
	}
}

// ciSystems are the systems a flake wants built, nil for all.
func (a *agent) ciSystems(config value.Value) map[string]bool {
	t := tracked{w: &walker{ev: a.ev}}
	list := t.attr(config, "ciSystems")
	if list.Kind() != value.List {
		return nil
	}
	systems := map[string]bool{}
	for _, v := range list.List() {
		if s, err := a.ev.Force(v); err == nil && s.Kind() == value.String {
			systems[s.Str()] = true
		}
	}
	return systems
}

// bySystem are the outputs that have a set for each system. Those of shells
// have only their dependencies built.
var bySystem = []struct {
	name  string
	shell bool
}{
	{"checks", false}, {"devShell", true}, {"devShells", true}, {"formatter", false}, {"packages", false},
}

// defaultJob looks through the outputs that an agent understands. Applications
// and templates are checked by an agent, but make no job of their own.
func (a *agent) defaultJob(outputs value.Value, systems map[string]bool, args value.Value, deps Reasons) {
	w := &walker{ev: a.ev}
	for _, output := range bySystem {
		first := len(w.found)
		a.systems(w, outputs, output.name, systems, deps)
		if output.shell {
			for i := range w.found[first:] {
				if f := &w.found[first+i]; f.Class == Build {
					f.Class = Dependencies
				}
			}
		}
	}
	if attr := outputs.Attrs().Lookup("effects"); attr != nil {
		n := node{path: []string{"effects"}, at: attr.Pos.Span(), depth: maxDepth - 1, shared: deps}
		effects, own, err := a.call(attr.Value, args, aboutArgs)
		if err != nil {
			w.fail(n, err)
		} else {
			n.value, n.shared = effects, n.shared.Join(own)
			w.visit(n)
		}
	}
	for _, name := range []string{"darwinConfigurations", "nixosConfigurations"} {
		a.configurations(w, outputs, name, deps)
	}
	a.out.Handlers = append(a.out.Handlers, Handler{
		Event: Push, Name: "default", Path: []string{"onPush", "default"},
		Found: w.found, Failures: w.failures, Skipped: w.skipped, visited: w.visited,
	})
}

// set is an output that must be a set; false when there is nothing to walk.
func (a *agent) set(w *walker, outputs value.Value, name string, deps Reasons) (value.Value, node, bool) {
	attr := outputs.Attrs().Lookup(name)
	if attr == nil {
		return value.Value{}, node{}, false
	}
	n := node{path: []string{name}, at: attr.Pos.Span(), value: attr.Value, shared: deps, depth: maxDepth - 1}
	v, own, err := a.track(attr.Value)
	if err != nil {
		w.fail(n, err)
		return v, n, false
	}
	if v.Kind() == value.UnknownValue {
		w.unknown(n, v, own)
		return v, n, false
	}
	n.shared = n.shared.Join(own)
	return v, n, v.Kind() == value.AttrSet
}

func (a *agent) systems(w *walker, outputs value.Value, name string, systems map[string]bool, deps Reasons) {
	v, n, ok := a.set(w, outputs, name, deps)
	if !ok {
		return
	}
	for _, attr := range v.Attrs().ByName() {
		if system := attr.Name.String(); systems == nil || systems[system] {
			w.visit(node{path: []string{name, system}, at: attr.Pos.Span(), value: attr.Value, shared: n.shared, depth: n.depth - 1})
		}
	}
	if open := v.Attrs().Open(); open != nil {
		w.open(n, open, nil)
	}
}

// configurations builds each system's toplevel.
func (a *agent) configurations(w *walker, outputs value.Value, name string, deps Reasons) {
	v, n, ok := a.set(w, outputs, name, deps)
	if !ok {
		return
	}
	toplevel := []string{"config", "system", "build", "toplevel"}
	for _, attr := range v.Attrs().ByName() {
		at := node{path: append([]string{name, attr.Name.String()}, toplevel...), at: attr.Pos.Span(), shared: n.shared, depth: 1}
		out, err := a.ev.Force(attr.Value)
		for _, step := range toplevel {
			if err != nil {
				break
			}
			next, found := a.ev.Attr(out, step)
			if !found {
				err = &value.Error{Kind: value.MissingAttribute, At: at.at, Message: "the configuration lacks " + JoinPath(toplevel)}
				break
			}
			out, err = a.ev.Force(next)
		}
		if err != nil {
			w.fail(at, err)
			continue
		}
		at.value = out
		w.visit(at)
	}
}
