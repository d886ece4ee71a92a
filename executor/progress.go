package executor

import (
	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/plan"
)

// progress is how far a job has come, as the journal tells it: what happens now and
// what is read after a crash go through the same function.
type progress struct {
	steps map[string]plan.Step
	done  map[string]bool // steps that ended well
	ended bool            // the job ended well
	lease string          // of the lock, until it was released
	// leases counts those that were had.
	leases int
	// base are the versions of the state files that the local ones began with, by
	// role; a nil version: there was none.
	base map[string]*state.Version
	// present says whether there was a state to begin with.
	present bool
	// dirty: NixOps' local state may be newer than the one that is stored.
	dirty bool
	// created: the deployment exists, and nowhere but here.
	created bool
	stored  bool // the state was stored since the job began
	logs    int  // step logs so far
}

func newProgress(steps []plan.Step) *progress {
	p := &progress{steps: map[string]plan.Step{}}
	for _, step := range steps {
		p.steps[step.ID] = step
	}
	p.reset()
	return p
}

// reset forgets everything but the logs: the job starts from the beginning.
func (p *progress) reset() {
	p.done, p.base = map[string]bool{}, map[string]*state.Version{}
	p.present, p.dirty, p.created, p.stored, p.ended = false, false, false, false, false
}

// apply takes in a record of the job.
func (p *progress) apply(r journal.Record) {
	step := p.steps[r.Step]
	switch r.Type {
	case journal.StepStarted:
		p.logs++
		if changesState(step) {
			p.dirty = true
			// What was saved before is not all any more: scripts run again after a crash.
			for id, step := range p.steps {
				if step.Saves {
					delete(p.done, id)
				}
			}
		}
		delete(p.done, r.Step)
	case journal.StepEnded:
		if r.Status != journal.Succeeded {
			return
		}
		switch r.Step {
		case "create":
			p.created = true
		case "unlock":
			p.lease = ""
		}
		if !r.Saving {
			p.done[r.Step] = true
		}
	case journal.Leased:
		p.lease = r.Lease
		p.leases++
	case journal.Fetched, journal.Stored:
		if r.State == nil {
			return
		}
		var version *state.Version
		if r.State.Exists {
			version = &state.Version{SHA256: r.State.SHA256, Number: r.State.Number}
		}
		p.base[r.State.Role] = version
		if r.State.Role != plan.DeploymentState {
			return
		}
		if r.Type == journal.Fetched {
			p.present = r.State.Exists
		} else {
			p.dirty, p.created, p.stored = false, false, true
		}
	case journal.JobRestarted:
		p.reset()
	case journal.JobEnded:
		p.ended = r.Status == journal.Succeeded
		if r.Cleared && !p.ended {
			p.reset()
		}
	}
}

// changesState reports whether NixOps' local state is worth saving once the step
// has started: from there on effects do.
func changesState(step plan.Step) bool {
	return step.OnFailure == plan.SaveState || step.ID == "prior-check"
}

// unsaved reports whether something would be lost with the job's files.
func (p *progress) unsaved() bool { return p.dirty || p.created }
