package effect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

// Model gives a job's effect from the planner's own evaluation. What a step or
// script needs must be known, else the error is an *UnknownError: the names of
// files and state, the network's arguments, the secrets' names, and each script
// that runs. Everything else may be missing.
//
// A store path in a text is replaced by the path of the file on this machine. One
// that has no such file, or stands for filtered files, is not known.
func Model(p *planner.Planner, e *planner.Effect) (*Effect, error) {
	m, err := newModel(p, e)
	if err != nil {
		return nil, err
	}
	if err := m.environment(); err != nil {
		return nil, err
	}
	if err := unsupported(e.Job.Path, m.has); err != nil {
		return nil, err
	}
	if err := m.required(); err != nil {
		return nil, err
	}
	if m.out.NetworkArgs, err = networkArgs(p, e); err != nil {
		return nil, err
	}
	tree, err := p.Tree(e)
	if err != nil {
		return nil, treeError(e.Job.Path, err)
	}
	// The filter is asked now: the planner is for one goroutine, a copy for any.
	var members []planner.Member
	if err := tree.Walk(context.Background(), func(member planner.Member) error {
		members = append(members, member)
		return nil
	}); err != nil {
		return nil, err
	}
	m.out.SourceName = tree.Name
	m.out.copy = func(ctx context.Context, dir string) error { return copyMembers(ctx, members, dir) }
	return m.out, nil
}

// treeError is an error about src in this package's terms.
func treeError(job string, err error) error {
	var tree *planner.TreeError
	if errors.As(err, &tree) && tree.Unknown != nil && tree.File == "" {
		return &UnknownError{Job: job, Name: "src", Value: *tree.Unknown}
	}
	return err
}

// model reads one effect.
type model struct {
	p       *planner.Planner
	e       *planner.Effect
	ev      *eval.Evaluator
	attrs   *value.Attrs // of the derivation
	out     *Effect
	unknown map[string]*UnknownError // by variable
}

func newModel(p *planner.Planner, e *planner.Effect) (*model, error) {
	m := &model{
		p: p, e: e, ev: p.Evaluator(), unknown: map[string]*UnknownError{},
		out: &Effect{Evaluator: EvaluatorModel, Env: map[string]string{}},
	}
	if e.Job.State != plan.Active {
		return nil, fmt.Errorf("%s is %s, so there is no effect to run", e.Job.Path, e.Job.State)
	}
	drv := e.Found.Value
	if drv.Kind() == value.UnknownValue {
		return nil, m.lacks("the effect", drv.Unknown())
	}
	m.out.Replaced = replaced(p, e)
	if attrs, ok := m.ev.Attr(drv, "drvAttrs"); ok {
		forced, err := m.ev.Force(attrs)
		if err != nil {
			return nil, err
		}
		if forced.Kind() == value.AttrSet {
			drv = forced
		}
	}
	m.attrs = drv.Attrs()
	return m, nil
}

// lacks says that a variable needs an unknown.
func (m *model) lacks(name string, u *value.Unknown) *UnknownError {
	needed, _ := m.p.Needed(u)
	return &UnknownError{Job: m.e.Job.Path, Name: name, Value: needed}
}

// notInModel are attributes whose value is nothing without a store.
var notInModel = []string{"src", "builder", "args", "stdenv", "__ignoreNulls", "__structuredAttrs"}

// environment coerces the derivation's attributes. What is not known of them is
// noted.
func (m *model) environment() error {
	ignoreNulls := m.flag("__ignoreNulls")
	if m.flag("__structuredAttrs") {
		m.out.Env["__json"] = "{}" // the one variable that Nix makes of them; see unsupported
		return nil
	}
	for _, a := range m.attrs.ByName() {
		name := a.Name.String()
		if slices.Contains(notInModel, name) {
			continue
		}
		v, err := m.ev.Force(a.Value)
		if err == nil && ignoreNulls && v.Kind() == value.Null {
			continue
		}
		if err == nil {
			err = m.variable(name, v, a)
		}
		if err != nil {
			return fmt.Errorf("the attribute %s of %s: %w", name, m.e.Job.Path, err)
		}
	}
	return nil
}

func (m *model) flag(name string) bool {
	a := m.attrs.Lookup(name)
	if a == nil {
		return false
	}
	v, err := m.ev.Force(a.Value)
	return err == nil && v.Kind() == value.Bool && v.Bool()
}

func (m *model) variable(name string, v value.Value, a *value.Attr) error {
	text, u, err := m.ev.EnvironmentText(v)
	if err != nil {
		return err
	}
	if u != nil {
		m.unknown[name] = m.lacks(name, u)
		return nil
	}
	text, lacking := m.onDisk(text)
	if lacking != nil {
		if lacking.Position == nil {
			lacking.Position = position(m.place(name, a))
		}
		m.unknown[name] = &UnknownError{Job: m.e.Job.Path, Name: name, Value: *lacking}
		return nil
	}
	m.out.Env[name] = text
	return nil
}

// place is where the program gives an attribute, or the job that has it.
func (m *model) place(name string, a *value.Attr) value.Span {
	places := []value.Span{a.Pos.Span(), m.e.Found.At}
	if m.e.Given.Kind() == value.AttrSet {
		if given := m.e.Given.Attrs().Lookup(name); given != nil {
			places = append([]value.Span{given.Pos.Span()}, places...)
		}
	}
	for _, at := range places {
		if position(at) != nil && !m.ev.InLibrary(at) {
			return at
		}
	}
	return value.Span{}
}

func position(at value.Span) *plan.Position {
	r := at.Range()
	if !r.Valid() || eval.Internal(r) {
		return nil
	}
	p := r.Source.Position(r.Start)
	return &plan.Position{File: r.Source.Name, Line: p.Line, Column: p.Column}
}

// storePath finds the store paths in a text.
var storePath = lazy.Regexp(regexp.QuoteMeta(world.StoreDir) + `/[0-9a-z]{32}-[0-9a-zA-Z+._?=-]+`)

// unquoted are the characters of a path that mean nothing to a shell.
var unquoted = lazy.Regexp(`^[0-9a-zA-Z+._=/@%:,#-]*$`)

// onDisk replaces the store paths in a text by the files that stand for them here,
// and says why that is not possible.
func (m *model) onDisk(text string) (string, *plan.Unknown) {
	var lacking *plan.Unknown
	text = storePath().ReplaceAllStringFunc(text, func(path string) string {
		real, u := m.stored(path)
		if lacking == nil {
			lacking = u
		}
		return real
	})
	return text, lacking
}

func (m *model) stored(path string) (string, *plan.Unknown) {
	mount, _ := m.ev.World().Mount(path)
	if mount == nil {
		if _, err := os.Lstat(path); err == nil {
			return path, nil
		}
		return path, &plan.Unknown{Needs: path, Reason: "it is not in the store of this machine, and nothing is built"}
	}
	u := &plan.Unknown{Needs: "a store path", Reason: "only Nix writes to the store"}
	if s := mount.Source; s != nil {
		u.Needs, u.From, u.Reason = "<"+s.URL+">", s.URL, "its files are not here"
	} else if mount.Dir == m.p.Project().Root {
		u.Needs = "the repository's files"
	} else if mount.Dir != "" {
		u.Needs = m.ev.Display(mount.Dir)
	}
	tracked := (*bool)(nil)
	if mount.Dir != "" {
		tracked, _ = m.p.Project().Tracked(mount.Dir)
	}
	info, err := os.Lstat(mount.Dir)
	switch {
	case mount.Dir == "":
	case m.p.Project().Snapshot != nil:
		u.Reason = "a revision is planned, whose files are not here"
	case mount.Keep != nil || m.ev.Filtered(path):
		u.Reason = "only Nix makes a copy with what the filter keeps"
	case err != nil:
		u.Reason = "it is not there"
	case !info.IsDir() && tracked != nil && !*tracked:
		u.Reason, u.Provide = "git does not track it, so an agent has no such file", "git add "+u.Needs
	case !unquoted().MatchString(mount.Dir):
		u.Reason = "its path has characters that a script would have to quote"
	default:
		return mount.Dir, nil
	}
	return path, u
}

// has reports whether a variable is there and not empty, or not known.
func (m *model) has(name string) bool { return m.out.Env[name] != "" || m.unknown[name] != nil }

// needed are the variables that steps of a kind read, besides the scripts.
var needed = map[plan.Kind][]string{
	plan.RunNixOps: {
		"NIXOPS_DEPLOYMENT", "networkFiles", "deployOnlyNetworkFiles", "stateName", "knownHostsName", "secretsMap", "phases",
	},
	plan.RunNixOps2: {"NIXOPS_DEPLOYMENT", "secretsMap", "phases"},
}

// byStep are the scripts of mkEffect and runNixOps that steps stand in for.
var byStep = map[plan.Kind][]string{
	plan.RunNixOps:  {"initScript", "effectScript", "getStateScript", "postGetState", "prePutState", "putStateScript"},
	plan.RunNixOps2: {"initScript", "effectScript"},
}

// required is the first variable that is needed and not known.
func (m *model) required() error {
	for _, name := range append(slices.Clone(needed[m.e.Job.Kind]), m.scripts()...) {
		if u := m.unknown[name]; u != nil {
			return u
		}
	}
	for _, name := range m.out.Phases() {
		if _, usual := hercules.Phases[name]; !usual && !m.has(name) {
			return &UnknownError{Job: m.e.Job.Path, Name: "phases", Value: plan.Unknown{
				Needs: "the phase " + name, Reason: "no attribute of the effect has it; the setup hook of an input may",
				Position: m.e.Job.Position,
			}}
		}
	}
	return nil
}

// scripts are the names of the scripts that run.
func (m *model) scripts() []string {
	var names []string
	for _, phase := range m.out.Phases() {
		usual, ok := hercules.Phases[phase]
		if !ok || slices.Contains(m.out.Replaced, phase) {
			names = append(names, phase)
		}
		names = append(names, usual.Runs...)
	}
	names = append(names, hercules.Hooks...)
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(byStep[m.e.Job.Kind], name) && !slices.Contains(m.out.Replaced, name)
	})
}

// replaced are the names among mkEffect's phases and its functions' scripts that
// the program binds itself, or gives as an argument.
func replaced(p *planner.Planner, e *planner.Effect) []string {
	names := []string{"phases", "preGetStatePhases", "preEffectPhases", "postEffectPhases", "initScript", "priorCheckScript", "effectCheckScript"}
	for name := range hercules.Phases {
		names = append(names, name)
	}
	names = append(names, byStep[e.Job.Kind]...)
	names = slices.DeleteFunc(names, func(name string) bool {
		for _, set := range []value.Value{e.Found.Value, e.Given} {
			if set.Kind() != value.AttrSet {
				continue
			}
			a := set.Attrs().Lookup(name)
			if a != nil && position(a.Pos.Span()) != nil && !p.Evaluator().InLibrary(a.Pos.Span()) {
				return false
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// networkArgs are the arguments that runNixOps passes to the network, as JSON.
func networkArgs(p *planner.Planner, e *planner.Effect) ([]Arg, error) {
	if e.Job.Kind != plan.RunNixOps {
		return nil, nil
	}
	ev := p.Evaluator()
	v, ok := ev.Attr(e.Args, "networkArgs")
	if !ok {
		return nil, nil
	}
	set, err := ev.Force(v)
	if err != nil {
		return nil, err
	}
	m := model{p: p, e: e, ev: ev}
	switch {
	case set.Kind() == value.UnknownValue:
		return nil, m.lacks("networkArgs", set.Unknown())
	case set.Kind() != value.AttrSet:
		return nil, nil // the plan says so
	case set.Attrs().Open() != nil:
		return nil, m.lacks("networkArgs", set.Attrs().Open())
	}
	var args []Arg
	for _, a := range set.Attrs().ByName() {
		name := a.Name.String()
		data, err := ev.JSONArgument(a)
		if err != nil {
			return nil, err
		}
		if data.Kind() == value.UnknownValue {
			return nil, m.lacks("networkArgs."+name, data.Unknown())
		}
		text, lacking := m.onDisk(data.Str())
		if lacking != nil {
			lacking.Position = position(a.Pos.Span())
			return nil, &UnknownError{Job: e.Job.Path, Name: "networkArgs." + name, Value: *lacking}
		}
		args = append(args, Arg{Name: name, JSON: text})
	}
	slices.SortFunc(args, func(a, b Arg) int { return strings.Compare(a.Name, b.Name) })
	return args, nil
}
