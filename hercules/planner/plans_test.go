package planner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/plan"
)

// TestPlans makes a repository of the files of each archive in testdata/plans
// and checks the facts that its sections "want REF" list, one a line:
//
//	jobs[deploy].files[0].exists = true
//
// Paths are those of the plan document; jobs, builds and sets of jobs are named
// by their path, machines, secrets, arguments and facts by their names, files by
// their path. `#` counts a list. A file "untracked NAME" is not committed, and
// with a file ".no-git" nothing is.
func TestPlans(t *testing.T) {
	archives, err := filepath.Glob("testdata/plans/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "project")
			git := true
			var wants, untracked []txtar.File
			for _, file := range archive.Files {
				switch kind, name, _ := strings.Cut(file.Name, " "); {
				case kind == "want":
					wants = append(wants, txtar.File{Name: name, Data: file.Data})
				case kind == "untracked":
					untracked = append(untracked, txtar.File{Name: name, Data: file.Data})
				case file.Name == ".no-git":
					git = false
				default:
					write(t, dir, file)
				}
			}
			if git {
				commit(t, dir)
			}
			for _, file := range untracked {
				write(t, dir, file)
			}
			if len(wants) == 0 {
				t.Error("the archive expects nothing")
			}
			for _, want := range wants {
				p, err := Plan(context.Background(), Options{Path: dir, Ref: want.Name})
				if err != nil {
					t.Fatal(err)
				}
				checkFacts(t, want.Name, p, string(want.Data))
			}
		})
	}
}

func write(t *testing.T, dir string, file txtar.File) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(file.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func checkFacts(t *testing.T, ref string, p *plan.Plan, want string) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	facts := map[string]string{}
	flatten(facts, "", document)
	failed := false
	for line := range strings.Lines(want) {
		path, value, ok := strings.Cut(strings.TrimRight(line, "\n"), " = ")
		if !ok {
			t.Fatalf("not a fact: %q", line)
		}
		if got, known := facts[path]; !known || got != value {
			failed = true
			t.Errorf("%s: %s = %s, want %s", ref, path, got, value)
		}
	}
	if failed {
		var lines []string
		for path, value := range facts {
			if strings.HasPrefix(path, "jobs") && !strings.Contains(path, ".steps[") || strings.HasPrefix(path, "diag") || strings.HasPrefix(path, "some") {
				lines = append(lines, path+" = "+value)
			}
		}
		slices.Sort(lines)
		t.Logf("%s:\n%s", ref, strings.Join(lines, "\n"))
	}
}

// flatten lists the leaves of a document. Missing ones are not listed, lists
// have a leaf # with their length.
func flatten(facts map[string]string, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			path := name
			if prefix != "" {
				path = prefix + "." + name
			}
			flatten(facts, path, field)
		}
	case []any:
		facts[prefix+".#"] = fmt.Sprint(len(v))
		for i, elem := range v {
			key := fmt.Sprint(i)
			if fields, ok := elem.(map[string]any); ok {
				for _, name := range []string{"path", "name"} {
					if text, ok := fields[name].(string); ok {
						key = text
						break
					}
				}
			}
			flatten(facts, prefix+"["+key+"]", elem)
		}
	default:
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			panic(err)
		}
		facts[prefix] = strings.TrimSpace(text.String())
	}
}
