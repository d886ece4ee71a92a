package effect

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// MismatchError says that a plan and the derivation that Nix makes of the same
// files are not the same job. Then either may be wrong, and nothing is run.
type MismatchError struct {
	Job   string
	Facts []Difference
}

// Difference is a fact that the two sides have differently, each "" when it lacks
// it. Values that a plan does not show are not shown here.
type Difference struct{ Name, Plan, Nix string }

func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the derivation of %s that Nix makes is not what was planned:", e.Job)
	for _, f := range e.Facts {
		fmt.Fprintf(&b, "\n  %s: planned %s, Nix has %s", f.Name, orNothing(f.Plan), orNothing(f.Nix))
	}
	return b.String()
}

// Help says what to do.
func (e *MismatchError) Help() string {
	return "the model of nixpkgs or hercules-ci-effects differs from the sources that are pinned; plan from the sources themselves: --no-model -I nixpkgs=PATH"
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// comparison collects the differences between a job of a plan and the environment
// of a derivation. What the plan does not know is no difference.
type comparison struct {
	job   *plan.Job
	env   map[string]string
	facts []Difference
}

// compare looks at every fact that plan and derivation share. The error is a
// *MismatchError when some differ.
func compare(p *planner.Planner, e *planner.Effect, env map[string]string) error {
	c := &comparison{job: &e.Job, env: env}
	if env["isEffect"] != "1" {
		c.differ("isEffect", "true", "")
	}
	c.text("the effect's name", c.job.EffectName, env["name"], plan.FieldDeployment)
	switch c.job.Kind {
	case plan.RunNixOps:
		c.files("networkFiles", plan.NetworkFile, plan.FieldNetworkFiles)
		c.files("deployOnlyNetworkFiles", plan.DeployOnlyFile, plan.FieldDeployOnlyFiles)
		c.state("stateName", plan.DeploymentState, plan.FieldStateName)
		c.state("knownHostsName", plan.KnownHostsState, plan.FieldKnownHostsName)
		c.deployment()
		c.networkArgs(p, e)
	case plan.RunNixOps2:
		c.deployment()
	}
	c.secrets()
	if err := c.scripts(p, e); err != nil {
		return err
	}
	if len(c.facts) > 0 {
		return &MismatchError{Job: c.job.Path, Facts: c.facts}
	}
	return nil
}

func (c *comparison) differ(name, planned, nix string) {
	c.facts = append(c.facts, Difference{name, planned, nix})
}

// known reports whether the plan has all of a field.
func (c *comparison) known(field string) bool {
	return !slices.ContainsFunc(c.job.Unknowns, func(u plan.Unknown) bool {
		return u.Field == field || strings.HasPrefix(u.Field, field+".")
	})
}

func (c *comparison) text(name, planned, nix, field string) {
	if planned != nix && c.known(field) {
		c.differ(name, planned, nix)
	}
}

func (c *comparison) files(variable string, role plan.FileRole, field string) {
	var names []string
	for _, file := range c.job.Files {
		if file.Role == role {
			names = append(names, file.Path)
		}
	}
	c.text(variable, strings.Join(names, " "), strings.Join(strings.Fields(c.env[variable]), " "), field)
}

func (c *comparison) state(variable, role, field string) {
	planned := ""
	for _, file := range c.job.StateFiles {
		if file.Role == role {
			planned = file.Name
		}
	}
	c.text(variable, planned, c.env[variable], field)
}

// deployment compares the name of the deployment and the command that deploys.
func (c *comparison) deployment() {
	c.text("NIXOPS_DEPLOYMENT", c.job.Deployment, c.env["NIXOPS_DEPLOYMENT"], plan.FieldDeployment)
	if c.job.Action == nil {
		return
	}
	argv, _ := nixopsCall(c.env["effectScript"], "deploy")
	c.text("the command of effectScript", strings.Join(c.job.Action.Argv, " "), strings.Join(argv, " "), plan.FieldAction)
}

// nixopsCall is the first call of a subcommand of NixOps in a script, as words.
func nixopsCall(script, subcommand string) (argv []string, err error) {
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, err
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || argv != nil || len(call.Args) < 2 || call.Args[0].Lit() != "nixops" || call.Args[1].Lit() != subcommand {
			return argv == nil
		}
		var words []string
		if words, err = expand.Fields(nil, call.Args...); err == nil {
			argv = words
		}
		return false
	})
	return argv, err
}

// setArgs are the arguments that a derivation's script passes to the network.
func setArgs(ev *eval.Evaluator, env map[string]string) ([]Arg, error) {
	argv, err := nixopsCall(env["postGetState"], "set-args")
	if err != nil || len(argv) < 2 {
		return nil, err
	}
	var args []Arg
	for words := argv[2:]; len(words) > 0; words = words[3:] {
		if len(words) < 3 || words[0] != "--arg" {
			return nil, errors.New("nixops set-args is not called with --arg NAME EXPRESSION alone")
		}
		const fromJSON = "builtins.fromJSON "
		literal, ok := strings.CutPrefix(words[2], fromJSON)
		if !ok {
			return nil, fmt.Errorf("the argument %s of nixops set-args is not passed as JSON", words[1])
		}
		text, err := ev.EvalText(diag.NewSource("<networkArgs>", literal), "/")
		if err != nil || text.Kind() != value.String {
			return nil, fmt.Errorf("the argument %s of nixops set-args is not passed as JSON", words[1])
		}
		args = append(args, Arg{Name: words[1], JSON: text.Str()})
	}
	slices.SortFunc(args, func(a, b Arg) int { return strings.Compare(a.Name, b.Name) })
	return args, nil
}

// networkArgs compares the network's arguments by name and value.
func (c *comparison) networkArgs(p *planner.Planner, e *planner.Effect) {
	nix, err := setArgs(p.Evaluator(), c.env)
	if err != nil {
		c.differ("networkArgs", "arguments as JSON", "something else: "+err.Error())
		return
	}
	planned, err := networkArgs(p, e)
	if err != nil || !c.known(plan.FieldNetworkArgs) {
		return // some are not known
	}
	values := map[string][2]string{}
	var names []string
	for side, args := range [][]Arg{planned, nix} {
		for _, arg := range args {
			both, seen := values[arg.Name]
			if !seen {
				names = append(names, arg.Name)
			}
			both[side] = arg.JSON
			values[arg.Name] = both
		}
	}
	slices.Sort(names)
	for _, name := range names {
		both := values[name]
		if both[0] != "" && both[1] != "" && sameJSON(both[0], both[1]) {
			continue
		}
		if c.hidden(name) {
			for i := range both {
				if both[i] != "" {
					both[i] = plan.NotShown
				}
			}
			if both[0] == both[1] {
				both[1] = "another value"
			}
		}
		c.differ("networkArgs."+name, both[0], both[1])
	}
}

// hidden reports whether the plan hides an argument. One that only Nix has is not
// known to be harmless.
func (c *comparison) hidden(name string) bool {
	for _, arg := range c.job.NetworkArgs {
		if arg.Name == name {
			return arg.Hidden
		}
	}
	return true
}

// sameJSON reports whether two texts are the same value. Older Nix writes numbers
// with six digits.
func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	return sameValue(x, y)
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || x != math.Trunc(x) && math.Abs(x-y) <= 1e-5*math.Abs(x))
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, sameValue)
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name := range x {
			other, ok := y[name]
			if !ok || !sameValue(x[name], other) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// secrets compares the names of secrets.
func (c *comparison) secrets() {
	if !c.known("secrets_map") {
		return
	}
	planned, nix := map[string]string{}, map[string]string{}
	for _, s := range c.job.Secrets {
		planned[s.Name] = s.Source
		if s.Type != "Secret" {
			planned[s.Name] = s.Type
		}
	}
	var secretsMap map[string]any
	if text := c.env["secretsMap"]; text != "" {
		if err := json.Unmarshal([]byte(text), &secretsMap); err != nil {
			c.differ("secretsMap", "names of secrets", "no JSON")
			return
		}
	}
	for name, source := range secretsMap {
		switch source := source.(type) {
		case string:
			nix[name] = source
		case map[string]any:
			nix[name], _ = source["type"].(string)
		}
	}
	for _, name := range sortedNames(planned, nix) {
		if planned[name] != nix[name] {
			c.differ("secretsMap."+name, planned[name], nix[name])
		}
	}
}

func sortedNames(sets ...map[string]string) []string {
	var names []string
	for _, set := range sets {
		for name := range set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// scripts compares which of the scripts there are.
func (c *comparison) scripts(p *planner.Planner, e *planner.Effect) error {
	m, err := newModel(p, e)
	if err != nil {
		return err
	}
	if err := m.environment(); err != nil {
		return err
	}
	names := slices.Clone(hercules.Hooks)
	for _, phase := range hercules.Phases {
		names = append(names, phase.Runs...)
	}
	slices.Sort(names)
	words := map[bool]string{true: "a script"}
	for _, name := range names {
		planned, there := m.out.Env[name] != "", c.env[name] != ""
		if m.unknown[name] == nil && planned != there {
			c.differ(name, words[planned], words[there])
		}
	}
	return nil
}
