package effect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules/effect/effecttest"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/plan"
)

// ciNix is an entry file that makes jobs with the stand-in's functions.
func ciNix(jobs string) map[string]string {
	return map[string]string{
		"network.nix": "{ web = { }; }",
		"ci.nix": `{ src ? { ref = null; } }:
let
  pkgs = import <nixpkgs> { overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; };
  inherit (pkgs.effects) mkEffect runIf runNixOps runNixOps2;
  job = args: runNixOps ({ name = "shop"; src = ./.; prebuild = false; } // args);
in
` + jobs + "\n",
	}
}

// both are a job's effects from the model and from Nix, which must agree.
func both(t *testing.T, dir, job string) (model, nix *Effect) {
	t.Helper()
	p, effects := jobs(t, planner.Options{Path: dir})
	e := effects[job]
	if e == nil {
		t.Fatalf("there is no %s in %v", job, effects)
	}
	model, err := Model(p, e)
	if err != nil {
		t.Fatal(err)
	}
	nix, err = open(t, p, NixOptions{}).Effect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	sameVariables(t, model, nix)
	if model.SourceName != nix.SourceName {
		t.Errorf("the source is called %s, and %s with Nix", model.SourceName, nix.SourceName)
	}
	if a, b := copied(t, model), copied(t, nix); a != b {
		t.Errorf("the source is\n%s\nand with Nix\n%s", a, b)
	}
	return model, nix
}

// nixFails gives the error that Nix's evaluator gives for the job shop.
func nixFails(t *testing.T, o NixOptions, files map[string]string) error {
	t.Helper()
	p, effects := jobs(t, planner.Options{Path: repository(t, "", files)})
	e, err := open(t, p, o).Effect(t.Context(), effects["shop"])
	if err == nil {
		t.Fatalf("there is an effect: %v", e.DrvPath)
	}
	return err
}

func TestHerculesCI(t *testing.T) {
	effecttest.RequireNix(t)
	files := ciNix(`{
  herculesCI = { ref, primaryRepo, ... }: {
    onPush."de.ploy".outputs = { ... }: {
      effects.shop = runIf (ref == "refs/heads/main") (job {
        userSetupScript = "echo ${primaryRepo.rev} ${primaryRepo.branch} ${primaryRepo.shortRev} ${toString primaryRepo.tag}";
      });
    };
    onSchedule.nightly.outputs.effects.shop = job { name = "nightly"; };
    onPush.inputs = {
      extraInputs.lib.project = "lib";
      outputs = { lib, ... }: { effects.shop = job { name = "inputs"; }; };
    };
  };
}`)
	dir := repository(t, "", files)
	_, nix := both(t, dir, `onPush."de.ploy".effects.shop`)
	if script := nix.Script("userSetupScript"); !strings.Contains(script, " main ") {
		t.Errorf("the script is %q", script)
	}
	both(t, dir, "onSchedule.nightly.effects.shop")

	p, effects := jobs(t, planner.Options{Path: dir})
	_, err := open(t, p, NixOptions{}).Effect(t.Context(), effects["onPush.inputs.effects.shop"])
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "extraInputs") {
		t.Errorf("extraInputs give %v", err)
	}
}

func TestFlake(t *testing.T) {
	effecttest.RequireNix(t)
	flake := func(outputs string) map[string]string {
		return map[string]string{
			"network.nix": "{ web = { }; }",
			"flake.nix": `{
  outputs = { self }:
  let
    pkgs = import <nixpkgs> { overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; };
    shop = args: pkgs.effects.runNixOps ({ name = "shop"; src = self; prebuild = false; } // args);
  in {
` + outputs + `
  };
}`,
		}
	}
	t.Run("herculesCI", func(t *testing.T) {
		dir := repository(t, "", flake(`herculesCI = { branch, ... }: { onPush.x.outputs.effects.shop = shop { userSetupScript = "echo ${branch}"; }; };`))
		_, nix := both(t, dir, "onPush.x.effects.shop")
		if got := nix.Script("userSetupScript"); got != "echo main" {
			t.Errorf("the script is %q", got)
		}
	})
	t.Run("effects", func(t *testing.T) {
		dir := repository(t, "", flake(`effects = { rev, ... }: { shop = shop { userSetupScript = "echo ${rev}"; }; };`))
		// What is not committed counts, as in the plan.
		write(t, dir, map[string]string{"network.nix": "{ web = { }; db = { }; }", "untracked.nix": "{ }"})
		_, nix := both(t, dir, "onPush.default.effects.shop")
		if got := copied(t, nix); !strings.Contains(got, "db = ") || strings.Contains(got, "untracked") {
			t.Errorf("the source is\n%s", got)
		}
	})
}

// TestNixOps2 has a job of the other function for NixOps.
func TestNixOps2(t *testing.T) {
	effecttest.RequireNix(t)
	dir := repository(t, "", ciNix(`{
  shop = runNixOps2 {
    name = "shop"; src = ./.; networkFiles = [ "network.nix" ]; prebuild = false; forgetState = true;
    nixops = pkgs.nixops; allowReboot = false; extraDeployArgs = [ "--include" "web 1" ];
  };
}`))
	model, nix := both(t, dir, "shop")
	if len(model.NetworkArgs)+len(nix.NetworkArgs) > 0 {
		t.Errorf("network arguments %v, %v", model.NetworkArgs, nix.NetworkArgs)
	}
	if model.SourceName != "shop-repo" {
		t.Errorf("a directory is called as an agent's checkout, not %s", model.SourceName)
	}
}

// TestDerivation makes sure that the derivation is the one that an agent makes of a
// checkout, whatever else lies in the work tree.
func TestDerivation(t *testing.T) {
	effecttest.RequireNix(t)
	dir := repository(t, "", ciNix("{ shop = job { }; }"))
	derivation := func(o planner.Options) (path, files string) {
		p, effects := jobs(t, o)
		e, err := open(t, p, NixOptions{}).Effect(t.Context(), effects["shop"])
		if err != nil {
			t.Fatal(err)
		}
		return e.DrvPath, copied(t, e)
	}
	clean, _ := derivation(planner.Options{Path: dir})
	write(t, dir, map[string]string{"untracked": "x", "sub/untracked": "x", ".git/hooks/x": "x"})
	if got, _ := derivation(planner.Options{Path: dir}); got != clean {
		t.Errorf("files that git does not track make it %s instead of %s", got, clean)
	}
	write(t, dir, map[string]string{"network.nix": "{ mail = { }; }"})
	changed, files := derivation(planner.Options{Path: dir})
	if changed == clean || !strings.Contains(files, "mail") {
		t.Errorf("a changed file gives %s with\n%s", changed, files)
	}
	if got, files := derivation(planner.Options{Path: dir, Rev: "HEAD"}); got != clean || strings.Contains(files, "mail") {
		t.Errorf("the revision gives %s, not %s, with\n%s", got, clean, files)
	}
	p, effects := jobs(t, planner.Options{Path: dir, Rev: "HEAD"})
	model, err := Model(p, effects["shop"])
	if err != nil {
		t.Fatal(err)
	}
	if files := copied(t, model); strings.Contains(files, "mail") || strings.Contains(files, "untracked") {
		t.Errorf("the model copies of the revision\n%s", files)
	}
	other := repository(t, "", ciNix("{ shop = job { }; }"))
	if got, _ := derivation(planner.Options{Path: other}); got != clean {
		t.Errorf("elsewhere it is %s instead of %s", got, clean)
	}
}

func TestInnerDirectory(t *testing.T) {
	effecttest.RequireNix(t)
	files := map[string]string{"name.nix": `"inner"`}
	for name, text := range ciNix(`{ shop = job { name = import ../../name.nix; }; }`) {
		files["deep/sub/"+name] = text
	}
	dir := repository(t, "", files)
	_, nix := both(t, filepath.Join(dir, "deep", "sub"), "shop")
	if got := nix.Env["NIXOPS_DEPLOYMENT"]; got != "inner" {
		t.Errorf("the deployment is %q", got)
	}
}

func TestUntrackedEntry(t *testing.T) {
	effecttest.RequireNix(t)
	dir := repository(t, "", map[string]string{"README": ""})
	write(t, dir, ciNix("{ shop = job { }; }"))
	p, _ := jobs(t, planner.Options{Path: dir})
	_, err := OpenNix(t.Context(), p, main, NixOptions{TempDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "git add ci.nix") {
		t.Errorf("an untracked entry file gives %v", err)
	}
}

// changedSources are the stand-in's sources with a text in them replaced.
func changedSources(t *testing.T, file, old, new string) []world.SearchEntry {
	t.Helper()
	sources := effecttest.Sources(t)
	dir := t.TempDir()
	for i, entry := range sources {
		to := filepath.Join(dir, entry.Prefix)
		if err := os.CopyFS(to, os.DirFS(entry.Path)); err != nil {
			t.Fatal(err)
		}
		sources[i].Path = to
	}
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), old, new, 1)
	if text == string(data) {
		t.Fatalf("%s does not have %s", file, old)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return sources
}

func TestMismatch(t *testing.T) {
	const runNixOps, overlay = "hercules-ci-effects/run-nixops.nix", "hercules-ci-effects/overlay.nix"
	files := ciNix(`{ shop = runIf (src.ref == "refs/heads/main") (job {
  networkArgs = { adminPassword = "canary-1"; region = "eu"; };
  secretsMap.aws = "aws-shop";
}); }`)
	for _, c := range []struct {
		name, file, old, new string
		want                 string
	}{
		{"state", runNixOps, `"nixops-${name}.json"`, `"other.json"`, "stateName: planned nixops-shop.json, Nix has other.json"},
		{"files", runNixOps, `[ "network.nix" ]`, `[ "network.nix" "b.nix" ]`, "networkFiles: planned network.nix, Nix has network.nix b.nix"},
		{
			"action", runNixOps, "--allow-reboot --allow-recreate", "--allow-recreate",
			"the command of effectScript: planned nixops deploy --confirm --allow-reboot --allow-recreate, Nix has nixops deploy --confirm --allow-recreate",
		},
		{"argument", runNixOps, "(expression value)", `(expression (if name == "region" then 1 else value))`, `networkArgs.region: planned "eu", Nix has 1`},
		{
			"hidden argument", runNixOps, "(expression value)", `(expression (if name == "adminPassword" then "canary-2" else value))`,
			"networkArgs.adminPassword: planned (not shown), Nix has another value",
		},
		{
			"other argument", runNixOps, "(name: value: [", `(_: value: [ "--arg" "more" "builtins.fromJSON \"1\"" ]) networkArgs ++ lib.mapAttrsToList (name: value: [`,
			"networkArgs.more: planned nothing, Nix has (not shown)",
		},
		{"name", runNixOps, `name = "nixops-${name}"`, `name = "nixops1-${name}"`, "the effect's name: planned effect-nixops-shop, Nix has effect-nixops1-shop"},
		{"deployment", runNixOps, "args.NIXOPS_DEPLOYMENT or name", `"x"`, "NIXOPS_DEPLOYMENT: planned shop, Nix has x"},
		{"script", runNixOps, "priorCheckScript = ", "preEffect = \"true\"; priorCheckScript = ", "preEffect: planned nothing, Nix has a script"},
		{
			"secrets", "hercules-ci-effects/mk-effect.nix", "(args.secretsMap or { })", `{ aws = "x"; ssh.type = "GitToken"; }`,
			"secretsMap.aws: planned aws-shop, Nix has x\n  secretsMap.ssh: planned nothing, Nix has GitToken",
		},
		{"no effect", "hercules-ci-effects/mk-effect.nix", "isEffect = true;", "", "isEffect: planned true, Nix has nothing"},
		{"condition", overlay, "if condition then", "if !condition then", "the attribute shop.run: planned is there, Nix has is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := nixFails(t, NixOptions{SearchPath: changedSources(t, c.file, c.old, c.new)}, files)
			var mismatch *MismatchError
			if !errors.As(err, &mismatch) {
				t.Fatalf("the error is %v", err)
			}
			want := "the derivation of shop that Nix makes is not what was planned:\n  " + c.want
			if err.Error() != want || strings.Contains(err.Error(), "canary") {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

// TestComplete fills in what the model does not know.
func TestComplete(t *testing.T) {
	effecttest.RequireNix(t)
	sources := changedSources(t, "nixpkgs/default.nix", "    git = mkDerivation {", `    settings = {
      args = { region = "eu"; db.password = "canary"; };
      name = "north";
      action = "boot";
      files = [ "network.nix" ];
    };
    git = mkDerivation {`)
	files := ciNix(`{ shop = job {
  name = pkgs.settings.name; networkArgs = pkgs.settings.args; networkFiles = pkgs.settings.files; action = pkgs.settings.action;
}; }`)
	p, effects := jobs(t, planner.Options{Path: repository(t, "", files)})
	job := effects["shop"].Job
	if job.Action != nil || len(job.NetworkArgs) > 0 {
		t.Fatalf("the model knows %+v", job)
	}
	e, err := open(t, p, NixOptions{SearchPath: sources}).Effect(t.Context(), effects["shop"])
	if err != nil {
		t.Fatal(err)
	}
	e.Complete(&job)
	if job.Deployment != "north" || job.Action == nil || job.Action.Name != "boot" || !slices.Contains(job.Action.Argv, "--boot") {
		t.Errorf("the deployment is %q, the action %+v", job.Deployment, job.Action)
	}
	if want := []plan.NetworkArg{{Name: "db", Hidden: true}, {Name: "region", JSON: `"eu"`}}; !slices.Equal(job.NetworkArgs, want) {
		t.Errorf("the arguments are %+v", job.NetworkArgs)
	}
	if want := []plan.StateFile{{Name: "nixops-north.json", Role: plan.DeploymentState}, {Name: "nixops-north.known_hosts", Role: plan.KnownHostsState}}; !slices.Equal(job.StateFiles, want) {
		t.Errorf("the states are %+v", job.StateFiles)
	}
	if len(job.Files) != 1 || job.Files[0].Path != "network.nix" {
		t.Errorf("the files are %+v", job.Files)
	}
}

func TestUnsupported(t *testing.T) {
	for args, want := range map[string]string{
		"dontUnpack = true;":                     "dontUnpack",
		"__structuredAttrs = true;":              "structured",
		`srcs = [ ./network.nix ];`:              "srcs",
		`sourceRoot = "source/sub";`:             "sourceRoot",
		`patches = [ ./network.nix ];`:           "patches",
		`phases = "effectPhase installPhase"; `:  "installPhase",
		`preEffectPhases = "unheardPhase"; `:     "unheardPhase",
		`src = "${./network.nix}"; `:             "it is a file",
		`effectScript = "echo"; dontUnpack = 1;`: "dontUnpack",
	} {
		t.Run(args, func(t *testing.T) {
			p, effects := jobs(t, planner.Options{Path: repository(t, "", ciNix("{ shop = job { "+args+" }; }"))})
			if _, err := Model(p, effects["shop"]); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the model gives %v", err)
			}
		})
	}
	err := nixFails(t, NixOptions{}, ciNix("{ shop = job { dontUnpack = true; }; }"))
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Errorf("Nix gives %v", err)
	}
}

func TestNixFailures(t *testing.T) {
	t.Run("evaluation", func(t *testing.T) {
		files := ciNix("{ shop = job { userSetupScript = \"${pkgs.nosuch}\"; }; }")
		err := nixFails(t, NixOptions{}, files)
		var failed *NixError
		if !errors.As(err, &failed) || failed.Program == "" {
			t.Fatalf("the error is %v", err)
		}
		text := err.Error()
		if !strings.HasPrefix(text, "attribute 'nosuch' missing") || !strings.Contains(text, "at ci.nix:7:") {
			t.Errorf("the error is %s", text)
		}
		for _, foreign := range []string{"show-trace", os.TempDir(), "exit status"} {
			if strings.Contains(text, foreign) {
				t.Errorf("%s is in the error %s", foreign, text)
			}
		}
		if text := nixFails(t, NixOptions{ShowTrace: true}, files).Error(); !strings.Contains(text, "while evaluating") {
			t.Errorf("with a trace: %s", text)
		}
	})
	t.Run("build", func(t *testing.T) {
		var output bytes.Buffer
		err := nixFails(t, NixOptions{Output: &output}, ciNix(`{ shop = job { inputs = [ (pkgs.runCommand "broken" { } "echo about to; echo error: really; echo fail; exit 3") ]; }; }`))
		if !strings.Contains(err.Error(), "failed with exit code 3") || !strings.HasPrefix(err.Error(), "builder for ") {
			t.Errorf("the error is %s", err)
		}
		if !strings.Contains(output.String(), "about to\nerror: really\nfail\n") {
			t.Errorf("the output is %s", output.String())
		}
	})
	t.Run("set-up", func(t *testing.T) {
		err := nixFails(t, NixOptions{}, ciNix(`{ shop = job { inputs = [ (pkgs.runCommand "hook" { } "mkdir -p $out/nix-support; echo 'echo no luck >&2; exit 4' >$out/nix-support/setup-hook") ]; }; }`))
		if !strings.Contains(err.Error(), "exit status 4") || !strings.Contains(err.Error(), "no luck") {
			t.Errorf("the error is %s", err)
		}
	})
}

// watcher cancels when a text was printed.
type watcher struct {
	text   string
	cancel func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.cancel()
	}
	return len(p), nil
}

func TestCancel(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	files := ciNix(fmt.Sprintf(`{ shop = job { inputs = [ (pkgs.runCommand "slow" { } "echo $$ >%s; echo started; exec sleep 100") ]; }; }`, pidFile))
	p, effects := jobs(t, planner.Options{Path: repository(t, "", files)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := open(t, p, NixOptions{Output: &watcher{"started", cancel}})
	begin := time.Now()
	if _, err := n.Effect(ctx, effects["shop"]); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(begin); took > 60*time.Second {
		t.Errorf("it took %v to end", took)
	}
	data, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(state), ") Z ") {
			break // nobody has asked for its status
		}
		if time.Now().After(deadline) {
			t.Fatal("the builder still runs")
		}
	}
}

func TestNoNix(t *testing.T) {
	p, _ := jobs(t, planner.Options{Path: repository(t, "", ciNix("{ shop = job { }; }"))})
	t.Setenv("PATH", t.TempDir())
	if Installed() {
		t.Error("Nix is installed")
	}
	_, err := OpenNix(t.Context(), p, main, NixOptions{})
	var missing *NoNixError
	if !errors.As(err, &missing) || !strings.Contains(missing.Help(), "--evaluator model") {
		t.Errorf("the error is %v", err)
	}
}

// TestWithoutStdenv takes the inputs' programs from their directories.
func TestWithoutStdenv(t *testing.T) {
	effecttest.RequireNix(t)
	sources := changedSources(t, "nixpkgs/default.nix", "        inherit stdenv;\n", `        stdenv = args.stdenv or (if args ? isEffect then "" else stdenv);`+"\n")
	p, effects := jobs(t, planner.Options{Path: repository(t, "", ciNix("{ shop = job { }; }"))})
	e, err := open(t, p, NixOptions{SearchPath: sources}).Effect(t.Context(), effects["shop"])
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, dir := range e.Path {
		names = append(names, strippedName(filepath.Dir(dir)))
	}
	if want := []string{"jq-1.7.1", "nix-2.18.2", "nixops-1.7", "git-2.44.0", "ssh-9.7"}; !slices.Equal(names, want) {
		t.Errorf("the programs are of %v, want %v", names, want)
	}
}

// What a killed process left is removed by the next one; what is in use stays.
func TestScratch(t *testing.T) {
	parent := t.TempDir()
	used, err := newScratch(parent)
	if err != nil {
		t.Fatal(err)
	}
	left, err := newScratch(parent)
	if err != nil {
		t.Fatal(err)
	}
	left.lock.Close() // as the end of its process does
	fresh := filepath.Join(parent, scratchName+"fresh")
	if err := os.Mkdir(fresh, 0o700); err != nil {
		t.Fatal(err)
	}
	another, err := newScratch(parent)
	if err != nil {
		t.Fatal(err)
	}
	for dir, there := range map[string]bool{used.dir: true, left.dir: false, fresh: true, another.dir: true} {
		if _, err := os.Stat(dir); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %v", dir, err, there)
		}
	}
	if err := errors.Join(used.remove(), another.remove()); err != nil {
		t.Error(err)
	}
}
