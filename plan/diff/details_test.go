package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

func unified(d *Diff) string {
	var b strings.Builder
	for i := range d.Hunks {
		b.WriteString(d.Hunks[i].Header() + "\n" + strings.Join(d.Hunks[i].Lines, "\n") + "\n")
	}
	return b.String()
}

// The expectations are what diff -u prints below its file names.
func TestTextDiff(t *testing.T) {
	numbers := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintln(&b, i)
		}
		return b.String()
	}
	tests := []struct{ name, before, after, want string }{
		{"one line", "a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"new", "", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		{"gone", "a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"ending", "a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"two hunks", numbers(1, 20), "0\n" + numbers(1, 19), "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -17,4 +18,3 @@\n 17\n 18\n 19\n-20\n"},
		{
			"six lines between", "x\n" + numbers(1, 6) + "y\n", numbers(1, 6),
			"@@ -1,8 +1,6 @@\n-x\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n",
		},
		{
			"seven lines between", "x\n" + numbers(1, 7) + "y\n", numbers(1, 7),
			"@@ -1,4 +1,3 @@\n-x\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-y\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, unified(textDiff(test.before, test.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// patch applies a diff, by the lines it says they are.
func patch(t *testing.T, before string, d *Diff) string {
	t.Helper()
	old := splitLines(before)
	var b strings.Builder
	next := 0
	for _, h := range d.Hunks {
		start := h.OldStart - 1
		if h.OldLines == 0 {
			start++
		}
		for ; next < start; next++ {
			b.WriteString(old[next])
		}
		oldLines, newLines := 0, 0
		for i, l := range h.Lines {
			if l[0] == '\\' {
				continue
			}
			ending := "\n"
			if i+1 < len(h.Lines) && h.Lines[i+1][0] == '\\' {
				ending = ""
			}
			if l[0] != '+' {
				if old[next] != l[1:]+ending {
					t.Fatalf("line %d is %q, the diff has %q", next+1, old[next], l)
				}
				next++
				oldLines++
			}
			if l[0] != '-' {
				b.WriteString(l[1:] + ending)
				newLines++
			}
		}
		if oldLines != h.OldLines || newLines != h.NewLines {
			t.Fatalf("%s: has %d and %d lines", h.Header(), oldLines, newLines)
		}
	}
	return b.String() + strings.Join(old[next:], "")
}

func FuzzTextDiff(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\n")
	f.Add("", "x")
	f.Add(networkText, strings.ToUpper(networkText))
	f.Add("a\n\n\na\nb\na", "\n\na\na\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		d := textDiff(before, after)
		if d == nil || d.Note != "" || hide(before) != before || hide(after) != after {
			return
		}
		if got := patch(t, before, d); got != after {
			t.Errorf("got %q, want %q", got, after)
		}
		if back := textDiff(after, before); back.Added != d.Removed || back.Removed != d.Added {
			t.Errorf("+%d -%d there, +%d -%d back", d.Added, d.Removed, back.Added, back.Removed)
		}
	})
}

func TestTooLarge(t *testing.T) {
	var a, b strings.Builder
	for i := range mostLines {
		fmt.Fprintln(&a, "a", i)
		fmt.Fprintln(&b, "b", i)
	}
	if d := textDiff(a.String(), b.String()); d.Note == "" || len(d.Hunks) > 0 {
		t.Error("no note")
	}
	// A long text with a small change is no problem.
	if d := textDiff(a.String(), a.String()+"more\n"); d.Added != 1 {
		t.Errorf("%+v", d)
	}
}

func TestCompareURL(t *testing.T) {
	const a, b = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	tests := []struct{ url, want string }{ // REV stands for each of the two
		{"https://github.com/NixOS/nixpkgs/archive/REV.tar.gz", "https://github.com/NixOS/nixpkgs/compare/" + a + "..." + b},
		{"https://codeload.github.com/o/r/tar.gz/REV", "https://github.com/o/r/compare/" + a + "..." + b},
		{"https://api.github.com/repos/o/r/tarball/REV", "https://github.com/o/r/compare/" + a + "..." + b},
		{"github:o/r/REV", "https://github.com/o/r/compare/" + a + "..." + b},
		{"git+https://github.com/o/r.git?rev=REV", "https://github.com/o/r/compare/" + a + "..." + b},
		{"git@github.com:o/r.git", ""}, // no revision to be seen
		{"https://gitlab.com/g/sub/r/-/archive/REV/r-REV.tar.gz", "https://gitlab.com/g/sub/r/-/compare/" + a + "..." + b},
		{"https://gitlab.example.org/api/v4/projects/g%2Fr/repository/archive.tar.gz?sha=REV", "https://gitlab.example.org/g/r/-/compare/" + a + "..." + b},
		{"gitlab:g%2Fsub/r/REV", "https://gitlab.com/g/sub/r/-/compare/" + a + "..." + b},
		{"https://codeberg.org/o/r/archive/REV.tar.gz", "https://codeberg.org/o/r/compare/" + a + "..." + b},
		{"https://git.sr.ht/~o/r/archive/REV.tar.gz", "https://git.sr.ht/~o/r/log/" + b},
		{"https://bitbucket.org/o/r/get/REV.tar.gz", "https://bitbucket.org/o/r/branches/compare/" + b + "%0D" + a},
		{"https://example.org/files/REV.tar.gz", ""},
		{"file:///tmp/REV", ""},
		{"github:", ""},
		{"https://gitlab.com/api/v4/projects/%zz/x?sha=REV", ""},
	}
	for _, test := range tests {
		at := func(rev string) *plan.Pin { return &plan.Pin{URL: strings.ReplaceAll(test.url, "REV", rev)} }
		if got := CompareURL(at(a), at(b)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.url, got, test.want)
		}
		if got := CompareURL(at(a), at(a)); got != "" {
			t.Errorf("%s: nothing lies between a revision and itself, got %q", test.url, got)
		}
	}
	if got := CompareURL(&plan.Pin{URL: "github:o/r/" + a}, &plan.Pin{URL: "github:o/fork/" + b}); got != "" {
		t.Errorf("two repositories: %q", got)
	}
	branches := CompareURL(&plan.Pin{URL: "https://github.com/o/r/archive/refs/heads/a/b.tar.gz"}, &plan.Pin{URL: "https://github.com/o/r/archive/c d.tar.gz"})
	if want := "https://github.com/o/r/compare/a/b...c%20d"; branches != want {
		t.Errorf("got %q, want %q", branches, want)
	}
}

func TestRefGroups(t *testing.T) {
	w := neatWorld()
	w.edit(func(p *plan.Plan) {
		if p.Ref != production {
			p.Jobs[0].State = plan.Active
		}
	})
	head := w.side("head")
	extra := *head.Plans[0]
	extra.Ref = "refs/heads/new"
	head.Plans = append(head.Plans, &extra)
	want := []RefGroup{
		{Title: production, Refs: []string{production}},
		{Title: "refs/heads/main, any other branch", Refs: []string{mainBranch, other}, Changes: true},
		{Title: "refs/heads/new", Refs: []string{"refs/heads/new"}, OnlyIn: "head"},
	}
	if diff := cmp.Diff(want, Compare(neatWorld().side("base"), head).Refs); diff != "" {
		t.Error(diff)
	}
}

// Two plans are compared even if they are for different refs.
func TestOnePlanEach(t *testing.T) {
	a, b := neatWorld().side("a"), neatWorld().side("b")
	a.Plans, b.Plans = a.Plans[:1], b.Plans[1:2]
	got := described(Compare(a, b))
	want := []string{"job changed neat-network runs", "deactivated state active → inactive [production → main]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutCheck(t *testing.T) {
	w := neatWorld()
	w.edit(func(p *plan.Plan) {
		p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Attr: "docs", Record: diag.Record{ID: "NP101", Severity: "error", Summary: "throws"}})
	})
	a, b := neatWorld().side("a"), w.side("b")
	a.Findings, b.Findings = nil, nil
	if diff := cmp.Diff([]string{"finding new NP101 throws"}, described(Compare(a, b))); diff != "" {
		t.Error(diff)
	}
}

// No credential gets into the document, wherever it stands.
func TestNoCredentials(t *testing.T) {
	token := "ghp_" + "q8Zr5TnW2xYv7KdLmP3sJbHc9FgA4eRuXo1N" // made up
	password := "https://user:hunter2@example.org/x"
	w := neatWorld()
	w.files["network.nix"] += "# " + token + " " + password + "\n"
	w.scripts = map[string]map[string]string{"neat-network": {"userSetupScript": "curl -H " + token + "\n"}}
	w.network(func(j *plan.Job) {
		j.NetworkArgs[0].JSON = `"` + token + `"`
		j.Action.Argv = append(j.Action.Argv, password)
		j.Machines[0].TargetHost = token
		j.Facts = append(j.Facts, plan.Fact{Name: "x", Value: password})
	})
	w.edit(func(p *plan.Plan) { p.Pins[0].URL = password })
	w.findings = append(w.findings, Report{Record: diag.Record{ID: "NP1", Severity: "note", Summary: token}})
	for _, c := range []*Changes{Compare(neatWorld().side("a"), w.side("b")), Compare(w.side("b"), neatWorld().side("a"))} {
		var document strings.Builder
		if err := text.WriteJSON(&document, c); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{token, "hunter2"} {
			if at := strings.Index(document.String(), secret); at >= 0 {
				t.Errorf("%s is shown: …%s…", secret, document.String()[max(0, at-60):at+50])
			}
		}
		if !strings.Contains(document.String(), "# ****") {
			t.Error("the line with the credential is not there at all")
		}
	}
	// A change of nothing else is still told.
	d := textDiff("token = "+token+"\n", "token = "+strings.Replace(token, "q8Zr", "r8Zq", 1)+"\n")
	if d == nil || d.Note == "" {
		t.Errorf("got %+v", d)
	}
}

// What Compare is given stays as it is.
func TestInputIsLeftAlone(t *testing.T) {
	w := neatWorld()
	w.edit(func(p *plan.Plan) { p.Pins[0].URL = "https://user:hunter2@example.org/x" })
	side := w.side("b")
	side.Plans[0].Pins[0].URL = "https://user:hunter2@example.org/x" // after Normalize
	Compare(neatWorld().side("a"), side)
	if url := side.Plans[0].Pins[0].URL; url != "https://user:hunter2@example.org/x" {
		t.Errorf("the plan's URL became %s", url)
	}
}

// A value that has the branch's name in it is told once for all branches.
func TestValuesOfRefs(t *testing.T) {
	refs := []string{"refs/heads/main", "refs/heads/a", "refs/heads/b/c", "refs/heads/d", "refs/heads/alias", "refs/tags/v1", "refs/tags/v2", "refs/tags/v3"}
	side := func(value func(name string) string) (s Side) {
		for _, ref := range refs {
			job := plan.Job{Path: "site", Kind: plan.NetlifyDeploy, State: plan.Active}
			name := strings.SplitN(ref, "/", 3)[2]
			job.Facts = []plan.Fact{{Name: "extraDeployArgs", Value: value(name)}}
			s.Plans = append(s.Plans, &plan.Plan{Ref: ref, Jobs: []plan.Job{job}})
		}
		return s
	}
	c := Compare(side(func(string) string { return "--debug" }), side(func(name string) string {
		if name == "main" {
			return "--prod"
		}
		return "--alias " + name
	}))
	var got []string
	for _, f := range c.Jobs[0].Facts {
		got = append(got, f.Before+" → "+f.After+" "+strings.Join(f.Refs, " "))
	}
	want := []string{
		"--debug → --prod refs/heads/main",
		"--debug → --alias ${branch} refs/heads/a refs/heads/b/c refs/heads/d",
		"--debug → --alias alias refs/heads/alias",
		"--debug → --alias ${tag} refs/tags/v1 refs/tags/v2 refs/tags/v3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
