package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/config"
)

const (
	entryTwo  = "  - repo: https://github.com/nixplan/nixplan\n    rev: v1.2.3\n    hooks:\n      - id: nixplan-check\n"
	entryZero = "- repo: https://github.com/nixplan/nixplan\n  rev: v1.2.3\n  hooks:\n    - id: nixplan-check\n"
)

// The entry goes behind the last repository and nothing else changes; «+» is
// where.
func TestAddPreCommitHook(t *testing.T) {
	tests := []struct{ name, text, entry string }{
		{"usual", "repos:\n  - repo: https://a/b\n    rev: v1\n    hooks:\n      - id: x\n+", entryTwo},
		{"dashes at the margin", "repos:\n- repo: https://a/b\n  rev: v1\n  hooks:\n  - id: x\n+", entryZero},
		{"comments and blank lines", "# one\n\nrepos:   # two\n\n  # three\n  - repo: https://a/b # four\n    hooks: []\n\n    # five\n+\n  # six\n\n# seven\n", entryTwo},
		{"keys behind", "repos:\n  - repo: https://a/b\n    hooks: []\n+\nfail_fast:   true\ndefault_stages: [commit]\n", entryTwo},
		{"keys before", "fail_fast: true\nrepos:\n- repo: local\n  hooks:\n  - id: x\n    entry: |\n      one\n\n      two\n+\nci: {}\n", entryZero},
		{"several repositories", "repos:\n- repo: a\n  hooks: []\n\n\n- repo: b\n  hooks: []\n+", entryZero},
		{"a flow mapping", "repos:\n  - {repo: a, hooks: [\n     {id: x}]}\n+", entryTwo},
		{"a dash alone", "repos:\n-\n  repo: a\n  hooks: []\n+", entryZero},
		{"start of a document", "---\nrepos:\n- repo: a\n  hooks: []\n+", entryZero},
		{"strange quotes", "\"repos\":\n  - \"repo\": 'a'\n    hooks: []\n+", entryTwo},
		{"Windows", "repos:\r\n- repo: a\r\n  hooks: []\r\n+\r\nci: {}\r\n", strings.ReplaceAll(entryZero, "\n", "\r\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after, ok := strings.Cut(test.text, "+")
			if !ok {
				t.Fatal("no place is marked")
			}
			got, err := addPreCommitHook([]byte(before+after), "1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before+test.entry+after, string(got)); diff != "" {
				t.Error(diff)
			}
			again, err := addPreCommitHook(got, "1.2.3")
			if err != nil || string(again) != string(got) {
				t.Errorf("a second time: %v\n%s", err, again)
			}
		})
	}
	// A last line without an end gets one.
	got, err := addPreCommitHook([]byte("repos:\n- repo: a"), "1.2.3")
	if want := "repos:\n- repo: a\n" + entryZero; err != nil || string(got) != want {
		t.Errorf("without a newline at the end: %v\n%s", err, got)
	}
}

func TestAddPreCommitHookKeeps(t *testing.T) {
	for _, text := range []string{
		"repos:\n- repo: https://github.com/nixplan/nixplan\n  rev: v0.1\n  hooks: [{id: nixplan-check}]\n",
		"repos:\n- repo: local\n  hooks:\n  - id: nixplan-check-system\n",
		"repos: [{repo: a, hooks: [{id: nixplan-check}]}]\n",
	} {
		got, err := addPreCommitHook([]byte(text), "1.2.3")
		if err != nil || string(got) != text {
			t.Errorf("%q: %v, %q", text, err, got)
		}
	}
}

func TestAddPreCommitHookRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                             errPreCommitForm.Error(),
		"repos:\n":                     errPreCommitForm.Error(),
		"repos: []\n":                  errPreCommitForm.Error(),
		"repos: [{repo: a}]\n":         errPreCommitForm.Error(),
		"- repo: a\n":                  errPreCommitForm.Error(),
		"fail_fast: true\n":            errPreCommitForm.Error(),
		"{repos: [\n  {repo: a}]}\n":   errPreCommitForm.Error(),
		"repos:\n- a\n---\nrepos: b\n": "more than one YAML document",
		"repos:\n- a: [\n":             "not valid",
		"repos:\n- a: 1\n  a: 2\n":     errPreCommitForm.Error(),
	} {
		got, err := addPreCommitHook([]byte(text), "1.2.3")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// What comes back has one more repository and holds all bytes that were there,
// or it is an error.
func FuzzAddPreCommitHook(f *testing.F) {
	f.Add("repos:\n- repo: a\n  hooks: []\n# end\n")
	f.Add("x: &a\n- 1\nrepos: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := addPreCommitHook([]byte(text), "1.2.3")
		if err != nil || string(got) == text {
			return
		}
		if !addsOneRepo([]byte(text), got) {
			t.Fatalf("%q became %q", text, got)
		}
		if len(got) < len(text) {
			t.Errorf("%q lost something: %q", text, got)
		}
	})
}

func TestHookRev(t *testing.T) {
	for version, want := range map[string]string{
		"1.2.3":                               "v1.2.3",
		"1.2.3-rc.1":                          "v1.2.3-rc.1",
		"devel":                               "",
		"0.0.0-20260102030405-abcdef123456":   "abcdef123456",
		"1.2.4-0.20260102030405-abcdef123456": "abcdef123456",
		"0.0.0-20260102030405-abcdef123456+dirty": "",
		"1.2.3+dirty": "",
	} {
		if got := hookRev(version); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
}

// What init writes is what the repository offers.
func TestHooksFile(t *testing.T) {
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type hook struct {
		ID            string `yaml:"id"`
		Name          string `yaml:"name"`
		Entry         string `yaml:"entry"`
		Language      string `yaml:"language"`
		Files         string `yaml:"files"`
		PassFilenames bool   `yaml:"pass_filenames"`
		RequireSerial bool   `yaml:"require_serial"`
	}
	var offered []hook
	if err := yaml.Unmarshal(text, &offered); err != nil {
		t.Fatal(err)
	}
	want := []hook{
		{hookID, "nixplan check", "nixplan check", "golang", hookFiles, false, true},
		{hookID + "-system", "nixplan check", "nixplan check", "system", hookFiles, false, true},
	}
	if diff := cmp.Diff(want, offered); diff != "" {
		t.Error(diff)
	}
	var local struct{ Repos []struct{ Hooks []hook } }
	if err := yaml.Unmarshal([]byte(newPreCommitConfig("devel")), &local); err != nil {
		t.Fatal(err)
	}
	want = []hook{{hookID, "nixplan check", "nixplan check", "system", hookFiles, false, true}}
	if diff := cmp.Diff(want, local.Repos[0].Hooks); diff != "" {
		t.Errorf("for a version nobody can get: %s", diff)
	}
}

func TestHookFiles(t *testing.T) {
	files := regexp.MustCompile(hookFiles)
	for name, want := range map[string]bool{
		"ci.nix": true, "nix/ci.nix": true, "flake.lock": true, "sub/flake.lock": true, "npins/sources.json": true,
		"nixplan.hcl": true, "secrets.manifest.yaml": true, "ops/manifest.yml": true, "Cargo.toml": true,
		"README.md": false, "ci.nix.orig": false, "Cargo.lock": false, "x.yaml": false, "anixplan.hcl": false, "nix": false,
	} {
		if got := files.MatchString(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What init writes is a valid configuration whatever the repository is called,
// and says what was found out.
func TestInitialConfig(t *testing.T) {
	odd := "${x} \"%{if}\\ é\n"
	for _, d := range []detected{
		{},
		{Owner: "neat-org", Name: "neat-repo", Forge: "github", DefaultBranch: "main", Manifest: "secrets.manifest.yaml"},
		{Name: "neat-repo"},
		{Owner: odd, Name: odd, Manifest: odd},
	} {
		path := filepath.Join(t.TempDir(), config.FileName)
		if err := os.WriteFile(path, []byte(initialConfig(d)), 0o600); err != nil {
			t.Fatal(err)
		}
		c, findings, err := config.Load(path, config.FileName)
		if err != nil || len(findings) > 0 {
			t.Fatalf("%+v: %v, %v", d, findings, err)
		}
		got := detected{DefaultBranch: c.DefaultBranch}
		if c.Project != nil {
			got.Owner, got.Name, got.Forge = c.Project.Owner, c.Project.Name, c.Project.Forge
		}
		if c.Secrets != nil {
			got.Manifest = c.Secrets.Manifest
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Error(diff)
		}
	}
}

// The settings that init shows as comments are valid ones.
func TestInitialConfigComments(t *testing.T) {
	var text strings.Builder
	setting := regexp.MustCompile(`^# (  )*([a-z_]+ .*[\[{"].*|[}])$`)
	n := 0
	for line := range strings.Lines(initialConfig(detected{})) {
		if setting.MatchString(strings.TrimSuffix(line, "\n")) || strings.HasPrefix(line, "#   ") {
			line = strings.TrimPrefix(line, "# ")
			n++
		}
		text.WriteString(line)
	}
	if n < 20 {
		t.Fatalf("only %d lines are settings:\n%s", n, text.String())
	}
	path := filepath.Join(t.TempDir(), config.FileName)
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c, findings, err := config.Load(path, config.FileName)
	if err != nil || len(findings) > 0 {
		t.Fatalf("%v, %v\n%s", err, findings, text.String())
	}
	if c.Project == nil || c.Secrets == nil || c.DefaultBranch == "" || len(c.Refs) == 0 || len(c.Agents) == 0 ||
		len(c.Sources) == 0 || len(c.Rules) == 0 || len(c.Exclude) == 0 {
		t.Errorf("a setting is not shown: %+v", c)
	}
}

func TestInitLeavesWhatItCannotChange(t *testing.T) {
	o := &initOptions{}
	var exit *exitError
	if err := o.leave(errPreCommitForm); !errors.As(err, &exit) || exit.code != exitFindings || !strings.Contains(exit.help, "id: nixplan-check") {
		t.Errorf("got %v", err)
	}
}

// What a configuration would not give back as it is stays out of it.
func TestFitsHCL(t *testing.T) {
	for _, branch := range []string{"main", "é", "ünïcode/ß", "cafe\u0301", "n\u212b", "a\xffb", "a\u200bb", "日本"} {
		path := filepath.Join(t.TempDir(), config.FileName)
		if err := os.WriteFile(path, []byte(initialConfig(detected{DefaultBranch: branch})), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _, err := config.Load(path, config.FileName)
		if err != nil {
			t.Fatal(err)
		}
		if same := c.DefaultBranch == branch; same != fitsHCL(branch) {
			t.Errorf("%q is read as %q, fits: %v", branch, c.DefaultBranch, fitsHCL(branch))
		}
	}
}
