// Package journal keeps what a run did, so that a run which was killed at any
// instant can be told, and carried on.
//
// A journal is a file of records, one a line, that only grows. Each line begins
// with a checksum of the rest. A record is on disk when Append returns: it is
// written before a step starts and after it has ended. The last line may be torn
// by a crash; it is left out when the journal is read, and cut off when it is
// opened again.
//
// No type of this package has a place for the value of a secret.
package journal

import "time"

// Type says what a record is about.
type Type string

const (
	RunStarted Type = "run-started"
	RunResumed Type = "run-resumed"
	RunEnded   Type = "run-ended"
	JobStarted Type = "job-started"
	JobEnded   Type = "job-ended"
	// JobRestarted: the job begins again from its first step.
	JobRestarted Type = "job-restarted"
	StepStarted  Type = "step-started"
	StepEnded    Type = "step-ended"
	// Leased: a lock was taken; Lease is its id.
	Leased Type = "leased"
	// Fetched: a state file was read from where it is kept, or found missing.
	Fetched Type = "state-fetched"
	// Stored: a state file was stored.
	Stored Type = "state-stored"
	// Kept: a state that could not be stored lies in File.
	Kept Type = "state-kept"
)

// Status is how a step, job or run ended.
type Status string

const (
	Succeeded   Status = "succeeded"
	Failed      Status = "failed"
	Interrupted Status = "interrupted" // by a signal, a time limit or a lost lock
	Skipped     Status = "skipped"
)

// Record is one line of a journal. Which fields are set depends on Type.
type Record struct {
	Time time.Time `json:"time"` // UTC
	Type Type      `json:"type"`
	Job  string    `json:"job,omitempty"`  // the job's path in the plan
	Step string    `json:"step,omitempty"` // the step's id

	Status   Status `json:"status,omitempty"`
	ExitCode *int   `json:"exit_code,omitempty"`
	// Message is why something ended as it did, in words, without secrets.
	Message string `json:"message,omitempty"`

	// Saving marks a step that ran to save the state after a failure.
	Saving bool `json:"saving,omitempty"`
	// Cleared says, at the end of a job, that nothing of it is left to go on
	// with: its state is stored, or was never changed.
	Cleared bool `json:"cleared,omitempty"`

	Lease string `json:"lease,omitempty"`
	State *State `json:"state,omitempty"`
	File  string `json:"file,omitempty"`

	Version string `json:"version,omitempty"` // of nixplan, at the start of a run
	PID     int    `json:"pid,omitempty"`
}

// State names a version of a state file by its content.
type State struct {
	Name string `json:"name"`
	Role string `json:"role"` // as in plan.StateFile
	// Exists is false for a name under which there was nothing.
	Exists bool   `json:"exists"`
	SHA256 string `json:"sha256,omitempty"` // hex
	Number int    `json:"number,omitempty"` // where versions are counted
}
