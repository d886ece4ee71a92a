package plan

import "github.com/nixplan/nixplan/internal/diag"

// Why says why a job is in its state for a ref; it is what nixplan why
// publishes, described by docs/why.schema.json.
type Why struct {
	FormatVersion string     `json:"format_version"`
	ToolVersion   string     `json:"tool_version"`
	Repository    Repository `json:"repository"`
	Entry         Entry      `json:"entry"`

	Path     string    `json:"path"`
	AttrPath []string  `json:"attr_path"`
	Kind     Kind      `json:"kind"`
	Position *Position `json:"position,omitempty"`

	// Ref is the ref in question, and State the job's for it.
	Ref   string   `json:"ref"`
	State RefState `json:"state"`
	// ShownFor is the ref that Reasons are for: Ref, but when the job is absent
	// one for which it is there; empty when there is none.
	ShownFor string `json:"shown_for,omitempty"`
	// Reasons are the comparisons that decide. None: the state does not depend on
	// the ref.
	Reasons []Reason `json:"reasons"`
	// Never says that the job's own condition is false whatever the reasons.
	Never bool `json:"never,omitempty"`
	// Elsewhere is the branch whose schedules run, when it is not ShownFor and the job
	// is scheduled.
	Elsewhere string `json:"elsewhere,omitempty"`
	// Needs is what an undetermined condition lacks.
	Needs []Need `json:"needs"`
	// Diagnostics are why a job that fails does.
	Diagnostics []Diagnostic `json:"diagnostics"`

	// Active describes the refs for which the job is active.
	Active RefSet `json:"active"`
}

// Reason is a comparison that decides.
type Reason struct {
	Term
	Place *diag.Place `json:"place,omitempty"`
	// Facts are what an agent says that the comparison looks at.
	Facts []RefFact `json:"facts"`
	// Trail is how the program came to the comparison, innermost first.
	Trail []diag.Remark `json:"trail"`
}

// RefFact is a value that an agent passes, and why it is what it is.
type RefFact struct {
	Name  string `json:"name"`            // "src.ref"
	Value string `json:"value,omitempty"` // in Nix syntax; absent when unknown
	From  string `json:"from"`
}

// Need is a value that is missing, and where the program gets it.
type Need struct {
	Unknown
	Place *diag.Place `json:"place,omitempty"`
}
