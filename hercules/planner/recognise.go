package planner

import (
	"io"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// Effects of the real hercules-ci-effects say nothing of the function that made
// them. What an agent runs does: the derivation's environment, and the program
// its script calls in the end.

// sign is what tells a kind of effect from others.
type sign struct {
	kind   plan.Kind
	name   string   // of the derivation, where it is fixed
	attrs  []string // all of them are there
	script string   // effectScript has it
}

// signs are tried in order.
var signs = []sign{
	{kind: plan.RunNixOps, attrs: []string{"networkFiles", "stateName", "knownHostsName", "NIXOPS_DEPLOYMENT"}, script: "nixops deploy"},
	{kind: plan.RunNixOps2, attrs: []string{"NIXOPS_DEPLOYMENT"}, script: "nixops deploy"},
	{kind: plan.RunArion, attrs: []string{"projectName", "prebuilt"}, script: "arion --prebuilt-file"},
	{kind: plan.NetlifyDeploy, attrs: []string{"NETLIFY_SITE_ID"}, script: "netlify deploy"},
	{kind: plan.CargoPublish, script: "cargo publish"},
	{kind: plan.RunCachixDeploy, name: "effect-cachix-deploy-effect", script: "cachix deploy activate"},
	{kind: plan.RunNixDarwin, script: "/activate-user"},
	{kind: plan.RunNixDarwin, script: "/sw/bin/darwin-rebuild"},
	{kind: plan.RunNixOS, script: "/bin/switch-to-configuration switch"},
	{kind: plan.FlakeUpdate, name: "effect-flake-update", attrs: []string{"__hci_effect_mounts"}},
	{kind: plan.GitWriteBranch, name: "effect-write-branch", attrs: []string{"__hci_effect_mounts"}},
	{kind: plan.ModularEffect, attrs: []string{"__hci_effect_mounts"}},
	{kind: plan.MkEffect, attrs: []string{"effectScript"}},
	{kind: plan.MkEffect, attrs: []string{"effectPhase"}},
	{kind: plan.MkEffect, attrs: []string{"secretsMap"}},
}

// recognise is the kind of an effect that the model did not make.
func recognise(ev *eval.Evaluator, effect value.Value) plan.Kind {
	if effect.Kind() != value.AttrSet {
		return plan.Other
	}
	name, script := knownText(ev, effect, "name"), knownText(ev, effect, "effectScript")
	for _, s := range signs {
		missing := slices.ContainsFunc(s.attrs, func(name string) bool { return effect.Attrs().Lookup(name) == nil })
		if !missing && (s.name == "" || s.name == name) && strings.Contains(script, s.script) {
			return s.kind
		}
	}
	return plan.Other
}

// knownText is an attribute as a text; what is not known of it is left out.
func knownText(ev *eval.Evaluator, v value.Value, name string) string {
	if a := attr(ev, v, name); !a.IsNone() && a.Kind() != value.Null {
		if text, _, err := ev.Text(a); err == nil {
			return text
		}
	}
	return ""
}

// arguments are what the function that made a recognised effect was called with,
// as far as the derivation keeps it. What it does not keep becomes an unknown of
// the job.
func (r *reader) arguments(effect value.Value) value.Value {
	set := map[string]value.Value{}
	switch r.job.Kind {
	case plan.RunNixOps:
		set["networkArgs"] = r.setArgs(knownText(r.b.ev, effect, "postGetState"))
		r.lost(effect, "prebuildOnlyNetworkFiles")
	case plan.RunNixOps2:
		r.lost(effect, "prebuildNetworkArgs")
	default:
		return effect
	}
	set["name"] = attr(r.b.ev, effect, "NIXOPS_DEPLOYMENT")
	set["prebuild"] = value.NewBool(effect.Attrs().Lookup("prebuilt") != nil)
	if effect.Attrs().Lookup("action") == nil {
		set["action"] = value.NewString("switch")
	}
	out := r.b.ev.Set(set).Attrs().All()
	for _, a := range effect.Attrs().All() {
		if _, replaced := set[a.Name.String()]; !replaced {
			out = append(out, a)
		}
	}
	return value.NewAttrs(value.NewAttrsList(out))
}

// lost notes an argument that only the prebuilt network depends on.
func (r *reader) lost(effect value.Value, name string) {
	if effect.Attrs().Lookup("prebuilt") != nil {
		r.notKept(field(name), name)
	}
}

func (r *reader) notKept(field, name string) {
	r.job.Unknowns = append(r.job.Unknowns, plan.Unknown{
		Field: field, Needs: name, Reason: "the effect does not keep it", Position: r.b.position(r.at),
	})
}

// setArgs finds the network arguments in the script that passes them to
// `nixops set-args`, as Nix expressions.
func (r *reader) setArgs(script string) value.Value {
	args := map[string]value.Value{}
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		return r.b.ev.Set(args)
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) < 2 || call.Args[0].Lit() != "nixops" || call.Args[1].Lit() != "set-args" {
			return true
		}
		words, err := expand.Fields(nil, call.Args[2:]...)
		if err != nil {
			return false
		}
		for ; len(words) >= 3 && words[0] == "--arg"; words = words[3:] {
			v, err := r.b.ev.EvalText(diag.NewSource("<networkArgs>", words[2]), "/")
			if err != nil {
				v = value.NewUnknown(&value.Unknown{Origin: "networkArgs." + words[1], Reason: err.Error()})
			}
			args[words[1]] = v
		}
		return false
	})
	return r.b.ev.Set(args)
}

// overSSH reads from an effect's script what a deployment by ssh says of itself: the
// host, and the profile that the commands there set. What is not found becomes an
// unknown of the job.
func (r *reader) overSSH(effect value.Value) {
	var destination, profile string
	script := knownText(r.b.ev, effect, "effectScript")
	eachCall(script, func(words []string) {
		if i := slices.Index(words, "--"); words[0] == "ssh" && i > 1 && i+1 < len(words) && destination == "" {
			destination = words[i-1]
			commands := strings.TrimLeft(words[i+1], "; \n") // variables are declared before
			eachCall(commands, func(words []string) {
				i := slices.Index(words, "-p")
				if profile == "" && i > 0 && i+2 < len(words) && words[i-1] == "nix-env" && words[i+2] == "--set" {
					profile = words[i+1]
				}
			})
		}
	})
	for _, fact := range []struct{ name, value string }{{"ssh.destination", destination}, {"profile", profile}} {
		if fact.value != "" {
			r.fact(fact.name, value.NewString(fact.value))
		} else {
			r.notKept(fact.name, fact.name)
		}
	}
}

// eachCall visits the commands of a script, wherever they are, as words. What only the
// shell knows of a word is left out.
func eachCall(script string, visit func(words []string)) {
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		return
	}
	config := &expand.Config{CmdSubst: func(io.Writer, *syntax.CmdSubst) error { return nil }}
	syntax.Walk(file, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			words := make([]string, len(call.Args))
			for i, word := range call.Args {
				words[i], _ = expand.Literal(config, word)
			}
			visit(words)
		}
		return true
	})
}

// drvPath is a derivation's store path where derivations are real; the modelled
// world has none. A path that is not known becomes an unknown.
func (b *builder) drvPath(drv value.Value) (string, *plan.Unknown) {
	if !b.real {
		return "", nil
	}
	v := drv
	if drv.Kind() == value.AttrSet {
		v = attr(b.ev, drv, "drvPath")
	}
	switch v.Kind() {
	case value.String:
		if path := b.ev.Untracked(v.Str()); path != "" {
			path = b.ev.Display(path)
			return "", &plan.Unknown{Field: "drv_path", Needs: path, Reason: "git does not track it, so an agent does not have it", Provide: "git add " + text.ShellWord(path)}
		}
		return v.Str(), nil
	case value.UnknownValue:
		u := b.unknown("drv_path", v.Unknown())
		return "", &u
	}
	return "", nil
}
