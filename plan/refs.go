package plan

import "github.com/nixplan/nixplan/plan/refset"

// RefTable says for which refs each job of a repository is active; it is what
// nixplan refs publishes, described by docs/refs.schema.json.
type RefTable struct {
	FormatVersion string     `json:"format_version"`
	ToolVersion   string     `json:"tool_version"`
	Repository    Repository `json:"repository"`
	Entry         Entry      `json:"entry"`

	// Refs are the columns: refs, and patterns that stand for refs.
	Refs []RefColumn `json:"refs"`
	Jobs []RefJob    `json:"jobs"`
	// Unnamed are sets that hold jobs of which the names are not known.
	Unnamed []string `json:"unnamed"`
	// Diagnostics are the errors met, each once.
	Diagnostics []Diagnostic `json:"diagnostics"`

	// Evaluations is how many refs, and refs of forks, were tried.
	Evaluations int `json:"evaluations"`
	// Cut says that there are more refs that may matter than were tried.
	Cut bool `json:"cut"`
}

// RefColumn is a ref, or a pattern of refs that all behave alike.
type RefColumn struct {
	// Name is a full ref name, or for a pattern what it stands for in words:
	// "any other branch", "refs/heads/release/*".
	Name string `json:"name"`
	// Origin says why the column is there.
	Origin ColumnOrigin `json:"origin"`
	// Exists says that this repository has a ref of the name.
	Exists bool `json:"exists"`
	// Example is the ref that was tried for a pattern.
	Example string `json:"example,omitempty"`
}

// Ref is the full name of the ref that was tried for the column.
func (c *RefColumn) Ref() string {
	if c.Example != "" {
		return c.Example
	}
	return c.Name
}

// ColumnOrigin is why a ref is looked at.
type ColumnOrigin string

const (
	AskedRef    ColumnOrigin = "asked"
	DefaultRef  ColumnOrigin = "default branch"
	CurrentRef  ColumnOrigin = "checked out"
	BranchRef   ColumnOrigin = "branch"  // of this repository
	TagRef      ColumnOrigin = "tag"     // of this repository
	NamedRef    ColumnOrigin = "named"   // by the program
	PatternRefs ColumnOrigin = "pattern" // of the program
	OtherRefs   ColumnOrigin = "other"   // that nothing names
)

// RefState is the State of a job for a ref, or Absent, or Failed.
type RefState = State

const (
	// Absent: the job does not exist for the ref.
	Absent RefState = "absent"
	// Failed: the attribute cannot be evaluated for the ref.
	Failed RefState = "failed"
)

// RefJob is a job that exists for some ref.
type RefJob struct {
	Path     string   `json:"path"`
	AttrPath []string `json:"attr_path"`
	// NamedAfter is the fact that the path holds as "${branch}": the program
	// makes the name, and each ref has another one. "ref", "branch" or "tag".
	NamedAfter string    `json:"named_after,omitempty"`
	Kind       Kind      `json:"kind"`
	Position   *Position `json:"position,omitempty"`
	Trigger    Trigger   `json:"trigger"`
	// States are the job's for each of the table's refs, in their order.
	States []RefState `json:"states"`
	// Active describes the refs for which the job is active, Undetermined those
	// for which nobody knows; absent when there are none.
	Active       RefSet  `json:"active"`
	Undetermined *RefSet `json:"undetermined,omitempty"`
	// DependsOn are the facts besides the ref that the condition looks at:
	// "owner". A fork may be planned differently.
	DependsOn []string `json:"depends_on"`
}

// RefSet is a set of refs.
type RefSet struct {
	// Text describes it for people.
	Text string `json:"text"`
	// Exact says that Any describes the set: every ref tried, among them ones just
	// inside and just outside of each pattern, is in the set if and only if a term
	// of Any holds. Otherwise Any is empty and only Refs is known.
	Exact bool          `json:"exact"`
	Any   []refset.Term `json:"any"`
	// Refs are the refs of the table, and without an exact description all refs
	// tried, that are in the set.
	Refs []string `json:"refs"`
}
