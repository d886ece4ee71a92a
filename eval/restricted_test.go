package eval_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// In a restricted world a program sees the repository and nothing else of the
// machine, whichever way it asks.
func TestRestricted(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repository, outside := filepath.Join(dir, "repo"), filepath.Join(dir, "repo-secrets")
	for name, content := range map[string]string{
		"repo/a.nix": "1", "repo/sub/b.nix": "2", "repo/.git/config": "password", "repo/sub/.git/config": "a test's",
		"repo-secrets/s.nix": "3", "repo-secrets/default.nix": "4",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"inside": "sub/b.nix", "file": "../repo-secrets/s.nix", "dir": "../repo-secrets", "absolute": outside,
		"chain": "dir", "sub/up": "../..", "dangling": "../repo-secrets/nothing", "git": ".git", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(repository, name)); err != nil {
			t.Fatal(err)
		}
	}
	const no = "no"
	for expr, want := range map[string]string{
		`import ./a.nix`:                                                 "1",
		`import ./inside`:                                                "2",
		`import (./sub/up + "/repo/a.nix")`:                              "1",
		`builtins.readFile ./inside`:                                     `"2"`,
		`builtins.readFile ./sub/.git/config`:                            `"a test's"`,
		`import ../repo-secrets/s.nix`:                                   no,
		`import ../repo-secrets`:                                         no,
		`import ./file`:                                                  no,
		`import ./dir`:                                                   no,
		`import ./chain`:                                                 no,
		`import ./absolute/s.nix`:                                        no,
		`scopedImport { } ./file`:                                        no,
		`builtins.readFile ./file`:                                       no,
		`builtins.readFile ./dir/s.nix`:                                  no,
		`builtins.readFile ./chain/s.nix`:                                no,
		`builtins.readFile ./dangling`:                                   no,
		`builtins.readFile ./loop`:                                       no,
		`builtins.readFile "/etc/passwd"`:                                no,
		`builtins.readFile "${toString ./.}/../repo-secrets/s.nix"`:      no,
		`builtins.readFile (./sub/up + "/repo-secrets/s.nix")`:           no,
		`builtins.hashFile "sha256" ./file`:                              no,
		`builtins.readDir ./dir`:                                         no,
		`builtins.readDir ../.`:                                          no,
		`builtins.readDir "/"`:                                           no,
		`builtins.readFileType ./dir/s.nix`:                              no,
		`builtins.readFile "${./file}"`:                                  no,
		`"${./dir/s.nix}"`:                                               no,
		`"${../repo-secrets}"`:                                           no,
		`builtins.readFile "${./dir}/s.nix"`:                             no,
		`import "${./dir}"`:                                              no,
		`builtins.readFile (builtins.path { path = ./dir; } + "/s.nix")`: no,
		`builtins.readDir (builtins.filterSource (p: t: true) ./dir)`:    no,
		`builtins.path { path = ./dir/s.nix; }`:                          no,
		`builtins.pathExists ../repo-secrets/s.nix`:                      "false",
		`builtins.pathExists ./dir/s.nix`:                                "false",
		`builtins.pathExists /etc/passwd`:                                "false",
		`builtins.pathExists ./.git`:                                     "false",
		`builtins.pathExists ./git/config`:                               "false",
		`builtins.readFile ./.git/config`:                                no,
		`builtins.readFile ./git/config`:                                 no,
		`builtins.readDir ./.git`:                                        no,
		`(builtins.readDir ./.) ? ".git"`:                                "false",
		`(builtins.readDir ./sub) ? ".git"`:                              "true",
		`builtins.getEnv "HOME"`:                                         `""`,
		`builtins.getEnv "PATH"`:                                         `""`,
		`toString ~/x`:                                                   `"/homeless-shelter/x"`,
		`builtins.currentTime`:                                           "0",
		`builtins.currentSystem`:                                         `"x86_64-linux"`,
		`builtins.nixPath`:                                               "[ ]",
		`builtins.storeDir`:                                              `"/nix/store"`,
	} {
		w, err := world.New(world.Config{Roots: []string{repository}, Checkout: repository})
		if err != nil {
			t.Fatal(err)
		}
		ev := eval.New(context.Background(), eval.Options{World: w, Model: true})
		v, err := ev.EvalText(diag.NewSource("test.nix", expr), repository)
		got := no
		if err == nil {
			v, err = ev.DeepForce(v)
		}
		if err == nil {
			got, err = ev.Print(v)
		}
		var e *value.Error
		if err != nil && (!errors.As(err, &e) || e.Kind == value.Undetermined) {
			t.Errorf("%s: %v", expr, err)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
		for path := range w.Reads() {
			if rel, err := filepath.Rel(repository, path); err != nil || !filepath.IsLocal(rel) {
				t.Errorf("%s reads %s", expr, path)
			}
		}
	}
}
