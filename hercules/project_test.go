package hercules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files into a fresh directory. A name that ends in "/" is an empty
// directory; ".git/" makes the directory a real repository with everything
// committed.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var repositories []string
	for _, name := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if inner, ok := strings.CutSuffix(name, ".git/"); ok {
			repositories = append(repositories, filepath.Join(dir, filepath.FromSlash(inner)))
			path = filepath.Dir(path)
		} else if !strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("{ }\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range repositories {
		git(t, r, "init", "-q", "-b", "main")
		git(t, r, "add", "-A")
		git(t, r, "commit", "-qm", "first")
	}
	return dir
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no git program")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	t.Setenv("GIT_AUTHOR_DATE", "2020-01-01T00:00:00Z")
	t.Setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name != "GIT_DIR" && name != "GIT_INDEX_FILE" && name != "GIT_WORK_TREE" {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestFindEntry(t *testing.T) {
	tests := []struct {
		files string
		entry string
		err   string
	}{
		{"ci.nix", "ci.nix", ""},
		{"nix/ci.nix", "nix/ci.nix", ""},
		{"default.nix", "default.nix", ""},
		{"flake.nix", "flake.nix", ""},
		{"ci.nix flake.nix default.nix", "ci.nix", ""},
		{"nix/ci.nix flake.nix", "nix/ci.nix", ""},
		{"flake.nix default.nix", "flake.nix", ""},
		{"nix/default.nix", "", "no Nix file to evaluate: there is no nix/ci.nix, ci.nix, flake.nix or default.nix"},
		{"ci.nix nix/ci.nix flake.nix", "", "there must be only one of nix/ci.nix and ci.nix"},
		{"ci.nix/ default.nix", "default.nix", ""},
	}
	for _, test := range tests {
		entry, err := (&Project{}).findEntry(tree(t, strings.Fields(test.files)...))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if entry != test.entry || message != test.err {
			t.Errorf("%s: %q, %q, want %q, %q", test.files, entry, message, test.entry, test.err)
		}
	}
}

func TestFindProject(t *testing.T) {
	type want struct{ root, entry, inner string }
	tests := []struct {
		name  string
		files string
		from  string // working directory
		path  string
		want  want
	}{
		{"here", ".git/ ci.nix", ".", "", want{".", "ci.nix", ""}},
		{"below", ".git/ ci.nix a/b/", "a/b", "", want{".", "ci.nix", ""}},
		{"below, with a file of its own", ".git/ ci.nix a/default.nix", "a", "", want{".", "ci.nix", ""}},
		{"the same, named", ".git/ ci.nix a/default.nix", ".", "a", want{"a", "default.nix", "a"}},
		{"the same, as a dot", ".git/ ci.nix a/default.nix", "a", ".", want{"a", "default.nix", "a"}},
		{"nothing at the top", ".git/ a/ci.nix a/b/", "a/b", "", want{"a", "ci.nix", "a"}},
		{"named, below", ".git/ ci.nix a/", ".", "a", want{".", "ci.nix", ""}},
		{"named, in between", ".git/ a/ci.nix a/b/", ".", "a/b", want{"a", "ci.nix", "a"}},
		{"nothing at all", ".git/ a/b/x", ".", "a/b", want{".", "", ""}},
		{"no git", "a/ci.nix", ".", "a", want{"a", "ci.nix", ""}},
		{"no git, nothing", "a/x", ".", "a", want{"a", "", ""}},
		{"entry named", "a/ci.nix", ".", "a/ci.nix", want{"a", "ci.nix", ""}},
		{"entry in nix named", ".git/ a/nix/ci.nix", ".", "a/nix/ci.nix", want{"a", "nix/ci.nix", "a"}},
		{"default.nix in nix named", "a/nix/default.nix", ".", "a/nix/default.nix", want{"a/nix", "default.nix", ""}},
		{"another file", ".git/ ci.nix ops/deploy.nix", ".", "ops/deploy.nix", want{".", "ops/deploy.nix", ""}},
		{"another file, no git", "ops/deploy.nix", ".", "ops/deploy.nix", want{"ops", "deploy.nix", ""}},
		{"the other of two", "ci.nix nix/ci.nix", ".", "ci.nix", want{".", "ci.nix", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, strings.Fields(test.files)...)
			t.Chdir(filepath.Join(dir, test.from))
			p, err := FindProject(test.path)
			if err != nil {
				t.Fatal(err)
			}
			root, err := filepath.Rel(dir, p.Root)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, want{root, p.Entry, p.Inner}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (p.EntryErr != nil) != (p.Entry == "") {
				t.Errorf("entry %q with error %v", p.Entry, p.EntryErr)
			}
		})
	}
}

func TestFindProjectMissing(t *testing.T) {
	if p, err := FindProject(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Errorf("FindProject = %+v, want an error", p)
	}
}

func TestName(t *testing.T) {
	dir := tree(t, "outer/.git/", "outer/ci.nix", "outer/inner/ci.nix")
	outer := filepath.Join(dir, "outer")
	git(t, outer, "remote", "add", "origin", "git@github.com:neat-org/neat-repo.git")
	for path, want := range map[string]string{outer: "neat-repo", filepath.Join(outer, "inner"): "inner"} {
		p, err := FindProject(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name() != want {
			t.Errorf("Name of %s = %q, want %q", path, p.Name(), want)
		}
	}
}
