package planner

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/plan"
)

// usualCheck is what priorCheckScript and effectCheckScript of runNixOps and
// runNixOps2 run unless the program gives others.
const usualCheck = "nixops check"

// scripts are the names of the scripts that an effect runs and that the function
// which made it has not from itself; r reads the effect's derivation. One that is
// not known counts.
func (r *reader) scripts() []string {
	var names []string
	for _, name := range plan.ScriptNames {
		if r.runs(name) {
			names = append(names, name)
		}
	}
	return names
}

func (r *reader) runs(name string) bool {
	if plan.MadeBy(r.job.Kind, name) && !(r.job.Kind == plan.RunNixOps2 && r.gives(name)) {
		return false
	}
	a, ok := r.b.ev.Attr(r.args, name)
	if !ok {
		return false
	}
	v, err := r.b.ev.Force(a)
	if err != nil {
		return false // the job's other facts say so
	}
	isCheck := name == "priorCheckScript" || name == "effectCheckScript"
	switch v.Kind() {
	case value.Null:
		return false
	case value.String:
		text := strings.TrimSpace(v.Str())
		if isCheck && (r.job.Kind == plan.RunNixOps || r.job.Kind == plan.RunNixOps2) {
			// An empty one in place of the usual check runs nothing.
			return text != usualCheck && (text != "" || r.gives(name))
		}
		return text != ""
	}
	return true
}

// gives reports whether the program gave an argument of that name; of an effect
// that the model did not make nobody can tell.
func (r *reader) gives(name string) bool {
	given := attr(r.b.ev, attr(r.b.ev, r.args, "__nixplan"), "given")
	return given.Kind() == value.AttrSet && given.Attrs().Lookup(name) != nil
}
