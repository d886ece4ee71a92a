package planner

import (
	"encoding/json"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// nixops fills in a job of runNixOps.
func (r *reader) nixops() {
	job := r.job
	job.Deployment = r.deployment()
	job.Prebuild = r.flag("prebuild", true)
	if name, ok := r.text("action"); ok {
		if action, ok := plan.NixOpsAction(name); ok {
			job.Action = &action
		}
	}
	if name, ok := r.text("stateName"); ok {
		job.StateFiles = append(job.StateFiles, plan.StateFile{Name: name, Role: plan.DeploymentState})
	}
	if name, ok := r.text("knownHostsName"); ok {
		job.StateFiles = append(job.StateFiles, plan.StateFile{Name: name, Role: plan.KnownHostsState})
	}
	r.networkArgs("networkArgs")
	r.network()
}

// deployment is the name of the deployment. NixOps takes it from the environment,
// where the program may have set another one than the job's.
func (r *reader) deployment() string {
	name, _ := r.text("name")
	if given, ok := r.text("NIXOPS_DEPLOYMENT"); ok {
		return given
	}
	return name
}

// nixops2 fills in a job of runNixOps2. Its state is where the network says.
func (r *reader) nixops2() {
	job := r.job
	job.Deployment = r.deployment()
	job.Prebuild = r.flag("prebuild", true)
	if name, ok := r.text("action"); ok {
		if action, ok := plan.NixOps2Action(name, r.flag("allowReboot", true), r.flag("allowRecreate", true), r.texts("extraDeployArgs")); ok {
			job.Action = &action
		}
	}
	for _, name := range []string{"forgetState", "makeAnException"} {
		if v := r.value(name); v.Kind() != value.None && !(v.Kind() == value.Bool && !v.Bool()) {
			r.fact(name, v)
		}
	}
	r.networkArgs("prebuildNetworkArgs")
	r.network()
}

// networkArgs reads the arguments of the network expressions. runNixOps passes
// them as JSON; to the build of runNixOps2 they may be functions.
func (r *reader) networkArgs(name string) {
	for _, a := range r.set(name) {
		arg := plan.NetworkArg{Name: a.Name.String()}
		field := field(name) + "." + arg.Name
		data, err := r.b.ev.JSONArgument(a)
		switch {
		case err != nil && r.job.Kind == plan.RunNixOps2:
		case err != nil:
			r.fail(field, err)
		case data.Kind() == value.UnknownValue:
			r.unknown(field, data.Unknown())
		case HoldsSecret(arg.Name, data.Str()):
			arg.Hidden = true
		default:
			arg.JSON = data.Str()
		}
		r.job.NetworkArgs = append(r.job.NetworkArgs, arg)
	}
}

// HoldsSecret reports whether an argument, or a part of its JSON, is named like a
// secret, so that a plan must not show it.
func HoldsSecret(name, data string) bool {
	if text.SecretName(name) {
		return true
	}
	decoder := json.NewDecoder(strings.NewReader(data))
	// Every string is looked at, values too: a token says nothing of the sort,
	// and a value that does is hidden for nothing.
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && text.SecretName(s) {
			return true
		}
	}
}

// builtin calls a builtin function of one argument.
func (b *builder) builtin(name string, arg value.Value) (value.Value, error) {
	f, err := b.ev.EvalText(diag.NewSource("<nixplan>", "builtins."+name), "/")
	if err != nil {
		return value.Value{}, err
	}
	return b.ev.Call(f, arg)
}

// roles are the arguments that name files, in the order in which a plan lists
// them.
var roles = []struct {
	arg  string
	role plan.FileRole
}{
	{"networkFiles", plan.NetworkFile},
	{"prebuildOnlyNetworkFiles", plan.PrebuildOnlyFile},
	{"deployOnlyNetworkFiles", plan.DeployOnlyFile},
}

// network finds the files of the job and the machines they make.
func (r *reader) network() {
	src := r.source()
	n := network{r: r}
	for _, role := range roles {
		for _, name := range r.texts(role.arg) {
			file := plan.File{Role: role.role, Path: name}
			if src != nil {
				path := src.describe(&file)
				if path != "" && role.role != plan.PrebuildOnlyFile {
					n.add(&file, path)
				}
			}
			r.job.Files = append(r.job.Files, file)
		}
	}
	n.finish()
}
