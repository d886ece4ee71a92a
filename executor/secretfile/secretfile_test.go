package secretfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules/secrets"
)

const agentSecrets = `{
  "neat-aws": {"kind": "Secret", "condition": {"and": [{"isOwner": "neat-org"}, "isDefaultBranch"]},
    "data": {"id": "AKIA-canary-1", "port": 12345678901234567890, "ratio": 1.10, "deep": {"list": ["canary-2", null, true]}, "é x": "x" } },
  "refused": {"kind": "Secret", "condition": {"and": [{"isOwner": "neat-org"}, "isTag"]}, "data": {"a": "canary-3"}},
  "undecided": {"kind": "Secret", "condition": {"isRepo": "Neat-Repo"}, "data": {"a": "canary-4"}},
  "unconditional": {"kind": "Secret", "data": {"a": "canary-5"}},
  "unmapped": {"kind": "Secret", "condition": true, "data": {"a": "canary-6"}},
  "open": {"kind": "Secret", "condition": true, "data": {"token": "canary-7"}}
}`

var facts = secrets.Facts{Ref: "refs/heads/main", DefaultBranch: "refs/heads/main", Owner: "neat-org", Repo: "neat-repo"}

func options(t *testing.T, text, secretsMap string) Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ParseMap(map[string]string{"secretsMap": secretsMap})
	if err != nil {
		t.Fatal(err)
	}
	return Options{File: &secrets.Location{Path: path, Origin: "a test"}, Map: m, Facts: facts}
}

func written(t *testing.T, s *Selection, token []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets.json")
	if err := s.Write(path, token); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := s.Write(path, token); err == nil {
		t.Error("an existing file is overwritten")
	}
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text)
}

func TestSelect(t *testing.T) {
	o := options(t, agentSecrets, `{"ssh": "neat-aws", "again": "neat-aws", "git": {"type": "GitToken"}}`)
	o.GitToken = func() ([]byte, error) { return []byte("ghs_\"canary\\8"), nil }
	s, err := Select(o)
	if err != nil {
		t.Fatal(err)
	}
	const data = `{"id": "AKIA-canary-1", "port": 12345678901234567890, "ratio": 1.10, "deep": {"list": ["canary-2", null, true]}, "é x": "x" }`
	want := `{"again":{"kind":"Secret","data":` + data + `},"git":{"kind":"Secret","data":{"token":"ghs_\"canary\\8"}},` +
		`"hercules-ci":{"kind":"Secret","data":{"token":"api-token"}},"ssh":{"kind":"Secret","data":` + data + `}}` + "\n"
	got := written(t, s, []byte("api-token"))
	// The token's own entry comes last or in its place; order means nothing.
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil || cmp.Diff(a, b) != "" {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if strings.Count(got, data) != 2 {
		t.Error("the data is not as it is in the agent's file")
	}
	var list []string
	for _, v := range s.Values() {
		list = append(list, v.Label+" "+string(v.Text))
	}
	wantValues := []string{"again.deep.list[0] canary-2", "again.id AKIA-canary-1", "again.port 12345678901234567890", "again.ratio 1.10",
		"again.é x x", `git.token ghs_"canary\8`}
	if diff := cmp.Diff(wantValues, list); diff != "" {
		t.Error(diff)
	}
	kept := s.entries[0].data
	s.Wipe()
	if strings.Trim(string(kept), "\x00") != "" || len(s.Values()) > 0 {
		t.Error("the data was not cleared")
	}
}

func TestNothingMapped(t *testing.T) {
	s, err := Select(Options{}) // without a secrets.json
	if err != nil || written(t, s, nil) != "{}\n" {
		t.Error(err)
	}
	// A secret of the job's own goes before the token, as with agents.
	s, err = Select(options(t, agentSecrets, `{"hercules-ci": "open"}`))
	if err != nil || written(t, s, []byte("api-token")) != `{"hercules-ci":{"kind":"Secret","data":{"token": "canary-7"}}}`+"\n" {
		t.Error(err)
	}
}

func TestProblems(t *testing.T) {
	o := options(t, agentSecrets, `{"a": "refused", "b": "undecided", "c": "unconditional", "d": "neat-awz", "e": {"type": "GitToken"}, "f": "open"}`)
	_, err := Select(o)
	var problems *Error
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	file := o.File.Path
	want := []string{
		"secret a (refused in secrets.json): its condition is not met\n  ✗ and\n    ✓ isOwner \"neat-org\": the owner is neat-org\n    ✗ isTag: the ref is refs/heads/main",
		"secret b (undecided in secrets.json): whether its condition is met is not known\n  ? isRepo \"Neat-Repo\": the repository is neat-repo, but agents compare upper and lower case with the forge's spelling",
		"secret c (unconditional in secrets.json): it has no condition in " + file + ", so agents from 0.9 on do not hand it out",
		"secret d (neat-awz in secrets.json): it does not exist in " + file + "; did you mean neat-aws?",
		"secret e (a GitToken): only Hercules CI hands out tokens of the forge, and no other was given",
	}
	got := map[string]string{}
	for _, p := range problems.Problems {
		got[p.Name] = p.String()
	}
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		if diff := cmp.Diff(want[i], got[name]); diff != "" {
			t.Error(diff)
		}
	}
	if len(got) != len(want) || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}

	o.File, o.Looked = nil, []string{"/x does not exist"}
	if _, err := Select(o); err == nil || !strings.Contains(err.Error(), "there is no secrets.json: /x does not exist") {
		t.Error(err)
	}
	o.File = &secrets.Location{Path: "/nonexistent", Origin: "a test"}
	if _, err := Select(o); err == nil || err.Error() != "cannot read /nonexistent (from a test): no such file or directory" {
		t.Error(err)
	}
}

// Files that agents refuse are refused, wherever they are cut off or changed, and
// nothing of them is shown.
func TestBrokenFiles(t *testing.T) {
	refused := 0
	for i := 0; i < len(agentSecrets); i += 3 {
		for _, text := range []string{agentSecrets[:i], agentSecrets[:i] + agentSecrets[i+1:], agentSecrets[:i] + "\"" + agentSecrets[i+1:]} {
			o := options(t, text, `{"a": "neat-aws", "f": "open"}`)
			if _, err := Select(o); err != nil {
				refused++
				if strings.Contains(err.Error(), "canary") {
					t.Fatalf("%v\nfor\n%s", err, text)
				}
			}
		}
	}
	if refused < len(agentSecrets)/3 {
		t.Errorf("only %d are refused", refused)
	}
}

func TestParseMap(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "map[]"},
		{map[string]string{"secretsMap": "{}"}, "map[]"},
		{map[string]string{"secretsMap": `{"a":"b"}`, "secretsToUse": `{"a":"c"}`}, "map[a:{c false}]"},
		{map[string]string{"secretsMap": `{"a":{"type":"GitToken"}}`}, "map[a:{ true}]"},
		{map[string]string{"secretsMap": ""}, "error"},
		{map[string]string{"secretsMap": "null"}, "error"},
		{map[string]string{"secretsMap": "[]"}, "error"},
		{map[string]string{"secretsMap": `{"a":null}`}, "error"},
		{map[string]string{"secretsMap": `{"a":1}`}, "error"},
		{map[string]string{"secretsMap": `{"a":{"type":"Other"}}`}, "error"},
		{map[string]string{"secretsMap": `{"a":{"Type":"GitToken"}}`}, "error"},
		{map[string]string{"secretsMap": `{"a":{}}`}, "error"},
	} {
		m, err := ParseMap(test.env)
		got := fmt.Sprint(map[string]Source(m))
		if err != nil {
			got = "error"
		}
		if got != test.want {
			t.Errorf("%v: %s %v, want %s", test.env, got, err, test.want)
		}
	}
}

// What is packed into a string is a value as well.
func TestInnerValues(t *testing.T) {
	s := &Selection{entries: []entry{{"s", []byte(`{"json": "{\"private_key\": \"inner canary\", \"n\": [7654321]}", "base64": "eyJwIjogImJhc2U2\nNCBjYW5hcnkifQ==", "plain": "just text"}`)}}}
	all := map[string]bool{}
	for _, v := range s.Values() {
		all[string(v.Text)] = true
	}
	for _, want := range []string{"inner canary", "7654321", "base64 canary", `{"p": "base64 canary"}`, "just text"} {
		if !all[want] {
			t.Errorf("%q is missing in %v", want, all)
		}
	}
}
