package check

import (
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

var undetermined = &Rule{
	ID: diag.IDUnknown, Name: "undetermined",
	Severity: diag.Note,
	Summary:  "Whether a job runs depends on something that is not known without fetching or building.",
	run:      checkUndetermined,
}

func checkUndetermined(p *pass) {
	for _, job := range p.Jobs {
		for _, at := range job.At {
			u := at.Found.Needs
			if at.Job.State != plan.Undetermined || u == nil {
				continue
			}
			need, place := p.planner.Needed(u)
			if place = userRange(place); !place.Valid() {
				place = at.Place()
			}
			d := diag.Diagnostic{
				Range:   place,
				Summary: "whether " + job.Path + " runs is not known: it needs " + need.Needs,
				Detail:  need.Reason,
				Help:    need.Provide,
			}
			if need.From != "" {
				d.Detail = need.From + ": " + need.Reason
			}
			if place := at.Place(); place.Valid() && place.Start != d.Range.Start {
				d.Related = []diag.Related{{Range: place, Message: "the job"}}
			}
			p.reportFor(d, at)
		}
	}
}
