package planner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/plan"
)

// encoded is a plan as text, without where its repository lies.
func encoded(t *testing.T, p *plan.Plan) string {
	t.Helper()
	p.Repository.Root = ""
	var b strings.Builder
	if err := p.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRevision plans every fixture from its files and from git's objects; the
// plans are the same, to the digest. What lies in the work tree meanwhile is
// something else.
func TestRevision(t *testing.T) {
	for _, name := range repositories(t) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name))); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(".", filepath.Join(dir, "here")); err != nil {
				t.Fatal(err)
			}
			commit(t, dir)
			want := map[string]string{}
			for _, ref := range refsFor(name) {
				want[ref] = encoded(t, planOf(t, dir, ref))
			}
			bare := filepath.Join(t.TempDir(), name) // where there is no remote the directory is the name
			run(t, dir, "clone", "-q", "--bare", dir, bare)
			run(t, bare, "remote", "remove", "origin")
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if entry.Name() != ".git" {
					if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "nixplan.hcl"), []byte("nonsense"), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, at := range []string{dir, bare} {
				for _, ref := range refsFor(name) {
					p, err := Plan(context.Background(), Options{Path: at, Ref: ref, Rev: "HEAD"})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want[ref], encoded(t, p)); diff != "" {
						t.Errorf("%s for %s (-work tree +revision):\n%s", at, ref, diff)
					}
				}
			}
		})
	}
}

// TestRevisionInner plans a directory inside of a repository, with links that
// lead around in it and out of it, through a link to the repository.
func TestRevisionInner(t *testing.T) {
	dir := repository(t, "inner", `
-- common/network.nix --
{ server.deployment.targetHost = "old.example.com"; }
-- deploy/ci.nix --
{ src ? { ref = null; } }:
let effects = (import <nixpkgs> { overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; }).effects; in
{
  deploy = effects.runNixOps { name = "deploy"; src = ./.; networkFiles = [ "network.nix" ]; };
  out = builtins.readFile ./out;
  git = builtins.attrNames (builtins.readDir ../.);
  rev = assert (builtins.fetchGit ../.).rev == src.rev; (builtins.fetchGit ../.).revCount;
}
`)
	for name, target := range map[string]string{"deploy/network.nix": "../common/network.nix", "deploy/out": "../../secret"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "../secret"), []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "add", ".")
	run(t, dir, "commit", "-qm", "links")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(link, "deploy")
	want := encoded(t, planOf(t, inner, "refs/heads/main"))
	for _, fact := range []string{"old.example.com", "outside the repository"} {
		if !strings.Contains(want, fact) {
			t.Errorf("the plan lacks %q:\n%s", fact, want)
		}
	}
	run(t, dir, "rm", "-rq", ".")
	if err := os.MkdirAll(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	p, err := Plan(context.Background(), Options{Path: inner, Ref: "refs/heads/main", Rev: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, encoded(t, p)); diff != "" {
		t.Errorf("(-work tree +revision):\n%s", diff)
	}
}

func TestRevisionMissing(t *testing.T) {
	dir := repository(t, "whole", "-- ci.nix --\n{ }\n")
	run(t, dir, "config", "uploadpack.allowFilter", "true")
	if err := os.WriteFile(filepath.Join(dir, "ci.nix"), []byte("{ a = 1; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "commit", "-qam", "second")
	for name, option := range map[string]string{"shallow": "--depth=1", "partial": "--filter=blob:none"} {
		clone := filepath.Join(t.TempDir(), name)
		run(t, dir, "clone", "-q", option, "file://"+dir, clone)
		_, err := Plan(context.Background(), Options{Path: clone, Rev: "HEAD~1"})
		var missing *repo.MissingError
		if !errors.As(err, &missing) || !strings.Contains(missing.Why, name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Plan(context.Background(), Options{Path: clone, Rev: "HEAD"}); err != nil {
			t.Errorf("%s: what is there: %v", name, err)
		}
	}
	if _, err := Plan(context.Background(), Options{Path: t.TempDir(), Rev: "HEAD"}); err == nil || !strings.Contains(err.Error(), "no git repository") {
		t.Errorf("without git: %v", err)
	}
}
