package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nixopsJob(action string) *Job {
	job := &Job{
		Kind: RunNixOps, Deployment: "foo", UserSetup: true, Scripts: []string{"userSetupScript"},
		Files: []File{
			{Role: PrebuildOnlyFile, Path: "stub.nix"},
			{Role: DeployOnlyFile, Path: "late.nix"},
			{Role: NetworkFile, Path: "network.nix"},
			{Role: NetworkFile, Path: "aws.nix"},
		},
		NetworkArgs: []NetworkArg{{Name: "zone", JSON: "1"}, {Name: "motd", JSON: `"q\"x"`}},
		Secrets:     []Secret{{Name: "aws"}},
		StateFiles:  []StateFile{{Name: "s.json", Role: DeploymentState}, {Name: "s.known_hosts", Role: KnownHostsState}},
	}
	if a, ok := NixOpsAction(action); ok {
		job.Action = &a
	}
	return job
}

func ids(steps []Step) string {
	var names []string
	for _, step := range steps {
		names = append(names, step.ID)
	}
	return strings.Join(names, " ")
}

func find(t *testing.T, steps []Step, id string) Step {
	t.Helper()
	for _, step := range steps {
		if step.ID == id {
			return step
		}
	}
	t.Fatalf("no step %s", id)
	return Step{}
}

func TestNixOpsSteps(t *testing.T) {
	steps := StepsOf(nixopsJob("switch"), StepOptions{})
	want := "lock unpack get-state import modify create set-args setup prior-check version deploy export put-state check unlock"
	if got := ids(steps); got != want {
		t.Errorf("steps\n got %s\nwant %s", got, want)
	}
	commands := map[string]string{
		"import":      "nixops import --include-keys",
		"modify":      "nixops modify network.nix aws.nix late.nix",
		"create":      "nixops create network.nix aws.nix late.nix",
		"set-args":    `nixops set-args --arg motd builtins.fromJSON "\"q\\\"x\"" --arg zone builtins.fromJSON "1"`,
		"prior-check": "nixops check",
		"version":     "nixops --version",
		"deploy":      "nixops deploy --confirm --allow-reboot --allow-recreate",
		"export":      "nixops export",
		"check":       "nixops check",
	}
	for _, step := range steps {
		if got := strings.Join(step.Argv, " "); got != commands[step.ID] {
			t.Errorf("%s: argv %s, want %s", step.ID, got, commands[step.ID])
		}
		if len(step.Argv) > 0 && !cmp.Equal(step.Env, []string{"NIXOPS_DEPLOYMENT=foo"}) {
			t.Errorf("%s: env %q", step.ID, step.Env)
		}
	}
	if step := find(t, steps, "import"); step.Stdin != "nixops-state.json" || step.When != WhenStatePresent {
		t.Errorf("import: %+v", step)
	}
	if step := find(t, steps, "export"); step.Stdout != "nixops-state.json" {
		t.Errorf("export: %+v", step)
	}
	if step := find(t, steps, "put-state"); !cmp.Equal(step.Writes, []string{"state:s.json", "state:s.known_hosts"}) {
		t.Errorf("put-state writes %q", step.Writes)
	}
	if step := find(t, steps, "setup"); !cmp.Equal(step.Reads, []string{"secret:aws"}) {
		t.Errorf("setup reads %q", step.Reads)
	}
}

// The state is saved after a failure exactly from the point on at which the
// effect registers its failure hook, and never after the upload.
func TestNixOpsFailures(t *testing.T) {
	want := map[string]OnFailure{
		"lock": Stop, "unpack": Stop, "get-state": Stop, "import": Stop, "modify": Stop, "create": Stop, "set-args": Stop,
		"setup": SaveState, "prior-check": Continue, "version": SaveState, "deploy": SaveState, "export": Stop, "put-state": Stop,
		"check": Stop, "unlock": Continue,
	}
	for _, step := range StepsOf(nixopsJob("switch"), StepOptions{}) {
		if step.OnFailure != want[step.ID] {
			t.Errorf("%s: %s, want %s", step.ID, step.OnFailure, want[step.ID])
		}
	}
}

func TestNixOpsActions(t *testing.T) {
	tests := []struct{ action, flag string }{
		{"switch", ""}, {"dry-run", " --dry-run"}, {"plan", " --plan-only"}, {"build", " --build-only"},
		{"create", " --create-only"}, {"copy", " --copy-only"}, {"dry-activate", " --dry-activate"},
		{"test", " --test"}, {"boot", " --boot"},
	}
	for _, test := range tests {
		t.Run(test.action, func(t *testing.T) {
			steps := StepsOf(nixopsJob(test.action), StepOptions{})
			want := "nixops deploy --confirm --allow-reboot --allow-recreate" + test.flag
			if got := strings.Join(find(t, steps, "deploy").Argv, " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			// A state is stored when machines may have changed, and, as the effect
			// does, after anything but a dry run if that is wished.
			uploads := strings.Contains(ids(steps), "export put-state check")
			if want := !slices.Contains([]string{"dry-run", "plan", "build"}, test.action); uploads != want {
				t.Errorf("uploads state: %v, want %v", uploads, want)
			}
			always := strings.Contains(ids(StepsOf(nixopsJob(test.action), StepOptions{SaveAlways: true})), "export put-state check")
			if want := test.action != "dry-run"; always != want {
				t.Errorf("SaveAlways: uploads state: %v, want %v", always, want)
			}
			if got, want := strings.Contains(ids(steps), " check "), test.action != "dry-run"; got != want {
				t.Errorf("checks afterwards: %v, want %v", got, want)
			}
		})
	}
	if _, ok := NixOpsAction("destroy"); ok {
		t.Error("destroy is no action")
	}
}

func TestStepsWithoutSetup(t *testing.T) {
	job := nixopsJob("switch")
	job.Scripts = nil
	if got := ids(StepsOf(job, StepOptions{})); strings.Contains(got, "setup ") {
		t.Errorf("steps %s", got)
	}
}

func TestStepsNeed(t *testing.T) {
	job := nixopsJob("switch")
	job.StateFiles = nil
	job.Unknowns = []Unknown{
		{Field: "network_args.region", Needs: "pkgs.region"},
		{Field: FieldStateName, Needs: "stateName"},
		{Field: "machines", Needs: "elsewhere"},
	}
	got := map[string]string{}
	for _, step := range StepsOf(job, StepOptions{}) {
		for _, need := range step.Needs {
			got[step.ID] += need.Needs
		}
	}
	want := map[string]string{
		"lock": "stateName", "get-state": "stateName", "put-state": "stateName", "unlock": "stateName",
		"set-args": "pkgs.region",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNixOps2Steps(t *testing.T) {
	tests := []struct {
		name                       string
		deployment                 string
		allowReboot, allowRecreate bool
		extra                      []string
		lock, deploy               string
	}{
		{"defaults", "foo", true, true, nil, "lock:nixops-foo", "nixops deploy --confirm --allow-reboot --allow-recreate"},
		{"unnamed", "", true, true, nil, "lock:nixops", "nixops deploy --confirm --allow-reboot --allow-recreate"},
		{"careful", "foo", false, false, []string{"--max-concurrent-copy", "2"}, "lock:nixops-foo", "nixops deploy --confirm --max-concurrent-copy 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			action, _ := NixOps2Action("switch", test.allowReboot, test.allowRecreate, test.extra)
			steps := StepsOf(&Job{Kind: RunNixOps2, Deployment: test.deployment, Action: &action}, StepOptions{})
			if got, want := ids(steps), "lock unpack prior-check deploy check unlock"; got != want {
				t.Errorf("steps %s, want %s", got, want)
			}
			if got := strings.Join(find(t, steps, "lock").Writes, " "); got != test.lock {
				t.Errorf("lock %s, want %s", got, test.lock)
			}
			if got := strings.Join(find(t, steps, "deploy").Argv, " "); got != test.deploy {
				t.Errorf("deploy %s, want %s", got, test.deploy)
			}
		})
	}
	action, _ := NixOps2Action("boot", true, true, nil)
	if got, want := strings.Join(action.Argv, " "), "nixops deploy --confirm --boot --allow-reboot --allow-recreate"; got != want {
		t.Errorf("boot: %s, want %s", got, want)
	}
}

func TestOtherKindsHaveNoSteps(t *testing.T) {
	if steps := StepsOf(&Job{Kind: RunArion}, StepOptions{}); len(steps) != 0 {
		t.Errorf("steps %s", ids(steps))
	}
}

// Scripts that a program gives run where the effect's phases run them.
func TestScriptSteps(t *testing.T) {
	job := nixopsJob("switch")
	job.Scripts = ScriptNames
	want := "lock init-scripts unpack unpack-scripts pre-get-state get-state import modify create set-args setup " +
		"pre-prior-check prior-check post-prior-check pre-effect version deploy post-effect " +
		"export put-state post-put-state pre-effect-check check post-effect-check failure-hook exit-hook unlock"
	steps := StepsOf(job, StepOptions{})
	if got := ids(steps); got != want {
		t.Errorf("steps\n got %s\nwant %s", got, want)
	}
	setup := find(t, steps, "setup")
	if got, want := strings.Join(setup.Scripts, " "), "preUserSetup userSetupScript postUserSetup"; got != want {
		t.Errorf("setup runs %s, want %s", got, want)
	}
	if !slices.Contains(setup.Reads, "secret:aws") {
		t.Errorf("setup reads %q", setup.Reads)
	}
	check := find(t, steps, "prior-check")
	if len(check.Argv) > 0 || !slices.Equal(check.Scripts, []string{"priorCheckScript"}) || check.OnFailure != Continue {
		t.Errorf("prior-check: %+v", check)
	}
}

// What is in an argument stays a text for Nix.
func TestFromJSON(t *testing.T) {
	tests := map[string]string{
		`1`:            `builtins.fromJSON "1"`,
		`"q\"x"`:       `builtins.fromJSON "\"q\\\"x\""`,
		`"${x} $5 \\"`: `builtins.fromJSON "\"\${x} \$5 \\\\\""`,
	}
	for json, want := range tests {
		if got := FromJSON(json); got != want {
			t.Errorf("%s: got %s, want %s", json, got, want)
		}
	}
}
