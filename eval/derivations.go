package eval

import (
	"path"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/store"
	"github.com/nixplan/nixplan/eval/value"
)

var symRecurse = value.Intern("recurseForDerivations")

// DerivationFile is a derivation as a store holds it.
type DerivationFile struct {
	Path string // the store path, ending in ".drv"
	Text string // its ATerm
}

// Recipe is what carrying out a derivation by hand needs of its file.
type Recipe struct {
	Builder string
	Env     map[string]string
	Inputs  map[string][]string // names of outputs by the .drv files they are made by
}

// Recipe reads the file. The error says where it is no derivation.
func (f DerivationFile) Recipe() (*Recipe, error) {
	drv, err := store.ParseDerivation(strings.TrimSuffix(path.Base(f.Path), ".drv"), f.Text)
	if err != nil {
		return nil, err
	}
	r := &Recipe{Builder: drv.Builder, Env: map[string]string{}, Inputs: map[string][]string{}}
	for _, v := range drv.Env {
		r.Env[v.Name] = v.Text
	}
	for _, in := range drv.InputDrvs {
		r.Inputs[in.Path] = append(r.Inputs[in.Path], in.Output)
	}
	return r, nil
}

// Derivations are the files of all derivations that a value stands for and of
// all they are made from, inputs first. A derivation stands for itself, a text
// for those it refers to, and a list or set for those in it, where
// nix-instantiate looks: sets inside only if they ask for it with
// recurseForDerivations.
//
// It needs Options.KeepDerivations. Paths of the modelled world are no store paths, so this is of use only outside
// of it.
func (ev *Evaluator) Derivations(v value.Value) (files []DerivationFile, err error) {
	err = ev.catch(func() {
		g := derivationGraph{m: ev.machine, store: ev.storeState.get(ev), seen: map[string]bool{}}
		g.top(ev.machine.Force(&v))
		files = g.files
	})
	return files, err
}

// derivationGraph collects derivations depth first, so inputs come before what
// uses them.
type derivationGraph struct {
	m     *value.Machine
	store *store.Store
	seen  map[string]bool
	files []DerivationFile
}

// top looks through a value. A set is looked into whether or not it asks for it.
func (g *derivationGraph) top(v value.Value) {
	if v.Kind() == value.AttrSet && !isDerivation(g.m, v) {
		g.members(v.Attrs())
		return
	}
	g.value(v)
}

func (g *derivationGraph) value(v value.Value) {
	g.m.Enter(nil)
	defer g.m.Leave()
	switch v.Kind() {
	case value.UnknownValue:
		undetermined(g.m, v.Unknown())
	case value.String:
		g.context(v.Context())
	case value.List:
		for i := range v.List() {
			g.value(g.m.Force(&v.List()[i]))
		}
	case value.AttrSet:
		attrs := v.Attrs()
		if isDerivation(g.m, v) {
			if a := attrs.Lookup("drvPath"); a != nil {
				g.value(g.m.Force(&a.Value))
			}
			return
		}
		if a := attrs.Get(symRecurse); a != nil && wantBool(g.m, g.m.Force(&a.Value)) {
			g.members(attrs)
		}
	}
}

func (g *derivationGraph) members(attrs *value.Attrs) {
	for _, a := range attrs.ByName() {
		g.m.EnterAttr(a)
		v := g.m.Force(&a.Value)
		if k := v.Kind(); k == value.AttrSet || k == value.List || k == value.UnknownValue {
			g.value(v) // texts in sets are no derivations to nix-instantiate
		}
		g.m.Leave()
	}
}

func (g *derivationGraph) context(c *value.Context) {
	for _, e := range c.References().Elems() {
		if e.Kind != value.Opaque || store.IsDerivation(e.Path) {
			g.add(e.Path)
		}
	}
}

// add adds a derivation after its inputs. A chain of inputs can be longer than
// a goroutine's stack should be deep, so the work to do is a list.
func (g *derivationGraph) add(root string) {
	type step struct {
		path  string
		ready bool // the inputs were added
	}
	for work := []step{{path: root}}; len(work) > 0; {
		next := work[len(work)-1]
		work = work[:len(work)-1]
		if g.seen[next.path] {
			continue
		}
		g.m.Step(1)
		drv, err := g.store.Derivation(next.path)
		if err != nil {
			fail(g.m, value.OtherError, "%s", err)
		}
		if next.ready {
			g.seen[next.path] = true
			g.files = append(g.files, DerivationFile{Path: next.path, Text: drv.ATerm()})
			continue
		}
		work = append(work, step{next.path, true})
		for _, input := range drv.Inputs() {
			work = append(work, step{path: input})
		}
	}
}
