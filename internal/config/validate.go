package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// A validator collects what is wrong with values that have the right types.
type validator struct {
	*Config
	list diag.List
}

func (c *Config) validate(body *hclsyntax.Body) diag.List {
	v := &validator{Config: c}
	v.project()
	v.refs(body)
	v.sources()
	v.secrets()
	v.state()
	v.agents()
	v.rules()
	for i, pattern := range c.Exclude {
		v.glob(pattern, element(body, "exclude", i))
	}
	return v.list
}

func (v *validator) project() {
	p := v.Project
	if p == nil {
		return
	}
	v.oneOf("forge", p.Forge, p.ForgeRange, Forges)
	if strings.Trim(p.Owner, "/") != p.Owner {
		v.report(p.OwnerRange, fmt.Sprintf("owner %q begins or ends with a slash", p.Owner), "write it as in the address of the repository: \"neat-org\"")
	}
	if strings.Contains(p.Name, "/") {
		v.report(p.NameRange, fmt.Sprintf("name %q has a slash", p.Name), "give what comes before the last slash as owner")
	}
}

func (v *validator) refs(body *hclsyntax.Body) {
	switch branch := v.DefaultBranch; {
	case branch == "" && !v.DefaultBranchRange.Empty():
		v.report(v.DefaultBranchRange, "default_branch is empty", "name a branch, or leave the line out to use what git says")
	case branch == "":
	case strings.HasPrefix(branch, "refs/"):
		v.report(v.DefaultBranchRange, fmt.Sprintf("default_branch %q is a full ref name", branch),
			fmt.Sprintf("write the branch alone: %q", strings.TrimPrefix(strings.TrimPrefix(branch, "refs/"), "heads/")))
	case !repo.ValidRef(branch):
		v.report(v.DefaultBranchRange, fmt.Sprintf("%q cannot be the name of a branch", branch), "git-check-ref-format(1) has the rules")
	}
	for i, ref := range v.Refs {
		at := element(body, "refs", i)
		switch short := strings.TrimPrefix(ref, "refs/"); {
		case !repo.ValidRef(ref) || short == "":
			v.report(at, fmt.Sprintf("%q cannot be the name of a git ref", ref), "git-check-ref-format(1) has the rules")
		case short != ref:
		case strings.HasPrefix(ref, "heads/") || strings.HasPrefix(ref, "tags/"):
			v.report(at, fmt.Sprintf("%q is not a full ref name", ref), fmt.Sprintf("write %q", "refs/"+ref))
		default:
			v.report(at, fmt.Sprintf("%q is not a full ref name", ref), fmt.Sprintf("write %q for a branch, %q for a tag", "refs/heads/"+ref, "refs/tags/"+ref))
		}
	}
}

func (v *validator) sources() {
	seen := map[string]hcl.Range{}
	for _, source := range v.Sources {
		v.unique(seen, "source", source.Name, source.NameRange)
		v.glob(source.URL, source.URLRange)
		v.oneOf("kind", source.Kind, source.KindRange, SourceKinds)
		if source.Kind == "" {
			v.report(source.KindRange, "kind is empty", "want "+alternatives(SourceKinds))
		}
	}
}

func (v *validator) secrets() {
	s := v.Secrets
	if s == nil {
		return
	}
	for _, setting := range []struct {
		name, value string
		at          hcl.Range
	}{{"file", s.File, s.FileRange}, {"manifest", s.Manifest, s.ManifestRange}} {
		if setting.value == "" && !setting.at.Empty() {
			v.report(setting.at, setting.name+" is empty", "name a file, or leave the line out")
		}
	}
}

func (v *validator) state() {
	s := v.State
	if s == nil {
		return
	}
	v.oneOf("a state backend", s.Backend, s.BackendRange, StateBackends)
	if s.Backend == "" {
		v.report(s.BackendRange, "the state backend is empty", "want "+alternatives(StateBackends))
	}
	for _, setting := range []struct {
		name, value, backend string
		at                   hcl.Range
		parse                func(string) error
	}{
		{"directory", s.Directory, "file", s.DirectoryRange, nil},
		{"api", s.API, "hercules", s.APIRange, func(s string) error { _, err := api.ParseBase(s); return err }},
		{"project", s.Project, "hercules", s.ProjectRange, func(s string) error { _, err := api.ParseProject(s); return err }},
	} {
		switch {
		case setting.at.Empty():
		case s.Backend != setting.backend && slices.Contains(StateBackends, s.Backend):
			v.report(setting.at, fmt.Sprintf("%s is no setting of state %q", setting.name, s.Backend),
				fmt.Sprintf("leave the line out, or write state %q", setting.backend))
		case setting.value == "":
			v.report(setting.at, setting.name+" is empty", "give a value, or leave the line out")
		case setting.parse != nil:
			if err := setting.parse(setting.value); err != nil {
				v.report(setting.at, err.Error(), "every setting is described at "+manual)
			}
		}
	}
}

func (v *validator) agents() {
	seen := map[string]hcl.Range{}
	for _, agent := range v.Agents {
		v.unique(seen, "agent", agent.Name, agent.NameRange)
		if len(agent.Machines) == 0 && len(agent.Hosts) == 0 {
			v.report(agent.NameRange, fmt.Sprintf("agent %q runs on no machine", agent.Name),
				"give machines (their names in networks) or hosts (their targetHost)")
		}
	}
}

func (v *validator) rules() {
	allowed := append([]string{off}, slices.Sorted(maps.Keys(severities))...)
	seen := map[string]hcl.Range{}
	for _, rule := range v.Rules {
		v.unique(seen, "rule", rule.ID, rule.IDRange)
		if slices.Contains(fixedIDs, rule.ID) {
			v.report(rule.IDRange, "how "+rule.ID+" is rated cannot be changed", "leave the block out")
		}
		v.oneOf("severity", rule.Severity, rule.SeverityRange, allowed)
		if rule.Severity == "" {
			v.report(rule.SeverityRange, "severity is empty", "want "+alternatives(allowed))
		}
	}
}

// fixedIDs are the ids of findings without which no other can be trusted.
var fixedIDs = []string{diag.IDConfig, diag.IDInternal}

// CheckRules reports rules that the configuration rates and nobody knows. known
// are the ids of all rules; they are a parameter because the rules themselves
// use configurations.
func (c *Config) CheckRules(known []string) diag.List {
	v := &validator{Config: c}
	for _, rule := range c.Rules {
		if slices.Contains(known, rule.ID) || slices.Contains(fixedIDs, rule.ID) {
			continue
		}
		help := "'nixplan rules' lists them"
		if upper := strings.ToUpper(rule.ID); slices.Contains(known, upper) {
			help = fmt.Sprintf("did you mean %q?", upper)
		}
		v.report(rule.IDRange, fmt.Sprintf("there is no rule %q", rule.ID), help)
	}
	v.list.Sort()
	return v.list
}

// oneOf reports a value that is none of the allowed ones. An empty value is one
// that was not given.
func (v *validator) oneOf(name, value string, at hcl.Range, allowed []string) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	help := "want " + alternatives(allowed)
	if similar := text.Similar(strings.ToLower(value), allowed); len(similar) > 0 {
		help = fmt.Sprintf("did you mean %q? It can be %s", similar[0], alternatives(allowed))
	}
	v.report(at, fmt.Sprintf("%s cannot be %q", name, value), help)
}

// alternatives lists values as `"a", "b" or "c"`.
func alternatives(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = `"` + value + `"`
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

func (v *validator) glob(pattern string, at hcl.Range) {
	switch {
	case pattern == "":
		v.report(at, "the pattern is empty", `"*" stands for part of a name, "**" for any number of directories`)
	case !doublestar.ValidatePattern(pattern):
		v.report(at, fmt.Sprintf("%q is not a pattern", pattern), `close each "[" and "{", and write a backslash before one that stands for itself`)
	case strings.HasPrefix(pattern, "./"):
		v.report(at, fmt.Sprintf("%q begins with \"./\", which no name does", pattern), fmt.Sprintf("write %q", strings.TrimPrefix(pattern, "./")))
	}
}

// unique reports the second of two blocks with one label.
func (v *validator) unique(seen map[string]hcl.Range, block, label string, at hcl.Range) {
	first, ok := seen[label]
	if !ok {
		seen[label] = at
		return
	}
	d := v.report(at, fmt.Sprintf("%s %q stands here twice", block, label), "put all settings into one block")
	d.Related = []diag.Related{{Range: v.Place(first), Message: "the first is here"}}
}

func (v *validator) report(at hcl.Range, summary, help string) *diag.Diagnostic {
	d := &diag.Diagnostic{ID: diag.IDConfig, Severity: diag.Error, Range: v.Place(at), Summary: summary, Help: help}
	v.list = append(v.list, d)
	return d
}

// element is where the i-th element of a list stands that was decoded without
// an error, or the list when it is not written out.
func element(body *hclsyntax.Body, name string, i int) hcl.Range {
	expr := body.Attributes[name].Expr
	if items, _ := hcl.ExprList(expr); i < len(items) {
		return items[i].Range()
	}
	return expr.Range()
}
