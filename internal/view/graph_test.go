package view

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

func renderGraph(t testing.TB, p *plan.Plan, o graph.Options, format Format) string {
	t.Helper()
	var out strings.Builder
	if err := Graph(&out, p, graph.Of([]*plan.Plan{p}, o), format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The archives of testdata/graph hold pictures in each format.
func TestGraph(t *testing.T) {
	long := neatPlan(strings.Repeat("directory/", 12) + "network.nix")
	long.Jobs[0].Path = strings.Repeat("environments.", 12) + "production"
	for i := range 12 {
		long.Jobs[0].Secrets = append(long.Jobs[0].Secrets, plan.Secret{Name: "s", Source: strings.Repeat("s", i+1)})
	}
	long.Jobs = append(long.Jobs, plan.Job{Path: "z", State: plan.Inactive}, plan.Job{Path: "y", State: plan.Undetermined})
	tests := map[string]*plan.Plan{
		"neat":    neatPlan("machines.nix"),
		"empty":   {Ref: testMain, Repository: plan.Repository{Name: "empty"}},
		"long":    long,
		"hostile": hostilePlan(hostileText),
	}
	for name, p := range tests {
		archive := &txtar.Archive{}
		for _, format := range GraphFormats {
			picture := renderGraph(t, p, graph.Options{Jobs: 2}, format)
			switch format {
			case SVG:
				checkSVG(t, picture)
				picture = withoutStyle(picture)
			case DOT:
				checkDot(t, picture)
			case Mermaid:
				checkMermaid(t, picture)
			}
			archive.Files = append(archive.Files, txtar.File{Name: string(format), Data: []byte(picture)})
		}
		got := txtar.Format(archive)
		file := filepath.Join("testdata", "graph", name+".txtar")
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

// The lines that pictures of Graphviz and Mermaid may have. Everything of a
// repository is in a quoted label.
var (
	dotLine     = regexp.MustCompile(`^(  n\d+ \[label=S(, shape=[a-z0-9]+, style="[a-z,]+")(, tooltip=S, peripheries=2)?\];|  n\d+ -> n\d+( \[label=S\])?;|  label=S; labelloc=t; labeljust=l;)$`)
	dotQuoted   = regexp.MustCompile(`(label|tooltip)="(?:[^"\\]|\\["\\n])*"`)
	mermaidLine = regexp.MustCompile(`^(title: "(?:[^"\\]|\\.)*"|  n\d+(\(L\)|\[L\]|\[\[L\]\]|\{\{L\}\})(:::(active|undetermined))?|  n\d+ -->(\|L\|)? n\d+|---|flowchart LR|  classDef [a-z]+ [a-z0-9: -]+)$`)
	mermaidText = regexp.MustCompile(`"(?:#\d+;|<br/>|[\p{L}\p{N} ./…<>+-]|[^\x00-\x7f])*"`)
)

func checkDot(t *testing.T, picture string) {
	t.Helper()
	lines := strings.Split(picture, "\n")
	for i, line := range lines {
		if i == 0 || line == "}" || line == "" || strings.HasPrefix(line, "  rankdir=") || strings.HasPrefix(line, "  node [") {
			continue
		}
		if !dotLine.MatchString(dotQuoted.ReplaceAllString(line, "$1=S")) {
			t.Errorf("line %d: %s", i+1, line)
		}
		if strings.Contains(strings.ReplaceAll(line, "&amp;", ""), "&") {
			t.Errorf("line %d has a character of HTML: %s", i+1, line)
		}
	}
}

func checkMermaid(t *testing.T, picture string) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(picture, "\n"), "\n") {
		if !strings.HasPrefix(line, "title:") {
			line = mermaidText.ReplaceAllString(line, "L")
		}
		if !mermaidLine.MatchString(line) {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

// FuzzGraph: what a repository holds stays in its labels.
func FuzzGraph(f *testing.F) {
	for _, s := range []string{hostileText, `"]; n1 -> n2 [label="`, `\`, `\N`, "&lt;", "end", "1. x", "- x", "#quot;", "\"]\nclick n1 href \"javascript:x\"", "%%{init: {}}%%", "</style>", "\x00\xff\ufffe\uffff", "--", "// x", "https://example.org/x"} {
		f.Add(s)
	}
	want := checkSVG(f, renderGraph(f, hostilePlan("x"), graph.Options{}, SVG))
	f.Fuzz(func(t *testing.T, s string) {
		p := hostilePlan("x" + s)
		checkDot(t, renderGraph(t, p, graph.Options{}, DOT))
		checkMermaid(t, renderGraph(t, p, graph.Options{}, Mermaid))
		if got := checkSVG(t, renderGraph(t, p, graph.Options{}, SVG)); !slices.Equal(got, want) {
			t.Errorf("other elements: %s", cmp.Diff(want, got))
		}
	})
}

func TestMermaidText(t *testing.T) {
	for text, want := range map[string]string{
		"neat-network":       "neat-network",
		"a/b.nix":            "a/b.nix",
		"1. x":               "1#46; x", // a list, for Markdown
		"12.5":               "12#46;5",
		"- x":                "#45; x",
		`"x"`:                "#34;x#34;",
		"`a` *b* _c_ <d> #e": "#96;a#96; #42;b#42; #95;c#95; #60;d#62; #35;e",
		"https://x.org":      "https#58;/#47;x.org",
		"größe":              "größe",
	} {
		if got := mermaidLabel(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestClipMiddle(t *testing.T) {
	tests := []struct {
		s, want string
		n       int
	}{
		{"short", "short", 5},
		{"modules/region/network.nix", "modu…k.nix", 10},
		{"日本語日本語日本語", "日…本語", 8},
		{"abc", "…c", 2},
	}
	for _, test := range tests {
		if got := clipMiddle(test.s, test.n); got != test.want {
			t.Errorf("%s in %d: got %s, want %s", test.s, test.n, got, test.want)
		}
	}
}

// The picture in the README is of the repository that the README tells of.
func TestReadmePicture(t *testing.T) {
	p, err := planner.Plan(t.Context(), planner.Options{Path: filepath.Join("..", "..", "fixtures", "neat-repo"), Ref: testProduction})
	if err != nil {
		t.Fatal(err)
	}
	got := renderGraph(t, p, graph.Options{}, SVG)
	file := filepath.Join("..", "..", "docs", "neat-repo.svg")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
