package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

// tell writes an overview as text: the columns, a line for each row, and what the
// picture marks.
func tell(o *Overview) string {
	var lines []string
	for _, c := range o.Columns {
		line := "column " + strings.Join(c.Titles, ", ")
		if c.More > 0 {
			line += fmt.Sprint(" and ", c.More)
		}
		lines = append(lines, line)
	}
	for _, row := range o.Rows {
		line := strings.Join(row.Paths, " ") + ":"
		if row.Was != "" {
			line = row.Was + " → " + line
		}
		for _, cell := range row.Cells {
			if line += " " + string(cell.After); cell.Before != cell.After {
				line = strings.TrimSuffix(line, string(cell.After)) + string(cell.Before) + "→" + string(cell.After)
			}
		}
		lines = append(lines, strings.TrimSpace(line+" "+string(row.Change)))
	}
	for _, n := range o.Picture.Nodes {
		if n.Mark != "" {
			lines = append(lines, fmt.Sprintf("%s %s %s", n.Mark, n.Kind, n.Name))
		}
	}
	return strings.Join(lines, "\n")
}

func TestOverview(t *testing.T) {
	base, head := neatWorld(), neatWorld()
	head.network(func(job *plan.Job) {
		job.Path, job.AttrPath = "network", []string{"network"}
		job.Machines[1].TargetEnv = "none"
		job.Files[0].Machines = []string{"backend", "database"}
		job.Secrets[0].Source = "other-aws"
	})
	base.network(func(job *plan.Job) { job.Files[0].Machines = []string{"backend", "database"} })
	head.files["network.nix"] += "# more\n"
	head.edit(func(p *plan.Plan) {
		p.Jobs = append(p.Jobs, plan.Job{Path: "new", AttrPath: []string{"new"}, State: plan.Undetermined})
	})
	c, o := CompareAll(base.side("base"), head.side("head"))
	want := `
column refs/heads/production
column refs/heads/main
column any other branch
neat-network → network: active inactive inactive moved
new: absent→undetermined absent→undetermined absent→undetermined added
docs: active active active
changed job network
added job new
changed file network.nix
changed machine database
added secret other-aws
removed secret neat-aws`
	if diff := cmp.Diff(strings.TrimSpace(want), tell(o)); diff != "" {
		t.Error(diff)
	}
	// The document is the one that there is without an overview.
	if diff := cmp.Diff(Compare(base.side("base"), head.side("head")), c); diff != "" {
		t.Error(diff)
	}
}

// Many refs that are alike are a column, many jobs that do not change a row, and
// the picture is of those that change.
func TestOverviewOfMany(t *testing.T) {
	side := func(name, host string) Side {
		s := Side{Name: name, Titles: map[string]string{other: "any other branch"}}
		for _, ref := range []string{production, mainBranch, "refs/heads/a", "refs/heads/b", other, "refs/tags/v1"} {
			p := &plan.Plan{Ref: ref}
			for i := range 40 {
				job := plan.Job{Path: fmt.Sprintf("job%02d", i), State: plan.Inactive, Machines: []plan.Machine{{Name: "m", TargetHost: "h"}}}
				job.AttrPath = []string{job.Path}
				if ref == production && i < 5 {
					job.State = plan.Active
				}
				if i == 17 {
					job.Machines[0].TargetHost = host
				}
				p.Jobs = append(p.Jobs, job)
			}
			p.Normalize()
			s.Plans = append(s.Plans, p)
		}
		return s
	}
	_, o := CompareAll(side("base", "a"), side("head", "b"))
	var rest []string
	for i := range 40 {
		if i >= 5 && i != 17 {
			rest = append(rest, fmt.Sprintf("job%02d", i))
		}
	}
	want := `column refs/heads/production
column any other branch, refs/heads/main, refs/heads/a and 2
job17: inactive inactive changed
job00 job01 job02 job03 job04: active inactive
` + strings.Join(rest, " ") + `: inactive inactive
changed job job17
changed machine m`
	if diff := cmp.Diff(want, tell(o)); diff != "" {
		t.Error(diff)
	}
	if o.Picture.Omitted != 39 {
		t.Errorf("%d jobs omitted", o.Picture.Omitted)
	}
	// Nothing changes: the picture is of all.
	_, o = CompareAll(side("base", "a"), side("head", "a"))
	if o.Picture.Omitted != 0 || slices.ContainsFunc(o.Picture.Nodes, func(n graph.Node) bool { return n.Mark != "" }) {
		t.Errorf("%d jobs omitted of those that do not change: %s", o.Picture.Omitted, tell(o))
	}
}

func TestOverviewHidesCredentials(t *testing.T) {
	const token = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
	base, head := neatWorld(), neatWorld()
	for _, w := range []*world{base, head} {
		w.edit(func(p *plan.Plan) { p.Ref = "refs/heads/" + token })
	}
	head.edit(func(p *plan.Plan) {
		p.Jobs[0].Path = token
		p.Jobs[0].Machines[0].TargetHost = "https://user:pass@example.org"
	})
	_, o := CompareAll(base.side("base"), head.side("head"))
	if s := fmt.Sprintf("%+v %+v", o.Columns, o.Rows) + tell(o); strings.Contains(s, token) || strings.Count(s, "****") < 3 {
		t.Error(s)
	}
}

// What cannot be evaluated on one side is not new on the other; what nobody knows
// on either is told apart from what does not change.
func TestOverviewOfWhatFails(t *testing.T) {
	base, head := neatWorld(), neatWorld()
	base.edit(func(p *plan.Plan) {
		p.Jobs = p.Jobs[:1]
		p.Diagnostics = []plan.Diagnostic{{Attr: "docs", Record: diag.Record{ID: diag.IDEvaluation, Severity: "error", Summary: "no"}}}
	})
	for _, w := range []*world{base, head} {
		w.edit(func(p *plan.Plan) {
			p.SomeJobs = []plan.SomeJobs{{Path: "more", AttrPath: []string{"more"}, Kind: plan.MkEffect, State: plan.Undetermined}}
		})
	}
	_, o := CompareAll(base.side("base"), head.side("head"))
	want := `column refs/heads/production
column refs/heads/main
column any other branch
docs: failed→active failed→active failed→active changed
more.…: undetermined undetermined undetermined
neat-network: active inactive inactive
changed job docs`
	if diff := cmp.Diff(want, tell(o)); diff != "" {
		t.Error(diff)
	}
	for _, row := range o.Rows {
		if row.Unknown != (row.Paths[0] == "more.…") {
			t.Errorf("%+v", row)
		}
	}
}
