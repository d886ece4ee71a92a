package effect

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules/planner"
)

// modelOf is the effect of the job shop from the model.
func modelOf(t *testing.T, dir string) (*Effect, error) {
	t.Helper()
	p, effects := jobs(t, planner.Options{Path: dir})
	return Model(p, effects["shop"])
}

// TestStorePaths looks at scripts that name files in the store.
func TestStorePaths(t *testing.T) {
	file := func(use string) map[string]string {
		files := ciNix("{ shop = job { userSetupScript = ''sh " + use + "''; }; }")
		files["run.sh"], files["lib/a b.sh"] = "echo hello", ""
		return files
	}
	for use, want := range map[string]string{
		"${./run.sh} --now":                                  "sh DIR/run.sh --now",
		"${./.}/run.sh":                                      "sh DIR/run.sh",
		"${./lib}":                                           "sh DIR/lib",
		"${toString ./run.sh}":                               "sh DIR/run.sh",
		"${pkgs.lib.cleanSource ./.}/run.sh":                 "userSetupScript of shop needs the repository's files, which is not known: only Nix makes a copy with what the filter keeps",
		"${builtins.filterSource (p: t: true) ./lib}":        "only Nix makes a copy",
		"${builtins.toFile \"x\" \"echo\"}":                  "needs a store path, which is not known: only Nix writes to the store",
		"${fetchTarball \"https://example.com/x.tar.gz\"}/x": "needs <https://example.com/x.tar.gz>, which is not known: its files are not here (from https://example.com/x.tar.gz)",
		"/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gone/x": "it is not in the store of this machine",
		"${pkgs.hello}":                                      "needs pkgs.hello",
	} {
		t.Run("", func(t *testing.T) {
			dir := repository(t, "", file(use))
			e, err := modelOf(t, dir)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "ci.nix:7:") || !strings.Contains(err.Error(), want) {
					t.Errorf("of "+use+" the error is %v, want %s", err, want)
				}
				return
			}
			if got := strings.ReplaceAll(e.Script("userSetupScript"), dir, "DIR"); got != want {
				t.Errorf("the script is %q, want %q", got, want)
			}
		})
	}
	t.Run("untracked", func(t *testing.T) {
		dir := repository(t, "", file("${./key}"))
		write(t, dir, map[string]string{"key": "x"})
		_, err := modelOf(t, dir)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || !strings.Contains(unknown.Help(), "git add key") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("a space in the path", func(t *testing.T) {
		dir := filepath.Join(filepath.Dir(repository(t, "", file("${./run.sh}"))), "a b")
		if err := os.Rename(filepath.Join(filepath.Dir(dir), "shop-repo"), dir); err != nil {
			t.Fatal(err)
		}
		if _, err := modelOf(t, dir); err == nil || !strings.Contains(err.Error(), "would have to quote") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("a revision", func(t *testing.T) {
		p, effects := jobs(t, planner.Options{Path: repository(t, "", file("${./run.sh}")), Rev: "HEAD"})
		if _, err := Model(p, effects["shop"]); err == nil || !strings.Contains(err.Error(), "a revision is planned") {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestNeeded has values that steps need and nobody knows, and others that none needs.
func TestNeeded(t *testing.T) {
	for args, want := range map[string]string{
		`networkFiles = [ pkgs.file ];`:                                      "networkFiles of shop needs pkgs.file",
		`stateName = "${pkgs.file}.json";`:                                   "stateName of shop needs pkgs.file",
		`networkArgs.token = pkgs.file;`:                                     "networkArgs.token of shop needs pkgs.file",
		`networkArgs = pkgs.args;`:                                           "networkArgs of shop needs pkgs.args",
		`secretsMap.aws = pkgs.file;`:                                        "secretsMap of shop needs pkgs.file",
		`preEffect = "${pkgs.file}";`:                                        "preEffect of shop needs pkgs.file",
		`failureHook = "${pkgs.file}";`:                                      "failureHook of shop needs pkgs.file",
		`effectPhase = "${pkgs.file}";`:                                      "effectPhase of shop needs pkgs.file",
		`preEffectPhases = "mine"; mine = "${pkgs.file}";`:                   "mine of shop needs pkgs.file",
		`src = fetchTarball "https://example.com/x.tar.gz";`:                 "src of shop needs https://example.com/x.tar.gz",
		`src = pkgs.lib.cleanSourceWith { src = ./.; filter = pkgs.keep; };`: "ci.nix in the src of shop needs pkgs.keep",
		`NIX_PATH = pkgs.path; mine = "${pkgs.file}"; inputs = [ pkgs.x ];`:  "",
		`preInstall = "${pkgs.file}"; networkArgs.key = ./network.nix;`:      "",
	} {
		t.Run("", func(t *testing.T) {
			p, effects := jobs(t, planner.Options{Path: repository(t, "", ciNix("{ shop = job { "+args+" }; }"))})
			_, err := Model(p, effects["shop"])
			if want == "" {
				if err != nil {
					t.Errorf("nothing needs what is unknown in %s: %v", args, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("with %s the error is %v, want %s", args, err, want)
			}
		})
	}
}

func TestReplaced(t *testing.T) {
	e, err := modelOf(t, repository(t, "", ciNix(`{ shop = (job { effectPhase = "echo mine"; priorCheckScript = "true"; preEffect = "x"; }).overrideAttrs (_: { getStateScript = ""; }); }`)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"effectPhase", "getStateScript", "priorCheckScript"}; !slices.Equal(e.Replaced, want) {
		t.Errorf("replaced are %v, want %v", e.Replaced, want)
	}
	if got := e.Phases(); !slices.Equal(got, []string{
		"initPhase", "unpackPhase", "patchPhase", "getStatePhase", "userSetupPhase", "priorCheckPhase", "effectPhase", "putStatePhase", "effectCheckPhase",
	}) {
		t.Errorf("the phases are %v", got)
	}
}

func TestInactive(t *testing.T) {
	if _, err := modelOf(t, repository(t, "", ciNix("{ shop = runIf false (job { }); }"))); err == nil || !strings.Contains(err.Error(), "inactive") {
		t.Errorf("the error is %v", err)
	}
}

// TestCopy copies what a repository and a plain directory have.
func TestCopy(t *testing.T) {
	files := ciNix("{ shop = job { }; }")
	dir := repository(t, "", files)
	git(t, dir, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository(t, "", map[string]string{"x": ""}), "vendor/sub")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "passwd")); err != nil {
		t.Fatal(err)
	}
	commit(t, dir)
	if err := os.Remove(filepath.Join(dir, "network.nix")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"network.nix/default.nix": "{ }", "empty/x": ""})
	if err := os.Remove(filepath.Join(dir, "empty", "x")); err != nil {
		t.Fatal(err)
	}
	e, err := modelOf(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "-rw-r--r-- .gitmodules [submodule \"vendor/sub\"]\n-rw-r--r-- ci.nix { src ? { ref = null; } }:\n" +
		"Lrwxrwxrwx passwd /etc/passwd\ndrwxr-xr-x vendor \ndrwxr-xr-x vendor/sub \n"
	if diff := cmp.Diff(want, copied(t, e)); diff != "" {
		t.Error(diff)
	}

	plain := t.TempDir()
	write(t, plain, files)
	if err := os.Mkdir(filepath.Join(plain, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	if e, err = modelOf(t, plain); err != nil {
		t.Fatal(err)
	}
	if got := copied(t, e); !strings.Contains(got, "empty") || !strings.Contains(got, "network.nix") {
		t.Errorf("without git everything is copied, not\n%s", got)
	}
	if err := syscall.Mkfifo(filepath.Join(plain, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = modelOf(t, plain); err == nil || !strings.Contains(err.Error(), "pipe in the src of shop: it is neither") {
		t.Errorf("with a pipe the error is %v", err)
	}
}
