package planner

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/plan"
)

// Fixtures of which the jobs are planned from real expressions as well. The
// others use effects that the stand-in lacks, or pins that name no search path.
var realFixtures = []string{
	"environments-map", "guide-basic", "guide-branch", "guide-prebuild", "guide-secrets", "handwritten-runif", "neat-repo", "overlay-wrapped",
}

// fetched is a fetcher's call in a fixture.
var fetched = regexp.MustCompile(`(?s)(?:builtins\.)?fetch(?:Tarball|Git) (?:"[^"]*"|\{.*?\})`)

// bySearchPath makes a program import nixpkgs and effects by the search path. No
// line moves.
func bySearchPath(text string) string {
	return fetched.ReplaceAllStringFunc(text, func(call string) string {
		name := "<nixpkgs>"
		if strings.Contains(call, "hercules-ci-effects") {
			name = "<hercules-ci-effects>"
		}
		return name + strings.Repeat("\n", strings.Count(call, "\n"))
	})
}

// realSources are sources of nixpkgs and hercules-ci-effects: those beside this
// test, and the real ones that the environment names.
func realSources(t *testing.T) map[string][]world.SearchEntry {
	t.Helper()
	entries := func(nixpkgs, effects string) []world.SearchEntry {
		return []world.SearchEntry{{Prefix: "nixpkgs", Path: nixpkgs}, {Prefix: "hercules-ci-effects", Path: effects}}
	}
	standIn, err := filepath.Abs("testdata/stand-in")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]world.SearchEntry{"stand-in": entries(standIn+"/nixpkgs", standIn+"/hercules-ci-effects")}
	if nixpkgs, effects := os.Getenv("NIXPKGS"), os.Getenv("EFFECTS"); nixpkgs != "" && effects != "" {
		out["real"] = entries(nixpkgs, effects)
	}
	return out
}

// TestRealPlans plans fixtures from the model and from expressions that are
// there: what both know of a job is the same. With NIXPKGS and EFFECTS in the
// environment, paths of a nixpkgs and a hercules-ci-effects, it plans from these
// too.
func TestRealPlans(t *testing.T) {
	for name, sources := range realSources(t) {
		for _, fixture := range realFixtures {
			t.Run(name+"/"+fixture, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), fixture)
				copyRewritten(t, filepath.Join(fixtures, fixture), dir)
				compareWithModel(t, dir, sources, append([]string{"refs/tags/v1.0"}, refsFor(fixture)...))
			})
		}
		t.Run(name+"/repository", func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "repository")
			copyRewritten(t, "testdata/stand-in/repository", dir)
			compareWithModel(t, dir, sources, []string{"refs/heads/main", "refs/heads/other"})
		})
	}
}

func copyRewritten(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(path string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".nix" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(bySearchPath(string(data))), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, to)
}

func compareWithModel(t *testing.T, dir string, sources []world.SearchEntry, refs []string) {
	t.Helper()
	for _, ref := range refs {
		modelled, err := Plan(context.Background(), Options{Path: dir, Ref: ref})
		if err != nil {
			t.Fatal(err)
		}
		real, err := Plan(context.Background(), Options{Path: dir, Ref: ref, NoModel: true, SearchPath: sources})
		if err != nil {
			t.Fatal(err)
		}
		if len(real.Assumptions) > 0 || len(real.Pins) > 0 {
			t.Errorf("%s: nothing is modelled, but there are assumptions %v or pins %v", ref, real.Assumptions, real.Pins)
		}
		for i := range real.Jobs {
			// The builtin mapAttrs does not keep positions, the modelled lib's does.
			if real.Jobs[i].Position == nil && i < len(modelled.Jobs) {
				modelled.Jobs[i].Position = nil
			}
		}
		if diff := cmp.Diff(common(modelled), common(real)); diff != "" {
			t.Errorf("%s: -modelled +real:\n%s", ref, diff)
		}
		for _, j := range modelled.Jobs {
			if j.DrvPath != "" {
				t.Errorf("%s: the modelled job %s has the drvPath %s", ref, j.Path, j.DrvPath)
			}
		}
		for _, j := range real.Jobs {
			unknown := slices.ContainsFunc(j.Unknowns, func(u plan.Unknown) bool { return u.Field == "drv_path" })
			if (j.DrvPath != "") != (j.State == plan.Active && !unknown) {
				t.Errorf("%s: the real job %s, %s, has the drvPath %q", ref, j.Path, j.State, j.DrvPath)
			}
			if unknown && !j.Prebuild {
				t.Errorf("%s: the drvPath of %s is unknown, but nothing has to be built for it", ref, j.Path)
			}
		}
	}
}

// common are the facts of a plan that do not depend on how it was made. An
// effect's derivation does not say which files only its prebuilt network has,
// and which of its attributes were arguments.
func common(p *plan.Plan) any {
	jobs := slices.Clone(p.Jobs)
	for i := range jobs {
		j := &jobs[i]
		j.Files = slices.DeleteFunc(slices.Clone(j.Files), func(f plan.File) bool { return f.Role == plan.PrebuildOnlyFile })
		j.DrvPath, j.Facts, j.Unknowns = "", nil, nil
	}
	var builds, findings []string
	for _, b := range p.Builds {
		builds = append(builds, string(b.Kind)+" "+b.Path+" of "+b.Job)
	}
	for _, d := range p.Diagnostics {
		findings = append(findings, d.ID+" "+d.Attr)
	}
	return struct {
		Repository plan.Repository
		Entry      plan.Entry
		Arguments  []plan.Argument
		Jobs       []plan.Job
		SomeJobs   []plan.SomeJobs
		Builds     []string
		Findings   []string
	}{p.Repository, p.Entry, p.Arguments, jobs, p.SomeJobs, builds, findings}
}

// TestRealDrvPaths asks nix-instantiate for the paths in a real plan.
func TestRealDrvPaths(t *testing.T) {
	nix, err := exec.LookPath("nix-instantiate")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	for name, sources := range realSources(t) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "repository")
			copyRewritten(t, "testdata/stand-in/repository", dir)
			p, err := Plan(context.Background(), Options{Path: dir, Ref: "refs/heads/main", NoModel: true, SearchPath: sources})
			if err != nil {
				t.Fatal(err)
			}
			paths := map[string]string{}
			for _, j := range p.Jobs {
				paths[strings.Join(j.AgentPath, ".")] = j.DrvPath
			}
			for _, b := range p.Builds {
				paths[b.Path] = b.DrvPath
			}
			if len(paths) != 3 {
				t.Errorf("the plan has %v, want two jobs and a package", paths)
			}
			root := t.TempDir()
			for attr, path := range paths {
				cmd := exec.Command(nix, "--store", root, "--eval", "--read-write-mode", dir+"/ci.nix", "--arg", "src", `{ ref = "refs/heads/main"; }`, "-A", attr+".drvPath")
				cmd.Env = []string{"HOME=" + root, "NIX_CONF_DIR=" + root, "NIX_USER_CONF_FILES=", "LC_ALL=C", "PATH=/usr/bin:/bin",
					"NIX_PATH=nixpkgs=" + sources[0].Path + ":hercules-ci-effects=" + sources[1].Path}
				var complaint strings.Builder
				cmd.Stderr = &complaint
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("nix-instantiate: %v\n%s", err, complaint.String())
				}
				if want := strings.Trim(string(out), "\"\n"); path != want {
					t.Errorf("%s is %s, Nix says %s", attr, path, want)
				}
			}
		})
	}
}
