package executor

import (
	"fmt"
	"os"
	"slices"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/secretfile"
	"github.com/nixplan/nixplan/plan"
)

// Unfinished lists the jobs of a run that did not end well, with what their effects
// ask secrets for, so that the caller can read those again.
func (r *Runs) Unfinished(id string) ([]Unfinished, error) {
	m, err := r.Manifest(id)
	if err != nil {
		return nil, err
	}
	records, err := r.Journal(id)
	if err != nil {
		return nil, err
	}
	var list []Unfinished
	for i := range m.Jobs {
		job := &m.Jobs[i]
		p := progressOf(job, records)
		if !p.ended {
			list = append(list, Unfinished{Path: job.Path, Unsaved: p.unsaved()})
		}
	}
	return list, nil
}

// Unfinished is a job of a run that can be carried on.
type Unfinished struct {
	Path string
	// Unsaved: a state lies in the run's directory and nowhere else.
	Unsaved bool
}

func progressOf(m *ManifestJob, records []journal.Record) *progress {
	p := newProgress(m.Steps)
	for _, record := range records {
		if record.Job == m.Path {
			p.apply(record)
		}
	}
	return p
}

// Resume carries a run on: each job that did not end well, of those that only lets
// through, at the first step that did not. What a killed process left unsaved is saved
// first. secrets gives what a job's scripts may read, by its secretsMap.
//
// The error is ErrRunning, ErrNoRun, or about files of the run that cannot be read.
func (r *Runs) Resume(id string, only func(job string) bool, secrets func(*plan.Job, map[string]string) (*secretfile.Selection, error), o Options) (*Result, error) {
	files, records, err := r.open(id)
	if err != nil {
		return nil, err
	}
	defer files.close()
	o.Keep = append(slices.Clone(o.Keep), files.manifest.Keep...)
	run := newRun(r, files, o)
	plans := map[string]*plan.Job{}
	for i := range files.plan.Jobs {
		plans[files.plan.Jobs[i].Path] = &files.plan.Jobs[i]
	}
	var list []*jobRun
	for i := range files.manifest.Jobs {
		m := &files.manifest.Jobs[i]
		p := progressOf(m, records)
		if p.ended || !only(m.Path) {
			continue
		}
		if plans[m.Path] == nil {
			return nil, fmt.Errorf("the run %s cannot be carried on: its plan has no job %s", id, m.Path)
		}
		j := run.job(m, plans[m.Path], nil)
		j.progress, j.resumed = p, true
		if err := j.readValues(); err != nil {
			return nil, err
		}
		// Without its secrets nothing of the job can go on, but what an interrupted run
		// left is saved.
		j.secrets, j.refused = secrets(j.plan, j.values.Env)
		j.redact = o.redactor(j.secrets)
		list = append(list, j)
	}
	if err := files.journal.Append(journal.Record{Type: journal.RunResumed, Version: o.ToolVersion, PID: os.Getpid()}); err != nil {
		return nil, err
	}
	r.sweep() // after the run is known to be alive
	return run.execute(list), nil
}
