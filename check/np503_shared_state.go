package check

import (
	"fmt"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var sharedState = &Rule{
	ID: "NP503", Name: "shared-state",
	Summary: "Two jobs deploy with the same state for the same ref.",
	run:     checkSharedState,
}

// Effects of one push run at the same time, and nothing locks the state of
// runNixOps. Schedules have times of their own.
func checkSharedState(p *pass) {
	users := map[string]*JobAt{} // by ref and state
	for _, job := range p.Jobs {
		if job.Trigger.Kind != plan.Push {
			continue
		}
		for _, at := range job.At {
			if at.Job.State != plan.Active || at.Job.Action == nil || at.Job.Action.Name == "dry-run" {
				continue // runs for this ref with nothing that is the other's, or may
			}
			for _, state := range at.states() {
				key := at.Reading.Ref.Name + "\x00" + state.key
				first := users[key]
				if first == nil {
					users[key] = at
					continue
				}
				// One effect may have two names.
				if first.Given.Attrs() != at.Given.Attrs() {
					p.sharedState(first, at, state)
					break
				}
			}
		}
	}
}

// state is something that a deployment reads and writes.
type state struct {
	key  string   // the same for the same state
	what string   // for people
	args []string // the arguments that name it, the first one given counts
	role string
}

func (j *JobAt) states() []state {
	var out []state
	switch j.Job.Kind {
	case plan.RunNixOps:
		for _, f := range j.Job.StateFiles {
			args := []string{"stateName", "name"}
			if f.Role == plan.KnownHostsState {
				args[0] = "knownHostsName"
			}
			out = append(out, state{key: "file " + f.Name, what: text.QuoteNix(f.Name), args: args, role: f.Role})
		}
	case plan.RunNixOps2:
		// It is where the network says, which is the same for the same files.
		if j.Job.Src == "" || len(j.Job.Unknowns) > 0 {
			return nil
		}
		key := fmt.Sprintf("nixops2 %q %q %q", j.Job.Deployment, j.Job.Src, j.Job.Action.Argv)
		for _, f := range j.Job.Files {
			key += fmt.Sprintf(" %q", f.Path)
		}
		out = append(out, state{key: key, what: "of the same network", args: []string{"name"}})
	}
	return out
}

// stateAt is where a job names a state.
func (j *JobAt) stateAt(s state) diag.Range {
	for _, name := range s.args {
		if arg := j.Arg(name); arg != nil {
			return arg.At
		}
	}
	return j.Place()
}

func (p *pass) sharedState(first, second *JobAt, s state) {
	d := diag.Diagnostic{
		Range:  second.stateAt(s),
		Detail: "An agent runs the effects of a push at the same time. Of what they write to the state only what comes last is kept, and NixOps forgets what the other one did.",
		Help:   "give each deployment a name of its own",
	}
	other := first.stateAt(s)
	if other == d.Range { // a helper names both
		d.Range, other = second.Place(), first.Place()
	}
	if other != d.Range {
		d.Related = []diag.Related{{Range: other, Message: first.Job.Path + " uses it as well"}}
	}
	jobs := first.Job.Path + " and " + second.Job.Path
	switch {
	case second.Job.Kind == plan.RunNixOps2:
		d.Severity = diag.Warning
		d.Summary = jobs + " are the same deployment"
		d.Detail = "An agent runs the effects of a push at the same time, and both deploy " + strings.TrimSpace("the network "+second.Job.Deployment) + "."
	case s.role == plan.KnownHostsState:
		d.Severity = diag.Warning
		d.Summary = jobs + " keep the keys of hosts in the same file, " + s.what
		d.Detail = "An agent runs the effects of a push at the same time. The keys that one of them learns are lost when the other one's file is uploaded."
	default:
		d.Summary = jobs + " have the same state, " + s.what
	}
	p.reportFor(d, second)
}
