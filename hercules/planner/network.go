package planner

import (
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/plan"
)

// network collects the machines of a deployment: the attributes of its network
// files' values, merged, but for those that mean something else to NixOps.
type network struct {
	r        *reader
	names    []string // in the order of their first definition
	machines map[string]*machine
	defaults []*value.Attr
	settings []*value.Attr
	visits   int
}

// machine is what the network files say about one.
type machine struct {
	at      value.Span // where it is first defined
	modules []*value.Attr
}

// Machine is a machine of a network, as far as looking at its definitions tells.
type Machine struct {
	Name string
	At   value.Span // where the network first has it
	// TargetEnv, TargetHost and TargetPort are the options of deployment, ""
	// and 0 when nothing sets them.
	TargetEnv, TargetHost string
	TargetPort            int64
	// Vague says that deployment may be other than that: not all of it is
	// known, or it has options of SSH.
	Vague bool
	// Agent says that it runs a Hercules CI agent.
	Agent bool
}

// notMachines are the attributes of a network that are no machines.
var notMachines = map[string]bool{
	"network": true, "resources": true, "defaults": true, "require": true, "_file": true,
}

// Networks may pull in others by `require`, this deep and this many.
const (
	deepestRequire = 20
	mostNetworks   = 10_000
)

// add reads a network file.
func (n *network) add(file *plan.File, path string) {
	seen := map[string]bool{}
	n.file(file, path, seen, 0)
}

func (n *network) file(file *plan.File, path string, seen map[string]bool, depth int) {
	if seen[path] {
		return
	}
	seen[path] = true
	v, err := n.r.b.ev.EvalFile(path)
	if err == nil && v.IsFunction() {
		n.takes(file, v)
		v, err = n.r.b.ev.Call(v, n.arguments(v))
	}
	if err != nil {
		n.problem(file, err.Error())
		n.r.faults = append(n.r.faults, Fault{File: path, Err: err})
		return
	}
	if kind := v.Kind(); kind != value.AttrSet && kind != value.UnknownValue {
		n.r.faults = append(n.r.faults, Fault{File: path, Is: kind.InWords()})
	}
	n.expression(file, v, filepath.Dir(path), seen, depth)
}

// expression reads a network as a value.
func (n *network) expression(file *plan.File, v value.Value, dir string, seen map[string]bool, depth int) {
	if n.visits++; depth > deepestRequire || n.visits > mostNetworks {
		n.problem(file, "its attribute require goes on for ever, or too long to follow")
		return
	}
	switch v.Kind() {
	case value.AttrSet:
	case value.UnknownValue:
		n.problem(file, "it needs "+v.Unknown().Root().Origin+", which is not known")
		n.r.unknown("machines", v.Unknown())
		return
	default:
		n.problem(file, "it must evaluate to a set, but is "+v.Kind().InWords())
		return
	}
	if open := v.Attrs().Open(); open != nil {
		n.problem(file, "some of its machines are not known: it needs "+open.Root().Origin)
		n.r.unknown("machines", open)
	}
	for _, a := range v.Attrs().ByName() {
		name := a.Name.String()
		switch {
		case name == "defaults":
			n.defaults = append(n.defaults, a)
		case name == "network":
			n.settings = append(n.settings, a)
		case name == "require":
			n.require(file, a.Value, dir, seen, depth)
		case name == "nixpkgs" && n.r.job.Kind == plan.RunNixOps2:
		case !notMachines[name] && !strings.HasPrefix(name, "__"):
			n.machine(name, a)
			file.Machines = append(file.Machines, name)
		}
	}
}

func (n *network) machine(name string, a *value.Attr) {
	if n.machines == nil {
		n.machines = map[string]*machine{}
	}
	if n.machines[name] == nil {
		n.names = append(n.names, name)
		n.machines[name] = &machine{at: a.Pos.Span()}
	}
	n.machines[name].modules = append(n.machines[name].modules, a)
}

// require follows a network's list of further network files.
func (n *network) require(file *plan.File, v value.Value, dir string, seen map[string]bool, depth int) {
	list, err := n.r.b.ev.Force(v)
	if err != nil {
		n.problem(file, err.Error())
		return
	}
	if list.Kind() != value.List {
		n.problem(file, "its attribute require must be a list, but is "+list.Kind().InWords())
		return
	}
	for _, elem := range list.List() {
		item, err := n.r.b.ev.Force(elem)
		switch {
		case err != nil:
			n.problem(file, err.Error())
		case item.Kind() == value.Path:
			n.file(file, item.Path(), seen, depth+1)
		case item.Kind() == value.String:
			n.file(file, filepath.Join(dir, item.Str()), seen, depth+1)
		case item.IsFunction():
			called, err := n.r.b.ev.Call(item, n.arguments(item))
			if err != nil {
				n.problem(file, err.Error())
				continue
			}
			n.expression(file, called, dir, seen, depth+1)
		default:
			n.expression(file, item, dir, seen, depth+1)
		}
	}
}

func (n *network) problem(file *plan.File, text string) {
	if file.Error == "" {
		file.Error = text
	}
}

// arguments is what NixOps calls a network's function with: networkArgs, all of
// them. What the function asks for beyond is unknown here, since a deployment's
// state may hold more arguments than the file names.
func (n *network) arguments(f value.Value) value.Value {
	given := map[string]value.Value{}
	for _, name := range []string{"networkArgs", "prebuildNetworkArgs"} {
		args := attr(n.r.b.ev, n.r.args, name)
		if args.Kind() != value.AttrSet {
			continue
		}
		for _, a := range args.Attrs().All() {
			given[a.Name.String()] = a.Value
		}
	}
	for name, at := range required(f) {
		if _, ok := given[name]; !ok {
			given[name] = value.NewUnknown(&value.Unknown{
				Origin: "the network argument " + name,
				Reason: "networkArgs does not have it", At: at,
			})
		}
	}
	return n.r.b.ev.Set(given)
}

// takes notes the formals of a network's function.
func (n *network) takes(file *plan.File, f value.Value) {
	late := file.Role == plan.DeployOnlyFile
	if f.Kind() != value.Lambda { // a builtin
		n.r.taken = append(n.r.taken, Taken{Any: true, DeployOnly: late})
		return
	}
	fn := f.Closure().Fn
	taken := Taken{Any: !fn.HasFormals || fn.Ellipsis, DeployOnly: late}
	for _, formal := range fn.Formals {
		taken.Formals = append(taken.Formals, Formal{formal.Name.String(), formal.Span, formal.Default != nil})
	}
	n.r.taken = append(n.r.taken, taken)
}

// required are the formals of a function that have no default.
func required(f value.Value) map[string]value.Span {
	if f.Kind() != value.Lambda {
		return nil
	}
	out := map[string]value.Span{}
	for _, formal := range f.Closure().Fn.Formals {
		if formal.Default == nil {
			out[formal.Name.String()] = formal.Span
		}
	}
	return out
}

// finish lists the machines with what can be told of where they are.
func (n *network) finish() {
	n.r.settings = n.settings
	for _, name := range n.names {
		found := n.machines[name]
		m := modules{
			b: n.r.b, machine: &Machine{Name: name, At: found.at},
			fault: func(f Fault) { n.r.faults = append(n.r.faults, f) },
		}
		n.r.b.quietly(func() {
			for _, a := range n.defaults {
				m.definition(a)
			}
			for _, a := range found.modules {
				m.definition(a)
			}
		})
		m.settle()
		n.r.machines = append(n.r.machines, *m.machine)
		n.r.job.Machines = append(n.r.job.Machines, plan.Machine{Name: name, TargetEnv: m.machine.TargetEnv, TargetHost: m.machine.TargetHost})
	}
}
