package nixplan_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPreCommit runs the hooks of .pre-commit-hooks.yaml with the pre-commit
// program, which starts with nothing in its cache, in a repository of its own: a
// commit that would break a deployment is refused with the reason, a good one
// passes without a word.
func TestPreCommit(t *testing.T) {
	for _, tool := range []string{"pre-commit", "git", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(tool + " is not installed")
		}
	}
	env := preCommitEnv(t)
	hooks := filepath.Join(t.TempDir(), "nixplan")
	copyCheckout(t, hooks)
	for _, args := range [][]string{{"init", "-q"}, {"add", "--all", "--force"}, {"commit", "-q", "-m", "hooks"}} {
		mustRun(t, env, hooks, "git", args...)
	}
	rev := strings.TrimSpace(mustRun(t, env, hooks, "git", "rev-parse", "HEAD"))

	t.Run("golang", func(t *testing.T) { testHook(t, env, hooks, rev, "nixplan-check") })

	// The other hook runs the nixplan on PATH: the one that was just built.
	built, err := filepath.Glob(filepath.Join(env["PRE_COMMIT_HOME"], "*", "golangenv-*", "bin", "nixplan"))
	if err != nil || len(built) != 1 {
		t.Fatalf("pre-commit built %v (%v)", built, err)
	}
	env["PATH"] = filepath.Dir(built[0]) + string(filepath.ListSeparator) + env["PATH"]
	t.Run("system", func(t *testing.T) { testHook(t, env, hooks, rev, "nixplan-check-system") })
}

const goodCI = `{ src ? { ref = null; } }:
let
  fetch = owner: name: builtins.fetchTarball "https://github.com/${owner}/${name}/archive/a6a3a368dda0b0b4a0d0a6a3a368dda0b0b4a0d0.tar.gz";
  pkgs = import (fetch "NixOS" "nixpkgs") {
    system = "x86_64-linux";
    overlays = [ (import "${fetch "hercules-ci" "hercules-ci-effects"}/overlay.nix") ];
  };
  inherit (pkgs.effects) runIf runNixOps;
in
{
  web = runIf (src.ref == "refs/heads/main") (runNixOps {
    name = "web";
    src = ./.;
    networkFiles = [ "network.nix" ];
  });
}
`

func testHook(t *testing.T, env map[string]string, hooks, rev, id string) {
	dir := t.TempDir()
	git := func(args ...string) string { return mustRun(t, env, dir, "git", args...) }
	git("init", "-q", "-b", "main")
	write(t, dir, ".pre-commit-config.yaml", "repos:\n- repo: "+hooks+"\n  rev: "+rev+"\n  hooks:\n  - id: "+id+"\n")
	git("add", ".")
	git("commit", "-q", "-m", "without hooks")
	mustRun(t, env, dir, "pre-commit", "install", "--install-hooks")

	write(t, dir, "ci.nix", strings.Replace(goodCI, `"refs/heads/main"`, `"main"`, 1))
	write(t, dir, "network.nix", "{ machine = { }; }\n")
	git("add", ".")
	before := git("rev-parse", "HEAD")
	output, err := run(env, dir, "git", "commit", "-m", "bad")
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("a bad commit: %v\n%s", err, output)
	}
	for _, want := range []string{`(?m)^nixplan check\.+Failed$`, `(?m)^ci\.nix:11:27: error: .*"main".*\[NP203\]$`, `(?m)^ +\| +\^~~~~~$`, `(?m)^  help: `} {
		if !regexp.MustCompile(want).MatchString(output) {
			t.Errorf("the refusal lacks %s:\n%s", want, output)
		}
	}
	if after := git("rev-parse", "HEAD"); after != before {
		t.Error("the commit was made")
	}

	write(t, dir, "ci.nix", goodCI)
	git("add", ".")
	output, err = run(env, dir, "git", "commit", "-q", "-m", "good")
	if err != nil || !regexp.MustCompile(`^nixplan check\.+Passed\n$`).MatchString(output) {
		t.Errorf("a good commit: %v\n%s", err, output)
	}
	if after := git("rev-parse", "HEAD"); after == before {
		t.Error("the commit was not made")
	}

	// Other files do not start the check.
	write(t, dir, "README", "words\n")
	git("add", ".")
	output, err = run(env, dir, "git", "commit", "-q", "-m", "words")
	if err != nil || !strings.Contains(output, "Skipped") {
		t.Errorf("a commit of words: %v\n%s", err, output)
	}
	if left := git("status", "--porcelain", "--ignored"); left != "" {
		t.Errorf("files were written:\n%s", left)
	}
}

// preCommitEnv is an environment in which nothing is configured, nothing is
// cached by pre-commit, and there is no network: modules come from the cache
// that this test was built from.
func preCommitEnv(t *testing.T) map[string]string {
	t.Helper()
	home := t.TempDir()
	env := map[string]string{
		"PATH":            os.Getenv("PATH"),
		"HOME":            home,
		"LC_ALL":          "C.UTF-8",
		"PRE_COMMIT_HOME": filepath.Join(home, "pre-commit"),
		"GOPROXY":         "off",
		"GOTOOLCHAIN":     "local",
		// The build cache does not help when the directory's name is compiled in,
		// which is a new one each time.
		"GOFLAGS":             "-trimpath -mod=readonly",
		"GIT_CONFIG_NOSYSTEM": "1",
		"http_proxy":          "http://127.0.0.1:9",
		"https_proxy":         "http://127.0.0.1:9",
	}
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(out))
	env["GOMODCACHE"], env["GOCACHE"] = caches[0], caches[1]
	write(t, home, ".gitconfig", "[user]\n\tname = tester\n\temail = tester@example.org\n[safe]\n\tdirectory = *\n[protocol \"file\"]\n\tallow = always\n")
	return env
}

// copyCheckout copies what a commit of this checkout would hold.
func copyCheckout(t *testing.T, to string) {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("this is not a git checkout: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if !info.Mode().IsRegular() {
			continue // links that fixtures have on purpose; no package needs one
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, to, name, string(text))
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// run runs a program with exactly the environment and gives what it prints.
func run(env map[string]string, dir, program string, args ...string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRun(t *testing.T, env map[string]string, dir, program string, args ...string) string {
	t.Helper()
	out, err := run(env, dir, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}
