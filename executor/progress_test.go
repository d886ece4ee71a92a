package executor

import (
	"strings"
	"testing"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/plan"
)

// What a journal tells of a job: whether something would be lost with its files, and
// what is done.
func TestProgress(t *testing.T) {
	action, _ := plan.NixOpsAction("switch")
	job := &plan.Job{
		Kind: plan.RunNixOps, Deployment: "foo", Action: &action, Scripts: []string{"userSetupScript"},
		StateFiles: []plan.StateFile{{Name: "s", Role: plan.DeploymentState}, {Name: "k", Role: plan.KnownHostsState}},
	}
	tests := []struct {
		name, records  string // a step that ended well; -step: began; ~step: failed; *: saving
		dirty, created bool
		done           string // of deploy, export, put-state
	}{
		{"nothing", "", false, false, ""},
		{"before the deployment exists", "lock unpack get-state -create", false, false, ""},
		{"only here", "lock unpack get-state create", false, true, ""},
		{"arguments failed", "lock unpack get-state create ~set-args", false, true, ""},
		{"imported", "lock unpack get-state import modify set-args", false, false, ""},
		{"setup began", "lock unpack get-state import modify set-args -setup", true, false, ""},
		{"checked", "lock unpack get-state import modify set-args -prior-check", true, false, ""},
		{"deploying", "lock get-state import setup prior-check version -deploy", true, false, ""},
		{"deployed", "lock get-state create setup prior-check version deploy export", true, true, "deploy export"},
		{"stored", "lock get-state create setup prior-check version deploy export stored put-state", false, false, "deploy export put-state"},
		{"saved after a failure", "lock get-state import setup ~deploy *export stored *put-state", false, false, ""},
		{"saved, then deploying again", "lock get-state import setup ~deploy *export stored *put-state -deploy", true, false, ""},
		{"only the known hosts failed", "lock get-state create deploy export stored ~put-state", false, false, "deploy export"},
		{"the check changes nothing to save", "lock get-state import deploy export stored put-state ~check", false, false, "deploy export put-state"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newProgress(plan.StepsOf(job, plan.StepOptions{}))
			for word := range strings.FieldsSeq(test.records) {
				if word == "stored" {
					p.apply(journal.Record{Type: journal.Stored, State: &journal.State{Role: plan.DeploymentState, Exists: true, SHA256: "x"}})
					continue
				}
				step := strings.TrimLeft(word, "-~*")
				if _, ok := p.steps[step]; !ok {
					t.Fatalf("there is no step %s", step)
				}
				saving := word[0] == '*'
				p.apply(journal.Record{Type: journal.StepStarted, Step: step, Saving: saving})
				switch word[0] {
				case '-':
				case '~':
					p.apply(journal.Record{Type: journal.StepEnded, Step: step, Status: journal.Failed})
				default:
					p.apply(journal.Record{Type: journal.StepEnded, Step: step, Status: journal.Succeeded, Saving: saving})
				}
			}
			if p.dirty != test.dirty || p.created != test.created {
				t.Errorf("dirty %v, created %v; want %v, %v", p.dirty, p.created, test.dirty, test.created)
			}
			var done []string
			for _, step := range []string{"deploy", "export", "put-state"} {
				if p.done[step] {
					done = append(done, step)
				}
			}
			if got := strings.Join(done, " "); got != test.done {
				t.Errorf("done are %q, want %q", got, test.done)
			}
		})
	}
}

// A job that failed with nothing left to lose starts from the beginning.
func TestProgressStartsAgain(t *testing.T) {
	p := newProgress([]plan.Step{{ID: "lock"}, {ID: "deploy", OnFailure: plan.SaveState}})
	for _, step := range []string{"lock", "deploy"} {
		p.apply(journal.Record{Type: journal.StepStarted, Step: step})
		p.apply(journal.Record{Type: journal.StepEnded, Step: step, Status: journal.Succeeded})
	}
	p.apply(journal.Record{Type: journal.JobEnded, Status: journal.Failed, Cleared: true})
	if p.dirty || p.ended || len(p.done) > 0 || p.logs != 2 {
		t.Errorf("%+v", p)
	}
	p.apply(journal.Record{Type: journal.JobEnded, Status: journal.Succeeded, Cleared: true})
	if !p.ended {
		t.Error("it ended well")
	}
}
