package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

const (
	production = "refs/heads/production"
	mainBranch = "refs/heads/main"
	other      = "refs/heads/other"
)

// world is a repository to be changed: what a side is made of.
type world struct {
	rev      string
	files    map[string]string
	imports  map[string]string // read while evaluating network files
	scripts  map[string]map[string]string
	findings []Report
	// plan gives the plan for a ref; tests wrap it.
	plan func(ref string) *plan.Plan
}

func yes() *bool { b := true; return &b }

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

const networkText = "{\n  network.description = \"neat\";\n  backend = { ... }: {\n    services.nginx.enable = true;\n  };\n}\n"

// neatWorld has a deployment that is active on production and a job that always
// is.
func neatWorld() *world {
	w := &world{
		rev: strings.Repeat("a", 40),
		files: map[string]string{
			"network.nix": networkText, "network-ec2.nix": "{ backend.deployment.targetEnv = \"ec2\"; }\n",
			"common.nix": "{ time.timeZone = \"UTC\"; }\n", "ci.nix": "{ }\n",
		},
		imports: map[string]string{"common.nix": "", "ci.nix": ""},
		scripts: map[string]map[string]string{"neat-network": {"userSetupScript": "writeAWSKey aws\n"}},
	}
	at := &diag.Place{File: "network.nix", Line: 3, Column: 3, EndLine: 3, EndColumn: 10, Text: "  backend = { ... }: {"}
	w.findings = []Report{{Record: diag.Record{ID: "NP508", Severity: "warning", Summary: "old finding at network.nix:3:3", Place: at}}}
	w.plan = w.base
	return w
}

func (w *world) base(ref string) *plan.Plan {
	active := func(b bool) plan.State {
		if b {
			return plan.Active
		}
		return plan.Inactive
	}
	action, _ := plan.NixOpsAction("switch")
	result := fmt.Sprint(ref == production)
	return &plan.Plan{
		ToolVersion: "1.2.3", Ref: ref,
		Repository: plan.Repository{Name: "neat", Rev: w.rev},
		Entry:      plan.Entry{Path: "ci.nix", Form: plan.Legacy},
		Arguments:  []plan.Argument{{Name: "src.rev", Value: `"` + w.rev + `"`}},
		Jobs: []plan.Job{
			{
				Path: "neat-network", AttrPath: []string{"neat-network"}, Kind: plan.RunNixOps,
				Position: &plan.Position{File: "ci.nix", Line: 4, Column: 3},
				State:    active(ref == production), Trigger: plan.Trigger{Kind: plan.Push},
				Condition: plan.Condition{Terms: []plan.Term{{
					Expression: `src.ref == "refs/heads/production"`, Result: result,
					Operands: []plan.Operand{{Expression: "src.ref", Value: `"` + ref + `"`}, {Expression: `"refs/heads/production"`, Value: `"refs/heads/production"`}},
				}}},
				EffectName: "nixops-foo", Deployment: "foo", Action: &action, Src: ".", UserSetup: true, Scripts: []string{"userSetupScript"},
				Files: []plan.File{
					{Role: plan.NetworkFile, Path: "network.nix", Exists: yes(), Tracked: yes()},
					{Role: plan.NetworkFile, Path: "network-ec2.nix", Exists: yes(), Tracked: yes()},
				},
				Machines:    []plan.Machine{{Name: "backend", TargetEnv: "ec2"}, {Name: "database", TargetEnv: "ec2"}},
				NetworkArgs: []plan.NetworkArg{{Name: "motd", JSON: `"hello"`}, {Name: "rev", JSON: `"` + w.rev + `"`}},
				Secrets:     []plan.Secret{{Name: "aws", Type: "Secret", Source: "neat-aws", Fields: []string{"aws_access_key_id"}}},
				StateFiles:  []plan.StateFile{{Name: "nixops-foo.json", Role: plan.DeploymentState}, {Name: "known-hosts-foo", Role: plan.KnownHostsState}},
			},
			{
				Path: "docs", AttrPath: []string{"docs"}, Kind: plan.MkEffect, State: plan.Active, EffectName: "publish-docs",
				Trigger: plan.Trigger{Kind: plan.Push}, Facts: []plan.Fact{{Name: "bucket", Value: "neat-docs"}},
			},
		},
		Pins: []plan.Pin{{
			Name: "nixpkgs", Kind: "nixpkgs", Rev: strings.Repeat("1", 40), Hash: "sha256-A",
			URL: "https://github.com/NixOS/nixpkgs/archive/" + strings.Repeat("1", 40) + ".tar.gz",
		}},
	}
}

// edit changes the plans of every ref.
func (w *world) edit(f func(p *plan.Plan)) {
	before := w.plan
	w.plan = func(ref string) *plan.Plan {
		p := before(ref)
		f(p)
		return p
	}
}

// network changes the deployment, whatever the ref.
func (w *world) network(f func(job *plan.Job)) {
	w.edit(func(p *plan.Plan) { f(&p.Jobs[0]) })
}

// side makes the plans, with what follows from the rest.
func (w *world) side(name string) Side {
	s := Side{Name: name, Scripts: w.scripts, Findings: w.findings, Reads: map[string]string{}, Titles: map[string]string{other: "any other branch"}}
	files := maps.Clone(w.files)
	s.File = func(path string) (string, bool) {
		text, ok := files[path]
		return text, ok
	}
	for path := range w.imports {
		s.Reads[path] = sum(files[path])
	}
	for _, ref := range []string{production, mainBranch, other} {
		p := w.plan(ref)
		for i := range p.Jobs {
			job := &p.Jobs[i]
			for j := range job.Files {
				if text, ok := files[rootPath(job, job.Files[j].Path)]; ok {
					job.Files[j].SHA256 = sum(text)
				} else {
					job.Files[j].Exists = new(bool)
				}
			}
			job.Steps = plan.StepsOf(job, plan.StepOptions{})
		}
		p.Normalize()
		s.Plans = append(s.Plans, p)
	}
	return s
}

// describe lists changes, a line each.
func describe(c *Changes) []string {
	var out []string
	short := func(refs []string) string {
		if len(refs) == 3 {
			return ""
		}
		return " [" + strings.ReplaceAll(strings.Join(refs, " "), "refs/heads/", "") + "]"
	}
	arrow := func(before, after string) string {
		if len(before) == 64 {
			return "" // digests
		}
		return strings.TrimSuffix(strings.Replace(" "+before+" → "+after, "  →", " →", 1), " → ")
	}
	if c.Entry != nil {
		out = append(out, "entry")
	}
	for _, j := range c.Jobs {
		line := fmt.Sprintf("job %s %s %s", j.Change, j.Path, j.Reach)
		if j.Was != "" {
			line += " was " + j.Was
		}
		out = append(out, line)
		for _, f := range j.Facts {
			out = append(out, strings.TrimSpace(fmt.Sprintf("  %s %s %s", f.Change, f.Topic, f.Name))+arrow(f.Before, f.After)+short(f.Refs))
		}
		for _, s := range j.Steps {
			out = append(out, fmt.Sprintf("%s step %s", s.Change, s.ID)+short(s.Refs))
		}
	}
	counts := func(d *Diff) string {
		switch {
		case d == nil:
			return ""
		case d.Note != "":
			return " " + d.Note
		}
		return fmt.Sprintf(" +%d -%d", d.Added, d.Removed)
	}
	for _, f := range c.Files {
		line := fmt.Sprintf("file %s %s %s %s%s", f.Change, f.Path, strings.Join(f.Roles, ","), f.Reach, counts(f.Diff))
		if f.Was != "" {
			line += " was " + f.Was
		}
		out = append(out, line)
	}
	for _, s := range c.Scripts {
		out = append(out, fmt.Sprintf("script %s %s %s%s", s.Change, s.Job, s.Name, counts(s.Diff)))
	}
	for _, p := range c.Pins {
		out = append(out, strings.TrimSpace(fmt.Sprintf("pin %s %s %s", p.Change, p.Name, p.Compare)))
	}
	for _, f := range c.Findings {
		out = append(out, fmt.Sprintf("finding %s %s %s", f.Change, f.ID, f.Summary))
	}
	return out
}
