// Package diff says what a change would do: it compares the plans of two
// revisions, ref by ref.
//
// Nothing here reads a file, starts a program or asks the time; contents of
// files come from the caller. The result is sorted, and equal input gives equal
// output. It is published as JSON, described by docs/diff.schema.json, and holds
// no value of a secret: credentials in contents are asterisks.
package diff

import (
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// FormatVersion is the version of the document. Within a major version fields
// are only added; a reader must ignore those it does not know.
const FormatVersion = "1.0"

// Changes are the differences between two sides.
type Changes struct {
	FormatVersion string `json:"format_version"`
	ToolVersion   string `json:"tool_version"`
	// Base and Head are the two sides: before and after.
	Base Revision `json:"base"`
	Head Revision `json:"head"`

	Counts Counts `json:"counts"`
	// Refs are the refs that were compared; those that change alike are one
	// group.
	Refs []RefGroup `json:"refs"`

	// Entry is there when another file, or a file of another form, is evaluated.
	Entry *EntryChange `json:"entry,omitempty"`
	// Jobs are those that change, by what they reach: what an agent runs first.
	Jobs []Job `json:"jobs"`
	// Unchanged are the paths of the other jobs, but for those in Unknown.
	Unchanged []string `json:"unchanged"`
	// SameSettings are those of Unchanged of which no more was compared than the
	// settings: what is built for them may be another.
	SameSettings []string `json:"same_settings"`
	// Unknown are the paths of the other jobs of which too little is known to say
	// that they are unchanged: "onPush.default.…" stands for jobs without names.
	Unknown  []string  `json:"unknown"`
	Files    []File    `json:"files"`
	Scripts  []Script  `json:"scripts"`
	Pins     []Pin     `json:"pins"`
	Findings []Finding `json:"findings"`
}

// Empty reports whether nothing changes.
func (c *Changes) Empty() bool {
	return c.Entry == nil && len(c.Jobs)+len(c.Files)+len(c.Scripts)+len(c.Pins)+len(c.Findings) == 0
}

// Revision names a side.
type Revision struct {
	Name string `json:"name"`          // as the user calls it: "main", "work tree"
	Rev  string `json:"rev,omitempty"` // the commit's hex digits
	// Dirty says that the side differs from Rev: it is a work tree with
	// uncommitted changes.
	Dirty bool `json:"dirty"`
}

// Counts sum the changes up.
type Counts struct {
	JobsAdded       int `json:"jobs_added"`
	JobsRemoved     int `json:"jobs_removed"`
	JobsMoved       int `json:"jobs_moved"`
	JobsChanged     int `json:"jobs_changed"` // and neither added, removed nor moved
	JobsUnchanged   int `json:"jobs_unchanged"`
	JobsUnknown     int `json:"jobs_unknown"` // nobody knows whether they change
	Reaching        int `json:"reaching"`     // changed jobs that run for some ref
	Activated       int `json:"activated"`
	Deactivated     int `json:"deactivated"`
	Undetermined    int `json:"undetermined"` // jobs that became so for some ref
	MachinesAdded   int `json:"machines_added"`
	MachinesRemoved int `json:"machines_removed"`
	MachinesChanged int `json:"machines_changed"`
	Files           int `json:"files"`
	Scripts         int `json:"scripts"`
	Pins            int `json:"pins"`
	FindingsNew     int `json:"findings_new"`
	FindingsFixed   int `json:"findings_fixed"`
}

// RefGroup are refs for which the same changes.
type RefGroup struct {
	// Title names the group for people: "refs/heads/production", "any other
	// branch".
	Title string `json:"title"`
	// Refs are full ref names.
	Refs []string `json:"refs"`
	// OnlyIn is "base" or "head" for refs that the other side has no plan for;
	// nothing is said of those.
	OnlyIn string `json:"only_in,omitempty"`
	// Changes says that something changes for them.
	Changes bool `json:"changes"`
}

// EntryChange is another entry file.
type EntryChange struct {
	Before *plan.Entry `json:"before,omitempty"`
	After  *plan.Entry `json:"after,omitempty"`
}

// Change is what became of a thing.
type Change string

const (
	Added   Change = "added"
	Removed Change = "removed"
	Moved   Change = "moved" // to another path or name
	Changed Change = "changed"

	// Of a job's state for a ref.
	Activated   Change = "activated"
	Deactivated Change = "deactivated"
	Doubtful    Change = "undetermined"

	// Of findings.
	New   Change = "new"
	Fixed Change = "fixed"
)

// Reach says whether a change is one of what an agent runs.
type Reach string

const (
	// Runs: the job is, or was, active for a ref for which it changes.
	Runs Reach = "runs"
	// MayRun: it is undetermined whether it is.
	MayRun Reach = "may-run"
	// Idle: the job runs for none of them.
	Idle Reach = "idle"
)

// Job is a job that changes.
type Job struct {
	Path string `json:"path"`
	// Was is the path of a job that moved.
	Was    string    `json:"was,omitempty"`
	Change Change    `json:"change"`
	Reach  Reach     `json:"reach"`
	Kind   plan.Kind `json:"kind"`
	// Name is the deployment's, or else the effect's.
	Name     string         `json:"name,omitempty"`
	Position *plan.Position `json:"position,omitempty"` // in the head, else in the base
	// Refs are those for which the job exists on either side, Active those for
	// which it is active in the head.
	Refs   []string `json:"refs"`
	Active []string `json:"active"`

	Facts []Fact `json:"facts"`
	// Steps are what follows for the steps of carrying the job out.
	Steps []Step `json:"steps"`
}

// Topic is what a fact is about.
type Topic string

const (
	State           Topic = "state" // "active", "inactive", "undetermined", "absent" or "failed"
	Kind            Topic = "kind"
	EffectName      Topic = "effect_name"
	Deployment      Topic = "deployment"
	Action          Topic = "action" // its name and command line
	Source          Topic = "src"
	Prebuild        Topic = "prebuild"
	UserSetup       Topic = "user_setup"
	Schedule        Topic = "schedule"
	Condition       Topic = "condition"
	NetworkFile     Topic = "file"         // by path relative to the job's src; the value is its role
	FileOrder       Topic = "file_order"   // by role
	FileContent     Topic = "file_content" // by path relative to the repository's root; the values are SHA-256 digests
	Machine         Topic = "machine"      // the value is targetEnv and targetHost
	NetworkArgument Topic = "network_argument"
	Argument        Topic = "argument"
	Secret          Topic = "secret" // the value is the name in secrets.json and the fields read
	StateFile       Topic = "state_file"
	ScriptText      Topic = "script"
	Unknown         Topic = "unknown" // the value is what is needed
	Derivation      Topic = "derivation"
)

// Fact is something about a job that changes. Before is empty for what was
// added, After for what was removed. Where the same holds of several refs but for
// their names, ${branch}, ${tag} or ${ref} stands in both for the name.
type Fact struct {
	Topic  Topic  `json:"topic"`
	Name   string `json:"name,omitempty"` // which of several: the machine's name
	Change Change `json:"change"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Refs are those for which it holds.
	Refs []string `json:"refs"`
}

// Step is a step that changes. Before and After are command lines, or titles of
// steps that run no program.
type Step struct {
	ID     string   `json:"id"`
	Change Change   `json:"change"`
	Before string   `json:"before,omitempty"`
	After  string   `json:"after,omitempty"`
	Refs   []string `json:"refs"`
}

// File is a file of the repository that changes, and that jobs name or that
// files they name import.
type File struct {
	Path   string `json:"path"`          // relative to the repository's root
	Was    string `json:"was,omitempty"` // the path of a file that moved
	Change Change `json:"change"`
	// Roles are those of plan.File, or "imported".
	Roles []string `json:"roles"`
	// Jobs are the paths of the jobs that name it.
	Jobs  []string `json:"jobs"`
	Reach Reach    `json:"reach"`
	Diff  *Diff    `json:"diff,omitempty"` // absent when the contents are out of reach, or equal
}

// Imported is the role of a file that no job names.
const Imported = "imported"

// Script is a script of an effect that changes.
type Script struct {
	Job    string `json:"job"`  // path
	Name   string `json:"name"` // "userSetupScript"
	Change Change `json:"change"`
	Reach  Reach  `json:"reach"`
	Diff   *Diff  `json:"diff,omitempty"`
}

// Diff is a unified diff of a text.
type Diff struct {
	Added   int    `json:"added"`   // lines
	Removed int    `json:"removed"` // lines
	Hunks   []Hunk `json:"hunks"`
	// Note says why there are no hunks.
	Note string `json:"note,omitempty"`
}

// Hunk is a part of a text that changes and the lines around it. Lines count
// from 1.
type Hunk struct {
	OldStart int `json:"old_start"`
	OldLines int `json:"old_lines"`
	NewStart int `json:"new_start"`
	NewLines int `json:"new_lines"`
	// Lines begin with " ", "-" or "+"; one that begins with "\" says that the
	// line before it has no line ending.
	Lines []string `json:"lines"`
}

// Pin is a source that changes.
type Pin struct {
	Name   string    `json:"name"` // the pin's, else the repository's, else what it is taken for
	Change Change    `json:"change"`
	Before *plan.Pin `json:"before,omitempty"`
	After  *plan.Pin `json:"after,omitempty"`
	// Compare is the address of the forge's page about what lies between.
	Compare string `json:"compare,omitempty"`
}

// Finding is something that nixplan check reports on one side only.
type Finding struct {
	Change Change `json:"change"` // New or Fixed
	diag.Record
	Attrs []string `json:"attrs"` // attribute paths of jobs
}
