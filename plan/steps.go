package plan

import (
	"slices"
	"strings"
)

// Names of Unknown.Field that keep a step's command line from being complete.
// The value of one network argument is "network_args." and its name.
const (
	FieldDeployment      = "deployment"
	FieldNetworkFiles    = "network_files"
	FieldDeployOnlyFiles = "deploy_only_network_files"
	FieldNetworkArgs     = "network_args"
	FieldStateName       = "state_name"
	FieldKnownHostsName  = "known_hosts_name"
	FieldAction          = "action"
)

// Roles of state files.
const (
	DeploymentState = "deployment"  // NixOps' export
	KnownHostsState = "known-hosts" // ssh's known_hosts
)

// stateExport is the file, in the working directory, in which the state comes
// and goes.
const (
	stateExport    = "nixops-state.json"
	knownHostsFile = "~/.ssh/known_hosts"
)

// StepOptions change how a job is carried out.
type StepOptions struct {
	// SaveAlways stores the state after every action, as the effect does, and not
	// only after those that may change machines.
	SaveAlways bool
}

// StepsOf returns the steps that carry a job out, in order, or none for a kind
// whose steps nixplan does not know. They follow the phases of
// hercules-ci-effects' runNixOps and runNixOps2, with the scripts around them, in a
// lock that those do not take: two runs of one deployment would overwrite each other's state.
//
// A step whose command line needs one of job.Unknowns says so in its Needs.
func StepsOf(job *Job, o StepOptions) []Step {
	var steps []Step
	switch job.Kind {
	case RunNixOps:
		steps = nixopsSteps(job, o)
	case RunNixOps2:
		steps = nixops2Steps(job)
	}
	for i := range steps {
		if len(steps[i].Argv) > 0 && job.Deployment != "" {
			steps[i].Env = []string{"NIXOPS_DEPLOYMENT=" + job.Deployment}
		}
	}
	return steps
}

// AddSteps fills in the steps of every job, which follow from what else it says.
func (p *Plan) AddSteps() {
	for i := range p.Jobs {
		p.Jobs[i].Steps = StepsOf(&p.Jobs[i], StepOptions{})
	}
}

func nixopsSteps(job *Job, o StepOptions) []Step {
	var (
		state      = stateName(job, DeploymentState)
		knownHosts = stateName(job, KnownHostsState)
		network    = job.filesOf(NetworkFile, DeployOnlyFile)
		deployment = "deployment:" + job.Deployment
		names      = job.needs(FieldStateName, FieldDeployment)
		fileNames  = job.needs(FieldNetworkFiles, FieldDeployOnlyFiles, FieldDeployment)
		inputs     = prefixed("file:", network)
	)
	steps := slices.Concat(
		[]Step{lockStep(state, names)},
		unpackSteps(job),
		scriptSteps(job, Step{ID: "pre-get-state", Title: "run preGetState", OnFailure: Stop}, "preGetState"),
		[]Step{
			{
				ID: "get-state", Title: "fetch the deployment's state and known hosts",
				Reads:     []string{"state:" + state, "state:" + knownHosts},
				Writes:    []string{"file:" + stateExport, "file:" + knownHostsFile},
				OnFailure: Stop,
				Needs:     job.needs(FieldStateName, FieldKnownHostsName, FieldDeployment),
			},
			{
				ID: "import", Title: "load the state into NixOps", When: WhenStatePresent,
				Argv: []string{"nixops", "import", "--include-keys"}, Stdin: stateExport,
				Reads: []string{"file:" + stateExport}, Writes: []string{deployment},
				OnFailure: Stop,
			},
			{
				ID: "modify", Title: "point the deployment at the network files", When: WhenStatePresent,
				Argv:  append([]string{"nixops", "modify"}, network...),
				Reads: inputs, Writes: []string{deployment},
				OnFailure: Stop, Needs: fileNames,
			},
			{
				ID: "create", Title: "create the deployment", When: WhenStateAbsent,
				Argv:  append([]string{"nixops", "create"}, network...),
				Reads: inputs, Writes: []string{deployment},
				OnFailure: Stop, Needs: fileNames,
			},
			{
				ID: "set-args", Title: "set the network's arguments",
				Argv: setArgsArgv(job.NetworkArgs), Adds: "--unset NAME for each argument that the state has and the plan has not",
				Writes:    []string{deployment},
				OnFailure: Stop, Needs: job.needs(FieldNetworkArgs),
			},
		},
		// From here on the state may have changed, so a failure saves it.
		setupSteps(job, SaveState),
		priorCheckSteps(job, deployment, SaveState),
		deploySteps(job, deployment, inputs, SaveState),
	)
	if job.changesMachines() || o.SaveAlways && !job.dryRun() {
		steps = slices.Concat(steps, saveSteps(job, state, knownHosts, deployment))
	}
	return slices.Concat(steps, checkSteps(job, deployment), endSteps(job, state, names))
}

// saveSteps store the deployment's state. A plan or build has none that machines
// stand behind, and is known to damage the one before (NixOS/nixops#1499).
func saveSteps(job *Job, state, knownHosts, deployment string) []Step {
	return append(
		[]Step{
			{
				ID: "export", Title: "write the new state to a file",
				Argv: []string{"nixops", "export"}, Stdout: stateExport,
				Reads: []string{deployment}, Writes: []string{"file:" + stateExport},
				OnFailure: Stop, Saves: true,
			},
			{
				ID: "put-state", Title: "upload the state and known hosts",
				Reads:     []string{"file:" + stateExport, "file:" + knownHostsFile},
				Writes:    []string{"state:" + state, "state:" + knownHosts},
				OnFailure: Stop, Saves: true,
				Needs: job.needs(FieldStateName, FieldKnownHostsName, FieldDeployment),
			},
		},
		scriptSteps(job, Step{ID: "post-put-state", Title: "run postPutState", OnFailure: Stop, Saves: true}, "postPutState")...,
	)
}

// changesMachines reports whether the job's action may change machines or their
// configuration. A dry activation may: it creates them and sets their profile.
func (job *Job) changesMachines() bool {
	if job.Action == nil {
		return true
	}
	switch job.Action.Name {
	case "dry-run", "plan", "build":
		return false
	}
	return true
}

// dryRun reports whether nothing comes after the action, in the effect's opinion.
func (job *Job) dryRun() bool { return job.Action != nil && job.Action.Name == "dry-run" }

// nixops2Steps has no steps for state and arguments: NixOps 2 keeps its state in
// the storage that the network names, and finds the network in the working
// directory by itself.
func nixops2Steps(job *Job) []Step {
	name := "nixops"
	if job.Deployment != "" {
		name += "-" + job.Deployment
	}
	deployment := "deployment:" + job.Deployment
	needs := job.needs(FieldDeployment)
	return slices.Concat(
		[]Step{lockStep(name, needs)},
		unpackSteps(job),
		scriptSteps(job, Step{ID: "get-state-scripts", Title: "run the scripts that fetch state", OnFailure: Stop}, "preGetState", "getStateScript", "postGetState"),
		setupSteps(job, SaveState),
		priorCheckSteps(job, deployment, SaveState),
		deploySteps(job, deployment, prefixed("file:", job.filesOf(NetworkFile)), SaveState),
		scriptSteps(job, Step{ID: "put-state-scripts", Title: "run the scripts that store state", OnFailure: Stop, Saves: true}, "prePutState", "putStateScript", "postPutState"),
		checkSteps(job, deployment),
		endSteps(job, name, needs),
	)
}

func lockStep(name string, needs []Unknown) Step {
	return Step{
		ID: "lock", Title: "wait for the lock " + name + " and take it",
		Writes: []string{"lock:" + name}, OnFailure: Stop, Needs: needs,
	}
}

// unpackSteps make the working directory. The scripts before it run in the
// directory above.
func unpackSteps(job *Job) []Step {
	return slices.Concat(
		scriptSteps(job, Step{ID: "init-scripts", Title: "run the scripts that come first", OnFailure: Stop}, "preInit", "postInit", "preUnpack"),
		[]Step{{
			ID: "unpack", Title: "copy src, as its filter lets it through, to work in",
			Reads: []string{"src"}, Writes: []string{"file:."}, OnFailure: Stop,
		}},
		scriptSteps(job, Step{ID: "unpack-scripts", Title: "run the scripts for the copied files", OnFailure: Stop}, "postUnpack", "prePatch", "postPatch"),
	)
}

func setupSteps(job *Job, onFailure OnFailure) []Step {
	return scriptSteps(job, Step{ID: "setup", Title: "run the user's setup script", OnFailure: onFailure}, "preUserSetup", "userSetupScript", "postUserSetup")
}

// priorCheckSteps look at the machines before. Only the check itself may fail.
func priorCheckSteps(job *Job, deployment string, onFailure OnFailure) []Step {
	check := Step{
		ID: "prior-check", Title: "check the machines as they are",
		Argv:  []string{"nixops", "check"},
		Reads: []string{deployment, "machines"}, Writes: []string{deployment},
		OnFailure: Continue,
	}
	return slices.Concat(
		scriptSteps(job, Step{ID: "pre-prior-check", Title: "run prePriorCheck", OnFailure: onFailure}, "prePriorCheck"),
		orScript(job, check, "priorCheckScript"),
		scriptSteps(job, Step{ID: "post-prior-check", Title: "run postPriorCheck", OnFailure: onFailure}, "postPriorCheck"),
	)
}

func deploySteps(job *Job, deployment string, inputs []string, onFailure OnFailure) []Step {
	steps := scriptSteps(job, Step{ID: "pre-effect", Title: "run preEffect", OnFailure: onFailure}, "preEffect")
	if job.Kind == RunNixOps {
		steps = append(steps, Step{
			ID: "version", Title: "say which NixOps it is",
			Argv: []string{"nixops", "--version"}, OnFailure: onFailure,
		})
	}
	deploy := Step{
		ID: "deploy", Title: deployTitle(job.Action),
		Argv:      actionArgv(job.Action),
		Reads:     slices.Concat([]string{deployment}, inputs),
		Writes:    []string{deployment, "machines"},
		OnFailure: onFailure,
		Needs:     job.needs(FieldAction, FieldDeployment),
	}
	return slices.Concat(steps,
		orScript(job, deploy, "effectScript"),
		scriptSteps(job, Step{ID: "post-effect", Title: "run postEffect", OnFailure: onFailure}, "postEffect"),
	)
}

// checkSteps look at the machines after. By then the state is saved.
func checkSteps(job *Job, deployment string) []Step {
	check := Step{
		ID: "check", Title: "check the machines after the deployment",
		Argv:  []string{"nixops", "check"},
		Reads: []string{deployment, "machines"}, Writes: []string{deployment},
		OnFailure: Stop,
	}
	if !job.changesMachines() {
		// A plan or a build of a new deployment leaves no machines to check.
		check.OnFailure = Continue
	}
	checks := orScript(job, check, "effectCheckScript")
	if job.Kind == RunNixOps && job.dryRun() && len(checks[0].Scripts) == 0 {
		checks = nil
	}
	return slices.Concat(
		scriptSteps(job, Step{ID: "pre-effect-check", Title: "run preEffectCheck", OnFailure: Stop}, "preEffectCheck"),
		checks,
		scriptSteps(job, Step{ID: "post-effect-check", Title: "run postEffectCheck", OnFailure: Stop}, "postEffectCheck"),
	)
}

func endSteps(job *Job, lock string, needs []Unknown) []Step {
	return slices.Concat(
		scriptSteps(job, Step{ID: "failure-hook", Title: "run failureHook", When: WhenFailed, OnFailure: Continue}, "failureHook"),
		scriptSteps(job, Step{ID: "exit-hook", Title: "run exitHook", OnFailure: Stop}, "exitHook"),
		[]Step{{
			ID: "unlock", Title: "release the lock " + lock, When: WhenAnyway,
			Writes: []string{"lock:" + lock}, OnFailure: Continue, Needs: needs,
		}},
	)
}

// orScript is a step, or in its place a script that the program gave instead.
func orScript(job *Job, step Step, script string) []Step {
	if given := job.given(script); given != nil {
		step.Argv, step.Scripts = nil, given
		step.Reads = append(step.Reads, secretsOf(job)...)
	}
	return []Step{step}
}

// nixopsActions maps an action's name to the flag of "nixops deploy" for it.
var nixopsActions = map[string]string{
	"switch":       "",
	"dry-run":      "--dry-run",
	"plan":         "--plan-only",
	"build":        "--build-only",
	"create":       "--create-only",
	"copy":         "--copy-only",
	"dry-activate": "--dry-activate",
	"test":         "--test",
	"boot":         "--boot",
}

// NixOpsAction returns the action of runNixOps by its name; ok is false for a
// name that it does not know.
func NixOpsAction(name string) (action Action, ok bool) {
	flag, ok := nixopsActions[name]
	if !ok {
		return Action{}, false
	}
	argv := []string{"nixops", "deploy", "--confirm", "--allow-reboot", "--allow-recreate"}
	return Action{Name: name, Argv: appendFlag(argv, flag)}, true
}

// NixOps2Action is NixOpsAction for runNixOps2, which lets the user leave out
// two flags and add more, extraDeployArgs.
func NixOps2Action(name string, allowReboot, allowRecreate bool, extra []string) (action Action, ok bool) {
	flag, ok := nixopsActions[name]
	if !ok {
		return Action{}, false
	}
	argv := appendFlag([]string{"nixops", "deploy", "--confirm"}, flag)
	if allowReboot {
		argv = append(argv, "--allow-reboot")
	}
	if allowRecreate {
		argv = append(argv, "--allow-recreate")
	}
	return Action{Name: name, Argv: append(argv, extra...)}, true
}

func appendFlag(argv []string, flag string) []string {
	if flag == "" {
		return argv
	}
	return append(argv, flag)
}

func deployTitle(action *Action) string {
	switch {
	case action == nil:
		return "deploy the network"
	case action.Name == "switch":
		return "deploy the network and switch to it"
	default:
		return "deploy the network, action " + action.Name
	}
}

func actionArgv(action *Action) []string {
	if action == nil {
		return nil
	}
	return slices.Clone(action.Argv)
}

// NotShown stands in a step's command for a value that is not in the plan.
const NotShown = "(not shown)"

// FromJSON is the Nix expression with which effects pass a value, given as compact
// JSON, to NixOps.
func FromJSON(json string) string {
	return `builtins.fromJSON "` + nixQuote.Replace(json) + `"`
}

// setArgsArgv gives every argument as an expression that reads its JSON. With
// no arguments the command changes nothing but still runs.
func setArgsArgv(args []NetworkArg) []string {
	args = slices.Clone(args)
	slices.SortFunc(args, func(a, b NetworkArg) int { return strings.Compare(a.Name, b.Name) })
	argv := []string{"nixops", "set-args"}
	for _, arg := range args {
		if arg.Hidden {
			argv = append(argv, "--arg", arg.Name, NotShown)
		} else if arg.JSON != "" {
			argv = append(argv, "--arg", arg.Name, FromJSON(arg.JSON))
		}
	}
	return argv
}

// nixQuote is a text as a Nix string. What follows a "$" stays text as well.
var nixQuote = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`)

// stateName is the name of the job's state file of a role, "?" when unknown.
func stateName(job *Job, role string) string {
	for _, file := range job.StateFiles {
		if file.Role == role {
			return file.Name
		}
	}
	return "?"
}

// filesOf lists the paths of the files with the given roles, role by role.
func (job *Job) filesOf(roles ...FileRole) []string {
	var paths []string
	for _, role := range roles {
		for _, file := range job.Files {
			if file.Role == role {
				paths = append(paths, file.Path)
			}
		}
	}
	return paths
}

// needs picks the unknowns that concern one of the fields or a part of it.
func (job *Job) needs(fields ...string) []Unknown {
	var result []Unknown
	for _, unknown := range job.Unknowns {
		for _, field := range fields {
			if unknown.Field == field || strings.HasPrefix(unknown.Field, field+".") {
				result = append(result, unknown)
				break
			}
		}
	}
	return result
}

func prefixed(prefix string, items []string) []string {
	result := make([]string, len(items))
	for i, item := range items {
		result[i] = prefix + item
	}
	return result
}
