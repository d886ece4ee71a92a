package hercules

// Phase is what a phase of effects runs, in order, unless it is replaced: scripts
// that are attributes of the effect's derivation.
type Phase struct {
	Runs []string
	// Aside means that an effect may succeed although they fail.
	Aside bool
}

// Phases are those of mkEffect in hercules-ci-effects and the two that it takes
// from nixpkgs' setup.sh.
var Phases = map[string]Phase{
	"initPhase":        {Runs: []string{"preInit", "initScript", "postInit"}},
	"unpackPhase":      {Runs: []string{"preUnpack", "postUnpack"}},
	"patchPhase":       {Runs: []string{"prePatch", "postPatch"}},
	"getStatePhase":    {Runs: []string{"preGetState", "getStateScript", "postGetState"}},
	"userSetupPhase":   {Runs: []string{"preUserSetup", "userSetupScript", "postUserSetup"}},
	"priorCheckPhase":  {Runs: []string{"prePriorCheck", "priorCheckScript", "postPriorCheck"}, Aside: true},
	"effectPhase":      {Runs: []string{"preEffect", "effectScript", "postEffect"}},
	"effectCheckPhase": {Runs: []string{"preEffectCheck", "effectCheckScript", "postEffectCheck"}},
	"putStatePhase":    {Runs: []string{"prePutState", "putStateScript", "postPutState"}},
}

// Hooks are those of setup.sh that belong to no phase.
var Hooks = []string{"userHook", "failureHook", "exitHook"}
