package planner_test

import (
	"io"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
)

func init() {
	planner.WriteYAML = func(w io.Writer, p *plan.Plan) error {
		return view.Plan(w, p, view.Options{Format: view.YAML})
	}
}
