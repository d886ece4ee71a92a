package parser

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// A testCase is a pair of files NAME.nix and NAME.want of a txtar archive.
type testCase struct{ archive, name, input, want string }

// loadCases reads testdata/DIR/*.txtar. One newline at the end of an input is
// the archive's and does not belong to it.
func loadCases(t testing.TB, dir string) []testCase {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatal("no test data in ", dir, err)
	}
	var cases []testCase
	seen := map[string]bool{}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			name, input := strings.CutSuffix(f.Name, ".nix")
			switch {
			case input && seen[name]:
				t.Fatalf("%s: two inputs are called %s", archive, name)
			case input:
				seen[name] = true
				text := visible.Replace(strings.TrimSuffix(string(f.Data), "\n"))
				cases = append(cases, testCase{archive: archive, name: name, input: text})
			default:
				last := &cases[len(cases)-1]
				if f.Name != last.name+".want" {
					t.Fatalf("%s: %s follows %s.nix", archive, f.Name, last.name)
				}
				last.want = string(f.Data)
			}
		}
	}
	return cases
}

// visible stands for bytes that do not survive in a text file.
var visible = strings.NewReplacer("<CR>", "\r", "<NUL>", "\x00", "<TAB>", "\t", "<BOM>", "\ufeff", "<FF>", "\xff")

func checkGoldens(t *testing.T, dir string, result func(*testing.T, testCase) string) {
	got := map[string]string{}
	for _, c := range loadCases(t, dir) {
		t.Run(c.name, func(t *testing.T) {
			got[c.name] = result(t, c)
			if diff := cmp.Diff(c.want, got[c.name]); diff != "" && !*update {
				t.Errorf("%s (-want +got):\n%s", c.archive, diff)
			}
		})
	}
	if *update {
		rewrite(t, dir, got)
	}
}

// rewrite puts new results into the archives; inputs and comments stay as they
// are.
func rewrite(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	archives, _ := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		var files []txtar.File
		for _, f := range a.Files {
			if name, ok := strings.CutSuffix(f.Name, ".nix"); ok {
				files = append(files, f, txtar.File{Name: name + ".want", Data: []byte(got[name])})
			}
		}
		a.Files = files
		if err := os.WriteFile(archive, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTree compares trees, and checks that printing one gives it back.
func TestTree(t *testing.T) {
	checkGoldens(t, "tree", func(t *testing.T, c testCase) string {
		f, diags := Parse(diag.NewSource(c.name+".nix", c.input))
		if len(diags) > 0 {
			t.Fatalf("does not parse:\n%s", explain(diags))
		}
		checkSpans(t, f)
		checkRoundTrip(t, f)
		return dump(f.Expr) + "\n"
	})
}

// TestErrors compares diagnostics.
func TestErrors(t *testing.T) {
	checkGoldens(t, "error", func(t *testing.T, c testCase) string {
		f, diags := Parse(diag.NewSource(c.name+".nix", c.input))
		if len(diags) == 0 {
			t.Fatal("parses")
		}
		checkSpans(t, f)
		var b strings.Builder
		for _, d := range diags {
			fmt.Fprintf(&b, "%s %s %s\n", place(d.Range), d.ID, d.Summary)
			for _, r := range d.Related {
				fmt.Fprintf(&b, "  %s %s\n", place(r.Range), r.Message)
			}
			if d.Help != "" {
				fmt.Fprintf(&b, "  help: %s\n", d.Help)
			}
		}
		return b.String()
	})
}

// place is a range as line:column-line:column.
func place(r diag.Range) string {
	from, to := r.Source.Position(r.Start), r.Source.Position(r.End)
	return fmt.Sprintf("%d:%d-%d:%d", from.Line, from.Column, to.Line, to.Column)
}

// checkRoundTrip fails when printing f does not give the same tree.
func checkRoundTrip(t *testing.T, f *File) {
	t.Helper()
	text := Print(f.Expr)
	again, diags := Parse(diag.NewSource("printed.nix", text))
	if len(diags) > 0 {
		t.Fatalf("printed text does not parse:\n%s\n%s", text, explain(diags))
	}
	if !Equal(f.Expr, again.Expr) {
		t.Fatalf("printed text parses differently (-first +again):\n%s\n%s", text, cmp.Diff(dump(f.Expr), dump(again.Expr)))
	}
}

// checkSpans fails when a node reaches beyond the source or its parent.
func checkSpans(t *testing.T, f *File) {
	t.Helper()
	var check func(e Expr, outer Span)
	check = func(e Expr, outer Span) {
		first := true
		Walk(e, func(inner Expr) bool {
			s := inner.Range()
			if first {
				first = false
				if _, bad := inner.(*Bad); bad && s.Start == s.End {
					return true // stands for something that is not there
				}
				if s.Start < outer.Start || s.End > outer.End || s.Start > s.End {
					t.Errorf("%T at [%d, %d) lies outside [%d, %d)", inner, s.Start, s.End, outer.Start, outer.End)
				}
				return true
			}
			check(inner, e.Range())
			return false
		})
	}
	check(f.Expr, Span{0, int32(len(f.Text))})
}
