package view

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
	"github.com/nixplan/nixplan/plan/graph"
)

func neatOverview() *diff.Overview {
	states := func(states ...plan.RefState) (cells []diff.Cell) {
		for i := 0; i < len(states); i += 2 {
			cells = append(cells, diff.Cell{Before: states[i], After: states[i+1]})
		}
		return cells
	}
	return &diff.Overview{
		Columns: []diff.Column{
			{Titles: []string{testProduction}},
			{Titles: []string{"any other branch", testMain, "refs/heads/a"}, More: 7},
			{Titles: []string{"refs/tags/v1"}},
		},
		Rows: []diff.Row{
			{Paths: []string{"neat-network"}, Change: diff.Changed, Cells: states(plan.Inactive, plan.Active, plan.Inactive, plan.Inactive, plan.Inactive, plan.Inactive)},
			{Paths: []string{"nightly"}, Change: diff.Added, Cells: states(plan.Absent, plan.Undetermined, plan.Absent, plan.Inactive, plan.Absent, plan.Absent)},
			{Paths: []string{"manual"}, Was: "docs", Change: diff.Moved, Cells: states(plan.Active, plan.Active, plan.Active, plan.Active, plan.Active, plan.Active)},
			{Paths: []string{"more.…"}, Unknown: true, Cells: states(plan.Failed, plan.Undetermined, plan.Undetermined, plan.Undetermined, plan.Absent, plan.Absent)},
			{Paths: []string{"a", "b", "c", "d"}, Cells: states(plan.Inactive, plan.Inactive, plan.Inactive, plan.Inactive, plan.Inactive, plan.Inactive)},
		},
		Picture: graph.Compare([]*plan.Plan{neatPlan("network.nix")}, []*plan.Plan{neatPlan("machines.nix")}, graph.Changes{
			Jobs:  map[string]graph.Mark{"neat-network": graph.Changed},
			Files: map[string]graph.Mark{"machines.nix": graph.Changed}, FilesWere: map[string]string{"network.nix": "machines.nix"},
		}, graph.Options{}),
	}
}

// neatPlan has one side of what neatChanges tells.
func neatPlan(file string) *plan.Plan {
	no := false
	job := plan.Job{
		Path: "neat-network", Kind: plan.RunNixOps, State: plan.Active, Deployment: "foo", Src: ".",
		Files: []plan.File{
			{Role: plan.NetworkFile, Path: file, Machines: []string{"backend"}},
			{Role: plan.DeployOnlyFile, Path: "keys.nix", Exists: &no},
		},
		Machines: []plan.Machine{{Name: "backend"}},
		Secrets:  []plan.Secret{{Name: "aws", Type: "Secret", Source: "neat-aws"}},
	}
	if file == "machines.nix" {
		job.Machines = []plan.Machine{{Name: "backend", TargetEnv: "ec2"}, {Name: "cache", TargetEnv: "none", TargetHost: "10.0.0.1"}}
		job.Files[0].Machines = []string{"backend", "cache"}
		job.Secrets[0].Source = "other-aws"
	}
	return &plan.Plan{Ref: testProduction, Repository: plan.Repository{Name: "neat-repo"}, Jobs: []plan.Job{job}}
}

func hostilePlan(s string) *plan.Plan {
	job := plan.Job{
		Path: s, Kind: plan.Kind(s), State: plan.Active, Deployment: s, Src: ".",
		Files:    []plan.File{{Role: plan.FileRole(s), Path: s, Error: s, Machines: []string{s}}},
		Machines: []plan.Machine{{Name: s, TargetEnv: s, TargetHost: s}},
		Secrets:  []plan.Secret{{Name: s + "y", Type: "Secret", Source: s}},
	}
	for i := range 12 {
		job.Secrets = append(job.Secrets, plan.Secret{Name: s, Source: fmt.Sprint(s, i)})
	}
	return &plan.Plan{
		Ref: s, Repository: plan.Repository{Name: s}, Jobs: []plan.Job{job},
		SomeJobs: []plan.SomeJobs{{Path: s, Kind: plan.Kind(s), State: plan.Undetermined}},
	}
}

func hostileOverview(s string) *diff.Overview {
	return &diff.Overview{
		Columns: []diff.Column{{Titles: []string{s}, More: 1}},
		Rows:    []diff.Row{{Paths: []string{s, s}, Was: s, Change: diff.Moved, Cells: []diff.Cell{{Before: plan.Active, After: plan.RefState(s)}}}},
		Picture: graph.Compare(nil, []*plan.Plan{hostilePlan(s)}, graph.Changes{}, graph.Options{}),
	}
}

func nothingOverview() *diff.Overview {
	p := neatPlan("machines.nix")
	return &diff.Overview{
		Columns: []diff.Column{{Titles: []string{testMain}}},
		Rows:    []diff.Row{{Paths: []string{"a"}, Cells: []diff.Cell{{Before: plan.Active, After: plan.Active}}}},
		Picture: graph.Of([]*plan.Plan{p}, graph.Options{}),
	}
}

// manyChanges are those of a repository with n jobs that all change.
func manyChanges(n int) (*diff.Changes, *diff.Overview) {
	side := func(host string) diff.Side {
		p := &plan.Plan{Ref: testMain, Repository: plan.Repository{Name: "many"}}
		for i := range n {
			job := neatPlan("network.nix").Jobs[0]
			job.Path, job.Deployment = fmt.Sprintf("deploy-%04d-of-a-long-name-that-does-not-fit", i), fmt.Sprint("d", i)
			job.AttrPath = []string{job.Path}
			job.Files = []plan.File{{Role: plan.NetworkFile, Path: fmt.Sprintf("networks/region-%d/network.nix", i%40)}}
			job.Machines = nil
			for k := range 1 + i%30 {
				name := fmt.Sprint("m", k)
				job.Files[0].Machines = append(job.Files[0].Machines, name)
				job.Machines = append(job.Machines, plan.Machine{Name: name, TargetHost: host})
			}
			p.Jobs = append(p.Jobs, job)
		}
		p.Normalize()
		return diff.Side{Name: host, Plans: []*plan.Plan{p}}
	}
	return diff.CompareAll(side("old.example.org"), side("new.example.org"))
}

func renderPage(t testing.TB, c *diff.Changes, o *diff.Overview) string {
	t.Helper()
	var out strings.Builder
	if err := Diff(&out, c, Options{Format: HTML, Overview: o}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var styleSheet = regexp.MustCompile(`(?s)<style>.*?</style>|&#39;sha256-.*?&#39;`)

// withoutStyle is a page without what is the same in all of them.
func withoutStyle(page string) string { return styleSheet.ReplaceAllString(page, "…") }

var (
	tags       = regexp.MustCompile(`<[^>]*>`)
	attributes = regexp.MustCompile(`\s([a-zA-Z-]+)="[^"]*"`)
)

// markup lists a page's tags with the names of their attributes.
func markup(page string) []string {
	list := tags.FindAllString(page, -1)
	for i, tag := range list {
		list[i] = attributes.ReplaceAllString(tag, " $1")
	}
	return list
}

// FuzzDiffPage: what a repository holds adds no tag and no attribute to a page.
func FuzzDiffPage(f *testing.F) {
	for _, s := range []string{
		hostileText, "</title><script>alert(1)</script>", `" onload="alert(1)`, "</style><img src=x onerror=y>", "javascript:alert(1)", "{{.}}", "]]>", "<!--", "\x00\xff\ufffe", "</svg>", "-->", "main (old)",
	} {
		f.Add(s)
	}
	shape := func(t testing.TB, s string) []string {
		c := hostileChanges(s)
		c.Pins[0].Compare = "https://example.org/compare" // what becomes of others is looked at elsewhere
		return markup(withoutStyle(renderPage(t, c, hostileOverview(s))))
	}
	want := shape(f, "x")
	f.Fuzz(func(t *testing.T, s string) {
		// What is empty is left out.
		s = "x" + s
		if diff := cmp.Diff(want, shape(t, s)); diff != "" {
			t.Errorf("the page has other tags or attributes: %s", diff)
		}
	})
}

// checkSVG reads a picture as XML, which browsers do with a file of it, and gives
// its elements.
func checkSVG(t testing.TB, svg string) (elements []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	decoder.Strict = true
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements = append(elements, start.Name.Local)
			for _, a := range start.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("attribute %s", a.Name.Local)
				}
			}
		}
	}
}

func TestManyJobsPage(t *testing.T) {
	c, o := manyChanges(1000)
	page := renderPage(t, c, o)
	for _, want := range []string{
		"… and 700 more jobs; nixplan diff lists them all.", "… and 700 more rows; nixplan refs shows them all.",
		"960 more jobs are not in the picture.", ">1000 changed jobs reach a deployment</p>",
	} {
		if !strings.Contains(strings.Replace(page, `<span aria-hidden="true">●</span> `, "", 1), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if len(page) > 4<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// A diff that is too long, and many of them, are shown in part.
func TestLongDiffsPage(t *testing.T) {
	c := neatChanges()
	short := neatChanges().Files[0]
	lines := &c.Files[0].Diff.Hunks[0].Lines
	for range 3 * mostDiffed {
		*lines = append(*lines, "+x")
	}
	for range 600 {
		c.Files = append(c.Files, short)
	}
	page := renderPage(t, c, neatOverview())
	for _, want := range []string{"more lines; nixplan diff shows them all", "lines, for which there is no room here", "more files; nixplan diff lists them all"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<tr"); n > mostDiffed+mostRows {
		t.Errorf("%d rows", n)
	}
}

func TestEmphasise(t *testing.T) {
	tests := []struct{ before, after, want string }{
		{"host = \"db.example\";", "host = \"db2.example\";", "host = \"db[].example\"; host = \"db[2].example\";"},
		{"größe = 1;", "größe = 2;", "größe = [1]; größe = [2];"},
		{"aaaa é x", "aaaa è x", "aaaa [é] x aaaa [è] x"},
		{"completely", "different", "completely different"},
		{"", "x", " x"},
	}
	for _, test := range tests {
		lines := []htmlLine{{Class: "removed", Text: test.before}, {Class: "added", Text: test.after}}
		emphasise(lines)
		var got []string
		for _, l := range lines {
			s := l.Text
			if l.Strong+l.Rest != "" {
				s += "[" + l.Strong + "]" + l.Rest
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%q and %q: got %s, want %s", test.before, test.after, s, test.want)
		}
	}
}

func TestDiffLineNumbers(t *testing.T) {
	d := &diff.Diff{Hunks: []diff.Hunk{
		{OldStart: 0, OldLines: 0, NewStart: 1, NewLines: 1, Lines: []string{"+new", `\ No newline at end of file`}},
		{OldStart: 7, OldLines: 3, NewStart: 8, NewLines: 2, Lines: []string{" a", "-b", "-c", "+d"}},
	}}
	var got []string
	for _, l := range diffLines(d) {
		got = append(got, fmt.Sprint(l.Old, l.New, l.Sign))
	}
	want := "0 0|0 1+|0 0|0 0|7 8 |8 0−|9 0−|0 9+"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// An address that is none of the web is no link.
func TestPageLinks(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a?b=c": `href="https://example.org/a?b=c"`,
		"javascript:alert(1)":       "", "data:text/html,x": "", "//example.org/x": "", "https://": "",
		`https://example.org/"onclick="x`: `href="https://example.org/%22onclick=%22x"`,
	} {
		c := neatChanges()
		c.Pins = c.Pins[:1]
		c.Pins[0].Compare = address
		page := renderPage(t, c, neatOverview())
		page = page[strings.Index(page, `id="pins"`):strings.Index(page, `id="files"`)]
		if got := strings.Contains(page, "href="); got != (want != "") || !strings.Contains(page, want) {
			t.Errorf("%s: %s", address, page)
		}
	}
}
