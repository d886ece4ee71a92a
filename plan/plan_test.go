package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
)

func smallest() *Plan {
	return &Plan{
		ToolVersion: "0.0.0",
		Repository:  Repository{Name: "r", Root: "/r"},
		Entry:       Entry{Path: "ci.nix", Form: Legacy},
		Ref:         "refs/heads/main",
		Digest:      "sha256:" + strings.Repeat("0", 64),
	}
}

// neat is a plan that uses every type of the package at least once.
func neat() *Plan {
	at := func(line, column int) *Position { return &Position{File: "ci.nix", Line: line, Column: column} }
	yes, zero := true, 0
	action, _ := NixOpsAction("switch")
	job := Job{
		Path: "neat-network", AttrPath: []string{"neat-network"}, AgentPath: []string{"neat-network", "run"},
		Kind: RunNixOps, Position: at(24, 3), State: Active,
		Condition: Condition{
			Terms: []Term{{
				Expression: `src.ref == "refs/heads/production"`, Position: at(24, 24), Result: "true",
				Operands: []Operand{
					{Expression: "src.ref", Value: `"refs/heads/production"`},
					{Expression: `"refs/heads/production"`, Value: `"refs/heads/production"`},
				},
			}},
		},
		Trigger:    Trigger{Kind: Schedule, Name: "nightly", When: &When{Minute: &zero, Hour: []int{4}, DayOfWeek: []string{"Mon"}}},
		EffectName: "nixops-foo", Deployment: "foo", Action: &action, Src: ".",
		Prebuild: true, UserSetup: true, Scripts: []string{"userSetupScript"},
		Files: []File{
			{Role: NetworkFile, Path: "network.nix", Exists: &yes, Tracked: &yes, Included: &yes, SHA256: strings.Repeat("a", 64), Machines: []string{"database", "backend"}},
			{Role: PrebuildOnlyFile, Path: "network-stub.nix", Error: "needs pkgs.path"},
		},
		Machines:    []Machine{{Name: "database"}, {Name: "backend", TargetEnv: "ec2"}},
		NetworkArgs: []NetworkArg{{Name: "motd", JSON: `"q\"x"`}},
		Secrets:     []Secret{{Name: "aws", Type: "Secret", Source: "neat-aws", UsedBy: []string{"writeAWSSecret"}, Fields: []string{"aws_access_key_id"}}},
		StateFiles:  []StateFile{{Name: "nixops-foo.json", Role: DeploymentState}, {Name: "nixops-foo.known_hosts", Role: KnownHostsState}},
		Facts:       []Fact{{Name: "NIX_PATH", Value: "nixpkgs=…"}},
		Unknowns:    []Unknown{{Field: "network_args.region", Needs: "pkgs.region", From: "nixpkgs", Position: at(3, 4), Provide: "pass -I nixpkgs=PATH"}},
		Assumptions: []Assumption{{Text: "runNixOps is hercules-ci-effects'", Position: at(2, 1)}},
	}
	job.Steps = StepsOf(&job, StepOptions{})
	p := smallest()
	p.Repository = Repository{
		Name: "neat-repo", Root: "/src/neat-repo", Rev: strings.Repeat("1", 40), Dirty: true, DefaultBranch: "main",
		Remote: &Remote{URL: "https://user:hunter2@github.com/neat-org/neat-repo", Forge: "github", Owner: "neat-org", Name: "neat-repo"},
	}
	p.Arguments = []Argument{
		{Name: "src.remoteHttpUrl", Value: `"https://user:hunter2@github.com/neat-org/neat-repo"`},
		{Name: "src.ref", Value: `"refs/heads/production"`},
	}
	p.Jobs = []Job{job}
	p.SomeJobs = []SomeJobs{{Path: "envs", AttrPath: []string{"envs"}, State: Undetermined, Needs: []Unknown{{Field: "names", Needs: "envs"}}}}
	p.Builds = []Build{{Path: "neat-network.prebuilt", AttrPath: []string{"neat-network", "prebuilt"}, Kind: PrebuiltBuild, Trigger: Trigger{Kind: Push}, Job: "neat-network"}}
	pin := Pin{Name: "nixpkgs", URL: "https://token@example.org/nixpkgs.tar.gz", Kind: "nixpkgs", Position: at(5, 7)}
	p.Pins = []Pin{pin, pin}
	p.Assumptions = []Assumption{{Text: "b"}, {Text: "a", Position: at(9, 1)}, {Text: "b"}}
	p.Diagnostics = []Diagnostic{{Attr: "broken", Record: (&diag.Diagnostic{
		ID: "NP201", Severity: diag.Error, Summary: "oops", Detail: "why", Help: "do",
		Range:   diag.Range{Source: diag.NewSource("ci.nix", "throw \"oops\"\n"), Start: 0, End: 5},
		Related: []diag.Related{{Message: "no place"}},
	}).Record()}}
	return p
}

func TestNormalizeIsIdempotent(t *testing.T) {
	once := neat()
	once.Normalize()
	twice := neat()
	twice.Normalize()
	twice.Normalize()
	if diff := cmp.Diff(once, twice); diff != "" {
		t.Error(diff)
	}
}

func TestNormalizeOrders(t *testing.T) {
	p := neat()
	p.Normalize()
	if got := []string{p.Jobs[0].Machines[0].Name, p.Jobs[0].Machines[1].Name}; !cmp.Equal(got, []string{"backend", "database"}) {
		t.Errorf("machines %q", got)
	}
	if got := p.Arguments[0].Name; got != "src.ref" {
		t.Errorf("first argument %q", got)
	}
	if len(p.Pins) != 1 {
		t.Errorf("%d pins, want the two equal ones merged", len(p.Pins))
	}
	want := []Assumption{{Text: "a", Position: &Position{File: "ci.nix", Line: 9, Column: 1}}, {Text: "b"}}
	if diff := cmp.Diff(want, p.Assumptions); diff != "" {
		t.Error(diff)
	}
}

func TestJobsAreOrderedByPathElements(t *testing.T) {
	p := smallest()
	for _, path := range [][]string{{"b"}, {"a", "z"}, {"a.b"}, {"a"}} {
		p.Jobs = append(p.Jobs, Job{Path: strings.Join(path, "."), AttrPath: path})
	}
	p.Normalize()
	var got []string
	for _, job := range p.Jobs {
		got = append(got, strings.Join(job.AttrPath, "/"))
	}
	if want := []string{"a", "a/z", "a.b", "b"}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEncodeDecode(t *testing.T) {
	p := neat()
	p.Normalize()
	var text strings.Builder
	if err := p.Encode(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "null") {
		t.Error("the document contains null")
	}
	for _, credential := range []string{"hunter2", "token@"} {
		if strings.Contains(text.String(), credential) {
			t.Errorf("the document contains %q", credential)
		}
	}
	var back Plan
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	back.Normalize() // absent optional lists come back as nil either way
	if diff := cmp.Diff(p, &back); diff != "" {
		t.Error(diff)
	}
}
