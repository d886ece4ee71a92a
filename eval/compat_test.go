package eval

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/internal/diag"
)

// TestDifferencesAreComplete: every difference from Nix 2.8 goes through the
// table, is used, and stands in docs/compat.md as the table has it.
func TestDifferencesAreComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	call := regexp.MustCompile(`\.as28\((\w+)\)`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") || file == "compat.go" {
			continue
		}
		if strings.Contains(string(data), "opts.Compat28") {
			t.Errorf("%s looks at Options.Compat28: add a difference to compat.go and ask for it by its name", file)
		}
		for _, m := range call.FindAllStringSubmatch(string(data), -1) {
			used[m[1]] = true
		}
	}
	if len(used) != len(differences) {
		t.Errorf("the code uses %d differences of %d: %v", len(used), len(differences), used)
	}
	docs, err := os.ReadFile("../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(docs), "|---|---|---|---|\n")
	table, _, _ := strings.Cut(after, "\n\n")
	var want []string
	for _, d := range differences {
		want = append(want, fmt.Sprintf("| %s | %s | %s | %s |", d.what, d.old, d.today, d.since))
	}
	if want := strings.Join(want, "\n"); table != want {
		t.Errorf("the table of docs/compat.md should be\n%s", want)
	}
}

// TestExperimentalBuiltins: what Nix has only when told to is absent, and
// selecting it says why.
func TestExperimentalBuiltins(t *testing.T) {
	for _, name := range experimental {
		ev := New(t.Context(), Options{})
		for expr, want := range map[string]string{
			"builtins ? " + name:         "false",
			"builtins." + name + " or 1": "1",
			"builtins." + name:           "'builtins." + name + "' is not supported yet",
		} {
			v, err := ev.EvalText(diag.NewSource("test.nix", expr), "/")
			got := ""
			if err == nil {
				got, err = ev.Print(v)
			}
			if err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s is %s, want %s", expr, got, want)
			}
		}
	}
}
