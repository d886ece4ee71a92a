package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

var misspeltArgument = &Rule{
	ID: "NP501", Name: "misspelt-argument",
	Summary: "An effect's argument has a name that its function does not know and that looks like one it knows.",
	run:     checkMisspeltArgument,
}

// Functions of effects take any argument: what they do not know becomes a
// variable of the script's environment. So only a name that is nearly one of
// theirs, and that no script uses, is taken for a mistake.
func checkMisspeltArgument(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if formals, ok := formalsOf[at.Job.Kind]; ok && !at.isDerivation(at.Given) {
				p.misspeltArguments(at, formals)
			}
		}
	}
}

func (p *pass) misspeltArguments(at *JobAt, formals []string) {
	given := at.ArgNames()
	for _, name := range given {
		if slices.Contains(formals, name) || isOfEffects(name) || isOfDerivations(name) || name == strings.ToUpper(name) {
			continue
		}
		d := diag.Diagnostic{
			Detail: "The function accepts it without a word: it becomes a variable of the environment, which nothing reads.",
		}
		if meant := nearestName(name, formals, effectNames); meant != "" {
			d.Summary = string(at.Job.Kind) + " has no argument " + name
			d.Help = "did you mean " + meant + "?"
			if slices.Contains(given, meant) {
				continue // a helper's own argument, passed on with what it made of it
			}
		} else if other := otherNixOps[at.Job.Kind]; slices.Contains(other.only, name) {
			d.Severity = diag.Warning
			d.Summary = string(at.Job.Kind) + " has no argument " + name + ", which is one of " + string(other.kind)
			d.Help = "remove it"
			if instead := other.instead[name]; instead != "" {
				d.Help = "write " + instead
			}
		} else {
			continue
		}
		if at.mentions(name) {
			continue
		}
		d.Range = at.Arg(name).NameAt
		p.reportFor(d, at)
	}
}

// isDerivation reports whether a value is one, rather than what a function was
// called with.
func (j *JobAt) isDerivation(v value.Value) bool {
	if v.Kind() != value.AttrSet {
		return true
	}
	a := v.Attrs().Lookup("type")
	return a != nil && j.repo.force(a.Value).Kind() == value.String
}

// mentions reports whether a text among the arguments has a word: a script may
// use the variable. Of what is not known in full the known part counts.
func (j *JobAt) mentions(word string) bool {
	pattern := regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`)
	for _, a := range j.Given.Attrs().All() {
		if text, _ := eval.Known(j.repo.force(a.Value)); pattern.MatchString(text) {
			return true
		}
	}
	return false
}

// nearestName is the one of some names that a word is a slip for, "" when there
// is none: it has another case or other separators, or one letter is wrong, in
// the middle of a very long name two. Short words are all near to one another.
func nearestName(word string, lists ...[]string) string {
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(word))
	if plain == "" {
		return ""
	}
	shortest := [...]int{6, 8, 12} // name by distance
	best, distance := "", len(shortest)
	for _, names := range lists {
		for _, name := range names {
			lower := strings.ToLower(name)
			d := levenshtein.Distance(plain, lower, nil)
			if d < distance && len(name) >= shortest[d] && plain[0] == lower[0] {
				best, distance = name, d
			}
		}
	}
	return best
}

// formalsOf are the arguments of each function beyond those of mkEffect. Of
// functions that are made of modules the module system refuses what they do not
// know.
var formalsOf = map[plan.Kind][]string{
	plan.RunNixOps: {
		"name", "src", "networkFiles", "networkArgs", "prebuild", "prebuildOnlyNetworkFiles", "deployOnlyNetworkFiles",
		"stateName", "knownHostsName", "action",
	},
	plan.RunNixOps2: {
		"name", "flake", "src", "forgetState", "prebuildNetworkArgs", "nixops", "nix", "prebuild", "prebuildOnlyNetworkFiles",
		"prebuildOnlyModules", "networkFiles", "action", "allowReboot", "allowRecreate", "extraDeployArgs", "makeAnException",
	},
	plan.RunNixOS: {"configuration", "system", "nixpkgs", "config", "profile", "ssh", "buildOnDestination"},
	plan.RunNixDarwin: {
		"nix-darwin", "configuration", "nixpkgs", "pkgs", "system", "config", "ssh", "buildOnDestination",
	},
	plan.RunCachixDeploy: {"deploy", "deployJsonFile", "cachix", "async"},
	plan.RunArion:        {"name", "directory", "modules", "pkgs", "uid", "hostNixStorePrefix"},
	plan.NetlifyDeploy:   {"content", "secretName", "secretField", "siteId", "productionDeployment", "extraDeployArgs"},
	plan.CargoPublish: {
		"secretName", "secretField", "manifestPath", "src", "extraPublishArgs", "registryURL", "dryRun", "assertVersions",
	},
	plan.MkEffect: {},
}

// otherNixOps are the arguments that only the function for the other version of
// NixOps has, and what is there instead.
var otherNixOps = map[plan.Kind]struct {
	kind    plan.Kind
	only    []string
	instead map[string]string
}{
	plan.RunNixOps: {
		plan.RunNixOps2,
		[]string{"allowRecreate", "allowReboot", "extraDeployArgs", "flake", "forgetState", "makeAnException", "nixops", "prebuildNetworkArgs", "prebuildOnlyModules"},
		map[string]string{"prebuildNetworkArgs": "networkArgs"},
	},
	plan.RunNixOps2: {
		plan.RunNixOps,
		[]string{"knownHostsName", "networkArgs", "stateName"},
		map[string]string{"networkArgs": "prebuildNetworkArgs, and give the deployment's own arguments to NixOps"},
	},
}

// effectNames are mkEffect's arguments that a misspelt one may be meant for.
var effectNames = []string{
	"name", "src", "inputs", "secretsMap", "userSetupScript", "effectScript", "effectCheckScript", "priorCheckScript",
	"getStateScript", "putStateScript", "initScript", "passthru", "dontUnpack", "buildInputs", "nativeBuildInputs",
}

// isOfEffects reports whether a name means something to mkEffect.
func isOfEffects(name string) bool {
	return slices.Contains(effectNames, name) || strings.HasPrefix(name, "__") ||
		slices.Contains([]string{"defaultInputs", "isEffect", "prebuilt", "preEffectPhases", "postEffectPhases", "preGetStatePhases"}, name)
}

var hook = lazy.Regexp(`^(pre|post)[A-Z]|(Phase|Phases|Hook|Flags|FlagsArray)$`)

// isOfDerivations reports whether a name means something to mkDerivation.
func isOfDerivations(name string) bool {
	return hook().MatchString(name) || slices.Contains([]string{
		"allowSubstitutes", "allowedReferences", "allowedRequisites", "args", "buildCommand", "builder",
		"configureScript", "depsBuildBuild", "depsBuildTarget", "depsHostHost", "depsTargetTarget", "disallowedReferences",
		"disallowedRequisites", "doCheck", "doInstallCheck", "dontBuild", "dontConfigure", "dontFixup", "dontInstall", "dontPatch",
		"dontPatchELF", "dontStrip", "enableParallelBuilding", "env", "exportReferencesGraph", "gid", "hardeningDisable", "hardeningEnable",
		"impureEnvVars", "installTargets", "makeFlags", "meta", "mounts", "outputHash", "outputHashAlgo", "outputHashMode", "outputs",
		"passAsFile", "patchFlags", "patches", "pname", "pos", "preferLocalBuild", "propagatedBuildInputs",
		"propagatedNativeBuildInputs", "requiredSystemFeatures", "separateDebugInfo", "setSourceRoot", "sourceRoot", "srcs",
		"stdenv", "strictDeps", "system", "uid", "unpackCmd", "version",
	}, name)
}
