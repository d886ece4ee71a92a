package check

import (
	"cmp"
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var networkArgs = &Rule{
	ID: "NP309", Name: "network-args",
	Summary: "A network's argument has no value, or a value has no argument.",
	run:     checkNetworkArgs,
}

// All functions of a network are called with all of networkArgs, in the build
// before a deployment with nothing else. A deployment may have further ones in
// its state.
func checkNetworkArgs(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if given, ok := at.networkArgs(); ok && len(at.Job.Files) > 0 {
				p.missingArgs(at, given)
				p.extraArgs(at, given)
			}
		}
	}
}

// argumentsName is the argument of the effect that has the network's.
func (j *JobAt) argumentsName() string {
	if j.Job.Kind == plan.RunNixOps2 {
		return "prebuildNetworkArgs"
	}
	return "networkArgs"
}

// networkArgs are the arguments that the program gives the network, by name; ok
// is false when they are not known.
func (j *JobAt) networkArgs() (given map[string]*Arg, ok bool) {
	if !j.NixOps() || j.flake() {
		return nil, false
	}
	given = map[string]*Arg{}
	arg := j.Arg(j.argumentsName())
	if arg == nil {
		return given, true
	}
	if arg.Value.Kind() != value.AttrSet || arg.Value.Attrs().Open() != nil {
		return nil, false
	}
	for _, a := range arg.Attrs() {
		given[a.Name] = a
	}
	return given, true
}

func (p *pass) missingArgs(at *JobAt, given map[string]*Arg) {
	if !at.Job.Prebuild {
		return // the state may have them
	}
	for _, taken := range at.Taken {
		if taken.DeployOnly {
			continue // so may it of a file that the build does not read
		}
		for _, formal := range taken.Formals {
			if formal.HasDefault || given[formal.Name] != nil {
				continue
			}
			d := diag.Diagnostic{
				Range:   formal.At.Range(),
				Summary: "the network's argument " + formal.Name + " has no value",
				Detail:  "The build before the deployment fails: it has " + at.argumentsName() + " and nothing else.",
				Help:    "give it a default, or a value in " + at.argumentsName(),
				Related: []diag.Related{{Range: at.Place(), Message: "the network is deployed here"}},
			}
			if arg := at.Arg(at.argumentsName()); arg != nil {
				d.Related = []diag.Related{{Range: arg.At, Message: at.argumentsName() + " of " + at.Job.Path + " are here"}}
			}
			p.reportFor(d, at)
		}
	}
}

func (p *pass) extraArgs(at *JobAt, given map[string]*Arg) {
	for _, name := range sortedKeys(given) {
		arg := given[name]
		var strict *planner.Taken
		named := false
		for i := range at.Taken {
			taken := &at.Taken[i]
			has := taken.Any
			for _, formal := range taken.Formals {
				has = has || formal.Name == name
			}
			if !has {
				strict = taken
			}
			named = named || has
		}
		d := diag.Diagnostic{Range: arg.NameAt}
		switch {
		case strict != nil:
			d.Summary = "a network file does not take the argument " + name
			d.Detail = "Every network file that is a function is called with all of " + at.argumentsName() + "."
			d.Help = "let the file take it, or add `...` to its arguments"
			if len(strict.Formals) > 0 {
				first := slices.MinFunc(strict.Formals, func(a, b planner.Formal) int { return cmp.Compare(a.At.Start, b.At.Start) })
				d.Related = []diag.Related{{Range: first.At.Range(), Message: "these are the arguments it takes"}}
			}
		case !named && len(at.Faults) == 0 && !incomplete(at):
			d.Severity = diag.Warning
			d.Summary = "no network file takes the argument " + name
			d.Help = "remove it, or make a network file a function: { " + name + ", ... }: { … }"
		default:
			continue
		}
		p.reportFor(d, at)
	}
}

// incomplete reports whether there are network files that were not read, or
// whose names are not known.
func incomplete(at *JobAt) bool {
	for _, f := range at.Job.Files {
		if f.Error != "" {
			return true
		}
	}
	for _, u := range at.Job.Unknowns {
		if u.Field != "machines" {
			return true
		}
	}
	return false
}
