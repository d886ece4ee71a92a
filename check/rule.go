package check

import (
	"github.com/nixplan/nixplan/internal/diag"
)

// Rule is one thing that is checked.
type Rule struct {
	// ID is stable: "NP203".
	ID string
	// Name is a short name in lower case with dashes: "partial-ref".
	Name string
	// Severity is what its findings are, unless the configuration says
	// otherwise.
	Severity diag.Severity
	// Summary says in one line what it finds.
	Summary string

	run func(*pass) // nil when evaluating the program finds it
}

// URL is the rule's page.
func (r *Rule) URL() string { return Manual + r.ID + ".md" }

// Manual is where the rules' pages are.
const Manual = "https://github.com/nixplan/nixplan/blob/main/docs/checks/"

// Rules are all rules, by id.
var Rules = []*Rule{
	syntax, scope, evaluation, undetermined, entry, unseenJob, misplaced, arguments, schedule,
	neverActive, everyBranch, partialRef, unknownRef, branchOfTag, defaultSrc,
	missingFile, untrackedFile, filteredFile, fileOutside,
	brokenFile, fileTwice, idleFiles, missingImport, networkArgs,
	unmappedSecret, unreadSecret, unknownSecret, refusedSecret, missingField, credential, secretValue, scriptSyntax,
	secretsFile, secretsManifest, secretsOutdated,
	misspeltArgument, action, sharedState, ownAgent, nixops2, notJSON, argument, sameHost,
	unpinned, badHash, noEffects,
}

// Lookup is the rule with an id, nil when there is none.
func Lookup(id string) *Rule {
	for _, r := range Rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// IDs are the ids of all rules, in their order.
func IDs() []string {
	var out []string
	for _, r := range Rules {
		out = append(out, r.ID)
	}
	return out
}

// pass is one rule at work on a repository.
type pass struct {
	*Repository
	rule *Rule
	out  *collector
}

// report adds a finding that does not depend on the ref. The id is the rule's,
// and the severity where d leaves it at its zero value, Error.
func (p *pass) report(d diag.Diagnostic) { p.reportAt(d, "", nil) }

// reportFor adds a finding about a job for the refs at which it holds. The same
// finding for several refs becomes one.
func (p *pass) reportFor(d diag.Diagnostic, jobs ...*JobAt) {
	var refs []string
	attr := ""
	for _, j := range jobs {
		refs = append(refs, j.Reading.Ref.Name)
		attr = j.Job.Path
	}
	p.reportAt(d, attr, refs)
}

func (p *pass) reportAt(d diag.Diagnostic, attr string, refs []string) {
	d.ID = p.rule.ID
	if d.Severity == diag.Error {
		d.Severity = p.rule.Severity
	}
	p.out.add(&d, attr, refs)
}
