package secrets

import (
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// A report collects what is wrong with a file. Its messages may have names of
// secrets and fields, and nothing else of the file.
type report struct {
	id       string
	findings diag.List
}

func (r *report) add(severity diag.Severity, at diag.Range, summary, help string) *diag.Diagnostic {
	d := &diag.Diagnostic{ID: r.id, Severity: severity, Range: at, Summary: summary, Help: help}
	r.findings = append(r.findings, d)
	return d
}

func (r *report) error(at diag.Range, summary, help string) *diag.Diagnostic {
	return r.add(diag.Error, at, summary, help)
}

func (r *report) warning(at diag.Range, summary, help string) {
	r.add(diag.Warning, at, summary, help)
}

// done sorts the findings and gives the inventory, if the file is sound.
func (r *report) done(v *Inventory) (*Inventory, diag.List) {
	r.findings.Sort()
	if r.findings.HasErrors() {
		return nil, r.findings
	}
	v.sort()
	return v, r.findings
}

// A names set finds names that stand twice.
type names map[string]diag.Range

// add reports whether a name may stand here.
func (n names) add(r *report, what, name string, at diag.Range) bool {
	if first, twice := n[name]; twice {
		r.error(at, what+" "+shown(name)+" stands here twice", "remove one of the two").
			Related = []diag.Related{{Range: first, Message: "the first"}}
		return false
	}
	n[name] = at
	if isName(name) {
		return true
	}
	r.error(at, "the name of a "+what+" that looks like a value: it is very long, or has control characters",
		"exchange name and value")
	return false
}

// shown is a name as messages have it.
func shown(name string) string {
	if !isName(name) {
		return "(not shown)"
	}
	return quoteName(name)
}

// didYouMean is a suggestion for a word that is none of words, or otherwise.
func didYouMean(word string, words []string, otherwise string) string {
	if similar := text.Similar(word, words); len(similar) > 0 {
		return "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return otherwise
}

// conditionHelp is right in JSON and in YAML.
const conditionHelp = `write true, false, "isDefaultBranch", "isTag", {"isBranch": "NAME"}, {"isRepo": "NAME"}, ` +
	`{"isOwner": "NAME"}, {"and": [ … ]} or {"or": [ … ]}`

// badWord reports a text that stands where a condition does.
func (r *report) badWord(at diag.Range, word string) {
	if op := Op(word); isOp(namedOps, op) || isOp(listOps, op) {
		r.error(at, word+" is no condition by itself", conditionHelp)
		return
	}
	r.error(at, "this is no condition", didYouMean(word, words(plainOps), conditionHelp))
}

// badKey reports a key of a condition that agents do not know.
func (r *report) badKey(at diag.Range, key string) {
	if isOp(plainOps, Op(key)) {
		r.error(at, key+" takes no value", "write just \""+key+"\"")
		return
	}
	r.error(at, "this is no condition", didYouMean(key, append(words(namedOps), words(listOps)...), conditionHelp))
}

// check reports names that can never be right.
func (r *report) check(c *Condition) {
	switch {
	case c.Op == IsBranch && (strings.HasPrefix(c.Name, heads) || strings.HasPrefix(c.Name, tags)):
		r.warning(c.Range, "isBranch has a full ref name, but agents compare with what follows refs/heads/", "leave refs/heads/ out; for tags there is isTag")
	case c.Op == IsRepo && strings.Contains(c.Name, "/"):
		r.warning(c.Range, "isRepo has a slash, but agents compare with the name alone", "give the name alone, and the owner with isOwner")
	}
}

func words(ops []Op) []string {
	words := make([]string, len(ops))
	for i, op := range ops {
		words[i] = string(op)
	}
	return words
}
