package secrets

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/diag"
)

func writeManifest(t *testing.T, v *Inventory) string {
	t.Helper()
	var b bytes.Buffer
	if err := v.WriteManifest(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const oddNames = `{
	"yes": {"kind":"Secret","data":{},"condition":true},
	"1.0": {"kind":"Secret","data":{"true":1},"condition":{"and":[]}},
	"a: b #c": {"kind":"Secret","data":{"2001-01-01":1,"- x":1,"é\u2028\ufeff'\"\\":1,"":1,"[]":[1]},"condition":{"isBranch":"null"}},
	"neat-aws": {"kind":"Secret","data":{"id":"x","db":{"password":1,"users":[{"name":1},{"name":2}]}},
		"condition":{"and":[{"isOwner":"neat-org"},{"or":["isDefaultBranch",{"isBranch":"5"},false]},{"isRepo":" x\n"}]}},
	"bare": {"kind":"Secret","data":{"x":"y"}}
}`

func TestWriteManifest(t *testing.T) {
	file, _ := Parse([]byte(oddNames), "s.json")
	got := writeManifest(t, file)
	want := manifestHeader + `version: 1
secrets:
  "1.0":
    fields:
      - "true"
    condition:
      and: []
  "a: b #c":
    fields:
      - "\"\""
      - "\"- x\""
      - "\"[]\"[]"
      - "\"é\\u2028` + "\\uFEFF" + `'\\\"\\\\\""
      - "2001-01-01"
    condition:
      isBranch: "null"
  bare:
    fields:
      - x
  neat-aws:
    fields:
      - db.password
      - db.users[].name
      - id
    condition:
      and:
        - isOwner: neat-org
        - or:
            - isDefaultBranch
            - isBranch: "5"
            - false
        - isRepo: " x\n"
  "yes":
    fields: []
    condition: true
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	manifest, list := ParseManifest([]byte(got), "m.yaml")
	if manifest == nil {
		t.Fatal(brief(list))
	}
	if differences := Compare(file, manifest); differences != nil {
		t.Errorf("read back with differences: %+v", differences)
	}
	if again := writeManifest(t, manifest); again != got {
		t.Errorf("written again: %s", cmp.Diff(got, again))
	}
	validate(t, got, true)

	empty, _ := Parse([]byte("{}"), "s.json")
	if diff := cmp.Diff(manifestHeader+"version: 1\nsecrets: {}\n", writeManifest(t, empty)); diff != "" {
		t.Error(diff)
	}
}

// validate checks a manifest against the published schema.
func validate(t *testing.T, manifest string, want bool) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/secrets-manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal([]byte(manifest), &document); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); (err == nil) != want {
		t.Errorf("valid by the schema: want %v, got %v\n%s", want, err, manifest)
	}
}

func TestParseManifest(t *testing.T) {
	const head = "version: 1\nsecrets:\n"
	const notYAML = "error: the manifest is not YAML, in this line or the one behind it"
	condition := func(c string) string { return head + "  x:\n    fields: []\n    condition: " + c + "\n" }
	tests := []struct {
		name, text string // » stands before each place with findings
		want       []string
		beyond     bool // the schema cannot say it
	}{
		{"empty", "»", []string{"error: the manifest is empty"}, true},
		{"comment", "»# none\n", []string{"error: the manifest is empty"}, true},
		{"not YAML", "»version: 1\nsecrets: ]\n", []string{notYAML}, true},
		{"not YAML at all", "»\xff", []string{notYAML}, true},
		{"second document", "version: 1\nsecrets: {}\n»---\nx: 1\n", []string{"error: a second YAML document"}, true},
		{"alias", head + "  x: &a\n    »fields: []\n  y: *a\n", []string{"error: a manifest has no anchors and aliases"}, true},
		{"tag", head + "  x:\n    fields: [»!!str y]\n", []string{"error: a manifest has no tags"}, true},
		{"deep", head + "  x:\n    fields: " + strings.Repeat("[", 198) + "»[" + strings.Repeat("]", 199), []string{"error: nested deeper than 200 levels"}, true},
		{"a list", "»- 1\n", []string{"error: the manifest is not a mapping of names"}, false},
		{"secrets.json", `»{"x":{"kind":"Secret","data":{"a":"b"}}}`, []string{"error: this is no manifest of secrets: it has neither version nor secrets"}, false},
		{"no version", "»secrets: {}\n", []string{"error: the manifest has no version"}, false},
		{"no secrets", "»version: 1\n", []string{"error: the manifest has no secrets"}, false},
		{"other version", "version: »2\nsecrets: {}\n", []string{"error: this nixplan reads manifests of version 1 only"}, false},
		{"version is text", "version: »\"1\"\nsecrets: {}\n", []string{"error: this nixplan reads manifests of version 1 only"}, false},
		{"unknown key", "version: 1\nsecrets: {}\n»secret: {}\n", []string{"error: the manifest has a key that does not belong here"}, false},
		{"null", "version: 1\nsecrets:»\n", []string{"error: secrets is not a mapping of names"}, false},
		{"number as a name", head + "  »1: {fields: []}\n", []string{"error: a name is not text"}, true},
		{"twice", head + "  x: {fields: []}\n  »x: {fields: []}\n", []string{"error: key x stands here twice"}, true},
		{"secret is a list", head + "  x: »[a]\n", []string{"error: secret x is not a mapping of names"}, false},
		{"no fields", head + "  »x: {condition: true}\n", []string{"error: secret x has no fields"}, false},
		{"data", head + "  x:\n    »kind: Secret\n    »data: {a: b}\n    fields: []\n",
			[]string{"error: secret x has kind as in a secrets.json", "error: secret x has data as in a secrets.json"}, false},
		{"unknown key of a secret", head + "  x:\n    fields: []\n    »conditions: true\n", []string{"error: secret x has a key that does not belong here"}, false},
		{"fields are a mapping", head + "  x:\n    fields:\n      »a: b\n", []string{"error: the fields of secret x are not a list"}, false},
		{"field is a number", head + "  x:\n    fields: [»1]\n", []string{"error: the name of a field is not text"}, false},
		{"field with a space", head + "  x:\n    fields: [»a b]\n", []string{"error: not the path of a field, such as password, database.password or users[].name"}, false},
		{"field twice", head + "  x:\n    fields: [a, »a]\n", []string{"error: field a stands here twice"}, false},
		{"field twice in other quotes", head + "  x:\n    fields: [a, »'\"a\"']\n", []string{"error: field a stands here twice"}, true},
		{"long name", head + "  »" + strings.Repeat("n", 129) + ":\n    fields: []\n",
			[]string{"error: the name of a key that looks like a value: it is very long, or has control characters"}, false},
		{"unknown word", condition("»isMain"), []string{"error: this is no condition"}, false},
		{"word without its name", condition("»isRepo"), []string{"error: isRepo is no condition by itself"}, false},
		{"key that is a word", condition("{»isTag: true}"), []string{"error: isTag takes no value"}, false},
		{"unknown condition", condition("{»not: isTag}"), []string{"error: this is no condition"}, false},
		{"two keys", condition("»{isRepo: a, isOwner: b}"), []string{"error: a condition has exactly one key"}, false},
		{"null condition", condition("»null"), []string{"error: this is no condition"}, false},
		{"list", condition("»[isTag]"), []string{"error: this is no condition"}, false},
		{"branch is a number", condition("{isBranch: »1.0}"), []string{"error: what isBranch asks for is not text"}, false},
		{"and of no list", condition("{and: »isTag}"), []string{"error: what and joins is not a list"}, false},
		{"inside", condition("{or: [true, {and: [»isTg]}]}"), []string{"error: this is no condition"}, false},
		{"wide characters", head + "  'é\u65e5': {fields: [»1]}\n", []string{"error: the name of a field is not text"}, false},
		{"carriage returns", "version: 1\r\nsecrets:\r\n  x: {fields: [»1]}\r\n", []string{"error: the name of a field is not text"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, marks := unmark(test.text)
			v, list := ParseManifest([]byte(text), "m.yaml")
			if diff := cmp.Diff(test.want, brief(list)); diff != "" {
				t.Error(diff)
			}
			var places []int32
			for _, d := range list {
				places = append(places, d.Range.Start)
			}
			if diff := cmp.Diff(marks, slices.Compact(places)); diff != "" {
				t.Errorf("places: %s", diff)
			}
			if v != nil {
				t.Error("is taken for a manifest")
			}
			for _, d := range list {
				if d.Range.Text() != "" {
					t.Error("an excerpt is shown")
				}
			}
			if !test.beyond {
				validate(t, text, false)
			}
		})
	}
}

// A valid manifest can be shown, so that findings about it have their line.
func TestManifestIsShown(t *testing.T) {
	v, list := ParseManifest([]byte("version: 1 # the first\nsecrets: {x: {fields: [a], condition: {isBranch: refs/heads/main}}}\n"), "m.yaml")
	if diff := cmp.Diff([]string{"warning: isBranch has a full ref name, but agents compare with what follows refs/heads/"}, brief(list)); diff != "" {
		t.Error(diff)
	}
	x := v.Lookup("x")
	if got := x.Range.String() + " " + x.Range.Text() + " " + x.Fields[0].Range.Text(); got != "m.yaml:2:11 x a" {
		t.Error(got)
	}
	big := append([]byte("version: 1\nsecrets: {}\n"), bytes.Repeat([]byte("#"), maxManifest)...)
	if v, list := ParseManifest(big, "m.yaml"); v != nil || len(list) != 1 || list[0].Summary != "m.yaml is larger than 1024 KiB" {
		t.Errorf("a large manifest: %v", brief(list))
	}
}

func TestCompare(t *testing.T) {
	file, _ := Parse([]byte(`{
		"same": {"kind":"Secret","data":{"a":1},"condition":{"and":["isTag",{"isRepo":"r"}]}},
		"new": {"kind":"Secret","data":{},"condition":true},
		"fields": {"kind":"Secret","data":{"a":1,"b":{"c":2},"d":3},"condition":true},
		"condition": {"kind":"Secret","data":{},"condition":"isTag"},
		"none": {"kind":"Secret","data":{}}
	}`), "s.json")
	manifest, list := ParseManifest([]byte(`version: 1
secrets:
  same: {fields: [a], condition: {and: [isRepo: r, isTag]}}
  old: {fields: []}
  fields: {fields: [a, b, e], condition: true}
  condition: {fields: [], condition: isDefaultBranch}
  none: {fields: [], condition: true}
`), "m.yaml")
	if manifest == nil {
		t.Fatal(brief(list))
	}
	var got []string
	for _, d := range Compare(file, manifest) {
		f := d.Diagnostic("s.json", "m.yaml")
		line := f.Range.String() + " " + string(d.Kind) + ": " + f.Summary
		for _, r := range f.Related {
			line += "; " + r.Message
		}
		got = append(got, line)
	}
	want := []string{
		`m.yaml:6:38 condition: secret condition has another condition in s.json; in m.yaml: isDefaultBranch; in s.json: isTag`,
		`m.yaml:5:24 missing_fields: secret fields has no fields b, e in s.json`,
		`m.yaml:5:3 extra_fields: secret fields has fields b.c, d in s.json only`,
		`s.json:3:3 extra: secret new is not in m.yaml`,
		`m.yaml:7:33 condition: secret none has another condition in s.json; in m.yaml: true; in s.json: none`,
		`m.yaml:4:3 missing: secret old is not in s.json`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	const text = `{"x":{"kind":"Secret","data":{"a":"b"},"condition":true}}`
	write := func(name, text string, mode os.FileMode) string {
		path := dir + "/" + name
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	v, list, err := ReadFile(write("private", text, 0o640), "s.json")
	if err != nil || len(list) != 0 || v.Lookup("x") == nil {
		t.Errorf("%v, %v, %v", v, brief(list), err)
	}
	v, list, err = ReadFile(write("public", text, 0o644), "s.json")
	if diff := cmp.Diff([]string{"warning: every user of this machine can read s.json (its mode is 0644)"}, brief(list)); diff != "" || err != nil || v == nil {
		t.Errorf("%v, %v, %s", v, err, diff)
	}
	v, _, err = Read(strings.NewReader(text), "standard input")
	if err != nil || v.Lookup("x") == nil {
		t.Errorf("%v, %v", v, err)
	}
	for name, want := range map[string]string{
		dir:              "not a regular file",
		os.DevNull:       "not a regular file",
		dir + "/missing": "no such file or directory",
	} {
		if _, _, err := ReadFile(name, "s.json"); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	huge := write("huge", "", 0o600)
	if err := os.Truncate(huge, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadFile(huge, "s.json"); err == nil || err.Error() != "larger than 16 MiB" {
		t.Error(err)
	}
	// A file larger than it was said to be is read to its end.
	if got, err := readAll(strings.NewReader(strings.Repeat("x", 5000)), 3); err != nil || len(got) != 5000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	manifest := write("m.yaml", "version: 1\nsecrets: {}\n", 0o644)
	for path, id := range map[string]string{manifest: "", write("m.json", "version: 1", 0o600): diag.IDSecrets, write("n.YML", "{}", 0o600): diag.IDManifest} {
		v, list, err := ReadEither(path, path)
		if err != nil || (v != nil) != (id == "") || id != "" && list[0].ID != id {
			t.Errorf("%s: %v, %v, %v", path, v, brief(list), err)
		}
	}
}

func TestLocate(t *testing.T) {
	dir := t.TempDir()
	agent := dir + "/agent.json"
	hci := dir + "/config/hercules-ci/secrets/git_lab/neat_org/secrets.json"
	if err := os.MkdirAll(strings.TrimSuffix(hci, "/secrets.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{agent, hci} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"HERCULES_CI_SECRETS_JSON": "/env.json", "XDG_CONFIG_HOME": dir + "/config", "HOME": "/nowhere"}
	p := Places{Flag: "/flag.json", Config: "/config.json", Getenv: func(name string) string { return env[name] },
		Agent: agent, Site: "git/lab", Owner: "neat/org"}
	expect := func(path, origin string) {
		t.Helper()
		got, _ := Locate(p)
		if diff := cmp.Diff(&Location{path, origin}, got); diff != "" {
			t.Error(diff)
		}
	}
	expect("/flag.json", "the command line")
	p.Flag = ""
	expect("/config.json", "nixplan.hcl")
	p.Config = ""
	expect("/env.json", "$HERCULES_CI_SECRETS_JSON")
	delete(env, "HERCULES_CI_SECRETS_JSON")
	expect(agent, "the agent's directory")
	p.Agent = dir + "/missing"
	expect(hci, "the directory of hci")
	env["XDG_CONFIG_HOME"], env["HOME"] = "", dir
	if err := os.Rename(dir+"/config", dir+"/.config"); err != nil {
		t.Fatal(err)
	}
	expect(strings.Replace(hci, "/config/", "/.config/", 1), "the directory of hci")
	p.Owner = ""
	got, looked := Locate(p)
	want := []string{"$HERCULES_CI_SECRETS_JSON is not set", dir + "/missing does not exist",
		"the directory of hci is not known, since git names no forge and owner"}
	if diff := cmp.Diff(want, looked); got != nil || diff != "" {
		t.Errorf("%v %s", got, diff)
	}
}

// The examples in the manual fit together.
func TestManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	example := func(language string) []byte {
		_, rest, _ := strings.Cut(string(manual), "```"+language+"\n")
		block, _, _ := strings.Cut(rest, "```")
		return []byte(block)
	}
	file, list := Parse(example("json"), "secrets.json")
	if file == nil || len(list) > 0 {
		t.Fatal(brief(list))
	}
	manifest, list := ParseManifest(example("yaml"), "secrets.manifest.yaml")
	if manifest == nil || len(list) > 0 {
		t.Fatal(brief(list))
	}
	if differences := Compare(file, manifest); len(differences) > 0 || manifest.Lookup("neat-aws") == nil {
		t.Errorf("%+v", differences)
	}
}
