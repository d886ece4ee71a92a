package check

import (
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// What runNixOps2 refuses because of its arguments alone is refused by the
// model; see eval/model.
var nixops2 = &Rule{
	ID: diag.IDNixOps2, Name: "nixops2",
	Summary: "runNixOps2 refuses its arguments, or the network says nothing of where the state is, or of a lock.",
	run:     checkNixOps2,
}

func checkNixOps2(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if at.Job.Kind == plan.RunNixOps2 && !at.isDerivation(at.Given) {
				p.networkSettings(at)
				p.missingNixOps(at)
			}
		}
	}
}

// networkSettings checks what runNixOps2 itself checks when it builds the
// network.
func (p *pass) networkSettings(at *JobAt) {
	settings, ok := at.networkSettings()
	if !ok {
		return
	}
	d := diag.Diagnostic{Range: at.Place()}
	if arg := at.Arg("networkFiles"); arg != nil {
		d.Range = arg.At
	}
	if n := len(at.Settings); n > 0 {
		if place := p.nameAt("network", userRange(at.Settings[n-1].Pos.Span().Range())); place.Valid() {
			d.Range = place
			d.Related = []diag.Related{{Range: at.Place(), Message: "the network is deployed here"}}
		}
	}
	storage, lock := settings["storage"], settings["lock"]
	switch legacy := storage.Kind() == value.AttrSet && storage.Attrs().Lookup("legacy") != nil; {
	case storage.Kind() == value.None || legacy:
		d.Summary = "the network does not say where its state is kept"
		if legacy {
			d.Summary = "the network keeps its state on the machine that deploys it"
		}
		d.Detail = "An effect starts on an empty machine, so runNixOps2 refuses a deployment whose state would be lost."
		d.Help = "set network.storage.hercules-ci.stateName, or give runNixOps2 forgetState = true for a deployment without state"
	case lock.Kind() == value.None || lock.Kind() == value.AttrSet && (lock.Attrs().Len() == 0 || lock.Attrs().Lookup("noop") != nil):
		d.Severity = diag.Warning
		d.Summary = "the network's state is not locked"
		d.Detail = "Two deployments at once lose state: the one that ends last overwrites what the other one wrote."
		d.Help = "set network.lock.hercules-ci.stateName"
	default:
		return
	}
	p.reportFor(d, at)
}

// networkSettings are the attributes of `network` that a build of the network
// sees; ok is false when there is no such build, when it does not look, or when
// not all of them are known.
func (j *JobAt) networkSettings() (settings map[string]value.Value, ok bool) {
	if j.flake() || !j.is("prebuild", true) || !j.is("forgetState", false) || !j.none("prebuildOnlyNetworkFiles") || !j.none("prebuildOnlyModules") {
		return nil, false
	}
	if len(j.Job.Files) == 0 || incomplete(j) || len(j.Job.Unknowns) > 0 {
		return nil, false
	}
	settings = map[string]value.Value{}
	for _, a := range j.Settings { // as in NixOps, the last one counts
		set := j.repo.force(a.Value)
		if set.Kind() != value.AttrSet || set.Attrs().Open() != nil {
			return nil, false
		}
		for _, setting := range set.Attrs().ByName() {
			v := j.repo.force(setting.Value)
			if v.Kind() == value.None || v.Kind() == value.UnknownValue || v.Kind() == value.AttrSet && v.Attrs().Open() != nil {
				return nil, false
			}
			settings[setting.Name.String()] = v
		}
	}
	return settings, true
}

// value is an argument, its default applied.
func (j *JobAt) value(name string) value.Value {
	if j.Args.Kind() != value.AttrSet {
		return value.Value{}
	}
	a := j.Args.Attrs().Lookup(name)
	if a == nil {
		return value.Value{}
	}
	return j.repo.force(a.Value)
}

// is reports whether an argument is known to be true, or false.
func (j *JobAt) is(name string, want bool) bool {
	v := j.value(name)
	return v.Kind() == value.Bool && v.Bool() == want
}

// none reports whether an argument is known to be an empty list.
func (j *JobAt) none(name string) bool {
	v := j.value(name)
	return v.Kind() == value.List && v.Len() == 0
}

// missingNixOps reports the argument that runNixOps2 requires since March 2024.
// Which version of it the program uses is known when it is taken from a branch.
func (p *pass) missingNixOps(at *JobAt) {
	if at.Arg("nixops") != nil || !at.is("prebuild", true) || at.Given.Attrs().Open() != nil {
		return
	}
	if p.effectsBranch() {
		p.reportFor(diag.Diagnostic{
			Range:   at.Place(),
			Summary: "runNixOps2 called without required argument nixops",
			Detail:  "Since March 2024 it has no default, because nixpkgs has no NixOps 2 with a fixed set of plugins any more.",
			Help:    "pass one: nixops = pkgs.nixops_unstable_minimal.withPlugins (plugins: [ plugins.nixops-hercules-ci ])",
		}, at)
	}
}

// effectsBranch reports whether the program takes hercules-ci-effects from a
// branch, and from nowhere else.
func (r *Repository) effectsBranch() bool {
	branches := map[string]bool{}
	for _, f := range r.ev.Fetches() {
		branches[f.URL] = f.Hash == "" && f.Rev == "" && branchOf(f.Fetcher, f.URL, f.Ref) != ""
	}
	found := false
	for _, s := range r.ev.World().Sources() {
		if s.Kind == "hercules-ci-effects" {
			if !branches[s.URL] {
				return false
			}
			found = true
		}
	}
	return found
}
