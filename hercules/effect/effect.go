// Package effect gives the values of a job that a plan leaves out and that carrying
// it out takes: the environment of the effect's derivation with its scripts, the
// programs, the source tree, the network's arguments.
//
// There are two evaluators. [Model] takes them from nixplan's own evaluation, which
// has no packages; what a step needs and nobody knows is an *UnknownError. [Nix]
// asks the installed Nix for the derivation that an agent would run, compares it
// with the plan, and has its inputs built.
package effect

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/nixplan/nixplan/plan"
)

// The evaluators by name.
const (
	EvaluatorModel = "model"
	EvaluatorNix   = "nix"
)

// Effect is what an agent would run for a job: the values that a plan leaves out.
// Some may be secret (a hidden network argument), so an Effect is never shown.
type Effect struct {
	Evaluator string // EvaluatorModel or EvaluatorNix
	// Env is the environment of the effect's derivation: scripts, networkFiles,
	// secretsMap as JSON, NIX_PATH, NIXOPS_DEPLOYMENT and the rest. Lists are joined
	// by spaces, true is "1", false is "". With Nix it also has what the setup of
	// stdenv and of the inputs exports. The model leaves out what is not known and
	// no step needs; it never has src, builder, stdenv.
	Env map[string]string
	// Path are the directories of programs, of which the first wins. The model has
	// none: the caller's PATH is used.
	Path []string
	// DrvPath is the effect's derivation, Nix only.
	DrvPath string
	// NetworkArgs are the network's arguments, hidden ones too, in the order of their
	// names. Jobs of other kinds than runNixOps have none.
	NetworkArgs []Arg
	// SourceName is what the working directory is called: the name of src's store
	// path without its hash.
	SourceName string
	// Replaced are the phases and scripts that hercules-ci-effects provides and the
	// program gives instead, in the order of their names: "effectPhase".
	Replaced []string

	copy func(ctx context.Context, dir string) error
	keep func(ctx context.Context, dir string) error // nil: there is nothing to keep
}

// Arg is an argument of the network's expressions.
type Arg struct {
	Name string
	JSON string
}

// String is the name alone: the value may be secret.
func (a Arg) String() string { return a.Name }

// Script is the text of a script attribute ("userSetupScript", "preEffect"), ""
// when the effect has none.
func (e *Effect) Script(name string) string { return e.Env[name] }

// Phases are the names of the effect's phases in order; none when they are not
// known.
func (e *Effect) Phases() []string { return strings.Fields(e.Env["phases"]) }

// Copy writes the job's src, filtered, to dir, which must not exist. Files keep
// whether they are executable and become writable for their owner, links stay
// links. It ends with an error at what is neither file, directory nor link.
//
// In the modelled world a git repository gives what it tracks alone, with the
// content that lies in the work tree, or in git's objects when a revision was
// planned. With Nix it is the store path that the agent would unpack.
func (e *Effect) Copy(ctx context.Context, dir string) error { return e.copy(ctx, dir) }

// Keep has Nix keep what the effect takes from its store until dir, an absolute path
// that must not exist, is removed: an effect that failed may be carried on long after
// the collector of garbage has run. The model's effects take nothing.
func (e *Effect) Keep(ctx context.Context, dir string) error {
	if e.keep == nil {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return e.keep(ctx, dir)
}

// UnknownError says that a value which a step needs is not known.
type UnknownError struct {
	Job   string
	Name  string // the variable: "userSetupScript"
	Value plan.Unknown
}

func (e *UnknownError) Error() string {
	var b strings.Builder
	if at := e.Value.Position; at != nil {
		fmt.Fprintf(&b, "%s:%d:%d: ", at.File, at.Line, at.Column)
	}
	b.WriteString(e.Summary())
	return b.String()
}

// Summary is the error without its place.
func (e *UnknownError) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s needs %s, which is not known", e.Name, e.Job, e.Value.Needs)
	if e.Value.Reason != "" {
		b.WriteString(": " + e.Value.Reason)
	}
	if e.Value.From != "" {
		b.WriteString(" (from " + e.Value.From + ")")
	}
	return b.String()
}

// Help says how to provide the value.
func (e *UnknownError) Help() string {
	const nix = "--evaluator nix takes it from the derivation that the installed Nix makes"
	if e.Value.Provide != "" {
		return e.Value.Provide + "; or " + nix
	}
	return nix
}

// UnsupportedError says that nixplan cannot carry out a job because of something
// that an agent can.
type UnsupportedError struct {
	Job     string
	Problem string // "it has __structuredAttrs"
	Help    string // what to do, "" for nothing better than `hci effect run`
}

func (e *UnsupportedError) Error() string { return e.Job + " cannot be applied: " + e.Problem }

// unsupported looks for attributes whose meaning is lost when the phases of an
// effect are carried out one by one. has reports whether a variable is there and
// not empty.
func unsupported(job string, has func(name string) bool) error {
	for _, u := range []struct{ name, problem string }{
		{"__json", "its attributes are structured (__structuredAttrs = true), which effects do not work with"},
		{"srcs", "it has srcs, several sources to unpack"},
		{"sourceRoot", "it has sourceRoot, a directory of its source to work in"},
		{"patches", "it has patches for its source"},
		{"dontUnpack", "it has dontUnpack, so it would not see its network files"},
	} {
		if has(u.name) {
			return &UnsupportedError{Job: job, Problem: u.problem}
		}
	}
	return nil
}
