package planner

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// modules reads a few options out of a machine's NixOS modules without
// evaluating NixOS: it looks at definitions only. What depends on other options
// is unknown and left out; of several definitions the last one counts, unless an
// earlier one was forced.
type modules struct {
	b       *builder
	machine *Machine
	fault   func(Fault)

	set   map[string]definition // by option
	maybe int                   // conditions nobody knows that the reader is inside of
	files int
}

// definition is what an option was set to; a smaller priority is stronger.
type definition struct {
	value    value.Value
	priority int64
}

const (
	deepestImport = 12
	mostModules   = 200

	defaultPriority = 100 // of a plain definition
)

// The options that are read.
const (
	optionTargetEnv  = "deployment.targetEnv"
	optionTargetHost = "deployment.targetHost"
	optionTargetPort = "deployment.targetPort"
	optionSSH        = "deployment.sshOptions"
	optionPorts      = "services.openssh.ports" // targetPort's default is the first
	optionAgent      = "services.hercules-ci-agent.enable"
)

var machineOptions = []string{optionTargetEnv, optionTargetHost, optionTargetPort, optionSSH, optionPorts, optionAgent}

// settle writes what was found to the machine.
func (m *modules) settle() {
	text := func(option string) string {
		if v := m.set[option].value; v.Kind() == value.String {
			return v.Str()
		}
		return ""
	}
	m.machine.TargetEnv, m.machine.TargetHost = text(optionTargetEnv), text(optionTargetHost)
	if v := m.set[optionTargetPort].value; v.Kind() == value.Int {
		m.machine.TargetPort = v.Int()
	}
	_, ssh := m.set[optionSSH]
	_, ports := m.set[optionPorts]
	m.machine.Vague = m.machine.Vague || ssh || ports && m.machine.TargetPort == 0
	v := m.set[optionAgent].value
	m.machine.Agent = v.Kind() == value.Bool && v.Bool()
}

// definition looks at what a network gives a machine.
func (m *modules) definition(a *value.Attr) {
	v, err := m.b.ev.Force(a.Value)
	if err != nil {
		m.fails(err, false)
		return
	}
	kind := v.Kind()
	if !v.IsFunction() && kind != value.AttrSet && kind != value.Path && kind != value.UnknownValue && (kind != value.String || !filepath.IsAbs(v.Str())) {
		m.fails(&value.Error{
			Kind: value.TypeMismatch, At: a.Pos.Span(),
			Message: a.Name.String() + " must be a NixOS module, which is a set, a function or a file, but is " + kind.InWords(),
			Help:    "all attributes of a network are machines, but for " + strings.Join(slices.Sorted(maps.Keys(notMachines)), ", "),
		}, false)
		return
	}
	m.read(v, "", 0)
}

// read looks at one module: a file, a function, or a set.
func (m *modules) read(v value.Value, dir string, depth int) {
	if depth > deepestImport || m.files > mostModules {
		m.machine.Vague = true
		return
	}
	m.files++
	v, err := m.b.ev.Force(v)
	if err != nil {
		m.fails(err, true)
		return
	}
	if v.Kind() == value.Path || v.Kind() == value.String {
		path := v.Str
		if v.Kind() == value.Path {
			path = v.Path
		}
		dir = filepath.Dir(path())
		if !filepath.IsAbs(path()) {
			m.machine.Vague = true
			return
		}
		if v, err = m.b.ev.EvalFile(path()); err != nil {
			m.machine.Vague = true
			m.fault(Fault{File: path(), Module: true, Err: err})
			return
		}
	}
	if v.IsFunction() {
		if v, err = m.b.ev.Call(v, m.arguments(v)); err != nil {
			m.fails(err, true)
			return
		}
	}
	if v.Kind() != value.AttrSet {
		m.unknown(v)
		return
	}
	if imports := m.attr(v, "imports"); imports.Kind() == value.List {
		for _, module := range imports.List() {
			m.read(module, dir, depth+1)
		}
	}
	if attr(m.b.ev, v, "config").Kind() != value.None {
		v = attr(m.b.ev, v, "config")
	}
	for _, option := range machineOptions {
		m.option(option, strings.Split(option, "."), v, defaultPriority, depth)
	}
}

// fails notes that a machine's definition, or one of its modules, cannot be
// evaluated. The machine can be named all the same.
func (m *modules) fails(err error, module bool) {
	m.machine.Vague = true
	fault := Fault{Module: module, Err: err}
	var e *value.Error
	if errors.As(err, &e) {
		if source := e.At.Range().Source; source != nil {
			fault.File = filepath.Join(m.b.project.Root, filepath.FromSlash(source.Name))
		}
	}
	m.fault(fault)
}

// unknown notes that something is not known which may set any option. Modules of
// nixpkgs do not set those of deployment.
func (m *modules) unknown(v value.Value) {
	if v.Kind() != value.UnknownValue {
		m.machine.Vague = true
		return
	}
	origin := v.Unknown().Root().Origin
	m.machine.Vague = m.machine.Vague || !strings.HasPrefix(origin, "<nixpkgs") && origin != "modulesPath"
}

// attr is an attribute of a module, none when there is none. One that fails or
// is not known makes the machine vague.
func (m *modules) attr(set value.Value, name string) value.Value {
	a := set.Attrs().Lookup(name)
	if a == nil {
		if open := set.Attrs().Open(); open != nil {
			m.unknown(value.NewUnknown(open))
		}
		return value.Value{}
	}
	v, err := m.b.ev.Force(a.Value)
	if err != nil {
		m.machine.Vague = true
		return value.Value{}
	}
	if v.Kind() == value.UnknownValue {
		m.unknown(v)
	}
	return v
}

// arguments gives a module what it asks for: its own name, lib, and unknowns.
func (m *modules) arguments(f value.Value) value.Value {
	args := map[string]value.Value{"name": value.NewString(m.machine.Name)}
	for name, at := range required(f) {
		arg := value.NewUnknown(&value.Unknown{
			Origin: name, Reason: "it is an argument of a NixOS module", At: at,
		})
		switch name {
		case "name":
			continue
		case "lib":
			if lib := m.b.ev.ModelledLib(); !lib.IsNone() {
				arg = lib
			}
		}
		args[name] = arg
	}
	if f.Kind() == value.Lambda && f.Closure().Fn.HasFormals && !f.Closure().Fn.Ellipsis {
		delete(args, "name")
		if _, ok := required(f)["name"]; ok {
			args["name"] = value.NewString(m.machine.Name)
		}
	}
	return m.b.ev.Set(args)
}

// option finds the definitions of an option, of whose path some steps are left,
// in a value.
func (m *modules) option(option string, path []string, v value.Value, priority int64, depth int) {
	m.unwrap(v, priority, depth, func(v value.Value, priority int64) {
		switch {
		case len(path) == 0:
			m.define(option, v, priority)
		case v.Kind() == value.AttrSet:
			m.option(option, path[1:], m.attr(v, path[0]), priority, depth)
		}
	})
}

// define takes a definition unless a stronger one was seen.
func (m *modules) define(option string, v value.Value, priority int64) {
	if m.maybe > 0 {
		m.machine.Vague = true
		return
	}
	if have, ok := m.set[option]; ok && priority > have.priority {
		return
	}
	if m.set == nil {
		m.set = map[string]definition{}
	}
	m.set[option] = definition{v, priority}
}

// unwrap takes off what mkIf, mkMerge, mkForce, mkOrder and the like put around
// a definition, and calls f with each that is inside. What is below a condition
// that is not known is not set, and makes the machine vague.
func (m *modules) unwrap(v value.Value, priority int64, depth int, f func(v value.Value, priority int64)) {
	switch v.Kind() {
	case value.None, value.UnknownValue:
		return
	case value.AttrSet:
	default:
		f(v, priority)
		return
	}
	if depth > 2*deepestImport {
		m.machine.Vague = true
		return
	}
	kind := attr(m.b.ev, v, "_type")
	if kind.Kind() != value.String {
		f(v, priority)
		return
	}
	content := attr(m.b.ev, v, "content")
	switch kind.Str() {
	case "if":
		c := attr(m.b.ev, v, "condition")
		switch {
		case c.Kind() != value.Bool:
			m.maybe++
			m.unwrap(content, priority, depth+1, f)
			m.maybe--
		case c.Bool():
			m.unwrap(content, priority, depth+1, f)
		}
	case "override":
		if p := attr(m.b.ev, v, "priority"); p.Kind() == value.Int {
			priority = p.Int()
		}
		m.unwrap(content, priority, depth+1, f)
	case "order":
		m.unwrap(content, priority, depth+1, f)
	case "merge":
		contents := attr(m.b.ev, v, "contents")
		if contents.Kind() != value.List {
			m.machine.Vague = true
			return
		}
		for i := range contents.List() {
			if elem, err := m.b.ev.Force(contents.List()[i]); err == nil {
				m.unwrap(elem, priority, depth+1, f)
			}
		}
	}
}
