package check_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/check"
	"github.com/nixplan/nixplan/internal/diag"
	_ "github.com/nixplan/nixplan/internal/symbolorder"
)

var update = flag.Bool("update", false, "write the goldens anew")

// A case is a repository and what is found in it. TestCases reads them from
// testdata/*.txtar, TestPages from the pages of docs/checks.
type testCase struct {
	files map[string]string
	setup string // shell commands, run once everything is committed
	args  check.Options
	want  string // findings as text
}

// base are files every case has unless it brings its own.
var base = map[string]string{
	// nixpkgs with the overlay of hercules-ci-effects.
	"nix/pkgs.nix": `import (builtins.fetchTarball {
  url = "https://github.com/NixOS/nixpkgs/archive/a6a3a368dda.tar.gz";
  sha256 = "0000000000000000000000000000000000000000000000000001";
}) {
  overlays = [
    (import "${
      builtins.fetchTarball {
        url = "https://github.com/hercules-ci/hercules-ci-effects/archive/b67cfbbb31802389e1fb6a9c75360968d201693b.tar.gz";
        sha256 = "0000000000000000000000000000000000000000000000000002";
      }
    }/overlay.nix")
  ];
}
`,
	"network.nix": `{
  network.description = "example";
  server.deployment.targetHost = "server.example.com";
}
`,
}

// run makes the repository and checks it.
func (c *testCase) run(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, files := range []map[string]string{base, c.files} {
		for name, content := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	shell(t, dir, "git init -q -b main && git add . && git commit -qm first && git remote add origin https://github.com/neat-org/neat-repo.git")
	if c.setup != "" {
		shell(t, dir, c.setup)
	}
	options := c.args
	options.Path = dir
	if options.Secrets != "" {
		options.Secrets = filepath.Join(dir, options.Secrets)
	}
	report, err := check.Run(context.Background(), options)
	if err != nil {
		return "nixplan: " + strings.ReplaceAll(err.Error(), dir, "$DIR") + "\n"
	}
	var records []diag.Record
	for _, f := range report.Findings {
		records = append(records, f.Record)
	}
	var out strings.Builder
	if err := diag.WriteText(&out, records, diag.TextOptions{Width: 90, Trace: 3}); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), dir, "$DIR")
}

func shell(t testing.TB, dir, script string) {
	t.Helper()
	cmd := exec.Command("bash", "-euc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"HOME="+dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// TestCases checks the repositories of testdata: archives whose files are the
// repository's, but for "setup" (shell commands), "args" (--ref NAME and
// --secrets FILE, one to a line) and "want" (the findings as text). What comes
// before the first file says what the case is about.
func TestCases(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := testCase{files: map[string]string{}}
			want := -1
			for i, f := range archive.Files {
				switch text := string(f.Data); f.Name {
				case "setup":
					c.setup = text
				case "args":
					c.arguments(t, text)
				case "want":
					want, c.want = i, text
				default:
					c.files[f.Name] = text
				}
			}
			got := c.run(t)
			if got == c.want && want >= 0 {
				return
			}
			if !*update {
				t.Errorf("findings (-want +got):\n%s", cmp.Diff(c.want, got))
				return
			}
			if want < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				want = len(archive.Files) - 1
			}
			archive.Files[want].Data = []byte(got)
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func (c *testCase) arguments(t *testing.T, text string) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "--ref":
			c.args.Refs = append(c.args.Refs, value)
		case "--secrets":
			c.args.Secrets = value
		default:
			t.Fatalf("args has %q", line)
		}
	}
}
