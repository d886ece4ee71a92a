package plan

// Step is one thing that carrying out a job does: run a program (Argv), run
// scripts of the effect (Scripts), or something that nixplan does by itself, which
// the ID names. Steps run in their order, in one working directory (the job's src,
// copied) with a fresh HOME and no standard input.
type Step struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// When restricts a step; empty: always, unless an earlier step failed.
	When StepWhen `json:"when,omitempty"`
	// Argv is the command line; empty for a step that is not a program's run.
	Argv []string `json:"argv,omitempty"`
	// Env are variables set for Argv, "NAME=VALUE".
	Env []string `json:"env,omitempty"`
	// Scripts are the effect's scripts that bash runs, by their names, one after
	// the other: "preUserSetup", "userSetupScript". Such a step has no Argv.
	Scripts []string `json:"scripts,omitempty"`
	// Stdin and Stdout are files in the working directory.
	Stdin  string `json:"stdin,omitempty"`
	Stdout string `json:"stdout,omitempty"`
	// Adds says what the run itself puts at the end of Argv.
	Adds string `json:"adds,omitempty"`
	// Saves marks the steps that are also taken after the failure of a step whose
	// OnFailure is SaveState.
	Saves bool `json:"saves,omitempty"`
	// Reads and Writes name what the step touches: "state:NAME", "lock:NAME",
	// "file:PATH", "secret:NAME", "deployment:NAME", "machines".
	Reads     []string  `json:"reads"`
	Writes    []string  `json:"writes"`
	OnFailure OnFailure `json:"on_failure"`
	// Needs are values that Argv lacks; such a step cannot be run.
	Needs []Unknown `json:"needs"`
}

// StepWhen is a condition that only the run itself can decide.
type StepWhen string

const (
	WhenStatePresent StepWhen = "state-present"
	WhenStateAbsent  StepWhen = "state-absent"
	WhenAnyway       StepWhen = "anyway" // also after a failure
	WhenFailed       StepWhen = "failed" // only after a failure
)

// OnFailure says what becomes of the job when a step fails.
type OnFailure string

const (
	// Stop ends the job; nothing is uploaded.
	Stop OnFailure = "stop"
	// Continue goes on with a warning.
	Continue OnFailure = "continue"
	// SaveState exports and uploads the state, then ends the job.
	SaveState OnFailure = "save-state"
)
