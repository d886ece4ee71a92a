package plan

import "slices"

// ScriptNames are the arguments of effects that hold scripts, in the order in
// which hercules-ci-effects' phases and stdenv's setup.sh run them. Those that set
// up the agent's sandbox (initScript) are not among them.
var ScriptNames = []string{
	"preInit", "postInit",
	"preUnpack", "postUnpack", "prePatch", "postPatch",
	"preGetState", "getStateScript", "postGetState",
	"preUserSetup", "userSetupScript", "postUserSetup",
	"prePriorCheck", "priorCheckScript", "postPriorCheck",
	"preEffect", "effectScript", "postEffect",
	"prePutState", "putStateScript", "postPutState",
	"preEffectCheck", "effectCheckScript", "postEffectCheck",
	"failureHook", "exitHook",
}

// MadeBy reports whether functions of a kind give the script of a name
// themselves, so that a step of nixplan's own stands for it.
func MadeBy(kind Kind, script string) bool {
	switch kind {
	case RunNixOps:
		switch script {
		case "getStateScript", "postGetState", "effectScript", "prePutState", "putStateScript":
			return true
		}
	case RunNixOps2:
		return script == "effectScript"
	}
	return false
}

// given picks those of names that the job has, in their order.
func (job *Job) given(names ...string) []string {
	var out []string
	for _, name := range names {
		if slices.Contains(job.Scripts, name) {
			out = append(out, name)
		}
	}
	return out
}

// scriptSteps is a step that runs those of the named scripts which the job has,
// or none.
func scriptSteps(job *Job, step Step, names ...string) []Step {
	step.Scripts = job.given(names...)
	if len(step.Scripts) == 0 {
		return nil
	}
	if len(job.Secrets) > 0 {
		step.Reads = append(step.Reads, secretsOf(job)...)
	}
	step.Writes = append(step.Writes, "file:~")
	return []Step{step}
}

func secretsOf(job *Job) []string {
	var reads []string
	for _, secret := range job.Secrets {
		reads = append(reads, "secret:"+secret.Name)
	}
	return reads
}
