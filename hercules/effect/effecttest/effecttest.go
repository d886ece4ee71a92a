// Package effecttest has what tests of effects with the real Nix take: a store of
// their own, and sources that stand in for nixpkgs and hercules-ci-effects.
package effecttest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nixplan/nixplan/eval/world"
)

// NixOps is the environment variable that names the program which bin/nixops of
// the stand-in's package nixops runs. It is read when Nix evaluates.
const NixOps = "NIXPLAN_TEST_NIXOPS"

// RequireNix skips the test where Nix is not installed; with CI in the environment
// it fails instead.
func RequireNix(t testing.TB) {
	t.Helper()
	for _, program := range []string{"nix-instantiate", "nix-store"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		} else if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", program)
	}
}

// Env is the environment in which Nix uses a store below dir, builds without a
// sandbox, and asks no network. It takes no privileges.
func Env(dir string) []string {
	return []string{
		"NIX_STORE_DIR=" + filepath.Join(dir, "store"),
		"NIX_STATE_DIR=" + filepath.Join(dir, "var"),
		"NIX_LOG_DIR=" + filepath.Join(dir, "log"),
		"NIX_CONF_DIR=" + dir, "NIX_USER_CONF_FILES=", "NIX_REMOTE=",
		"NIX_CONFIG=sandbox = false\nbuild-users-group =\nsubstituters =\nexperimental-features =",
	}
}

// Remove removes a directory with a store, whose directories cannot be written to.
func Remove(dir string) error {
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// Sources are the sources of nixpkgs and hercules-ci-effects, for a search path.
// Derivations made from them need no network, and run /bin/sh with the machine's
// programs.
func Sources(t testing.TB) []world.SearchEntry {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			err = os.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
	if err != nil {
		t.Fatalf("the module's root: %v", err)
	}
	standIn := filepath.Join(dir, "hercules", "planner", "testdata", "stand-in")
	return []world.SearchEntry{
		{Prefix: "nixpkgs", Path: filepath.Join(standIn, "nixpkgs")},
		{Prefix: "hercules-ci-effects", Path: filepath.Join(standIn, "hercules-ci-effects")},
	}
}
