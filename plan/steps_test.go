package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nixopsJob(action string) *Job {
	job := &Job{
		Kind: RunNixOps, Deployment: "foo", UserSetup: true,
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
	steps := StepsOf(nixopsJob("switch"))
	want := "lock get-state import modify create set-args setup prior-check deploy export put-state check unlock"
	if got := ids(steps); got != want {
		t.Errorf("steps\n got %s\nwant %s", got, want)
	}
	commands := map[string]string{
		"import":      "nixops import --include-keys",
		"modify":      "nixops modify network.nix aws.nix late.nix",
		"create":      "nixops create network.nix aws.nix late.nix",
		"set-args":    `nixops set-args --arg motd builtins.fromJSON "\"q\\\"x\"" --arg zone builtins.fromJSON "1"`,
		"prior-check": "nixops check",
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
		"lock": Stop, "get-state": Stop, "import": Stop, "modify": Stop, "create": Stop, "set-args": Stop,
		"setup": SaveState, "prior-check": Continue, "deploy": SaveState, "export": SaveState, "put-state": SaveState,
		"check": Stop, "unlock": Continue,
	}
	for _, step := range StepsOf(nixopsJob("switch")) {
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
			steps := StepsOf(nixopsJob(test.action))
			want := "nixops deploy --confirm --allow-reboot --allow-recreate" + test.flag
			if got := strings.Join(find(t, steps, "deploy").Argv, " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			uploads := strings.Contains(ids(steps), "export put-state check")
			if want := test.action != "dry-run"; uploads != want {
				t.Errorf("uploads state: %v, want %v", uploads, want)
			}
		})
	}
	if _, ok := NixOpsAction("destroy"); ok {
		t.Error("destroy is no action")
	}
}

func TestStepsWithoutSetup(t *testing.T) {
	job := nixopsJob("switch")
	job.UserSetup = false
	if got := ids(StepsOf(job)); strings.Contains(got, "setup ") {
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
	for _, step := range StepsOf(job) {
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
			steps := StepsOf(&Job{Kind: RunNixOps2, Deployment: test.deployment, Action: &action})
			if got, want := ids(steps), "lock prior-check deploy check unlock"; got != want {
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
	if steps := StepsOf(&Job{Kind: RunArion}); len(steps) != 0 {
		t.Errorf("steps %s", ids(steps))
	}
}
