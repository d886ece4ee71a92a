package config

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/eval/model"
	"github.com/nixplan/nixplan/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each archive of testdata holds a configuration and the findings about it.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, list := parse(archive.Files[0].Data, FileName)
			var got strings.Builder
			if err := diag.WriteText(&got, list.Records(), diag.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got.String())})
				if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const everything = `
default_branch = "production"
refs           = ["refs/heads/staging", "refs/tags/v1.0"]
exclude        = ["vendor", "examples/*/broken.nix"]

project {
  owner = "neat-org"
  name  = "neat-repo"
  forge = "github"
}

source "mirror" {
  url  = "https://git.example.com/mirror/nixpkgs"
  kind = "nixpkgs"
}

source "ours" {
  url  = "https://git.example.com/*/effects.git"
  kind = "hercules-ci-effects"
}

secrets {
  file     = "/var/lib/secrets.json"
  manifest = "ops/secrets.manifest.yaml"
}

agent "ci" {
  machines = ["builder"]
  hosts    = ["builder.example.org", "10.0.0.5"]
}

rule "NP204" { severity = "off" }
rule "NP205" { severity = "error" }
`

func TestEverySetting(t *testing.T) {
	c, list := parse([]byte(everything), FileName)
	if len(list) > 0 {
		t.Fatalf("findings: %v", list[0])
	}
	want := &Config{
		Project:       &Project{Owner: "neat-org", Name: "neat-repo", Forge: "github"},
		DefaultBranch: "production",
		Refs:          []string{"refs/heads/staging", "refs/tags/v1.0"},
		Sources: []Source{
			{Name: "mirror", URL: "https://git.example.com/mirror/nixpkgs", Kind: "nixpkgs"},
			{Name: "ours", URL: "https://git.example.com/*/effects.git", Kind: "hercules-ci-effects"},
		},
		Secrets: &Secrets{File: "/var/lib/secrets.json", Manifest: "ops/secrets.manifest.yaml"},
		Agents:  []Agent{{Name: "ci", Machines: []string{"builder"}, Hosts: []string{"builder.example.org", "10.0.0.5"}}},
		Rules:   []Rule{{ID: "NP204", Severity: "off"}, {ID: "NP205", Severity: "error"}},
		Exclude: []string{"vendor", "examples/*/broken.nix"},
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreTypes(hcl.Range{}), cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
	for _, place := range []struct {
		at   hcl.Range
		want string
	}{
		{c.DefaultBranchRange, `"production"`},
		{c.Secrets.ManifestRange, `"ops/secrets.manifest.yaml"`},
		{c.Agents[0].NameRange, `"ci"`},
		{c.Rules[1].IDRange, `"NP205"`},
		{c.Sources[0].URLRange, `"https://git.example.com/mirror/nixpkgs"`},
	} {
		if got := c.Place(place.at).Text(); got != place.want {
			t.Errorf("place of %s is %q", place.want, got)
		}
	}
}

func TestZeroConfig(t *testing.T) {
	c := &Config{}
	if c.Exists() || c.Excluded("ci.nix") || c.SourceKind("https://a/b") != "" || c.Path("") != "" {
		t.Error("a configuration that is not there says something")
	}
	if severity, report := c.Severity("NP101", diag.Warning); severity != diag.Warning || !report {
		t.Errorf("rated %v, %v", severity, report)
	}
	if c.Place(c.DefaultBranchRange).Valid() {
		t.Error("a setting that is not there has a place")
	}
}

func TestSeverity(t *testing.T) {
	c, list := parse([]byte(everything), FileName)
	if len(list) > 0 {
		t.Fatal(list[0])
	}
	for id, want := range map[string]struct {
		severity diag.Severity
		report   bool
	}{"NP204": {diag.Warning, false}, "NP205": {diag.Error, true}, "NP206": {diag.Warning, true}} {
		if severity, report := c.Severity(id, diag.Warning); severity != want.severity || report != want.report {
			t.Errorf("%s: %v, %v", id, severity, report)
		}
	}
}

func TestCheckRules(t *testing.T) {
	c, _ := parse([]byte("rule \"np204\" { severity = \"off\" }\nrule \"NP205\" { severity = \"off\" }\nrule \"naming\" { severity = \"off\" }\n"), FileName)
	var got []string
	for _, d := range c.CheckRules([]string{"NP204", "NP205"}) {
		got = append(got, d.Range.String()+" "+d.Summary+"; "+d.Help)
	}
	want := []string{
		`nixplan.hcl:1:6 there is no rule "np204"; did you mean "NP204"?`,
		`nixplan.hcl:3:6 there is no rule "naming"; 'nixplan rules' lists them`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExcluded(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"vendor", "vendor", true},
		{"vendor", "vendor/a/b.nix", true},
		{"vendor/", "vendor/a.nix", true},
		{"vendor", "vendored/a.nix", false},
		{"vendor", "a/vendor/b.nix", false},
		{"**/vendor", "a/vendor/b.nix", true},
		{"*.nix", "a.nix", true},
		{"*.nix", "a/b.nix", false},
		{"**/*.nix", "a/b.nix", true},
		{"a/{b,c}.nix", "a/c.nix", true},
		{"[", "[", false},
	}
	for _, test := range tests {
		c := &Config{Exclude: []string{test.pattern}}
		if got := c.Excluded(test.path); got != test.want {
			t.Errorf("%s, %s: %v", test.pattern, test.path, got)
		}
	}
}

func TestConfigIsNeverExcluded(t *testing.T) {
	c, list := parse([]byte("exclude = [\"**\"]\n"), FileName)
	if len(list) > 0 {
		t.Fatal(list[0])
	}
	if c.Excluded(FileName) || !c.Excluded("ci.nix") {
		t.Error("the pattern covers the wrong files")
	}
}

func TestSourceKind(t *testing.T) {
	c, _ := parse([]byte(everything), FileName)
	for url, want := range map[string]string{
		"https://git.example.com/mirror/nixpkgs":                   "nixpkgs",
		"https://git.example.com/mirror/nixpkgs/archive/ab.tar.gz": "nixpkgs",
		"https://git.example.com/mirror/nixpkgs-old":               "",
		"https://git.example.com/ops/effects.git":                  "hercules-ci-effects",
		"https://git.example.com/ops/sub/effects.git":              "",
	} {
		if got := c.SourceKind(url); got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// Every kind that may be named has a model.
func TestSourceKindsAreModelled(t *testing.T) {
	for _, kind := range SourceKinds {
		if model.Files(kind) == nil {
			t.Errorf("nothing stands for %s", kind)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	c, list, err := Find(nil, dir, dir)
	if err != nil || len(list) > 0 || c.Exists() {
		t.Fatalf("without a file: %v, %v, %v", c, list, err)
	}
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(everything), 0o666); err != nil {
		t.Fatal(err)
	}
	c, list, err = Find(nil, dir, dir)
	if err != nil || len(list) > 0 || !c.Exists() {
		t.Fatalf("with a file: %v, %v, %v", c, list, err)
	}
	if got, want := c.Path(c.Secrets.Manifest), filepath.Join(dir, "ops", "secrets.manifest.yaml"); got != want {
		t.Errorf("manifest %s, want %s", got, want)
	}
	if got := c.Path(c.Secrets.File); got != "/var/lib/secrets.json" {
		t.Errorf("file %s", got)
	}
}

// Neither the configuration nor the manifest that it names is a file of others.
func TestOutside(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "top", "root")
	for name, text := range map[string]string{
		"secret": "a secret", "top/shared.hcl": "", "top/.git/config": "a secret", "top/root/in.hcl": "",
		"top/manifest.yaml": "secrets: {}", "manifest.yaml": "secrets: {}",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, FileName)
	for target, refused := range map[string]bool{
		"../../secret": true, filepath.Join(dir, "secret"): true, "../.git/config": true, "../shared.hcl": false, "in.hcl": false,
	} {
		os.Remove(file)
		if err := os.Symlink(target, file); err != nil {
			t.Fatal(err)
		}
		if _, list, err := Find(nil, root, filepath.Dir(root)); errors.Is(err, ErrOutside) != refused || len(list) > 0 {
			t.Errorf("%s: %v, %v", target, list, err)
		}
	}
	os.Remove(file)
	for manifest, refused := range map[string]bool{"../../manifest.yaml": true, filepath.Join(dir, "manifest.yaml"): true, "../manifest.yaml": false} {
		if err := os.WriteFile(file, []byte("secrets {\n  manifest = \""+manifest+"\"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, list, err := Find(nil, root, filepath.Dir(root))
		if err != nil || len(list) > 0 {
			t.Fatal(list, err)
		}
		at, _ := c.Manifest(root)
		if _, _, err := c.ReadManifest(nil, at, "m"); errors.Is(err, ErrOutside) != refused {
			t.Errorf("%s: %v", manifest, err)
		}
		if c, _, err = Load(file, FileName); err != nil { // named by the user
			t.Fatal(err)
		}
		if _, _, err := c.ReadManifest(nil, at, "m"); errors.Is(err, ErrOutside) {
			t.Errorf("%s of a configuration that the user names: %v", manifest, err)
		}
	}
}

func TestLoadFailures(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, FileName)
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere"): "no such file",
		dir:                           "not a regular file",
		pipe:                          "not a regular file",
		large:                         "larger than 256 KiB",
	} {
		if _, _, err := Load(path, "x.hcl"); err == nil || !strings.Contains(err.Error(), "configuration x.hcl") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, _, err := Find(nil, dir, dir); err == nil {
		t.Error("a dangling link counts as no configuration")
	}
}

// The parser calls itself for each bracket; the bounds keep it within the stack.
func TestDeepNesting(t *testing.T) {
	for _, opening := range []string{"[", "{a=", "(", "!", "-", "\"${", "\"%{if ", "1?", "a{", "<<A\n${", "1+", "a.", "f(", "[for x in "} {
		text := "refs = " + strings.Repeat(opening, (maxFile-7)/len(opening))
		if _, list := parse([]byte(text), FileName); len(list) == 0 {
			t.Errorf("%q again and again is accepted", opening)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte("refs = [for x in [1]: x]\nrule \"\" {}\nexclude = [\"[\"]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, list := parse(text, FileName)
		if !list.HasErrors() && len(list) > 0 {
			t.Error("a finding that is no error")
		}
		c.Excluded("a/b.nix")
		c.SourceKind("https://a/b")
		c.Severity("NP101", diag.Error)
		c.CheckRules(nil)
		if err := diag.WriteText(new(strings.Builder), list.Records(), diag.TextOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// The documentation's example is valid and has every setting, and its table of
// patterns is right.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```hcl\n")
	example, rest, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("there is no example")
	}
	c, list := parse([]byte(example), FileName)
	if len(list) > 0 {
		t.Fatalf("%s: %s", list[0].Range, list[0].Summary)
	}
	// No state has the settings of both backends, so the other one has its own example.
	_, other, _ := strings.Cut(rest, "```hcl\n")
	other, _, _ = strings.Cut(other, "```\n")
	second, list := parse([]byte(other), FileName)
	if len(list) > 0 || second.State == nil || second.State.Backend == c.State.Backend {
		t.Fatalf("the second example: %v", list)
	}
	c.State.API, c.State.Project = second.State.API, second.State.Project
	missing(t, reflect.ValueOf(*c), "nixplan.hcl")
	for _, words := range slices.Concat(Forges, SourceKinds, StateBackends, []string{off}, slices.Collect(maps.Keys(severities))) {
		if !strings.Contains(rest, "`"+words+"`") {
			t.Errorf("%q is not documented", words)
		}
	}
	rows := 0
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "`")
		if !strings.HasPrefix(line, "| `") || len(cells) != 7 {
			continue
		}
		rows++
		c := &Config{Exclude: []string{cells[1]}}
		if !c.Excluded(cells[3]) || c.Excluded(cells[5]) {
			t.Errorf("not so: %s", line)
		}
	}
	if rows < 4 {
		t.Errorf("%d patterns", rows)
	}
}

// missing reports the settings of a struct that are empty.
func missing(t *testing.T, v reflect.Value, where string) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		tag, ok := field.Tag.Lookup("hcl")
		if !ok || field.Type == reflect.TypeFor[hcl.Range]() {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if value.IsZero() {
			t.Errorf("%s: no example of %s", where, name)
			continue
		}
		switch {
		case field.Type.Kind() == reflect.Pointer:
			missing(t, value.Elem(), name)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			missing(t, value.Index(0), name)
		}
	}
}
