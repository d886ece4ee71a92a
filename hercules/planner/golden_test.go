package planner

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	_ "github.com/nixplan/nixplan/internal/symbolorder"
	"github.com/nixplan/nixplan/plan"
)

var update = flag.Bool("update", false, "rewrite the expected plans in testdata")

const fixtures = "../../fixtures"

// WriteYAML shows a plan. Package view, which does, comes to import this package.
var WriteYAML func(w io.Writer, p *plan.Plan) error

// refsOf are the refs a fixture is planned for, where it has more to show than
// for the usual ones.
var refsOf = map[string][]string{
	"environments-map":  {"refs/heads/main", "refs/heads/staging", "refs/heads/elsewhere"},
	"handwritten-runif": {"refs/heads/live", "refs/heads/main", "refs/tags/v1"},
	"npins-pins":        {"refs/heads/main", "refs/heads/production", "refs/tags/v1"},
	"overlay-wrapped":   {"refs/heads/mail", "refs/heads/main", "refs/tags/v1"},
}

func refsFor(fixture string) []string {
	if refs := refsOf[fixture]; refs != nil {
		return refs
	}
	return []string{"refs/heads/main", "refs/heads/production"}
}

// TestFixtures plans every fixture, as a repository of its own, and compares
// with testdata/fixtures/NAME.txtar, which has the plan for each ref as YAML.
func TestFixtures(t *testing.T) {
	for _, name := range repositories(t) {
		t.Run(name, func(t *testing.T) {
			refs := refsFor(name)
			dir := filepath.Join(t.TempDir(), name)
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name))); err != nil {
				t.Fatal(err)
			}
			commit(t, dir)
			path := filepath.Join("testdata", "fixtures", name+".txtar")
			golden := &txtar.Archive{Comment: []byte("The plans of fixtures/" + name + ". The commit, the digest and traces are left\nout; steps are those of package plan's tests and stand only in neat-repo's.\n\n")}
			for _, ref := range refs {
				golden.Files = append(golden.Files, txtar.File{Name: ref, Data: planYAML(t, dir, ref, name == "neat-repo")})
			}
			compareArchive(t, path, golden)
		})
	}
}

// TestFixtureFacts checks what was read off the fixtures' sources.
func TestFixtureFacts(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/fixture-facts.txtar")
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]int{}
	for _, file := range archive.Files {
		name, ref, _ := strings.Cut(file.Name, " ")
		refs[name]++
		t.Run(file.Name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name))); err != nil {
				t.Fatal(err)
			}
			commit(t, dir)
			p, err := Plan(context.Background(), Options{Path: dir, Ref: ref})
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, ref, p, string(file.Data))
		})
	}
	for _, name := range repositories(t) {
		if refs[name] == 0 {
			t.Errorf("no facts for fixtures/%s", name)
		}
	}
}

// repositories are the names of the fixtures that are repositories.
func repositories(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "derivations" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// planYAML plans a directory and leaves out what differs from run to run.
func planYAML(t *testing.T, dir, ref string, withSteps bool) []byte {
	t.Helper()
	p, err := Plan(context.Background(), Options{Path: dir, Ref: ref})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Jobs {
		if !withSteps {
			p.Jobs[i].Steps = nil
		}
	}
	for i := range p.Diagnostics {
		p.Diagnostics[i].Trace = nil // the evaluator's tests have them
	}
	p.Normalize()
	if p.Repository.Root != dir {
		t.Errorf("root %s, want %s", p.Repository.Root, dir)
	}
	var out bytes.Buffer
	rev := p.Repository.Rev
	p.Repository.Root, p.Digest = "ROOT", ""
	if err := WriteYAML(&out, p); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if rev != "" {
		text = strings.NewReplacer(rev, "REV", rev[:7], "SHORTREV").Replace(text)
	}
	if strings.Contains(text, filepath.Dir(dir)) {
		t.Errorf("%s: the plan names the directory it was made in:\n%s", ref, text)
	}
	return []byte(text)
}

func compareArchive(t *testing.T, path string, got *txtar.Archive) {
	t.Helper()
	text := string(txtar.Format(got))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the tests with -update to write it, and read what it says", err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// commit makes dir a repository with everything in it committed.
func commit(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no git program")
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "--allow-empty", "-m", "all"}} {
		run(t, dir, args...)
	}
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_AUTHOR_DATE=2020-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org", "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z",
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// job finds a job of a plan by its path.
func job(t *testing.T, p *plan.Plan, path string) *plan.Job {
	t.Helper()
	for i := range p.Jobs {
		if p.Jobs[i].Path == path {
			return &p.Jobs[i]
		}
	}
	t.Fatalf("no job %s", path)
	return nil
}
