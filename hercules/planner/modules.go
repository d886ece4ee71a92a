package planner

import (
	"path/filepath"

	"github.com/nixplan/nixplan/eval/value"
)

// modules reads deployment.targetEnv and deployment.targetHost out of a
// machine's NixOS modules without evaluating NixOS: it looks at definitions
// only. What depends on other options is unknown and left out; of several
// definitions the last one counts, unless an earlier one was forced.
type modules struct {
	b       *builder
	machine string
	fault   func(Fault)

	targetEnv, targetHost string
	envPriority           int64
	hostPriority          int64
	files                 int
}

const (
	deepestImport = 12
	mostModules   = 200

	defaultPriority = 100 // of a plain definition
)

// read looks at one module: a file, a function, or a set.
func (m *modules) read(v value.Value, dir string, depth int) {
	if depth > deepestImport || m.files > mostModules {
		return
	}
	m.files++
	v, err := m.b.ev.Force(v)
	if err != nil {
		return // a deployment would fail; machines can be named all the same
	}
	if v.Kind() == value.Path || v.Kind() == value.String {
		path := v.Str
		if v.Kind() == value.Path {
			path = v.Path
		}
		dir = filepath.Dir(path())
		if !filepath.IsAbs(path()) {
			return
		}
		if v, err = m.b.ev.EvalFile(path()); err != nil {
			m.fault(Fault{File: path(), Module: true, Err: err})
			return
		}
	}
	if v.IsFunction() {
		if v, err = m.b.ev.Call(v, m.arguments(v)); err != nil {
			return
		}
	}
	if v.Kind() != value.AttrSet {
		return
	}
	if imports := attr(m.b.ev, v, "imports"); imports.Kind() == value.List {
		for _, module := range imports.List() {
			m.read(module, dir, depth+1)
		}
	}
	if attr(m.b.ev, v, "config").Kind() != value.None {
		v = attr(m.b.ev, v, "config")
	}
	m.definitions(v, defaultPriority, depth)
}

// arguments gives a module what it asks for: its own name, and unknowns.
func (m *modules) arguments(f value.Value) value.Value {
	args := map[string]value.Value{"name": value.NewString(m.machine)}
	for name, at := range required(f) {
		if name != "name" {
			args[name] = value.NewUnknown(&value.Unknown{
				Origin: name, Reason: "it is an argument of a NixOS module", At: at,
			})
		}
	}
	if f.Kind() == value.Lambda && f.Closure().Fn.HasFormals && !f.Closure().Fn.Ellipsis {
		delete(args, "name")
		if _, ok := required(f)["name"]; ok {
			args["name"] = value.NewString(m.machine)
		}
	}
	return m.b.ev.Set(args)
}

// definitions finds `deployment` in a set of definitions.
func (m *modules) definitions(v value.Value, priority int64, depth int) {
	m.unwrap(v, priority, depth, func(v value.Value, priority int64) {
		deployment := attr(m.b.ev, v, "deployment")
		m.unwrap(deployment, priority, depth, func(v value.Value, priority int64) {
			m.unwrap(attr(m.b.ev, v, "targetEnv"), priority, depth, func(v value.Value, priority int64) {
				set(&m.targetEnv, &m.envPriority, v, priority)
			})
			m.unwrap(attr(m.b.ev, v, "targetHost"), priority, depth, func(v value.Value, priority int64) {
				set(&m.targetHost, &m.hostPriority, v, priority)
			})
		})
	})
}

// set takes a definition unless a stronger one was seen; smaller is stronger.
func set(to *string, have *int64, v value.Value, priority int64) {
	if v.Kind() != value.String || *have != 0 && priority > *have {
		return
	}
	*to, *have = v.Str(), priority
}

// unwrap takes off what mkIf, mkMerge, mkForce, mkOrder and the like put around
// a definition, and calls f with each that is inside. A condition that is not
// known counts as false.
func (m *modules) unwrap(v value.Value, priority int64, depth int, f func(v value.Value, priority int64)) {
	if v.Kind() != value.AttrSet || depth > 2*deepestImport {
		if v.Kind() == value.String {
			f(v, priority)
		}
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
		if c := attr(m.b.ev, v, "condition"); c.Kind() == value.Bool && c.Bool() {
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
			return
		}
		for i := range contents.List() {
			if elem, err := m.b.ev.Force(contents.List()[i]); err == nil {
				m.unwrap(elem, priority, depth+1, f)
			}
		}
	}
}
