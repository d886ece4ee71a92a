package planner

import (
	"context"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/plan"
)

// TestSurvey surveys fixtures as repositories without git.
func TestSurvey(t *testing.T) {
	tests := []struct {
		fixture, job string
		active       string // the refs for which the job is, among those looked at
	}{
		{"neat-repo", "neat-network", "refs/heads/production"},
		{"guide-branch", "neat-network", "refs/heads/production"},
		{"environments-map", "production", "refs/heads/main"},
		{"overlay-wrapped", "website", "refs/tags/v refs/tags/vixplan/another-tag refs/tags/vmain"},
		{"npins-pins", "mail", "refs/heads/main refs/tags/v refs/tags/vixplan/another-tag"},
	}
	for _, test := range tests {
		p, err := New(context.Background(), Options{Path: "../../fixtures/" + test.fixture})
		if err != nil {
			t.Fatal(err)
		}
		p.project.Identity.DefaultBranch = "refs/heads/main"
		var active, all []string
		for _, r := range p.Survey(SurveyOptions{}).Readings {
			all = append(all, r.Ref.Name)
			for _, job := range r.Plan.Jobs {
				if job.Path == test.job && job.State == plan.Active {
					active = append(active, r.Ref.Name)
				}
			}
		}
		slices.Sort(active)
		t.Logf("%s: looked at %q", test.fixture, all)
		if got := strings.Join(active, " "); got != test.active {
			t.Errorf("%s: %s is active for %q, want %q", test.fixture, test.job, got, test.active)
		}
	}
}

// TestBriefSurvey: branches are looked at only where OtherBranch cannot stand for
// them, and without jobs one ref is enough.
func TestBriefSurvey(t *testing.T) {
	effect := `derivation { name = "x"; builder = "x"; system = "x"; } // { isEffect = true; }`
	tests := []struct {
		program string
		want    string // the refs, without those that nobody names
	}{
		{`{ src }: if src.ref == "refs/heads/live" then { a = ` + effect + `; } else { }`, "refs/heads/live refs/heads/main"},
		{`{ src }: if src.branch == "feature" then { a = ` + effect + `; } else { }`, "refs/heads/feature refs/heads/main"},
		{`{ src }: { main = { a = ` + effect + `; recurseForDerivations = true; }; }.${toString src.branch} or { }`, "refs/heads/main"},
		{`{ src }: if builtins.match "refs/heads/rel-.*" src.ref != null then { a = ` + effect + `; } else { }`,
			"refs/heads/feature refs/heads/main refs/heads/other refs/heads/rel- refs/heads/rel-x refs/tags/v1"},
		{`{ src }: if builtins.substring 0 11 src.ref == "refs/heads/" then { a = ` + effect + `; } else { }`,
			"refs/heads/1 refs/heads/feature refs/heads/ixplan/another-tag refs/heads/main refs/heads/other refs/heads/x refs/tags/v1"},
		{`{ src }: { }`, "refs/heads/main"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		write(t, dir, txtar.File{Name: "ci.nix", Data: []byte(test.program)})
		commit(t, dir)
		run(t, dir, "branch", "feature")
		run(t, dir, "branch", "other")
		run(t, dir, "tag", "v1")
		p, err := New(context.Background(), Options{Path: dir})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Survey(SurveyOptions{Brief: true}).Readings {
			if r.Origin != AnyOtherBranch && r.Origin != AnyOtherTag {
				got = append(got, r.Ref.Name)
			}
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s\nlooks at %s\nwant     %s", test.program, got, test.want)
		}
	}
}
