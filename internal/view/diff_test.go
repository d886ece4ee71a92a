package view

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
)

const (
	testProduction = "refs/heads/production"
	testMain       = "refs/heads/main"
	testOther      = "refs/heads/nixplan/another-branch"
)

func neatChanges() *diff.Changes {
	all := []string{testProduction, testMain, testOther}
	production := []string{testProduction}
	return &diff.Changes{
		FormatVersion: diff.FormatVersion, ToolVersion: "1.2.3",
		Base: diff.Revision{Name: "main", Rev: strings.Repeat("a", 40)},
		Head: diff.Revision{Name: "work tree", Rev: strings.Repeat("b", 40), Dirty: true},
		Counts: diff.Counts{
			JobsAdded: 1, JobsMoved: 1, JobsChanged: 1, JobsUnchanged: 2, Reaching: 1, Activated: 1, MachinesAdded: 1, MachinesChanged: 1,
			Files: 2, Scripts: 1, Pins: 2, FindingsNew: 1, FindingsFixed: 1,
		},
		Refs: []diff.RefGroup{
			{Title: testProduction, Refs: production, Changes: true},
			{Title: "refs/heads/main, any other branch", Refs: []string{testMain, testOther}, Changes: true},
			{Title: "any other tag", Refs: []string{"refs/tags/nixplan/another-tag"}},
			{Title: "refs/tags/v1", Refs: []string{"refs/tags/v1"}, OnlyIn: "head"},
		},
		Entry: &diff.EntryChange{Before: &plan.Entry{Path: "ci.nix", Form: plan.Legacy}, After: &plan.Entry{Path: "nix/ci.nix", Form: plan.HerculesCI}},
		Jobs: []diff.Job{
			{
				Path: "neat-network", Change: diff.Changed, Reach: diff.Runs, Kind: plan.RunNixOps, Name: "foo", Refs: all, Active: production,
				Facts: []diff.Fact{
					{Topic: diff.State, Change: diff.Activated, Before: "inactive", After: "active", Refs: production},
					{Topic: diff.Action, Change: diff.Changed, Before: "dry-run: nixops deploy --confirm --dry-run", After: "switch: nixops deploy --confirm --allow-reboot", Refs: all},
					{Topic: diff.NetworkFile, Name: "machines.nix", Change: diff.Moved, Before: "network.nix", After: "machines.nix", Refs: all},
					{Topic: diff.FileContent, Name: "machines.nix", Change: diff.Changed, Before: strings.Repeat("1", 64), After: strings.Repeat("2", 64), Refs: all},
					{Topic: diff.Machine, Name: "backend", Change: diff.Changed, After: "ec2", Refs: all},
					{Topic: diff.Machine, Name: "cache", Change: diff.Added, After: "none 10.0.0.1", Refs: all},
					{Topic: diff.Secret, Name: "aws", Change: diff.Changed, Before: "neat-aws", After: "other-aws", Refs: production},
				},
				Steps: []diff.Step{
					{ID: "export", Change: diff.Added, After: "nixops export >nixops-state.json", Refs: all},
				},
			},
			{
				Path: "nightly", Change: diff.Added, Reach: diff.MayRun, Kind: plan.MkEffect, Refs: production,
				Facts: []diff.Fact{{Topic: diff.State, Change: diff.Doubtful, Before: "absent", After: "undetermined", Refs: production}},
			},
			{Path: "manual", Was: "docs", Change: diff.Moved, Reach: diff.Idle, Kind: plan.MkEffect, Name: "docs", Refs: all},
		},
		Unchanged: []string{"a", "b"}, SameSettings: []string{"b"}, Unknown: []string{"more.…"},
		Files: []diff.File{
			{
				Path: "machines.nix", Was: "network.nix", Change: diff.Moved, Roles: []string{"network"}, Jobs: []string{"neat-network"}, Reach: diff.Runs,
				Diff: &diff.Diff{Added: 1, Removed: 1, Hunks: []diff.Hunk{{OldStart: 1, OldLines: 2, NewStart: 1, NewLines: 2, Lines: []string{" {", "-  a = 1;", "+\ta = ``` 2;", `\ No newline at end of file`}}}},
			},
			{Path: "key.bin", Change: diff.Added, Roles: []string{diff.Imported}, Reach: diff.MayRun, Diff: &diff.Diff{Note: "not a text, or its lines are too long to show"}},
		},
		Scripts: []diff.Script{{
			Job: "neat-network", Name: "userSetupScript", Change: diff.Removed, Reach: diff.Runs,
			Diff: &diff.Diff{Removed: 1, Hunks: []diff.Hunk{{OldStart: 1, OldLines: 1, Lines: []string{"-writeAWSKey aws"}}}},
		}},
		Pins: []diff.Pin{
			{
				Name: "nixpkgs", Change: diff.Changed, Compare: "https://github.com/NixOS/nixpkgs/compare/111...222",
				Before: &plan.Pin{Rev: strings.Repeat("1", 40), URL: "https://github.com/NixOS/nixpkgs"}, After: &plan.Pin{Rev: strings.Repeat("2", 40), URL: "https://github.com/NixOS/nixpkgs"},
			},
			{Name: "x", Change: diff.Added, After: &plan.Pin{URL: "https://example.org/x.tar.gz"}},
		},
		Findings: []diff.Finding{
			{Change: diff.New, Record: diag.Record{ID: "NP301", Severity: "error", Summary: "cache.nix does not exist", Place: &diag.Place{File: "nix/ci.nix", Line: 3, Column: 5}}},
			{Change: diff.Fixed, Record: diag.Record{ID: "NP105", Severity: "note", Summary: "no place at all"}},
		},
	}
}

// hostileText is what a repository may hold to break out of a comment, or to
// call people into it.
const hostileText = "`a` ```` <b>&amp;</b> @team #12 [l](http://x) | **x** \\ </summary></details> <!-- --> \x1b[31m \u202e\n```\n# x"

func hostileChanges(s string) *diff.Changes {
	refs := []string{s}
	d := &diff.Diff{Added: 1, Hunks: []diff.Hunk{{NewStart: 1, NewLines: 2, Lines: []string{"+" + s, " ```", "+</details>"}}}}
	return &diff.Changes{
		Base: diff.Revision{Name: s, Rev: s}, Head: diff.Revision{Name: s, Dirty: true, Rev: s},
		Refs:  []diff.RefGroup{{Title: s, Refs: refs, Changes: true}, {Title: s, OnlyIn: "base", Refs: refs}},
		Entry: &diff.EntryChange{After: &plan.Entry{Path: s, Form: plan.EntryForm(s)}},
		Jobs: []diff.Job{{
			Path: s, Was: s, Change: diff.Moved, Reach: diff.Runs, Kind: plan.Kind(s), Name: s, Refs: []string{s, "x"}, Active: refs,
			Facts: []diff.Fact{{Topic: diff.Machine, Name: s, Change: diff.Changed, Before: s, After: s, Refs: refs}},
			Steps: []diff.Step{{ID: s, Change: diff.Added, After: s, Refs: refs}},
		}},
		Unchanged: refs, SameSettings: refs, Unknown: refs,
		Files:    []diff.File{{Path: s, Was: s, Change: diff.Moved, Roles: refs, Jobs: refs, Reach: diff.Runs, Diff: d}},
		Scripts:  []diff.Script{{Job: s, Name: s, Change: diff.Added, Reach: diff.Runs, Diff: d}},
		Pins:     []diff.Pin{{Name: s, Change: diff.Changed, Before: &plan.Pin{URL: s}, After: &plan.Pin{URL: s, Rev: s}, Compare: "https://example.org/" + s}},
		Findings: []diff.Finding{{Change: diff.New, Record: diag.Record{ID: s, Severity: s, Summary: s, Place: &diag.Place{File: s}}}},
	}
}

func renderDiff(t *testing.T, c *diff.Changes, o Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Diff(&out, c, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The archives of testdata/diff hold changes in each form.
func TestDiff(t *testing.T) {
	tests := map[string]*diff.Changes{
		"neat":    neatChanges(),
		"nothing": {Base: diff.Revision{Name: "main"}, Head: diff.Revision{Name: "HEAD"}, Unchanged: []string{"a"}},
		"hostile": hostileChanges(hostileText),
	}
	overviews := map[string]*diff.Overview{"neat": neatOverview(), "nothing": nothingOverview(), "hostile": hostileOverview(hostileText)}
	forms := []struct {
		name string
		o    Options
	}{
		{"text", Options{Format: Text}},
		{"narrow", Options{Format: Text, Width: 50}},
		{"color", Options{Format: Text, Color: true}},
		{"markdown", Options{Format: Markdown}},
		{"html", Options{Format: HTML}},
	}
	for name, c := range tests {
		archive := &txtar.Archive{}
		for _, form := range forms {
			form.o.Overview = overviews[name]
			data := withoutStyle(strings.ReplaceAll(renderDiff(t, c, form.o), "\x1b", "<ESC>"))
			archive.Files = append(archive.Files, txtar.File{Name: form.name, Data: []byte(data)})
		}
		got := txtar.Format(archive)
		file := filepath.Join("testdata", "diff", name+".txtar")
		if *update {
			if err := os.WriteFile(file, got, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

var (
	detailsTags = regexp.MustCompile(`</?(details|summary|code|p)>`)
	fenceLine   = regexp.MustCompile("^ {0,3}(`{3,})([^`]*)$")
	codeSpans   = regexp.MustCompile("`[^`\n]*`")
)

// checkComment reads a comment as forges do, as far as it takes to see that
// nothing in it was opened by the contents: fences and tags are closed, outside
// of code there is no mention, no reference and no HTML but ours.
func checkComment(t *testing.T, comment string) {
	t.Helper()
	if len(comment) > maxMarkdown {
		t.Errorf("%d bytes", len(comment))
	}
	if !strings.HasPrefix(comment, CommentMarker+"\n") {
		t.Error("no marker")
	}
	if i := strings.IndexAny(comment, "\x1b\u202e"); i >= 0 {
		t.Error("a control character")
	}
	fence := ""
	var open []string
	for n, line := range strings.Split(strings.TrimPrefix(comment, CommentMarker), "\n") {
		if m := fenceLine.FindStringSubmatch(line); m != nil {
			switch {
			case fence == "":
				fence = m[1]
				continue
			case len(m[1]) >= len(fence) && strings.TrimSpace(m[2]) == "":
				fence = ""
				continue
			}
		}
		if fence != "" {
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "/") {
			t.Errorf("line %d is a command to GitLab: %s", n+1, line)
		}
		if !strings.HasPrefix(line, "<") { // in HTML a backtick is a backtick
			line = codeSpans.ReplaceAllString(strings.ReplaceAll(line, "\\`", ""), "")
		}
		for _, tag := range detailsTags.FindAllString(line, -1) {
			if name, closing := strings.CutPrefix(tag, "</"); !closing {
				open = append(open, strings.TrimPrefix(tag, "<"))
			} else if len(open) == 0 || open[len(open)-1] != name {
				t.Errorf("line %d: %s closes nothing: %s", n+1, tag, line)
			} else {
				open = open[:len(open)-1]
			}
		}
		rest := detailsTags.ReplaceAllString(line, "")
		if strings.Contains(rest, "<") {
			t.Errorf("line %d has HTML: %s", n+1, line)
		}
		rest = strings.ReplaceAll(strings.TrimLeft(rest, "#"), "&#8203;", "\u200b")
		for i, r := range rest {
			if (r == '@' || r == '#') && !strings.HasPrefix(rest[i+1:], "\u200b") {
				t.Errorf("line %d mentions somebody or something: %s", n+1, line)
			}
		}
	}
	if fence != "" || len(open) > 0 {
		t.Errorf("left open: %q %v", fence, open)
	}
}

func FuzzDiffMarkdown(f *testing.F) {
	f.Add(hostileText)
	f.Add(" leading and trailing ")
	f.Add("`")
	f.Add("/close `x`")
	f.Add("\\`<details>`")
	f.Add("https://example.org/a_b?c=d&e")
	f.Fuzz(func(t *testing.T, s string) {
		checkComment(t, renderDiff(t, hostileChanges(s), Options{Format: Markdown}))
	})
}

func TestNeatComment(t *testing.T) {
	checkComment(t, renderDiff(t, neatChanges(), Options{Format: Markdown}))
}

// A comment has a limit; what does not fit is said.
func TestLongComment(t *testing.T) {
	tests := map[string]func(c *diff.Changes){
		"jobs": func(c *diff.Changes) {
			for i := range 2000 {
				job := c.Jobs[0]
				job.Path = fmt.Sprint("job-", i)
				c.Jobs = append(c.Jobs, job)
			}
		},
		"facts": func(c *diff.Changes) {
			for i := range 3000 {
				c.Jobs[0].Facts = append(c.Jobs[0].Facts, diff.Fact{Topic: diff.Machine, Name: fmt.Sprint("machine-", i), Change: diff.Added})
			}
		},
		"diff": func(c *diff.Changes) {
			for range 5000 {
				h := &c.Files[0].Diff.Hunks[0]
				h.Lines = append(h.Lines, "+"+strings.Repeat("é", 20))
			}
		},
		"diffs": func(c *diff.Changes) {
			for range 1000 {
				c.Files = append(c.Files, c.Files[0])
			}
		},
		"backticks": func(c *diff.Changes) {
			c.Files[0].Diff.Hunks[0].Lines = []string{"+" + strings.Repeat("`", 50000)}
		},
		"findings": func(c *diff.Changes) {
			for range 3000 {
				c.Findings = append(c.Findings, c.Findings[0])
			}
		},
		"one long name": func(c *diff.Changes) {
			c.Jobs[0].Path = strings.Repeat("x", 100000)
			c.Refs[0].Title = strings.Repeat("y", 100000)
			c.Unchanged[0] = strings.Repeat("z", 100000)
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			c := neatChanges()
			spoil(c)
			comment := renderDiff(t, c, Options{Format: Markdown})
			checkComment(t, comment)
			if told := strings.Contains(comment, "This comment is not complete"); !told && name != "one long name" {
				t.Error("nothing says that it is not complete")
			}
			if !strings.Contains(comment, "#### Deployments that change") {
				t.Error("the most important part is not there")
			}
		})
	}
}
