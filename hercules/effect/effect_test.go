package effect

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/effect/effecttest"
	"github.com/nixplan/nixplan/hercules/planner"
)

// TestMain gives all tests one store, so that what they share is built once.
func TestMain(m *testing.M) { os.Exit(withStore(m.Run)) }

func withStore(run func() int) int {
	dir, err := os.MkdirTemp("", "nixplan-store-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer effecttest.Remove(dir)
	for _, entry := range append(effecttest.Env(dir), "HOME="+dir, "XDG_CACHE_HOME="+dir) {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value)
	}
	return run()
}

// repository makes a git repository of a directory in testdata, or of files by
// their names.
func repository(t *testing.T, from string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop-repo")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if from != "" {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, files)
	git(t, dir, "init", "-q", "-b", "main")
	commit(t, dir)
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func commit(t *testing.T, dir string) {
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "all")
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// jobs plans a repository for refs/heads/main.
func jobs(t *testing.T, o planner.Options) (*planner.Planner, map[string]*planner.Effect) {
	t.Helper()
	p, err := planner.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	made, effects, err := p.PlanJobs(main)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range made.Diagnostics {
		t.Errorf("%s: %s %s", d.Attr, d.Summary, d.Detail)
	}
	byPath := map[string]*planner.Effect{}
	for i, e := range effects {
		if e.Job.Path != made.Jobs[i].Path {
			t.Errorf("effect %d is of %s, the job of %s", i, e.Job.Path, made.Jobs[i].Path)
		}
		byPath[e.Job.Path] = e
	}
	return p, byPath
}

var main = hercules.Ref{Name: "refs/heads/main"}

func open(t *testing.T, p *planner.Planner, o NixOptions) *Nix {
	t.Helper()
	effecttest.RequireNix(t)
	if o.SearchPath == nil {
		o.SearchPath = effecttest.Sources(t)
	}
	o.TempDir = t.TempDir()
	n, err := OpenNix(t.Context(), p, main, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(o.TempDir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return n
}

// tree lists a directory: mode, name, and content or target.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var data []byte
			data, err = os.ReadFile(path)
			content, _, _ = strings.Cut(string(data), "\n")
		}
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintln(&b, info.Mode(), name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func copied(t *testing.T, e *Effect) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), e.SourceName)
	if err := e.Copy(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := e.Copy(t.Context(), dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("copying to what exists: %v", err)
	}
	return tree(t, dir)
}

// ofEvaluator are variables that each evaluator has in its way: scripts whose
// commands are steps of the plan, and paths, which lie in the store only with Nix.
var ofEvaluator = []string{
	"getStateScript", "postGetState", "prePutState", "putStateScript", "initScript",
	"NIX_PATH", "notes", "setup",
}

// sameVariables compares the variables that both have, and gives their names.
func sameVariables(t *testing.T, model, nix *Effect) []string {
	t.Helper()
	var names []string
	for name, value := range model.Env {
		if _, both := nix.Env[name]; both && !slices.Contains(ofEvaluator, name) {
			names = append(names, name)
			if diff := cmp.Diff(value, nix.Env[name]); diff != "" {
				t.Errorf("%s: -model +nix\n%s", name, diff)
			}
		}
	}
	return names
}

// TestAgree takes the same effect from the model and from Nix: planned with the
// model, and from the very sources that Nix evaluates.
func TestAgree(t *testing.T) {
	effecttest.RequireNix(t)
	dir := repository(t, "testdata/repository", nil)
	write(t, dir, map[string]string{"untracked.nix": "no agent has it", "hosts/untracked": "nor this"})
	for name, o := range map[string]planner.Options{
		"modelled": {Path: dir},
		"real":     {Path: dir, NoModel: true, SearchPath: effecttest.Sources(t)},
	} {
		t.Run(name, func(t *testing.T) {
			p, effects := jobs(t, o)
			var progress bytes.Buffer
			n := open(t, p, NixOptions{Output: &progress})
			shop := effects["shop"]
			model, err := Model(p, shop)
			if err != nil {
				t.Fatal(err)
			}
			nix, err := n.Effect(t.Context(), shop)
			if err != nil {
				t.Fatalf("%v\n%s", err, progress.String())
			}
			for _, name := range []string{
				"NIXOPS_DEPLOYMENT", "QUIET", "TIMEOUTS", "VERBOSE", "deployOnlyNetworkFiles", "isEffect", "knownHostsName", "name",
				"networkFiles", "phases", "preEffect", "secretsMap", "stateName", "userSetupScript", "effectScript", "priorCheckScript",
			} {
				if !slices.Contains(sameVariables(t, model, nix), name) {
					t.Errorf("%s is not in both: model %q, nix %q", name, model.Env[name], nix.Env[name])
				}
			}
			if _, ok := nix.Env["NOTHING"]; ok || len(model.Env["NOTHING"]) > 0 {
				t.Error("null became a variable")
			}
			want := []Arg{
				{"adminPassword", `"canary-of-shop"`},
				{"motd", `"it's \"$5\" ${x} \\ and\na line"`},
				{"region", `"eu-west-1"`},
				{"sizes", "[1,2.5,null,true]"},
			}
			for evaluator, e := range map[string]*Effect{"model": model, "nix": nix} {
				if diff := cmp.Diff(want, e.NetworkArgs); diff != "" || e.Evaluator != evaluator {
					t.Errorf("%s: %s", e.Evaluator, diff)
				}
				if e.SourceName != "source" {
					t.Errorf("%s: the source is called %s", evaluator, e.SourceName)
				}
				if got := copied(t, e); got != wantTree {
					t.Errorf("%s: %s", evaluator, cmp.Diff(wantTree, got))
				}
			}
			if got, want := model.Env["notes"], filepath.Join(dir, "notes.txt"); name == "modelled" && got != want {
				t.Errorf("notes is %s, want %s", got, want)
			}
			if strings.Contains(progress.String(), "canary") {
				t.Error("an argument was printed")
			}
			checkPrograms(t, nix)
		})
	}
}

const wantTree = `-rw-r--r-- ci.nix # Jobs that the model and Nix must see alike.
drwxr-xr-x hosts 
Lrwxrwxrwx hosts/link.nix ../network.nix
-rw-r--r-- hosts/only.nix { web = { ... }: { deployment.targetHost = "web.example"; }; }
-rw-r--r-- hosts/sizes.nix { sizes, motd, ... }: { db = { ... }: { users.motd = motd; }; }
-rw-r--r-- hosts/stub.nix { network.description = "stub"; }
-rw-r--r-- network.nix { region, ... }:
drwxr-xr-x scripts 
-rwxr-xr-x scripts/hello.sh #!/bin/sh
`

// checkPrograms checks what an effect finds on PATH.
func checkPrograms(t *testing.T, e *Effect) {
	t.Helper()
	find := func(name string) string {
		for _, dir := range e.Path {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 {
				return filepath.Join(dir, name)
			}
		}
		return ""
	}
	for _, program := range []string{"nixops", "git", "jq", "nix", "ssh", "sh"} {
		if found := find(program); found == "" {
			t.Errorf("%s is not on PATH %v", program, e.Path)
		} else if out, err := exec.Command(found, "-c", ":").Output(); program == "ssh" && (err != nil || string(out) != "ssh -c :\n") {
			t.Errorf("%s says %q, %v", found, out, err)
		}
	}
	if last := e.Path[len(e.Path)-1]; last != "/usr/bin" {
		t.Errorf("stdenv's own programs come last, but the last is %s", last)
	}
	if certs := e.Env["SSL_CERT_FILE"]; !strings.HasSuffix(certs, "/etc/ssl/certs/ca-bundle.crt") {
		t.Errorf("the setup hook of cacert was to set SSL_CERT_FILE, which is %q", certs)
	}
	for name, want := range map[string]string{"HOME": "", "IN_HERCULES_CI_EFFECT": "", "SHELL": "/bin/sh"} {
		if e.Env[name] != want {
			t.Errorf("%s is %q, want %q", name, e.Env[name], want)
		}
	}
}

// TestNixOps has the stand-in's nixops run the program that the environment names.
func TestNixOps(t *testing.T) {
	t.Setenv(effecttest.NixOps, "/bin/echo")
	p, effects := jobs(t, planner.Options{Path: repository(t, "testdata/repository", nil)})
	n := open(t, p, NixOptions{})
	e, err := n.Effect(t.Context(), effects["tools"])
	if err != nil {
		t.Fatal(err)
	}
	nixops, err := lookPath(e, "nixops")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(nixops, "check").Output(); err != nil || string(out) != "check\n" {
		t.Errorf("nixops: %q, %v", out, err)
	}
	ssh := strings.TrimSuffix(strings.TrimPrefix(e.Script("userSetupScript"), "exec "), " -V")
	if out, err := exec.Command(ssh).Output(); err != nil || string(out) != "ssh\n" {
		t.Errorf("what the script interpolates was to be built: %q, %v", out, err)
	}
	if err := n.Prebuild(t.Context(), effects["shop"]); err != nil {
		t.Error(err)
	}
	if err := n.Prebuild(t.Context(), effects["tools"]); err != nil {
		t.Errorf("a job without prebuild has nothing to build: %v", err)
	}
	quoted, err := n.Effect(t.Context(), effects[`"a.b \"c\"".deploy`])
	if err != nil {
		t.Fatal(err)
	}
	if got := quoted.Env["NIXOPS_DEPLOYMENT"]; got != "quoted" {
		t.Errorf("the job with quotes in its name deploys %q", got)
	}
}

func lookPath(e *Effect, name string) (string, error) {
	for _, dir := range e.Path {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

func TestUnknown(t *testing.T) {
	p, effects := jobs(t, planner.Options{Path: repository(t, "testdata/repository", nil)})
	_, err := Model(p, effects["tools"])
	var unknown *UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("Model gives %v", err)
	}
	const want = "ci.nix:68:33: userSetupScript of tools needs pkgs.openssh, which is not known: it is modelled, not evaluated (from <nixpkgs>)"
	if got := err.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if help := unknown.Help(); !strings.Contains(help, "--evaluator nix") {
		t.Errorf("help: %s", help)
	}
}
