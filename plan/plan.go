// Package plan holds a deployment plan as pure data: what the agent would do
// with a repository for one git ref, and why.
//
// A plan is filled by package hercules from an evaluation, rendered by
// internal/view and, as JSON, published; docs/plan.schema.json describes the
// document. Nothing here reads a file, evaluates an expression or asks the
// time, so equal input gives equal output to the last byte.
//
// No type of this package has a place for the value of a secret: secrets
// appear by name only.
package plan

import "github.com/nixplan/nixplan/internal/diag"

// FormatVersion is the version of the document. Within a major version fields
// are only added; a reader must ignore those it does not know.
const FormatVersion = "1.0"

// Plan is what the agent would do for one ref. Call Normalize once it is
// filled: it puts every list in its order.
type Plan struct {
	FormatVersion string     `json:"format_version"`
	ToolVersion   string     `json:"tool_version"`
	Repository    Repository `json:"repository"`
	Entry         Entry      `json:"entry"`

	// Ref is the full git ref name the plan is for, "refs/heads/main".
	Ref string `json:"ref"`

	// Arguments are what the entry file was called with, flattened and sorted:
	// "src.ref", "src.branch", "herculesCI.apiBaseUrl".
	Arguments []Argument `json:"arguments"`

	Jobs        []Job        `json:"jobs"`
	SomeJobs    []SomeJobs   `json:"some_jobs"`
	Builds      []Build      `json:"builds"`
	Pins        []Pin        `json:"pins"`
	Assumptions []Assumption `json:"assumptions"`
	Diagnostics []Diagnostic `json:"diagnostics"`

	// Digest covers everything the plan was made from: every file read and
	// every argument, "sha256:" and 64 hex digits. Equal digests mean an equal
	// plan from the same version of nixplan.
	Digest string `json:"digest"`

	// Checksum covers the document itself. Only a saved plan has it; see Save.
	Checksum string `json:"checksum,omitempty"`
}

// Repository says where the entry file comes from.
type Repository struct {
	// Name is the remote repository's name, else the directory's.
	Name string `json:"name"`
	// Root is the absolute path of the directory taken as the repository. It is
	// information for people and not covered by the digest.
	Root string `json:"root"`
	// Rev is the commit's 40 (or 64) hex digits; empty outside of git.
	Rev string `json:"rev,omitempty"`
	// Dirty says that the work tree differs from Rev, so the agent would see
	// something else.
	Dirty bool `json:"dirty"`
	// DefaultBranch is a full ref name, "refs/heads/main".
	DefaultBranch string  `json:"default_branch,omitempty"`
	Remote        *Remote `json:"remote,omitempty"`
}

// Remote is the repository as its forge names it.
type Remote struct {
	URL   string `json:"url"` // without credentials
	Forge string `json:"forge,omitempty"`
	Owner string `json:"owner,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Entry is the file the agent evaluates.
type Entry struct {
	Path string    `json:"path"` // relative to the root, with "/"
	Form EntryForm `json:"form"`
}

// EntryForm is the convention that the entry file follows.
type EntryForm string

const (
	Legacy     EntryForm = "legacy"     // the root attribute set is walked
	HerculesCI EntryForm = "herculesCI" // onPush and onSchedule
	Flake      EntryForm = "flake"      // a flake's outputs
)

// Argument is one leaf of the arguments passed to the entry file. Value is in
// Nix syntax: `"refs/heads/main"`, `null`; it is empty when nobody knows it.
type Argument struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Position is a place in a file as people count: line and column from 1, the
// column in bytes. File is relative to the repository's root when it is inside,
// and otherwise named after its source, "<nixpkgs>/lib/lists.nix".
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Pin is a source that the evaluation fetched, or would have.
type Pin struct {
	Name string `json:"name,omitempty"` // niv, npins or flake input name when known
	URL  string `json:"url"`            // without credentials
	Rev  string `json:"rev,omitempty"`
	Hash string `json:"hash,omitempty"` // as written: SRI, nix32 or hex
	// Kind is what nixplan takes the source for: "nixpkgs",
	// "hercules-ci-effects", "flake-compat", or "other".
	Kind     string    `json:"kind"`
	Position *Position `json:"position,omitempty"`
}

// Assumption is something nixplan took for granted because the source that
// would say so is out of reach.
type Assumption struct {
	Text     string    `json:"text"`
	Position *Position `json:"position,omitempty"`
}

// Unknown is a value that nobody has yet.
type Unknown struct {
	// Field names what is affected: "condition", "name", "network_files",
	// "machines", "network_args.motd".
	Field string `json:"field"`
	// Needs is the value that is missing, as an expression: "pkgs.stdenv.isLinux".
	Needs string `json:"needs"`
	// From says where that value would come from: a URL, a file, a command.
	From string `json:"from,omitempty"`
	// Reason says why it is not known: "its files are not here".
	Reason   string    `json:"reason,omitempty"`
	Position *Position `json:"position,omitempty"`
	// Provide says how the user can supply it: "pass -I nixpkgs=PATH".
	Provide string `json:"provide,omitempty"`
}

// Diagnostic is a finding; Attr is the attribute path whose evaluation it
// belongs to, empty for the whole file.
type Diagnostic struct {
	Attr string `json:"attr,omitempty"`
	diag.Record
}
