package hercules

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
)

// Form is the convention that an entry file follows.
type Form uint8

const (
	// Legacy files evaluate to a set of jobs.
	Legacy Form = iota
	// HerculesCI files have an attribute herculesCI with onPush and onSchedule.
	HerculesCI
	// Flake is a flake, with or without herculesCI.
	Flake
)

// Event is what makes an agent run jobs.
type Event uint8

const (
	Push Event = iota
	Schedule
)

// String is the attribute of herculesCI that lists an event's handlers.
func (e Event) String() string {
	if e == Schedule {
		return "onSchedule"
	}
	return "onPush"
}

// Handler is a named set of jobs for an event. A legacy file has one, without a
// name, for pushes.
type Handler struct {
	Event Event
	Name  string
	// When restricts a Schedule.
	When *When
	// Path is what comes before the paths of Found and Failures: none for a
	// legacy file, else "onPush" or "onSchedule" and the name.
	Path     []string
	Found    []Found
	Failures []Failure
	Skipped  []Skipped

	visited map[string]bool
}

// Visited reports whether there is an attribute at a path where an agent looks,
// whatever it is.
func (h *Handler) Visited(path []string) bool { return h.visited[pathKey(path)] }

// Evaluation is what an agent gets from a project for one ref.
type Evaluation struct {
	Source GitSource
	Form   Form
	// Handlers in the order of events and names. Disabled ones (enable = false)
	// are left out, as an agent does.
	Handlers []Handler
	// Unknown are sets of handlers of which not all names are known.
	Unknown []Found
	// Failures are those outside of all handlers.
	Failures []Failure
}

// Evaluate does what an agent would after a push to ref, a full name.
func (p *Project) Evaluate(ev *eval.Evaluator, ref string) *Evaluation {
	return p.EvaluateSource(ev, p.Source(ref))
}

// EvaluateSource does what an agent would if it were told src: for a fork, say.
func (p *Project) EvaluateSource(ev *eval.Evaluator, src GitSource) *Evaluation {
	ev.NextRound()
	a := &agent{ev: ev, project: p, out: &Evaluation{Source: src}}
	a.run()
	return a.out
}

// EvaluateAlone does what nix-build would: arguments have the values that the
// entry file gives them by default. What lies in herculesCI is nothing to it.
func (p *Project) EvaluateAlone(ev *eval.Evaluator) *Evaluation {
	ev.NextRound()
	a := &agent{ev: ev, project: p, out: &Evaluation{}}
	if p.Entry == "" || p.IsFlake() {
		return a.out
	}
	if root, deps, ok := a.root(value.EmptyAttrs); ok && root.Kind() == value.AttrSet && root.Attrs().Lookup("herculesCI") == nil {
		a.legacy(root, value.EmptyAttrs, deps)
	}
	return a.out
}

type agent struct {
	ev      *eval.Evaluator
	project *Project
	out     *Evaluation
}

func (a *agent) fail(path []string, at value.Span, err error) {
	a.out.Failures = append(a.out.Failures, Failure{path, path, at, err})
}

// track forces a value.
func (a *agent) track(v value.Value) (value.Value, Reasons, error) {
	w := walker{ev: a.ev}
	return w.track(v)
}

func (a *agent) run() {
	if a.project.IsFlake() {
		a.flake()
		return
	}
	args := a.out.Source.LegacyArgs().Attrs()
	root, deps, ok := a.root(args)
	switch {
	case !ok:
		return
	case root.Kind() == value.UnknownValue:
		a.legacy(root, args, deps)
		return
	}
	herculesCI := root.Attrs().Lookup("herculesCI")
	if herculesCI == nil {
		a.legacy(root, args, deps)
		return
	}
	a.out.Form = HerculesCI
	a.herculesCI(herculesCI.Value, herculesCI.Pos.Span(), a.out.Source.HerculesCIArgs(), deps)
}

// root is what the entry file evaluates to with the arguments: a set, or unknown.
func (a *agent) root(args *value.Attrs) (root value.Value, deps Reasons, ok bool) {
	var err error
	deps = a.trackRun(func() {
		root, err = a.ev.EvalFile(filepath.Join(a.project.Root, filepath.FromSlash(a.project.Entry)))
		if err == nil {
			err = missing(root, args, "an agent passes src alone")
		}
		if err == nil {
			root, err = a.ev.AutoCall(root, args)
		}
	})
	if err != nil {
		a.fail(nil, value.Span{}, err)
		return root, deps, false
	}
	switch root.Kind() {
	case value.AttrSet, value.UnknownValue:
	case value.Lambda, value.PrimOp, value.PrimOpApp:
		a.fail(nil, value.Span{}, &value.Error{Kind: value.TypeMismatch,
			Message: "the entry file must evaluate to a set, but it is a function that an agent does not call",
			Help:    "name the function's arguments: { src ? { ref = null; }, ... }: …"})
		return root, deps, false
	default:
		a.fail(nil, value.Span{}, &value.Error{Kind: value.TypeMismatch,
			Message: fmt.Sprintf("the entry file must evaluate to a set, but it is %s", root.Kind().InWords())})
		return root, deps, false
	}
	return root, deps, true
}

func (a *agent) trackRun(f func()) Reasons { return a.ev.Machine().Track(f).List() }

func (a *agent) legacy(root value.Value, args *value.Attrs, deps Reasons) {
	w := &walker{ev: a.ev, legacy: true, args: args, first: a.project.First}
	w.walk(root, deps)
	a.out.Handlers = append(a.out.Handlers, Handler{Event: Push, Found: w.found, Failures: w.failures, Skipped: w.skipped, visited: w.visited})
}

// herculesCI evaluates the attribute of that name, a set or a function that
// gives one.
func (a *agent) herculesCI(v value.Value, at value.Span, args value.Value, deps Reasons) {
	config, own, err := a.call(v, args, aboutArgs)
	deps = deps.Join(own)
	path := []string{"herculesCI"}
	if err != nil {
		a.fail(path, at, err)
		return
	}
	switch config.Kind() {
	case value.AttrSet:
	case value.UnknownValue:
		a.out.Unknown = append(a.out.Unknown, Found{Class: Open, Path: path, Job: path, At: at, Value: config, Own: deps})
		return
	default:
		a.fail(path, at, &value.Error{Kind: value.TypeMismatch, At: at,
			Message: "herculesCI must be a set, or a function that gives one, but is " + config.Kind().InWords()})
		return
	}
	for _, event := range []Event{Push, Schedule} {
		if attr := config.Attrs().Lookup(event.String()); attr != nil {
			a.handlers(event, attr.Value, attr.Pos.Span(), deps)
		}
	}
	if open := config.Attrs().Open(); open != nil {
		a.out.Unknown = append(a.out.Unknown, Found{Class: Open, Path: path, Job: path, At: at, Value: value.NewUnknown(open), Own: deps})
	}
}

// call forces a value and, if it is a function, applies it to args. given says,
// to people, what these are.
func (a *agent) call(v value.Value, args value.Value, given string) (out value.Value, deps Reasons, err error) {
	deps = a.trackRun(func() {
		if out, err = a.ev.Force(v); err != nil || !out.IsFunction() {
			return
		}
		if err = missing(out, args.Attrs(), given); err == nil {
			out, err = a.ev.Call(out, args)
		}
	})
	return out, deps, err
}

// aboutArgs is what a herculesCI function is called with.
const aboutArgs = "an agent passes primaryRepo, herculesCI, rev, shortRev, ref, branch and tag"

// handlers evaluates onPush or onSchedule.
func (a *agent) handlers(event Event, v value.Value, at value.Span, deps Reasons) {
	path := []string{event.String()}
	set, own, err := a.track(v)
	deps = deps.Join(own)
	switch {
	case err != nil:
		a.fail(path, at, err)
		return
	case set.Kind() == value.UnknownValue:
		a.unknownHandlers(event, set.Unknown(), at, deps)
		return
	case set.Kind() != value.AttrSet:
		a.fail(path, at, &value.Error{Kind: value.TypeMismatch, At: at,
			Message: event.String() + " must be a set of jobs, but is " + set.Kind().InWords()})
		return
	}
	for _, attr := range firstly(set.Attrs().ByName(), a.project.First, path) {
		name := attr.Name.String()
		h := Handler{Event: event, Name: name, Path: []string{event.String(), name}}
		if a.handler(&h, attr.Value, attr.Pos.Span(), deps) {
			a.out.Handlers = append(a.out.Handlers, h)
		}
	}
	if open := set.Attrs().Open(); open != nil {
		a.unknownHandlers(event, open, at, deps)
	}
}

// unknownHandlers reports that there are, or may be, handlers whose names are
// not known, with an effect that each of them has, if that can be told.
func (a *agent) unknownHandlers(event Event, u *value.Unknown, at value.Span, deps Reasons) {
	path := []string{event.String()}
	out := Found{Class: Open, Path: path, Job: path, At: at, Value: value.NewUnknown(u), Own: deps}
	if !u.Elem.IsNone() {
		h := Handler{Event: event, Name: anyName, Path: append(path, anyName)}
		if a.handler(&h, u.Elem, at, deps) {
			if i := slices.IndexFunc(h.Found, func(f Found) bool { return f.Class == Effect }); i >= 0 {
				out.Elem = &h.Found[i]
			}
		}
	}
	a.out.Unknown = append(a.out.Unknown, out)
}

// handler evaluates one job of onPush or onSchedule; false when it is disabled.
func (a *agent) handler(h *Handler, v value.Value, at value.Span, deps Reasons) bool {
	w := &walker{ev: a.ev}
	if n := len(h.Path); len(a.project.First) > n && slices.Equal(a.project.First[:n], h.Path) {
		w.first = a.project.First[n:]
	}
	defer func() { h.Found, h.Failures, h.Skipped, h.visited = w.found, w.failures, w.skipped, w.visited }()
	top := node{at: at}

	config, own, err := a.track(v)
	deps = deps.Join(own)
	switch {
	case err != nil:
		w.fail(top, err)
		return true
	case config.Kind() == value.UnknownValue:
		w.add(top, Open, config, deps)
		return true
	case config.Kind() != value.AttrSet:
		w.fail(top, &value.Error{Kind: value.TypeMismatch, At: at,
			Message: h.Event.String() + "." + h.Name + " must be a set with the attribute outputs, but is " + config.Kind().InWords()})
		return true
	}
	t := tracked{w: w, deps: deps}
	if config.Attrs().Lookup("enable") != nil && !t.enabled(config) && t.err == nil {
		return false
	}
	inputs := t.extraInputs(config)
	if h.Event == Schedule {
		h.When = t.when(config)
	}
	if t.err != nil {
		w.fail(top, t.err)
		return true
	}
	outputs := config.Attrs().Lookup("outputs")
	if outputs == nil {
		if open := config.Attrs().Open(); open != nil {
			w.add(top, Open, value.NewUnknown(open), deps)
			return true
		}
		w.fail(top, &value.Error{Kind: value.MissingAttribute, At: at,
			Message: h.Event.String() + "." + h.Name + " lacks the attribute outputs"})
		return true
	}
	result, own, err := a.call(outputs.Value, inputs, "an agent passes the inputs that extraInputs names")
	top.at = outputs.Pos.Span()
	if err != nil {
		w.fail(top, err)
		return true
	}
	if k := result.Kind(); k != value.AttrSet && k != value.UnknownValue {
		w.fail(top, &value.Error{Kind: value.TypeMismatch, At: top.at,
			Message: "outputs must be a set, or a function that gives one, but is a " + k.String()})
		return true
	}
	w.walk(result, t.deps.Join(own))
	return true
}

// enabled is a handler's enable; one that is not known counts as on.
func (t *tracked) enabled(config value.Value) bool {
	if t.attr(config, "enable").Kind() == value.UnknownValue {
		return true
	}
	return t.boolean(config, "enable", "")
}

// extraInputs is what a handler's outputs function is called with. Each input is
// a flake that the server finds when it makes the job, so it is unknown here.
func (t *tracked) extraInputs(config value.Value) value.Value {
	inputs := t.attr(config, "extraInputs")
	if inputs.Kind() == value.UnknownValue {
		return value.NewAttrs(value.EmptyAttrs.WithOpen(inputs.Unknown()))
	}
	if inputs.Kind() != value.AttrSet {
		return value.NewAttrs(value.EmptyAttrs)
	}
	var list []value.Attr
	for _, attr := range inputs.Attrs().ByName() {
		input, _, err := t.w.track(attr.Value)
		if err != nil {
			t.err = err
			break
		}
		project := "another project"
		if input.Kind() == value.AttrSet {
			if name := t.text(input, "project"); name != "" {
				project = "the project " + name
			}
		}
		list = append(list, value.Attr{Name: attr.Name, Pos: attr.Pos, Value: value.NewUnknown(&value.Unknown{
			Origin: attr.Name.String(),
			Reason: "it is an extra input: " + project + " as it is when the job is made",
			At:     attr.Pos.Span(),
		})})
	}
	return value.NewAttrs(value.NewAttrsList(list).WithOpen(inputs.Attrs().Open()))
}

// JoinPath writes an attribute path as Nix does, elements quoted where needed.
func JoinPath(path []string) string {
	var b strings.Builder
	for i, name := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		if isName(name) {
			b.WriteString(name)
		} else {
			b.WriteString(quote(name))
		}
	}
	return b.String()
}

// keywords cannot be attribute names without quotes.
var keywords = []string{"assert", "else", "if", "in", "inherit", "let", "rec", "then", "with"}

func isName(s string) bool {
	if s == "" || slices.Contains(keywords, s) {
		return false
	}
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '\'')) {
			return false
		}
	}
	return true
}
