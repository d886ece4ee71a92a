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

// StepsOf returns the steps that carry a job out, in order, or none for a kind
// whose steps nixplan does not know. They follow the phases of
// hercules-ci-effects' runNixOps and runNixOps2, in a lock that those do not
// take: two runs of one deployment would overwrite each other's state.
//
// A step whose command line needs one of job.Unknowns says so in its Needs.
func StepsOf(job *Job) []Step {
	var steps []Step
	switch job.Kind {
	case RunNixOps:
		steps = nixopsSteps(job)
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

func nixopsSteps(job *Job) []Step {
	var (
		state      = stateName(job, DeploymentState)
		knownHosts = stateName(job, KnownHostsState)
		network    = job.filesOf(NetworkFile, DeployOnlyFile)
		deployment = "deployment:" + job.Deployment
		names      = job.needs(FieldStateName, FieldDeployment)
		fileNames  = job.needs(FieldNetworkFiles, FieldDeployOnlyFiles, FieldDeployment)
		inputs     = prefixed("file:", network)
	)
	steps := []Step{
		lockStep(state, names),
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
			Argv:      setArgsArgv(job.NetworkArgs),
			Writes:    []string{deployment},
			OnFailure: Stop, Needs: job.needs(FieldNetworkArgs),
		},
	}
	// From here on the state may have changed, so a failure saves it.
	if job.UserSetup {
		steps = append(steps, setupStep(job, SaveState))
	}
	steps = append(steps, priorCheckStep(deployment), Step{
		ID: "deploy", Title: deployTitle(job.Action),
		Argv:      actionArgv(job.Action),
		Reads:     slices.Concat([]string{deployment}, inputs),
		Writes:    []string{deployment, "machines"},
		OnFailure: SaveState,
		Needs:     job.needs(FieldAction, FieldDeployment),
	})
	// A dry run changes nothing worth saving, in the effect's opinion, and ends
	// here.
	if job.Action == nil || job.Action.Name != "dry-run" {
		steps = append(steps,
			Step{
				ID: "export", Title: "write the new state to a file",
				Argv: []string{"nixops", "export"}, Stdout: stateExport,
				Reads: []string{deployment}, Writes: []string{"file:" + stateExport},
				OnFailure: SaveState,
			},
			Step{
				ID: "put-state", Title: "upload the state and known hosts",
				Reads:     []string{"file:" + stateExport, "file:" + knownHostsFile},
				Writes:    []string{"state:" + state, "state:" + knownHosts},
				OnFailure: SaveState,
				Needs:     job.needs(FieldStateName, FieldKnownHostsName, FieldDeployment),
			},
			checkStep(deployment),
		)
	}
	return append(steps, unlockStep(state, names))
}

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
	steps := []Step{lockStep(name, needs)}
	if job.UserSetup {
		steps = append(steps, setupStep(job, Stop))
	}
	return append(steps,
		priorCheckStep(deployment),
		Step{
			ID: "deploy", Title: deployTitle(job.Action),
			Argv:      actionArgv(job.Action),
			Reads:     slices.Concat([]string{deployment}, prefixed("file:", job.filesOf(NetworkFile))),
			Writes:    []string{deployment, "machines"},
			OnFailure: Stop,
			Needs:     job.needs(FieldAction, FieldDeployment),
		},
		checkStep(deployment),
		unlockStep(name, needs),
	)
}

func lockStep(name string, needs []Unknown) Step {
	return Step{
		ID: "lock", Title: "wait for the lock " + name + " and take it",
		Writes: []string{"lock:" + name}, OnFailure: Stop, Needs: needs,
	}
}

func unlockStep(name string, needs []Unknown) Step {
	return Step{
		ID: "unlock", Title: "release the lock " + name, When: WhenAnyway,
		Writes: []string{"lock:" + name}, OnFailure: Continue, Needs: needs,
	}
}

func setupStep(job *Job, onFailure OnFailure) Step {
	var reads []string
	for _, secret := range job.Secrets {
		reads = append(reads, "secret:"+secret.Name)
	}
	return Step{
		ID: "setup", Title: "run the user's setup script",
		Reads: reads, Writes: []string{"file:~"}, OnFailure: onFailure,
	}
}

func priorCheckStep(deployment string) Step {
	return Step{
		ID: "prior-check", Title: "check the machines as they are",
		Argv:  []string{"nixops", "check"},
		Reads: []string{deployment, "machines"}, Writes: []string{deployment},
		OnFailure: Continue,
	}
}

func checkStep(deployment string) Step {
	return Step{
		ID: "check", Title: "check the machines after the deployment",
		Argv:  []string{"nixops", "check"},
		Reads: []string{deployment, "machines"}, Writes: []string{deployment},
		OnFailure: Stop, // by now the state is saved
	}
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
			argv = append(argv, "--arg", arg.Name, "builtins.fromJSON "+jsonQuote(arg.JSON))
		}
	}
	return argv
}

// jsonQuote is builtins.toJSON of a string. It leaves "${" alone, as the effect
// does when it makes a Nix string of it.
func jsonQuote(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

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
