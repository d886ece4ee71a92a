package hercules

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// Class is what an agent makes of an attribute.
type Class uint8

const (
	// Effect is run, once everything else was built.
	Effect Class = iota
	// Build is built, Dependencies only has its inputs built.
	Build
	Dependencies
	// IgnoreFailure and RequireFailure are built, a failure being ignored or
	// wanted.
	IgnoreFailure
	RequireFailure
	// Undetermined is a value nobody has yet: it may be any of these, or a set
	// of them, or nothing.
	Undetermined
	// Open stands for further attributes of a set, of which not even the names
	// are known.
	Open
)

// State is whether an agent runs an effect.
type State uint8

const (
	Active State = iota
	Inactive
	Unsure
)

// Found is an attribute that means something to an agent.
type Found struct {
	Class Class
	// Path is where the agent finds it, for Open the path of the set.
	Path []string
	// At is where the last attribute of Path is defined.
	At value.Span
	// Value is the derivation (a set), or the unknown.
	Value value.Value
	// Shared are the comparisons with facts about the ref that the sets around
	// the attribute depend on, Own those its own value does. An agent sees the
	// attribute because they came out as they did. Attr is the attribute that is
	// meant: Path, but for runIf's.
	Shared, Own Reasons
	Attr        []string

	// Job is Path without what runIf adds to it.
	Job []string
	// State of an Effect. For Unsure ones Needs is what the condition lacks.
	State State
	Needs *value.Unknown
	// Never says that an inactive one's own condition does not depend on the ref.
	Never bool
	// Elem, of an Open one, is what each of the attributes would be, when that
	// is known: their names alone are not.
	Elem *Found

	late bool // see dropLate
}

// Reasons are comparisons with facts about the ref that something depends on,
// in the order in which they were made.
type Reasons []*value.Comparison

// Join is both, each comparison once.
func (r Reasons) Join(more Reasons) Reasons {
	for _, c := range more {
		if !slices.Contains(r, c) {
			r = append(slices.Clip(r), c)
		}
	}
	return r
}

// Skipped is a set or list that an agent does not look into.
type Skipped struct {
	Path  []string
	At    value.Span // where it is defined
	Value value.Value
	Why   Skip
}

// Skip is why an agent does not look into something.
type Skip uint8

const (
	NotAsked Skip = iota // a set without recurseForDerivations = true
	HasType              // a set with _type
	IsList
	TooDeep
)

// Failure is an attribute that could not be evaluated. Its siblings can.
type Failure struct {
	Path []string
	Job  []string   // Path without what runIf adds to it
	At   value.Span // where it is defined
	Err  error
}

// maxDepth is how deep an agent looks.
const maxDepth = 10

// walker looks through a value as an agent does.
type walker struct {
	ev *eval.Evaluator
	// legacy selects the older convention: only sets that ask for it are
	// looked into, and effects may be anywhere.
	legacy bool
	args   *value.Attrs // for functors, legacy only

	first []string // Project.First, from where the walk begins

	found    []Found
	failures []Failure
	skipped  []Skipped
	visited  map[string]bool // by pathKey

	// nested is how many conditions nobody knows, and sets of which nobody knows
	// the names, the walk has come through.
	nested int
}

// maxNested bounds nested: a program can hold such a condition in its own
// branches without end.
const maxNested = 8

// inside is a walker for what an unknown would be; nil when the walk has come
// through too many.
func (w *walker) inside() *walker {
	if w.nested == maxNested {
		return nil
	}
	return &walker{ev: w.ev, legacy: w.legacy, args: w.args, nested: w.nested + 1}
}

func pathKey(path []string) string { return strings.Join(path, "\x00") }

// node is a place the walk has come to.
type node struct {
	path   []string
	at     value.Span
	value  value.Value
	shared Reasons
	// job is path without runIf's last element; conditional says that the set
	// around is one that runIf made.
	job         []string
	conditional bool
	depth       int
	root        bool // walked into whatever it is
}

// walk looks through the whole value, which depends on deps.
func (w *walker) walk(root value.Value, deps Reasons) {
	w.visit(node{value: root, shared: deps, depth: maxDepth, root: true})
	w.dropLate()
}

// dropLate makes failures of what was found after the time or the steps had been used
// up: what it was taken for rests on values that could not be had.
func (w *walker) dropLate() {
	why := w.ev.Machine().Spent()
	if why == "" {
		return
	}
	w.found = slices.DeleteFunc(w.found, func(f Found) bool {
		if f.late {
			w.failures = append(w.failures, Failure{f.Path, f.Job, f.At, &value.Error{Kind: value.Budget, Late: true, Message: why}})
		}
		return f.late
	})
}

// track forces a value and gives what that depends on.
func (w *walker) track(v value.Value) (value.Value, Reasons, error) {
	out, deps, err := w.ev.Track(v)
	return out, deps.List(), err
}

// written is the attribute as the user wrote it: the path, without runIf's last
// element.
func (n *node) written() []string {
	if n.conditional {
		return n.job
	}
	return n.path
}

func (w *walker) fail(n node, err error) {
	w.failures = append(w.failures, Failure{n.path, n.written(), n.at, err})
}

func (w *walker) skip(n node, v value.Value, why Skip) {
	w.skipped = append(w.skipped, Skipped{n.path, n.at, v, why})
}

func (w *walker) add(n node, class Class, v value.Value, own Reasons) *Found {
	w.found = append(w.found, Found{
		Class: class, Path: n.path, Attr: n.path, Job: n.written(), At: n.at, Value: v,
		Shared: n.shared, Own: own, late: w.ev.Machine().Spent() != "",
	})
	return &w.found[len(w.found)-1]
}

func (w *walker) visit(n node) {
	if w.visited == nil {
		w.visited = map[string]bool{}
	}
	w.visited[pathKey(n.path)] = true
	v, own, err := w.track(n.value)
	if err != nil {
		w.fail(n, err)
		return
	}
	switch v.Kind() {
	case value.UnknownValue:
		w.unknown(n, v, own)
		return
	case value.AttrSet:
	case value.List:
		w.skip(n, v, IsList)
		return
	default:
		return // ignored, as are functions without arguments to call them with
	}
	t := tracked{w: w, deps: own}
	isDerivation := t.text(v, "type") == "derivation"
	if t.err == nil && isDerivation {
		w.derivation(n, v, &t)
		return
	}
	if u := v.Attrs().Open(); u != nil && t.err == nil && !n.root && w.mayBeDerivation(v) {
		if t.flag(v, "buildDependenciesOnly") {
			w.add(n, Dependencies, value.NewUnknown(u), t.deps)
		} else {
			w.unknown(n, value.NewUnknown(u), t.deps)
		}
		return
	}
	enter := n.root
	if !enter && t.err == nil {
		enter = w.enters(v, &t)
	}
	if t.err != nil {
		w.fail(n, t.err)
		return
	}
	if !enter {
		if recurse := w.force(v, "recurseForDerivations"); recurse.Kind() == value.UnknownValue {
			w.open(n, recurse.Unknown(), t.deps) // perhaps an agent does look into it
		} else if w.legacy {
			w.skip(n, v, NotAsked)
		} else {
			w.skip(n, v, HasType)
		}
		return
	}
	if w.legacy && v.Attrs().Lookup("__functor") != nil {
		called, err := w.ev.AutoCall(v, w.args)
		if err != nil {
			w.fail(n, err)
			return
		}
		n.value, n.root = called, true
		if n.depth--; n.depth > 0 {
			w.visit(n)
		}
		return
	}
	w.children(n, v, t.deps)
}

// mayBeDerivation reports whether nothing that is known of an open set says that
// it is none: it has no type, and nobody asks to look into it.
//
// Where an agent looks into every set, only one that has what derivations have
// is taken for one: else its known attributes are looked at.
func (w *walker) mayBeDerivation(v value.Value) bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return v.Attrs().Lookup(name) != nil })
	}
	if has("type", "_type", "recurseForDerivations", modelled) {
		return false
	}
	if !w.legacy && !has("drvPath", "meta", "outPath", "override", "overrideAttrs", "pname") {
		return false
	}
	return v.Attrs().Open().Elem.IsNone()
}

// enters reports whether an agent looks into a set.
func (w *walker) enters(v value.Value, t *tracked) bool {
	if w.legacy {
		return t.boolean(v, "recurseForDerivations", "while evaluating whether to traverse into an attribute set to find more derivations")
	}
	// The manual says that recurseForDerivations = false stops an agent as well.
	// It does not (hercules-ci-agent, Evaluate.hs, shouldWalkIntoAttrsAndLog), and
	// a plan must not hide what an agent would run.
	return v.Attrs().Lookup("_type") == nil
}

// firstly puts the attribute in front that leads from path to first.
func firstly(attrs []*value.Attr, first, path []string) []*value.Attr {
	n := len(path)
	if len(first) <= n || !slices.Equal(first[:n], path) {
		return attrs
	}
	i := slices.IndexFunc(attrs, func(a *value.Attr) bool { return a.Name.String() == first[n] })
	if i <= 0 {
		return attrs
	}
	return slices.Concat(attrs[i:i+1], attrs[:i], attrs[i+1:])
}

// children visits a set's attributes in the order of their names.
func (w *walker) children(n node, v value.Value, own Reasons) {
	if n.depth == 0 {
		if !w.legacy && v.Attrs().Len() > 0 {
			w.fail(n, &value.Error{ID: diag.IDUnseen, Kind: value.OtherError, At: n.at,
				Message: "this set lies deeper than an agent looks, which is 10 attributes",
				Help:    "an agent reports an error here; move what is inside up"})
		} else if w.legacy {
			w.skip(n, v, TooDeep)
		}
		return
	}
	shared := n.shared.Join(own)
	if n.depth == maxDepth { // most have a job each
		w.found = slices.Grow(w.found, 2*v.Attrs().Len())
	}
	cond, isRunIf := w.runIf(v)
	for _, attr := range firstly(v.Attrs().ByName(), w.first, n.path) {
		name := attr.Name.String()
		if name == modelled || name == "recurseForDerivations" || isRunIf && (name == "run" && cond.state != Inactive) {
			continue
		}
		child := node{
			path: append(slices.Clip(n.path), name), at: w.place(attr, n.at), value: attr.Value,
			shared: shared, depth: n.depth - 1,
		}
		if ofRunIf(name) && (isRunIf || looksLikeRunIf(v.Attrs())) {
			child.conditional, child.job = true, n.path
			if n.at.Range().Valid() {
				child.at = n.at // the job's own place, not one inside of runIf
			}
		}
		w.visit(child)
		if child.conditional && !isRunIf && name == "dependencies" {
			w.inputsOf(child)
		}
	}
	if isRunIf {
		w.conditional(n, cond, own)
	}
	if open := v.Attrs().Open(); open != nil {
		w.open(n, open, own)
	}
}

// unknown reports a value nobody has. Where an agent looks into any set, it may
// be a set of jobs, and what one of them would be is sometimes known.
func (w *walker) unknown(n node, v value.Value, own Reasons) {
	u := v.Unknown()
	switch {
	case u.Type != value.None && u.Type != value.AttrSet: // ignored, whatever it is
	case w.branches(n, u, own):
	case !u.Elem.IsNone() && (n.root || !w.legacy):
		w.open(n, u, own)
	default:
		w.add(n, Undetermined, v, own)
	}
}

// branches reports the effects in what an `if` with an unknown condition would
// give: whether an agent runs them is not known. It says whether that is all
// there is to say: there are effects, or nothing an agent looks at in any case.
func (w *walker) branches(n node, u *value.Unknown, own Reasons) bool {
	reported := map[string]bool{}
	nothing := !u.Then.IsNone()
	n.shared = n.shared.Join(own)
	for _, branch := range []value.Value{u.Then, u.Else} {
		if branch.IsNone() {
			continue
		}
		n.value = branch
		inner := w.inside()
		if inner == nil {
			return false
		}
		inner.visit(n)
		nothing = nothing && len(inner.found) == 0 && len(inner.failures) == 0
		for _, f := range inner.found {
			key := pathKey(f.Job)
			if f.Class != Effect || reported[key] {
				continue
			}
			reported[key] = true
			if f.State == Active {
				f.State, f.Needs = Unsure, u
			}
			w.visited[pathKey(f.Attr)] = true
			w.found = append(w.found, f)
		}
	}
	return nothing || len(reported) > 0
}

// anyName stands for the name of an attribute that is not known.
const anyName = "*"

// open reports that a set has, or may have, attributes of unknown names.
func (w *walker) open(n node, u *value.Unknown, own Reasons) {
	whole := n
	whole.root = true // the set around is looked into, so what it is merged with is
	if w.branches(whole, u, own) {
		return
	}
	f := w.add(n, Open, value.NewUnknown(u), own)
	if u.Elem.IsNone() || n.depth == 0 {
		return
	}
	inner := w.inside()
	if inner == nil {
		return
	}
	inner.visit(node{
		path: append(slices.Clip(n.path), anyName), at: n.at, value: u.Elem,
		shared: n.shared.Join(own), depth: n.depth - 1,
	})
	for i := range inner.found {
		if elem := &inner.found[i]; f.Elem == nil || elem.Class == Effect {
			f.Elem = elem
			if elem.Class == Effect {
				return
			}
		}
	}
}

// place is where an attribute is defined, for one that a library defines where
// the set around it is.
func (w *walker) place(attr *value.Attr, around value.Span) value.Span {
	at := attr.Pos.Span()
	if !at.Range().Valid() || w.ev.InLibrary(at) {
		return around
	}
	return at
}

// looksLikeRunIf recognises the set that a runIf other than the model's makes
// of an effect: it has nothing but what runIf puts there.
func looksLikeRunIf(attrs *value.Attrs) bool {
	if attrs.Open() != nil || attrs.Lookup("recurseForDerivations") == nil ||
		attrs.Lookup("run") == nil && attrs.Lookup("dependencies") == nil {
		return false
	}
	for _, attr := range attrs.All() {
		switch attr.Name.String() {
		case "recurseForDerivations", modelled:
		default:
			if !ofRunIf(attr.Name.String()) {
				return false
			}
		}
	}
	return true
}

// ofRunIf reports whether an attribute of the set that runIf makes holds its
// effect or what stands in for it.
func ofRunIf(name string) bool { return name == "run" || name == "dependencies" || name == "prebuilt" }

// modelled is the attribute in which modelled functions say what they made.
const modelled = "__nixplan"

// condition is what the modelled runIf says of itself.
type condition struct {
	effect value.Value
	state  State
	needs  *value.Unknown
}

// runIf reads a set made by the modelled runIf: `__nixplan = { effect; active; }`
// or, when the condition is not known, `{ effect; undetermined; }`.
func (w *walker) runIf(v value.Value) (condition, bool) {
	var c condition
	facts := w.force(v, modelled)
	if facts.Kind() != value.AttrSet {
		return c, false
	}
	effect := facts.Attrs().Lookup("effect")
	if effect == nil {
		return c, false
	}
	c.effect = effect.Value
	switch active := w.force(facts, "active"); {
	case facts.Attrs().Lookup("undetermined") != nil:
		c.state = Unsure
		if u := w.force(facts, "undetermined"); u.Kind() == value.UnknownValue {
			c.needs = u.Unknown()
		}
	case active.Kind() == value.Bool:
		if !active.Bool() {
			c.state = Inactive
		}
	case v.Attrs().Lookup("run") == nil:
		c.state = Inactive
	}
	return c, true
}

// force is an attribute of the model's own, which does not fail.
func (w *walker) force(v value.Value, name string) value.Value {
	if v.Kind() != value.AttrSet {
		return value.Value{}
	}
	attr := v.Attrs().Lookup(name)
	if attr == nil {
		return value.Value{}
	}
	out, err := w.ev.Force(attr.Value)
	if err != nil {
		return value.Value{}
	}
	return out
}

// inputsOf reports the effect whose inputs stand in for it because a runIf other
// than the model's has a false condition. Of a modelled effect the inputs say
// whose they are; nixpkgs' inputDerivation keeps the effect's attributes, of which
// runIf replaces isEffect.
func (w *walker) inputsOf(n node) {
	v, own, err := w.track(n.value)
	if err != nil {
		return // reported
	}
	effect, deps, err := w.track(w.force(w.force(v, modelled), "inputsOf"))
	if err != nil {
		return
	}
	t := tracked{w: w, deps: own.Join(deps)}
	original := effect
	if effect.Kind() != value.AttrSet {
		effect, original = v, w.force(v, "drvAttrs")
	}
	if original.Kind() == value.AttrSet && t.flag(original, "isEffect") {
		w.add(n, Effect, effect, t.deps).State = Inactive
	}
}

// conditional reports the effect behind a runIf, whatever its condition says.
// The agent sees it at "run", or its inputs at "dependencies".
func (w *walker) conditional(n node, c condition, own Reasons) {
	job := n.path
	last := "run"
	if c.state == Inactive {
		last = "dependencies"
	}
	n.path = append(slices.Clip(n.path), last)
	n.conditional, n.job = true, job
	v, deps, err := w.track(c.effect)
	if err == nil && c.state != Inactive && w.isDerivation(v) {
		err = w.realise(v)
	}
	if err != nil {
		if c.state != Inactive { // else "dependencies" failed already
			w.fail(n, err)
		}
		return
	}
	t := tracked{w: w, deps: own.Join(deps)}
	switch {
	case v.Kind() == value.UnknownValue:
	case v.Kind() != value.AttrSet || !t.flag(v, "isEffect"):
		// runIf of a plain derivation: it is built or not.
		if c.state != Inactive {
			w.visit(node{path: n.path, at: n.at, value: c.effect, shared: n.shared.Join(own),
				job: job, conditional: true, depth: n.depth - 1})
		}
		return
	}
	if c.state != Inactive && !w.effectAllowed(n) {
		return // an inactive one is no effect to an agent
	}
	f := w.add(n, Effect, v, t.deps)
	f.Attr, f.Job, f.State, f.Needs = job, job, c.state, c.needs
	f.Never = c.state == Inactive && len(own) == 0
}

// effectAllowed reports whether an effect may be at the path, and fails if not.
func (w *walker) effectAllowed(n node) bool {
	if w.legacy || len(n.path) > 0 && n.path[0] == "effects" {
		return true
	}
	w.fail(n, &value.Error{ID: diag.IDMisplaced, Kind: value.OtherError, At: n.at,
		Message: "this derivation is an effect, but effects are only allowed below the attribute effects",
		Help:    "move it to outputs.effects"})
	return false
}

func (w *walker) isDerivation(v value.Value) bool {
	kind := w.force(v, "type")
	return kind.Kind() == value.String && kind.Str() == "derivation"
}

// realise makes sure that there is a derivation: an agent needs its drvPath.
func (w *walker) realise(v value.Value) error {
	attr, ok := w.ev.Attr(v, "drvPath")
	if !ok {
		return &value.Error{Kind: value.MissingAttribute, Message: "the derivation has no drvPath"}
	}
	_, err := w.ev.Force(attr)
	return err
}

// derivation classifies a derivation in the agent's order.
func (w *walker) derivation(n node, v value.Value, t *tracked) {
	if err := w.realise(v); err != nil {
		w.fail(n, err)
		return
	}
	class := Build
	switch {
	case t.flag(v, "isEffect"):
		if !w.effectAllowed(n) {
			return
		}
		class = Effect
	case t.err != nil:
	case t.flag(v, "buildDependenciesOnly"), t.noBuild(v):
		class = Dependencies
	case t.flag(v, "ignoreFailure"):
		class = IgnoreFailure
	case t.flag(v, "requireFailure"):
		class = RequireFailure
	}
	if t.err != nil {
		w.fail(n, t.err)
		return
	}
	w.add(n, class, v, t.deps)
}

// tracked reads attributes, adding up what they depend on. After an error all
// further reads give nothing.
type tracked struct {
	w    *walker
	deps Reasons
	err  error
}

// attr is an attribute in weak head normal form; none when it is missing.
func (t *tracked) attr(v value.Value, name string) value.Value {
	if t.err != nil || v.Attrs().Lookup(name) == nil {
		return value.Value{}
	}
	out, deps, err := t.w.track(v.Attrs().Lookup(name).Value)
	if err != nil {
		t.err = err
		return value.Value{}
	}
	t.deps = t.deps.Join(deps)
	return out
}

func (t *tracked) text(v value.Value, name string) string {
	if out := t.attr(v, name); out.Kind() == value.String {
		return out.Str()
	}
	return ""
}

// flag is a truth value; a missing, unknown or other one is false.
func (t *tracked) flag(v value.Value, name string) bool {
	out := t.attr(v, name)
	return out.Kind() == value.Bool && out.Bool()
}

// boolean is a flag that must be a truth value where it is there at all.
func (t *tracked) boolean(v value.Value, name, context string) bool {
	out := t.attr(v, name)
	switch out.Kind() {
	case value.Bool:
		return out.Bool()
	case value.None, value.UnknownValue:
		return false
	}
	t.err = &value.Error{Kind: value.TypeMismatch, At: v.Attrs().Lookup(name).Pos.Span(),
		Message: name + " must be true or false, but is " + out.Kind().InWords()}
	if context != "" {
		t.err.(*value.Error).Trail = []value.TrailEntry{{Text: context}}
	}
	return false
}

// noBuild recognises mkShell and its like: their only phase builds nothing.
// Agents look for one spelling, their manual names the other.
func (t *tracked) noBuild(v value.Value) bool {
	phases := t.attr(v, "phases")
	if phases.Kind() != value.List || phases.Len() != 1 {
		return false
	}
	phase, _, err := t.w.track(phases.List()[0])
	if err != nil {
		t.err = err
		return false
	}
	return phase.Kind() == value.String && (phase.Str() == "nobuildPhase" || phase.Str() == "noBuildPhase")
}
