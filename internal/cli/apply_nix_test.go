package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/hercules/effect/effecttest"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// With the installed Nix a job is what an agent would run: its src comes from the
// store, and its programs are those that the effect names, built for it.
func TestApplyWithNix(t *testing.T) {
	effecttest.RequireNix(t)
	dir := t.TempDir()
	t.Cleanup(func() { effecttest.Remove(filepath.Join(dir, "nix")) })
	nixplan, err := exec.LookPath("nixplan") // as scripts have it
	if err != nil {
		t.Fatal(err)
	}
	nixops, err := exec.LookPath("nixops")
	if err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(dir, "shop")
	if err := os.Mkdir(repo, 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"ci.nix": `{ src ? { ref = null; } }:
let
  pkgs = import <nixpkgs> {
    system = "x86_64-linux";
    overlays = [ (import <hercules-ci-effects/overlay.nix>) ];
  };
  inherit (pkgs.effects) runIf runNixOps;
in
{
  shop = runIf (src.ref == "refs/heads/main") (runNixOps {
    name = "shop";
    src = pkgs.lib.cleanSource ./.;
    prebuild = false;
    networkArgs.motd = "it's \"$5\" \${x}";
    # The model knows nothing of what is in a package.
    userSetupScript = ''
      export TOOLS=${pkgs.git}
      test -d $TOOLS
      writeAWSSecret aws
    '';
    secretsMap.aws = "shop-aws";
  });
}
`,
		"network.nix":   "{ motd }: assert motd == \"it's \\\"$5\\\" \\${x}\"; { web = { deployment.targetHost = \"web.example\"; }; }\n",
		"untracked.nix": "throw \"an agent does not see this\"\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	secrets := filepath.Join(dir, "secrets.json")
	if err := os.WriteFile(secrets, []byte(`{"shop-aws": {"kind": "Secret", "condition": true, "data": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "swordfish-swordfish"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "calls")
	env := append(os.Environ(), effecttest.Env(filepath.Join(dir, "nix"))...)
	env = append(env,
		"HOME="+dir, "XDG_STATE_HOME=", "HERCULES_CI_SECRETS_JSON="+secrets, effecttest.NixOps+"="+nixops,
		"NIXOPSTEST_LOG="+log, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=tester", "GIT_AUTHOR_EMAIL=tester@example.org", "GIT_COMMITTER_NAME=tester", "GIT_COMMITTER_EMAIL=tester@example.org",
	)
	run := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = repo, env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "ci.nix", "network.nix"}, {"commit", "-q", "-m", "first"}} {
		if out, err := run("git", args...); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	apply := []string{"apply", "--auto-approve", "--keep", "NIXOPSTEST_LOG"}
	for _, source := range effecttest.Sources(t) {
		apply = append(apply, "-I", source.Prefix+"="+source.Path)
	}

	out, err := run(nixplan, append(slices.Clone(apply), "--evaluator", "model")...)
	if err == nil || !strings.Contains(out, "userSetupScript of shop needs") {
		t.Errorf("with the model: %v\n%s", err, out)
	}
	if out, err = run(nixplan, apply...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, "web  activated") || strings.Contains(out, "swordfish") {
		t.Errorf("%s", out)
	}
	calls, err := nixopstest.ReadLog(log)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, call := range calls {
		commands = append(commands, call.Command)
		if path := call.Env["PATH"]; !strings.Contains(path, filepath.Join(dir, "nix", "store")) || strings.Contains(path, filepath.Dir(nixops)+":") {
			t.Errorf("%s has PATH=%s", call.Command, path)
		}
		if call.Command == "deploy" && filepath.Base(call.Dir) != "source" {
			t.Errorf("deploy runs in %s", call.Dir)
		}
	}
	if got, want := strings.Join(commands, " "), "--version create set-args check --version deploy export check"; got != want {
		t.Errorf("nixops was called\n     %s\nwant %s", got, want)
	}

	// What a run takes from the store stays there until the run has succeeded.
	faults := filepath.Join(dir, "faults.json")
	env = append(env, "NIXOPSTEST_FAULTS="+faults)
	if err := nixopstest.WriteFaults(faults, nixopstest.Fault{Command: "deploy", Action: "exit", Status: 1}); err != nil {
		t.Fatal(err)
	}
	if out, err = run(nixplan, append(slices.Clone(apply), "--keep", "NIXOPSTEST_FAULTS")...); err == nil {
		t.Fatalf("the deployment succeeds\n%s", out)
	}
	if err := os.WriteFile(faults, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, resume, ok := strings.Cut(out, "to carry on: nixplan ")
	if !ok {
		t.Fatal(out)
	}
	if out, err = run("nix-store", "--gc"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err = run(nixplan, strings.Fields(resume)...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = run("nix-store", "--gc"); err != nil || !strings.Contains(out, "-nixops") {
		t.Errorf("nixops stays after the run: %v\n%s", err, out)
	}

	// What the plan says and Nix does not is a reason to stop.
	text := strings.Replace(files["ci.nix"], `name = "shop";`, `name = if builtins ? storeDir && builtins.storeDir != "/nix/store" then "other" else "shop";`, 1)
	if err := os.WriteFile(filepath.Join(repo, "ci.nix"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = run(nixplan, apply...)
	if err == nil || !strings.Contains(out, "[NP708]") || !strings.Contains(out, "NIXOPS_DEPLOYMENT") {
		t.Errorf("with another name: %v\n%s", err, out)
	}
}
