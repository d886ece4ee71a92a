package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/check"
)

const pages = "../docs/checks"

// Every rule has a page, and every page a rule.
func TestEveryRuleHasAPage(t *testing.T) {
	for _, rule := range check.Rules {
		if _, err := os.Stat(filepath.Join(pages, rule.ID+".md")); err != nil {
			t.Errorf("%s has no page", rule.ID)
		}
	}
	files, err := filepath.Glob(pages + "/NP*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if id := strings.TrimSuffix(filepath.Base(file), ".md"); check.Lookup(id) == nil {
			t.Errorf("%s is the page of no rule", file)
		}
	}
}

var (
	section = regexp.MustCompile(`(?m)^## (Bad|Good)\b.*$`)
	fenced  = regexp.MustCompile("(?ms)^```(\\w+)(?: file=(\\S+))?\n(.*?)^```$")
)

// TestPages runs the examples of the rules' pages. A page has sections "Bad" and
// "Good", each with fenced blocks: `nix file=ci.nix` (any language) is a file of
// the repository, `sh` what is done once it is committed, `text` what check says.
// The findings of a bad example are the rule's, a good one has none.
func TestPages(t *testing.T) {
	for _, rule := range check.Rules {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(pages, rule.ID+".md")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			page := string(text)
			if !strings.HasPrefix(page, "# "+rule.ID+": ") {
				t.Errorf("the title does not begin with # %s:", rule.ID)
			}
			starts := section.FindAllStringSubmatchIndex(page, -1)
			kinds := map[string]int{}
			for i := len(starts) - 1; i >= 0; i-- { // backwards: an update moves what follows
				end := len(page)
				if i+1 < len(starts) {
					end = starts[i+1][0]
				}
				kind := page[starts[i][2]:starts[i][3]]
				kinds[kind]++
				page = page[:starts[i][0]] + example(t, rule, kind, page[starts[i][0]:end]) + page[end:]
			}
			if kinds["Bad"] == 0 || kinds["Good"] == 0 {
				t.Error("the page lacks a bad or a good example")
			}
			if page != string(text) && *update {
				if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// example runs one, and gives its text with what was found put in.
func example(t *testing.T, rule *check.Rule, kind, body string) string {
	c := testCase{files: map[string]string{}}
	said, at := false, [2]int{}
	for _, m := range fenced.FindAllStringSubmatchIndex(body, -1) {
		content := body[m[6]:m[7]]
		switch language := body[m[2]:m[3]]; {
		case m[4] >= 0:
			c.files[body[m[4]:m[5]]] = content
		case language == "sh":
			c.setup = content
		case language == "text":
			said, at, c.want = true, [2]int{m[6], m[7]}, content
		}
	}
	got := c.run(t)
	switch {
	case kind == "Good":
		if got != "" {
			t.Errorf("the good example has findings:\n%s", got)
		}
	case !strings.Contains(got, "["+rule.ID+"]"):
		t.Errorf("the bad example is not reported:\n%s", got)
	case strings.Count(got, "[NP") != strings.Count(got, "["+rule.ID+"]"):
		t.Errorf("the bad example has other findings too:\n%s", got)
	case !said:
		t.Error("the bad example does not show what is reported (a block of text)")
	case got != c.want && *update:
		return body[:at[0]] + got + body[at[1]:]
	case got != c.want:
		t.Errorf("the page says something else (-page +got):\n%s", cmp.Diff(c.want, got))
	}
	return body
}

// TestIndex holds the list of docs/checks/README.md to the rules.
func TestIndex(t *testing.T) {
	path := filepath.Join(pages, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin = "| id | severity | finds |\n|---|---|---|\n"
	head, _, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatal("there is no table")
	}
	want := head + begin
	for _, rule := range check.Rules {
		want += "| [" + rule.ID + "](" + rule.ID + ".md) | " + rule.Severity.String() + " | " + rule.Summary + " |\n"
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Errorf("the list is not that of the rules (-page +rules):\n%s", cmp.Diff(string(text), want))
		return
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
