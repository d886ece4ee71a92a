package view

import (
	"io"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// DryRun is the document of steps that a run would take.
type DryRun struct {
	FormatVersion string      `json:"format_version"`
	Jobs          []DryRunJob `json:"jobs"`
}

// DryRunJob is a job with its steps, which are those of a plan.
type DryRunJob struct {
	Path  string      `json:"path"`
	Steps []plan.Step `json:"steps"`
}

// StepsJSON writes the steps of jobs as a document.
func StepsJSON(w io.Writer, jobs []executor.Job) error {
	d := DryRun{FormatVersion: plan.FormatVersion, Jobs: []DryRunJob{}}
	for i := range jobs {
		d.Jobs = append(d.Jobs, DryRunJob{jobs[i].Plan.Path, jobs[i].Steps})
	}
	return text.WriteJSON(w, d)
}

// StepsText writes the steps of jobs for people.
func StepsText(w io.Writer, jobs []executor.Job, o Options) error {
	h := &human{Options: o, style: text.NewStyle(o.Color)}
	for i := range jobs {
		if i > 0 {
			h.WriteString("\n")
		}
		h.WriteString(h.style.Bold(text.Line(jobs[i].Plan.Path)) + "\n")
		h.steps(jobs[i].Steps)
	}
	_, err := io.WriteString(w, h.String())
	return err
}
