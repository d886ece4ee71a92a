// Package executor carries out the jobs of a plan, step by step, and loses nothing.
//
// A run has a directory with a journal, in which every step stands before it
// starts and after it has ended, the jobs' files and their logs (see [Runs]). What
// holds whatever happens:
//
//   - Once NixOps may have changed something, its newest state is stored, or lies in
//     the run's directory together with the command that stores it.
//   - A lock is held from before the state is read until after it was stored. While
//     a state is not stored, nobody else gets the lock on this machine.
//   - The value of a secret is in no log, journal or message, and in no file but
//     those of the job's private directory, which is removed at the end.
//   - The first interrupt ends the step that runs and saves the state; the second
//     kills.
//   - A job that fails does not stop the others.
package executor

import (
	"os"
	"time"

	"github.com/nixplan/nixplan/executor/redact"
	"github.com/nixplan/nixplan/executor/secretfile"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/hercules/effect"
	"github.com/nixplan/nixplan/plan"
)

// Job is a job to carry out.
type Job struct {
	Plan plan.Job
	// Steps are what is done, in order; see [plan.StepsOf].
	Steps []plan.Step
	// Effect has the values that the plan leaves out. A job that is resumed has
	// none: they are in the run's directory.
	Effect *effect.Effect
	// Last: it begins when all others have ended.
	Last bool
	// Secrets are what the scripts may read. They are wiped at the end of the job.
	Secrets *secretfile.Selection
}

// Options say how to carry out a run.
type Options struct {
	Store  state.Store
	Locker state.Locker

	// Unchanged is asked when all that the jobs need was copied, and before anything
	// begins; its error ends the run. What was copied may be something else than what
	// somebody looked at and approved. nil: nobody is asked.
	Unchanged func() error

	// Parallelism is how many jobs run at once, at least 1. Jobs with the same lock
	// run one after the other in any case.
	Parallelism int
	// LockWait is how long to wait for a lock: 0 not at all, negative without end.
	LockWait time.Duration
	// LeaveLast leaves jobs that come last to another process, which resumes the run.
	LeaveLast bool
	// Timeout interrupts the run when it takes longer; 0: never.
	Timeout time.Duration
	// Grace is how long an interrupted program may take to end before it is asked
	// with SIGTERM, and again before it is killed; 0 is defaultGrace.
	Grace time.Duration
	// SaveTime bounds how long a state is tried to be stored, once it has to be;
	// 0 is defaultSaveTime. When it is over the state stays on disk.
	SaveTime time.Duration

	// Interrupts tells of signals to nixplan: the first saves, the second kills.
	Interrupts <-chan os.Signal
	// Notices are what others have to say while the run goes on, such as the client of
	// the state's server; they become events.
	Notices <-chan string
	// Observe gets the events, one at a time; nil drops them.
	Observe func(Event)

	// Environ is the environment of nixplan, of which programs get what is said
	// below and the variables named in Keep.
	Environ []string
	Keep    []string
	// Helper is the nixplan binary that scripts call; "" is the one that runs.
	Helper string
	// APIBaseURL and APIToken are what effects find as HERCULES_CI_API_BASE_URL and
	// as the secret hercules-ci. The token may be nil.
	APIBaseURL string
	APIToken   []byte
	// Resume is the command line that carries on a run, without its id.
	Resume []string
	// ToolVersion is recorded in the journal.
	ToolVersion string
}

const (
	defaultGrace    = 30 * time.Second
	defaultSaveTime = 15 * time.Minute
)

// Status is how a job or a run ended.
type Status string

const (
	Succeeded   Status = "succeeded"
	Failed      Status = "failed"
	Interrupted Status = "interrupted" // by a signal, the time limit or the loss of the lock
	Blocked     Status = "blocked"     // somebody else holds the lock
	Skipped     Status = "skipped"     // not started, since the run was interrupted
)

// Result is how a run ended.
type Result struct {
	Run    string      `json:"run"`
	Status Status      `json:"status"`
	Jobs   []JobResult `json:"jobs"` // in the order of the plan
	// Logs is the directory with the jobs' logs.
	Logs string `json:"logs"`
	// Next is the command line that carries the run on; none when all is done.
	Next []string `json:"next,omitempty"`
}

// JobResult is how a job ended.
type JobResult struct {
	Job    string `json:"job"`
	Status Status `json:"status"`
	// Step is the step that did not end well.
	Step    string        `json:"step,omitempty"`
	Message string        `json:"message,omitempty"`
	Help    string        `json:"help,omitempty"`
	Time    time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
	State   StateResult   `json:"state"`
	// Machines are those of the network, as far as NixOps told of them.
	Machines []MachineResult `json:"machines"`
	Logs     string          `json:"logs"`
}

// StateResult says what became of a deployment's state.
type StateResult string

const (
	StateNone   StateResult = "none"   // there was nothing to store
	StateStored StateResult = "stored" // the newest state is stored
	StateKept   StateResult = "kept"   // it could not be stored, and lies in the run's directory
)

// MachineResult is what NixOps said of a machine in the deployment.
type MachineResult struct {
	Name string `json:"name"`
	// Outcome is "activated", "failed", or "not reached".
	Outcome string `json:"outcome"`
	Message string `json:"message,omitempty"`
}

func (o *Options) grace() time.Duration {
	if o.Grace > 0 {
		return o.Grace
	}
	return defaultGrace
}

func (o *Options) saveTime() time.Duration {
	if o.SaveTime > 0 {
		return o.SaveTime
	}
	return defaultSaveTime
}

// redactor knows the secrets of a job.
func (o *Options) redactor(secrets *secretfile.Selection) *redact.Redactor {
	var values []redact.Value
	if secrets != nil {
		values = secrets.Values()
	}
	if len(o.APIToken) > 0 {
		values = append(values, redact.Value{Label: "the API token", Text: o.APIToken})
	}
	return redact.New(values)
}
