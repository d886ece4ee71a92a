package hercules

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	_ "github.com/nixplan/nixplan/internal/symbolorder"
)

var update = flag.Bool("update", false, "rewrite the expected results in testdata")

// TestWalk evaluates the files of each archive for the refs its sections
// "want REF" name.
func TestWalk(t *testing.T) {
	archives, err := filepath.Glob("testdata/walk/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			tested := false
			for i := range archive.Files {
				file := &archive.Files[i]
				ref, isWant := strings.CutPrefix(file.Name, "want ")
				if !isWant {
					name := filepath.Join(dir, filepath.FromSlash(file.Name))
					if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, file.Data, 0o666); err != nil {
						t.Fatal(err)
					}
					continue
				}
				tested = true
				project, err := FindProject(dir)
				if err != nil {
					t.Fatal(err)
				}
				ev := eval.New(context.Background(), eval.Options{Model: true, DisplayDir: project.Root})
				got := describe(project.Evaluate(ev, ref))
				if *update {
					file.Data = []byte(got)
				} else if diff := cmp.Diff(words(string(file.Data)), words(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", ref, diff)
				}
			}
			if !tested {
				t.Error("the archive expects nothing")
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// words makes the number of spaces between columns irrelevant.
func words(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

var classNames = map[Class]string{
	Effect: "effect", Build: "build", Dependencies: "dependencies", IgnoreFailure: "ignore",
	RequireFailure: "require", Undetermined: "undetermined", Open: "open",
}

var stateNames = map[State]string{Active: "", Inactive: " inactive", Unsure: " unsure"}

// describe writes an evaluation down, a line for each attribute in the order of
// their paths, followed by the comparisons it depends on.
func describe(e *Evaluation) string {
	var out strings.Builder
	for _, h := range e.Handlers {
		if h.Name != "" {
			fmt.Fprint(&out, JoinPath(h.Path))
			if w := h.When; w != nil {
				minute := "?"
				if w.Minute != nil {
					minute = fmt.Sprint(*w.Minute)
				}
				fmt.Fprintf(&out, " at minute %s hour %v day of week %v day of month %v", minute, w.Hour, w.DayOfWeek, w.DayOfMonth)
				for name, u := range w.Needs {
					fmt.Fprintf(&out, " %s needs %s", name, u.Origin)
				}
			}
			out.WriteByte('\n')
		}
		describeAll(&out, h.Found, h.Failures)
	}
	describeAll(&out, e.Unknown, e.Failures)
	return out.String()
}

func describeAll(out *strings.Builder, found []Found, failures []Failure) {
	type entry struct{ path, text string }
	var entries []entry
	for i := range found {
		entries = append(entries, entry{strings.Join(found[i].Path, "\x00"), describeFound(&found[i])})
	}
	for _, f := range failures {
		text := fmt.Sprintf("fails  %s  %s  %v\n", pathText(f.Path), f.At.Range(), f.Err)
		entries = append(entries, entry{strings.Join(f.Path, "\x00"), text})
	}
	for i := range entries { // stable, small
		for j := i; j > 0 && entries[j].path < entries[j-1].path; j-- {
			entries[j], entries[j-1] = entries[j-1], entries[j]
		}
	}
	for _, e := range entries {
		out.WriteString(e.text)
	}
}

func describeFound(f *Found) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  %s  %s%s", classNames[f.Class], pathText(f.Path), f.At.Range(), stateNames[f.State])
	if len(f.Job) < len(f.Path) {
		fmt.Fprintf(&out, " of %s", pathText(f.Job))
	}
	if f.Value.Kind() == value.UnknownValue {
		fmt.Fprintf(&out, "  %s", f.Value.Unknown().Origin)
	}
	if f.Needs != nil {
		fmt.Fprintf(&out, " needs %s", f.Needs.Root().Origin)
	}
	out.WriteByte('\n')
	for _, r := range []struct {
		name    string
		reasons Reasons
	}{{"shared", f.Shared}, {"own", f.Own}} {
		for _, c := range r.reasons {
			text := strings.Join(strings.Fields(c.User.Range().Text()), " ")
			fmt.Fprintf(&out, "  %s %s: %s %s %s is %s\n", r.name, text, c.Left, c.Op, c.Right, c.Result)
		}
	}
	if f.Elem != nil {
		out.WriteString("  each " + describeFound(f.Elem))
	}
	return out.String()
}

func pathText(path []string) string {
	if len(path) == 0 {
		return "<root>"
	}
	return JoinPath(path)
}
