package planner

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/plan"
)

// small is a repository with one job and no modelled source.
const small = `
-- ci.nix --
{ src }:
{
  deploy = {
    type = "derivation"; name = "x"; drvPath = "/nix/store/x.drv"; isEffect = src.branch == "main";
    __nixplan = { kind = "runNixOps"; args = { name = "x"; src = ./.; networkFiles = [ "network.nix" ]; }; };
  };
}
-- network.nix --
{ web = { }; }
`

// repository writes an archive's files to a directory below a fresh one, and
// commits them there.
func repository(t *testing.T, name, archive string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for _, file := range txtar.Parse([]byte(archive)).Files {
		write(t, dir, file)
	}
	commit(t, dir)
	return dir
}

func planOf(t *testing.T, dir, ref string) *plan.Plan {
	t.Helper()
	p, err := Plan(context.Background(), Options{Path: dir, Ref: ref})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDigest(t *testing.T) {
	first := planOf(t, repository(t, "project", small), "main").Digest
	if !strings.HasPrefix(first, "sha256:") || len(first) != len("sha256:")+64 {
		t.Errorf("digest %q", first)
	}
	dir := repository(t, "project", small)
	if again := planOf(t, dir, "main").Digest; again != first {
		t.Errorf("the same files elsewhere have another digest: %s, %s", again, first)
	}
	if other := planOf(t, dir, "other").Digest; other == first {
		t.Error("another ref has the same digest")
	}
	for name, change := range map[string]func(dir string) error{
		"a file that was read": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "network.nix"), []byte("{ web = { }; }\n\n"), 0o666)
		},
		"a file that is gone": func(dir string) error { return os.Remove(filepath.Join(dir, "network.nix")) },
		"a file no longer tracked": func(dir string) error {
			return os.Remove(filepath.Join(dir, ".git", "index"))
		},
	} {
		dir := repository(t, "project", small)
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if changed := planOf(t, dir, "main").Digest; changed == first {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

// TestInner plans a directory inside of a larger repository as if it were one.
func TestInner(t *testing.T) {
	outer := repository(t, "outer", strings.ReplaceAll(small, "-- ", "-- inner/")+"-- ci.nix --\n{ }\n")
	run(t, outer, "remote", "add", "origin", "https://github.com/neat-org/outer.git")
	inner := filepath.Join(outer, "inner")
	p := planOf(t, inner, "")
	if p.Repository.Name != "inner" || p.Repository.Root != inner || p.Repository.Remote != nil {
		t.Errorf("repository %+v", p.Repository)
	}
	if p.Ref != "refs/heads/main" || p.Repository.Rev == "" || p.Repository.Dirty {
		t.Errorf("ref %s, rev %q, dirty %v", p.Ref, p.Repository.Rev, p.Repository.Dirty)
	}
	deploy := job(t, p, "deploy")
	if deploy.Position.File != "ci.nix" || deploy.Src != "." || len(deploy.Machines) != 1 {
		t.Errorf("job at %+v with src %q and machines %v", deploy.Position, deploy.Src, deploy.Machines)
	}
	if file := deploy.Files[0]; file.Tracked == nil || !*file.Tracked {
		t.Errorf("file %+v is tracked", file)
	}

	if p := planOf(t, outer, ""); p.Repository.Name != "outer" || p.Repository.Remote.Owner != "neat-org" || len(p.Jobs) != 0 {
		t.Errorf("outer repository %+v with %d jobs", p.Repository, len(p.Jobs))
	}
	if err := os.WriteFile(filepath.Join(outer, "ci.nix"), []byte("{ changed = 1; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if planOf(t, inner, "").Repository.Dirty {
		t.Error("a change outside of the directory makes it dirty")
	}
	if !planOf(t, outer, "").Repository.Dirty {
		t.Error("a change does not make the repository dirty")
	}
}

func TestDirty(t *testing.T) {
	dir := repository(t, "project", small)
	if planOf(t, dir, "").Repository.Dirty {
		t.Error("a fresh commit is dirty")
	}
	write(t, dir, txtar.File{Name: "new.nix"})
	if planOf(t, dir, "").Repository.Dirty {
		t.Error("an untracked file makes the repository dirty")
	}
	write(t, dir, txtar.File{Name: "network.nix", Data: []byte("{ }\n")})
	if !planOf(t, dir, "").Repository.Dirty {
		t.Error("a changed file does not make the repository dirty")
	}
}

// TestUntracked: what lies about in a work tree is in no copy, because an agent's
// checkout does not have it, and a copy of just that is no path of an agent's.
func TestUntracked(t *testing.T) {
	const program = `
-- ci.nix --
{ src ? { } }:
let drv = name: src: derivation { inherit name src; system = "x"; builder = "b"; isEffect = true; }; in
{
  whole = drv "whole" ./.;
  filtered = drv "filtered" (builtins.filterSource (path: type: baseNameOf path != "ci.nix") ./.);
  part = drv "part" (builtins.path { path = ./part; name = "part"; });
  linked = drv "linked" (builtins.toFile "text" (builtins.readFile "${./part}/link/file"));
  given = drv "given" <lib/builder>;
  loose = drv "loose" ./loose;
}
-- .gitignore --
ignored
-- part/file --
-- part/sub/file --
-- loose --
-- lib/builder --
`
	dir := repository(t, "project", program)
	lib := filepath.Join(dir, "lib")
	run(t, dir, "rm", "-q", "--cached", "loose", "lib/builder")
	if err := os.Symlink("sub", filepath.Join(dir, "part/link")); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "add", "part/link")
	run(t, dir, "commit", "-q", "-m", "less")
	paths := func() (paths map[string]string, p *plan.Plan) {
		p, err := Plan(context.Background(), Options{Path: dir, NoModel: true, SearchPath: []world.SearchEntry{{Prefix: "lib", Path: lib}}})
		if err != nil {
			t.Fatal(err)
		}
		paths = map[string]string{}
		for _, job := range p.Jobs {
			paths[job.Path] = job.DrvPath
			if unknown := slices.ContainsFunc(job.Unknowns, func(u plan.Unknown) bool { return u.Field == "drv_path" && u.Needs == "loose" }); unknown != (job.Path == "loose") {
				t.Errorf("%s: unknowns %+v", job.Path, job.Unknowns)
			}
		}
		return paths, p
	}
	before, _ := paths()
	for _, name := range []string{"whole", "filtered", "part", "linked", "given"} {
		if before[name] == "" {
			t.Errorf("%s has no derivation", name)
		}
	}
	if before["loose"] != "" {
		t.Errorf("loose has the derivation %s", before["loose"])
	}
	write(t, dir, txtar.File{Name: "ignored"})
	write(t, dir, txtar.File{Name: "part/untracked"})
	if err := os.Mkdir(filepath.Join(dir, "part/empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	after, p := paths()
	if !maps.Equal(before, after) {
		t.Errorf("untracked files change paths: %v, %v", before, after)
	}
	if p.Repository.Dirty {
		t.Error("untracked files make the repository dirty")
	}
	write(t, dir, txtar.File{Name: "part/file", Data: []byte("changed\n")})
	if changed, p := paths(); changed["part"] == before["part"] || changed["whole"] == before["whole"] || !p.Repository.Dirty {
		t.Error("a change of a tracked file does not count")
	}
}

func TestUnreadable(t *testing.T) {
	bare := filepath.Join(t.TempDir(), "bare.git")
	run(t, t.TempDir(), "init", "-q", "--bare", bare)
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "gone"),
		"bare":    bare,
	} {
		if p, err := Plan(context.Background(), Options{Path: path}); err == nil {
			t.Errorf("%s: plan %+v, want an error", name, p)
		}
	}
}

// TestBudget: a program that does not end is a finding, not a hang.
func TestBudget(t *testing.T) {
	dir := repository(t, "project", "-- ci.nix --\nlet f = n: f (n + 1); g = n: if n == 0 then 0 else g (n + 1); in { a = f 0; b = g 1; c = builtins.genList (x: x) 1000000000; }\n")
	p, err := Plan(context.Background(), Options{Path: dir, Limits: value.Limits{Steps: 100_000, Heap: 64 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Diagnostics) == 0 {
		t.Fatal("no finding")
	}
	for _, d := range p.Diagnostics {
		if d.Severity != "error" || d.Attr == "" {
			t.Errorf("finding %+v", d)
		}
	}
}

// What is short does not go on after the steps are used up, and one finding counts it.
func TestBudgetOfMany(t *testing.T) {
	dir := repository(t, "project", `
-- ci.nix --
{ src }: builtins.listToAttrs (builtins.genList (i: { name = "a${toString i}"; value = derivation {
  name = "d"; system = "x"; builder = "b"; isEffect = i > 1995;
  q = builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 30);
}; }) 2000)
`)
	p, err := Plan(context.Background(), Options{Path: dir, Ref: "main", NoModel: true, Limits: value.Limits{Steps: 40_000}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Builds); n < 10 || n > 1000 {
		t.Errorf("%d builds", n)
	}
	for _, b := range p.Builds {
		if b.DrvPath == "" {
			t.Errorf("%s has no derivation", b.Path)
		}
	}
	if len(p.Diagnostics) > 2 {
		t.Errorf("%d findings", len(p.Diagnostics))
	}
	last := p.Diagnostics[len(p.Diagnostics)-1].Summary
	for i := range p.Diagnostics {
		if s := p.Diagnostics[i].Summary; strings.Contains(s, "not in full") {
			last = s
		}
	}
	var missing int
	if _, err := fmt.Sscanf(last, "the evaluation takes more steps than allowed: %d attributes were not evaluated", &missing); err != nil || missing+len(p.Builds) < 1999 {
		t.Errorf("%d builds, and: %s", len(p.Builds), last)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := repository(t, "project", "-- ci.nix --\nlet f = n: if n == 0 then 0 else f (n - 1); in { a = builtins.foldl' (a: b: a + f 9) 0 (builtins.genList (x: x) 100000); }\n")
	p, err := Plan(ctx, Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Diagnostics) != 1 || !strings.Contains(p.Diagnostics[0].Summary, "cancelled") {
		t.Errorf("findings %+v", p.Diagnostics)
	}
}

// TestWithoutGitProgram: nobody can tell whether files were changed, and that is
// said once. All else comes from git's own files.
func TestWithoutGitProgram(t *testing.T) {
	dir := repository(t, "project", small)
	t.Setenv("PATH", t.TempDir())
	p := planOf(t, dir, "")
	if p.Repository.Rev == "" || p.Ref != "refs/heads/main" {
		t.Errorf("rev %q, ref %s: these need no git program", p.Repository.Rev, p.Ref)
	}
	if file := job(t, p, "deploy").Files[0]; file.Tracked == nil || !*file.Tracked {
		t.Errorf("file %+v", file)
	}
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].ID != idGit || p.Diagnostics[0].Severity != "warning" {
		t.Errorf("findings %+v", p.Diagnostics)
	}
}

// Networks that require each other without an end, or too many of them, are a
// problem of the file and no more.
func TestEndlessRequire(t *testing.T) {
	for _, network := range []string{
		`let f = n: { web = { }; require = [ (f (n + 1)) ]; }; in f 0`,
		`let f = n: { web = { }; require = [ f f f f f f f f f f ]; }; in f { }`,
	} {
		files := strings.Replace(small, "{ web = { }; }", network, 1)
		p := planOf(t, repository(t, "project", files), "main")
		if len(p.Jobs) != 1 || len(p.Jobs[0].Files) != 1 {
			t.Fatalf("%s: not one job with one file: %+v", network, p.Jobs)
		}
		if file := p.Jobs[0].Files[0]; !strings.Contains(file.Error, "goes on for ever") {
			t.Errorf("%s: problem %q", network, file.Error)
		}
	}
}
