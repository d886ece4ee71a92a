package planner

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/plan"
)

// prelude makes lib, runIf and effect for the conditions of TestConditions.
const prelude = `{ src ? { ref = null; } }:
let
  nixpkgs = builtins.fetchTarball "https://github.com/NixOS/nixpkgs/archive/a6a3a368dda.tar.gz";
  effectsSrc = builtins.fetchTarball "https://github.com/hercules-ci/hercules-ci-effects/archive/b67cfbbb318.tar.gz";
  pkgs = import nixpkgs { system = "x86_64-linux"; overlays = [ (import "${effectsSrc}/overlay.nix") ]; };
  inherit (pkgs) lib;
  inherit (pkgs.effects) runIf mkEffect;
  inherit (src) ref branch tag;
  effect = mkEffect { effectScript = "true"; };
in
`

// helpers is a file of its own that conditions import.
const helpers = `{ lib }:
rec {
  isRelease = ref: lib.hasPrefix "refs/heads/release/" ref;
  deployed = src: isRelease src.ref || src.branch == "main";
  oneOf = list: x: if list == [ ] then false else builtins.head list == x || oneOf (builtins.tail list) x;
}
`

// TestConditions has ways to write down for which refs there is a job, and what
// is said of each. An empty want stands for refs listed one by one.
func TestConditions(t *testing.T) {
	const main, live = "refs/heads/main", "refs/heads/live"
	tests := []struct{ name, expr, want string }{
		// Conditions of runIf.
		{"ref", `ref == "refs/heads/main"`, main},
		{"ref, turned around", `"refs/heads/main" == ref`, main},
		{"not a full ref", `ref == "main"`, "no ref"},
		{"ref differs", `ref != "refs/heads/main"`, "every ref except refs/heads/main"},
		{"not", `!(ref == "refs/heads/main")`, "every ref except refs/heads/main"},
		{"branch", `branch == "main"`, main},
		{"branch differs", `branch != "main"`, "every ref except refs/heads/main"},
		{"any branch", `branch != null`, "any branch"},
		{"no branch", `branch == null`, "every ref except any branch"},
		{"isNull", `isNull tag`, "every ref except any tag"},
		{"any tag", `tag != null`, "any tag"},
		{"one tag", `tag == "v1.0"`, "refs/tags/v1.0"},
		{"always", `true`, "every ref"},
		{"never", `false`, "no ref"},
		{"or", `branch == "main" || branch == "live"`, live + " or " + main},
		{"or of three", `branch == "main" || ref == "refs/heads/live" || tag == "v1"`, live + " or " + main + " or refs/tags/v1"},
		{"contradiction", `branch == "main" && tag == "v1"`, "no ref"},
		{"implication", `(branch != null) -> branch == "main"`, main + " or every ref except any branch"},
		{"elem", `builtins.elem branch [ "main" "live" ]`, live + " or " + main},
		{"not elem", `!(lib.elem branch [ "main" "live" ])`, "every ref except " + live + ", " + main},
		{"elem of refs", `lib.elem ref [ "refs/heads/main" "refs/tags/live" ]`, main + " or refs/tags/live"},
		{"any", `lib.any (b: b == branch) [ "main" "live" ]`, live + " or " + main},
		{"all", `lib.all (b: b != branch) [ "main" "live" ]`, "every ref except " + live + ", " + main},
		{"hasPrefix", `lib.hasPrefix "refs/heads/release/" ref`, "refs/heads/release/*"},
		{"hasPrefix of branch", `branch != null && lib.hasPrefix "release-" branch`, "refs/heads/release-*"},
		{"not hasPrefix", `!(lib.hasPrefix "refs/heads/wip/" ref)`, "every ref except refs/heads/wip/*"},
		{"branches by prefix", `lib.hasPrefix "refs/heads/" ref`, "any branch"},
		{"tags by prefix", `lib.hasPrefix "refs/tags/" ref`, "any tag"},
		{"tags of versions", `lib.hasPrefix "refs/tags/v" ref`, "refs/tags/v*"},
		{"hasSuffix", `lib.hasSuffix "-live" ref`, "*-live"},
		{"hasSuffix of branch", `branch != null && lib.hasSuffix "-live" branch`, "refs/heads/*-live"},
		{"prefix and suffix", `lib.hasPrefix "refs/heads/release/" ref && lib.hasSuffix "-live" ref`, "refs/heads/release/*-live"},
		{"prefix but one", `lib.hasPrefix "refs/heads/release/" ref && branch != "release/old"`, "refs/heads/release/* except refs/heads/release/old"},
		{"hasInfix", `lib.hasInfix "prod" ref`, "*prod*"},
		{"substring", `builtins.substring 0 11 ref == "refs/heads/"`, "any branch"},
		{"substring inside", `branch != null && builtins.substring 11 4 ref == "rel-"`, "refs/heads/rel-*"},
		{"substring of any ref", `builtins.substring 11 4 ref == "rel-"`, ""},
		{"match", `builtins.match "refs/heads/(main|live)" ref != null`, "a ref matching refs/heads/(main|live)"},
		{"match of tag", `tag != null && builtins.match "v[0-9]+\\.[0-9]+" tag != null`, `a tag matching v[0-9]+\.[0-9]+`},
		{"match of everything", `builtins.match "refs/heads/.*" ref != null`, "any branch"},
		{"no match", `builtins.match "refs/heads/wip-.*" ref == null`, "every ref except refs/heads/wip-*"},
		{"removePrefix", `lib.removePrefix "refs/heads/" ref == "main"`, main},
		{"removePrefix of tag", `lib.removePrefix "refs/tags/" ref == "v1"`, "refs/tags/v1"},
		{"removeSuffix", `lib.removeSuffix "-next" ref == "refs/heads/main"`, main + " or refs/heads/main-next"},
		{"last of splitString", `lib.last (lib.splitString "/" ref) == "main"`, "*/main"},
		{"elem of splitString", `lib.elem "release" (lib.splitString "/" ref)`, "*/release or */release/*"},
		{"head of splitString", `branch != null && builtins.head (lib.splitString "/" branch) == "release"`, "refs/heads/release or refs/heads/release/*"},
		{"toLower", `lib.toLower ref == "refs/heads/main"`, "refs/heads/main in any case"},
		{"toLower of branch", `branch != null && lib.toLower branch == "main"`, main + " in any case"},
		{"replaceStrings", `branch != null && builtins.replaceStrings [ "/" ] [ "-" ] branch == "release-1"`, "refs/heads/release-1 or refs/heads/release/1"},
		{"interpolation", `"deploy-${toString branch}" == "deploy-main"`, main},
		{"concatenation", `"refs/heads/" + toString branch == ref`, "any branch"},
		{"names of a set", `branch != null && { main = 1; live = 2; } ? ${branch}`, live + " or " + main},
		{"switch", `{ main = true; live = true; wip = false; }.${toString branch} or false`, live + " or " + main},
		{"getAttr", `branch == "main" && builtins.getAttr branch { main = true; }`, main},
		{"hasAttr", `builtins.hasAttr (toString branch) { main = true; }`, main},
		{"compareVersions", `tag != null && builtins.compareVersions tag "2.0" >= 0`, "any tag whose version is 2.0 or newer"},
		{"versionAtLeast", `tag != null && lib.hasPrefix "v" tag && lib.versionAtLeast (lib.removePrefix "v" tag) "2.0"`, "refs/tags/v* whose version after v is 2.0 or newer"},
		{"with", `with src; ref == "refs/heads/main"`, main},
		{"inherit", `let inherit (src) branch; in branch == "main"`, main},
		{"let", `let isMain = branch == "main"; deploy = isMain || tag != null; in deploy`, main + " or any tag"},
		{"if", `if tag != null then lib.hasPrefix "v" tag else branch == "main"`, main + " or refs/tags/v*"},
		{"helper of another file", `(import ./helpers.nix { inherit lib; }).isRelease ref`, "refs/heads/release/*"},
		{"helpers of helpers", `(import ./helpers.nix { inherit lib; }).deployed src`, main + " or refs/heads/release/*"},
		{"recursive helper", `(import ./helpers.nix { inherit lib; }).oneOf [ "main" "live" ] branch`, live + " or " + main},
		{"list of conditions", `builtins.all (x: x) [ (branch != null) (branch != "main") ]`, "any branch except " + main},
		{"xor", `(branch == "main") != (tag != null)`, main + " or any tag"},
		{"sorted first", `builtins.head (lib.sort builtins.lessThan [ (toString branch) "main" ]) == "main"`, ""},
		{"length", `builtins.stringLength ref < 16`, ""},
		{"hash", `builtins.substring 0 1 (builtins.hashString "sha256" ref) == "0"`, ""},
		{"two infixes", `lib.hasInfix "prod" ref && lib.hasInfix "eu" ref`, "*eu* that is also *prod*"},
		{"infix without infix", `lib.hasInfix "hotfix" ref && !lib.hasInfix "wip" ref`, "*hotfix* except *wip*"},
		{"infix and suffix", `lib.hasInfix "prod" ref && lib.hasSuffix "-rel" ref`, "*-rel that is also *prod*"},
		{"suffix or infix", `!(lib.hasSuffix "/v" ref) || !(lib.hasInfix "wip" ref)`, "every ref except */v; or every ref except *wip*"},
		{"two matches", `builtins.match "refs/tags/v.*" ref != null && builtins.match ".*(rc|beta).*" ref == null`, "refs/tags/v* except a ref matching .*(rc|beta).*"},
		{"group of a match", `let m = builtins.match "refs/heads/deploy-(.*)" ref; in m != null && builtins.elem (builtins.head m) [ "a" "b" ]`, "refs/heads/deploy-a or refs/heads/deploy-b"},
		{"number in a match", `let m = builtins.match "refs/tags/v([0-9]+)[.].*" ref; in m != null && builtins.fromJSON (builtins.head m) >= 2`, ""},
		{"major version", `lib.hasPrefix "refs/tags/v" ref && lib.versions.major (lib.removePrefix "refs/tags/v" ref) == "2"`, ""},
		{"list of parts", `lib.drop 2 (lib.splitString "/" ref) == [ "deploy" "prod" ]`, ""},
		{"length of branch", `lib.hasPrefix "release-" (toString branch) && builtins.stringLength branch == 13`, ""},
		{"file named by the branch", `branch != null && builtins.pathExists (./envs + "/${branch}")`, ""},
		{"first letter", `lib.toUpper (builtins.substring 0 1 (toString branch)) == "R"`, ""},
		{"owner", `src.owner == "acme"`, "every ref if the owner is acme"},
		{"owner and branch", `src.owner == "acme" && branch == "main"`, main + " if the owner is acme"},
		{"not a fork", `"${src.owner}/${src.name}" == "acme/infra" && branch == "main"`, main + " if the owner is acme and the repository's name is infra"},
		{"forge", `src.forgeType == "github" || branch == "main"`, main + " or every ref if the forge is github"},

		// Jobs that are there for some refs only.
		{"optionalAttrs", `{ } // lib.optionalAttrs (branch == "main") { job = effect; }`, main},
		{"if there", `if ref == "refs/heads/main" then { job = effect; } else { }`, main},
		{"null", `{ job = if branch == "main" then effect else null; }`, main},
		{"mkIf", `{ job = lib.optionalAttrs (tag != null) effect; }`, "any tag"},
		{"environments", `lib.mapAttrs (name: b: runIf (branch == b) effect) { job = "main"; other = "live"; }`, main},
		{"name of the branch", `if branch == null then { } else { "job-${branch}" = effect; }`, "any branch"},
		{"name made of the branch", `if branch == null then { } else { "job-${lib.replaceStrings [ "/" ] [ "-" ] branch}" = runIf (branch != "main") effect; }`, "any branch except " + main},
		{"name of the tag", `lib.optionalAttrs (tag != null && lib.hasPrefix "v" tag) { "job-${tag}" = effect; }`, ""},
		{"filtered", `lib.filterAttrs (name: e: e.branch == branch) { job = effect // { branch = "live"; }; }`, live},
		{"listToAttrs", `builtins.listToAttrs (map (b: { name = if b == branch then "job" else "x"; value = effect; }) [ "main" ])`, main},
		{"guard", `assert tag == null; { job = effect; }`, "every ref except any tag"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expr := test.expr
			if !strings.Contains(expr, "effect") {
				expr = "{ job = runIf (" + expr + ") effect; }"
			}
			dir := t.TempDir()
			write(t, dir, txtar.File{Name: "ci.nix", Data: []byte(prelude + expr + "\n")})
			write(t, dir, txtar.File{Name: "helpers.nix", Data: []byte(helpers)})
			write(t, dir, txtar.File{Name: ".git/HEAD", Data: []byte("ref: refs/heads/main\n")})
			write(t, dir, txtar.File{Name: ".git/config", Data: []byte("[remote \"origin\"]\n\turl = https://github.com/acme/infra.git\n")})
			for _, name := range []string{"objects", "refs"} {
				if err := os.MkdirAll(filepath.Join(dir, ".git", name), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			p, err := New(context.Background(), Options{Path: dir})
			if err != nil {
				t.Fatal(err)
			}
			m := p.Matrix(SurveyOptions{})
			var job *MatrixJob
			for _, j := range m.Jobs {
				if j.Job.Path == "job" || j.naming != nil {
					job = j
				}
			}
			if job == nil {
				t.Fatalf("no job; %v", m.Survey.Readings[0].Plan.Diagnostics)
			}
			// An evaluator that shares nothing between refs has the same to say of each.
			q, err := New(context.Background(), Options{Path: dir})
			if err != nil {
				t.Fatal(err)
			}
			plain := eval.New(context.Background(), eval.Options{World: q.ev.World(), Model: true, Partial: true})
			for i := range m.Tried {
				point := &m.Tried[i]
				out := q.outcomeOf(q.project.EvaluateSource(plain, sourceOf(q.project.Source(point.Ref), point)))
				if path, ok := job.path(point); ok && out.state(path) != job.States[i] {
					t.Errorf("%s is %s for %+v, and %s when evaluated alone", test.expr, job.States[i], point, out.state(path))
				}
			}
			got := ""
			if job.Active.Exact {
				got = job.Active.Set.String()
			}
			if got != test.want {
				t.Errorf("%s\n got %q (exact: %t)\nwant %q; %d tried", test.expr, job.Active.Set.String(), job.Active.Exact, test.want, len(m.Tried))
				if got == "" {
					for i, s := range job.States {
						if s == plan.Active {
							t.Log(m.Tried[i].Ref)
						}
					}
				}
			}
			if !job.Active.Exact {
				return
			}
			// What is said holds of refs that had no part in finding it.
			for _, ref := range strings.Fields(otherRefs) {
				src := p.project.Source(ref)
				out := p.outcomeOf(p.project.EvaluateSource(p.ev, src))
				point := pointOf(&src)
				path, _ := job.path(&point)
				if active := out.state(path) == plan.Active; active != job.Active.Set.Has(&point) {
					t.Errorf("%s is active for %s: %t; said is %q", test.expr, ref, active, got)
				}
			}
		})
	}
}

const otherRefs = `refs/heads/main refs/heads/master refs/heads/live refs/heads/Main refs/heads/MAIN refs/heads/mainline
	refs/heads/main-next refs/heads/release refs/heads/release/ refs/heads/release/1.0 refs/heads/release/1.0-live
	refs/heads/release/old refs/heads/release/older refs/heads/releases/1 refs/heads/my/release/1 refs/heads/release-1 refs/heads/release_1
	refs/heads/release/1 refs/heads/rel-2 refs/heads/wip/a refs/heads/wip-b refs/heads/wip refs/heads/prod
	refs/heads/x-prod-y refs/heads/feature/main refs/heads/v1.0 refs/heads/a-live refs/heads/-live refs/heads/live/main
	refs/tags/v1 refs/tags/v1.0 refs/tags/v2.0 refs/tags/v10.3 refs/tags/v1.9.9 refs/tags/2.0 refs/tags/1.5 refs/tags/main
	refs/tags/live refs/tags/release/1 refs/tags/nightly refs/tags/a-live refs/pull/3/merge refs/pull/main`
