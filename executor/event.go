package executor

import "time"

// EventVersion is the version of the events' form. Within a major version fields
// and types are only added.
const EventVersion = "1.0"

// EventType says what an event is about.
type EventType string

const (
	RunStarted  EventType = "run-started"
	RunEnded    EventType = "run-ended" // Result is set
	JobStarted  EventType = "job-started"
	JobEnded    EventType = "job-ended" // Outcome is set
	StepStarted EventType = "step-started"
	StepEnded   EventType = "step-ended"
	// Output is a line that a step's program wrote.
	Output EventType = "output"
	// Notice tells what nixplan does: waiting for a lock, trying again.
	Notice EventType = "notice"
	// Warning is about what went wrong without ending the job.
	Warning EventType = "warning"
)

// Event is something that happened in a run. Texts have no secrets in them, but may
// have any other characters.
type Event struct {
	Time time.Time `json:"time"` // UTC
	Type EventType `json:"type"`
	Run  string    `json:"run"`
	Job  string    `json:"job,omitempty"`
	Step string    `json:"step,omitempty"`
	// Saving marks steps that save the state after a failure.
	Saving   bool       `json:"saving,omitempty"`
	Text     string     `json:"text,omitempty"`
	Status   Status     `json:"status,omitempty"`
	ExitCode *int       `json:"exit_code,omitempty"`
	Seconds  float64    `json:"seconds,omitempty"`
	Outcome  *JobResult `json:"outcome,omitempty"`
	Result   *Result    `json:"result,omitempty"`
}
