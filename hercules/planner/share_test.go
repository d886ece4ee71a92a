package planner

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/plan"
)

// TestSharedReadings reads every fixture for every ref that matters to it with one
// planner, and for each ref with a planner of its own: what the one shares between
// refs must make no difference. Pins and assumptions may: they add up.
func TestSharedReadings(t *testing.T) {
	for _, name := range repositories(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name))); err != nil {
				t.Fatal(err)
			}
			commit(t, dir)
			open := func() *Planner {
				p, err := New(context.Background(), Options{Path: dir})
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			p := open()
			readings := p.Survey(SurveyOptions{}).Readings
			for _, r := range append(readings, p.Read(readings[0].Ref)) {
				alone := open().Read(hercules.Ref{Name: r.Ref.Name})
				if diff := cmp.Diff(ofJobs(alone.Plan), ofJobs(r.Plan)); diff != "" {
					t.Errorf("%s: -alone +shared\n%s", r.Ref.Name, diff)
				}
			}
		})
	}
}

// ofJobs is a plan without what a planner collects over several of them.
func ofJobs(p *plan.Plan) *plan.Plan {
	out := *p
	out.Pins, out.Assumptions = nil, nil
	return &out
}
