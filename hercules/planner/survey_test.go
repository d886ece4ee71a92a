package planner

import (
	"context"
	"slices"
	"strings"
	"testing"

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
