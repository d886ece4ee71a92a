package executor

import (
	"path/filepath"
	"time"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/private"
)

// Summary is a run in short.
type Summary struct {
	ID         string    `json:"id"`
	Created    time.Time `json:"created"`
	Repository string    `json:"repository"`
	Ref        string    `json:"ref"`
	// Status is how it ended; "running", or "interrupted" when its process is gone.
	Status string       `json:"status"`
	Jobs   []JobSummary `json:"jobs"`
	// Unsaved: a state lies in the run's directory and nowhere else.
	Unsaved bool `json:"unsaved"`
	// Problem is why the run's files cannot be read.
	Problem string `json:"problem,omitempty"`
}

// JobSummary is a job of a run in short.
type JobSummary struct {
	Path    string `json:"path"`
	Status  string `json:"status"` // "waiting" before it began
	Step    string `json:"step,omitempty"`
	Message string `json:"message,omitempty"`
	Unsaved bool   `json:"unsaved"`
	Logs    string `json:"logs"`
}

// History is a run with all that its journal says.
type History struct {
	Summary
	Place   string           `json:"place"`
	Records []journal.Record `json:"records"`
}

const (
	running = "running"
	waiting = "waiting"
)

// Summary tells how a run stands.
func (r *Runs) Summary(id string) (*Summary, error) {
	h, err := r.History(id)
	if err != nil {
		return nil, err
	}
	return &h.Summary, nil
}

// History reads a run's journal.
func (r *Runs) History(id string) (*History, error) {
	alive := r.Alive(id) // before the journal is read, which it may end meanwhile
	m, err := r.Manifest(id)
	if err != nil {
		return nil, err
	}
	records, err := r.Journal(id)
	if err != nil {
		return nil, err
	}
	h := &History{
		Summary: Summary{ID: id, Created: m.Created, Repository: m.Repository, Ref: m.Ref, Status: string(Interrupted)},
		Place:   m.Place, Records: records,
	}
	if alive {
		h.Status = running
	}
	for _, record := range records {
		switch record.Type {
		case journal.RunEnded:
			h.Status = string(record.Status)
		case journal.RunResumed:
			if alive {
				h.Status = running
			} else {
				h.Status = string(Interrupted)
			}
		}
	}
	for i := range m.Jobs {
		job := r.jobSummary(id, &m.Jobs[i], records, h.Status)
		h.Unsaved = h.Unsaved || job.Unsaved && !alive
		h.Jobs = append(h.Jobs, job)
	}
	return h, nil
}

func (r *Runs) jobSummary(id string, m *ManifestJob, records []journal.Record, run string) JobSummary {
	job := JobSummary{Path: m.Path, Status: waiting, Logs: filepath.Join(r.Logs(id), m.Dir, "logs")}
	for _, record := range records {
		if record.Job != m.Path {
			continue
		}
		switch record.Type {
		case journal.JobStarted:
			job.Status, job.Step, job.Message = running, "", ""
		case journal.StepStarted:
			job.Step = record.Step
		case journal.JobEnded:
			job.Status, job.Step, job.Message = string(record.Status), record.Step, record.Message
		}
	}
	if run != running {
		switch job.Status {
		case running:
			job.Status = string(Interrupted)
		case waiting:
			job.Status = string(Skipped)
		}
	}
	job.Unsaved = progressOf(m, records).dirty
	return job
}

// Prune removes the files of runs that were made before a time, are not going on and
// have no state that is not stored. It returns their ids. What cannot be read stays.
func (r *Runs) Prune(before time.Time) ([]string, error) {
	ids, err := r.IDs()
	if err != nil {
		return nil, err
	}
	r.sweep() // when they are gone nobody knows any more that their secrets lie about
	var removed []string
	for _, id := range ids {
		summary, err := r.Summary(id)
		if err != nil || summary.Status == running || summary.Unsaved || !summary.Created.Before(before) {
			continue
		}
		if err := private.RemoveTree(r.dir(id)); err != nil {
			return removed, err
		}
		removed = append(removed, id)
	}
	return removed, nil
}
