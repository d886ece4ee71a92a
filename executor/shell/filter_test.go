package shell

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const filterSecrets = `{
  "s": {"kind": "Secret", "data": {
    "text": "hunter2canary", "lines": "a\nb\n", "empty": "", "quote": "a\"b\\c\u0000\u001f\u007f\u00e9\ud83d\ude00\/",
    "b64": "aHVudGVyMg==", "inner": "{\"key\":\"v\",\"a\":[1]}", "no": false, "yes": true, "nothing": null,
    "n": 42, "zero": 0, "neg": -7, "half": 0.5,
    "list": ["x", "y", {"z": "deep"}], "none": [], "object": {"b": 1, "a": {"d": [], "c": {}}, "10": 2, "9": "é"},
    "access-key": "dashed" } },
  "other-secret": {"kind": "Secret", "data": {"text": "other", "name": "s"}},
  "hercules-ci": {"kind": "Secret", "data": {"token": "token-of-the-api"}}
}`

// query runs a helper in this process.
func helper(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	status := Helper(t.Context(), args, nil, &out, &errs)
	return result{status, out.String(), errs.String()}
}

// jq is what the functions of effects run.
func jq(t *testing.T, options, secret, filter string) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command("jq", append(strings.Fields(options), ".[$secretName].data | "+filter, "--arg", "secretName", secret)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(filterSecrets), &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// compareFilter compares the two functions that take a filter with jq.
func compareFilter(t *testing.T, secret, filter string) (succeeded bool) {
	t.Helper()
	want, got := jq(t, "-e -r", secret, filter), helper(t, "readSecretString", secret, filter)
	switch {
	case want.status == 0 && (got.status != 0 || got.stdout != want.stdout || got.stderr != ""):
		t.Errorf("readSecretString %s %s\ngot  %+v\nwant %+v", secret, filter, got, want)
	case want.status != 0 && (got.status != 1 || got.stdout != "" || !strings.HasPrefix(got.stderr, "readSecretString: ")):
		t.Errorf("readSecretString %s %s\ngot  %+v, which fails with jq: %+v", secret, filter, got, want)
	}
	want, got = jq(t, "-c", secret, filter), helper(t, "readSecretJSON", secret, filter)
	switch {
	case want.status != got.status:
		t.Errorf("readSecretJSON %s %s: status %d, want %d: %s%s", secret, filter, got.status, want.status, want.stderr, got.stderr)
	case want.status == 0 && got.stdout != want.stdout:
		t.Errorf("readSecretJSON %s %s\ngot  %q\nwant %q", secret, filter, got.stdout, want.stdout)
	case want.status != 0 && got.stdout != "":
		t.Errorf("readSecretJSON %s %s prints %q although it fails", secret, filter, got.stdout)
	}
	if strings.Contains(got.stderr, "hunter2") || strings.Contains(got.stderr, "canary") {
		t.Errorf("%s shows a value: %s", filter, got.stderr)
	}
	return want.status == 0
}

func setSecrets(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(secretsVariable, path)
}

func TestFiltersAreThoseOfJQ(t *testing.T) {
	needProgram(t, "jq")
	setSecrets(t, filterSecrets)
	for _, filter := range []string{
		".text", ".lines", ".empty", ".quote", ".no", ".yes", ".nothing", ".absent", ".n", ".half", ".list", ".none", ".object", ".list[]",
		".", ".nothing, .text", ".text, .nothing", "empty", ".text | tonumber", ".text.x", "$secretName",
		`."access-key"`, ".access-key", "error(.text)", "", ".[", "nosuch", "$nosuch", "}", ".text) | (.lines", "halt_error", "[nan]",
		".text # comment", "debug | .n", "[.list[]]",
	} {
		compareFilter(t, "s", filter)
	}
	for _, secret := range []string{"other-secret", "absent", ""} {
		compareFilter(t, secret, ".text")
		compareFilter(t, secret, ".")
	}
}

// compareBatch asks jq for the outputs of many filters at once.
func compareBatch(t *testing.T, filters []string) (succeeded int) {
	t.Helper()
	var program strings.Builder
	for i, filter := range filters {
		if i > 0 {
			program.WriteString(", ")
		}
		program.WriteString("(. as $data | try [ $data | (" + filter + ") ] catch \"failed\")")
	}
	want := jq(t, "-c", "s", program.String())
	lines := strings.Split(strings.TrimSuffix(want.stdout, "\n"), "\n")
	if want.status != 0 || len(lines) != len(filters) {
		t.Fatalf("%d answers to %d filters, %s", len(lines), len(filters), want.stderr)
	}
	for i, filter := range filters {
		got := helper(t, "readSecretJSON", "s", "["+filter+"]")
		if lines[i] == `"failed"` {
			if got.status == 0 {
				t.Errorf("%s: %s, but jq fails", filter, got.stdout)
			}
			continue
		}
		var a, b any
		if json.Unmarshal([]byte(lines[i]), &a) != nil || json.Unmarshal([]byte(got.stdout), &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s\ngot  %s%s\nwant %s", filter, got.stdout, got.stderr, lines[i])
			continue
		}
		succeeded++
	}
	return succeeded
}

func TestMoreFiltersAreThoseOfJQ(t *testing.T) {
	needProgram(t, "jq")
	setSecrets(t, filterSecrets)
	compareBatch(t, []string{
		".zero", ".neg", ".object.a", ".list[2].z", ".list[-1]", ".list[1:]", "keys", ".list[] | strings", ".none[]",
		".b64 | @base64d", ".text | @base64", ".inner | fromjson.key", ".text // \"x\"", ".absent // \"x\"", ".nothing // empty",
		".text | length", ".list.x", ".n | tostring", `.["access-key"]`, `"\(.text)-\($secretName)"`, ".name", ".[$secretName]",
		".text | ascii_upcase", ".text | split(\"2\")", ".text | test(\"can.ry\")", ".text | sub(\"c.*\"; \"\")", "error", ".text | error",
		"if .yes then .text else .lines end", "[.. | strings] | sort", "try error(.text) catch .", "(.text | tonumber)?", "[.list[] | tostring]",
		"@json | length", ".list[:2] | @csv, @tsv, @sh, @html, @uri", "to_entries | length", "env.HOME", "$ENV.HOME",
		"first(.list[])", "limit(1; .list[])", "reduce .list[] as $x (0; . + 1)", "del(.quote, .object) | keys", ".n + 1", ".n / 5",
		".text + .lines", ".list + [1]", "[.[] | type] | sort", "now | type", ".text | ltrimstr(\"hunter2\")",
		".text as $t | $t", "def f: .text; f", ". as {text: $t} | $t", "getpath([\"list\", 0])", "path(.text)", "$ARGS.named.secretName",
		"{b: 1, a: 2}", ".text | @text", ".list | tojson", ".text | fromjson", "stderr | .n",
		".text | explode | implode", ".list | join(\",\")", ".text | [match(\".\"; \"g\").string] | add", "has(\"text\")", "with_entries(select(.key == \"n\"))",
	})
}

// Numbers and the order of keys stay as they are in the file, which not all
// versions of jq do.
func TestValuesAsWritten(t *testing.T) {
	const value = `{"z":12345678901234567890123,"a":1.10,"m":1e100,"b":{"y":-0.0,"x":[100000000000000000001]}}`
	setSecrets(t, `{"s":{"kind":"Secret","data":{"v":`+value+`}}}`)
	if got := helper(t, "readSecretJSON", "s", ".v"); got.stdout != value+"\n" {
		t.Errorf("%+v", got)
	}
	if got := helper(t, "readSecretString", "s", ".v.z, .v.a"); got.stdout != "12345678901234567890123\n1.10\n" {
		t.Errorf("%+v", got)
	}
}

// Secrets that cannot be read, and no value in what is said about it.
func TestSecretsFileErrors(t *testing.T) {
	for _, text := range []string{"", "{", "hunter2canary", `{"s":hunter2canary}`, `{"s":{"data":{"a":"hunter2canary"}}} hunter2canary`, `{"hunter2canary"`, "[1,]"} {
		if json.Valid([]byte(text)) {
			t.Fatal(text)
		}
		setSecrets(t, text)
		for _, name := range []string{"readSecretString", "readSecretJSON", "writeAWSSecret", "writeSSHKey", "writeDockerKey", "writeGPGKey"} {
			got := helper(t, name, "s", ".a")
			if got.status == 0 || got.stdout != "" || strings.Contains(got.stderr, "canary") {
				t.Errorf("%s of %q: %+v", name, text, got)
			}
		}
	}
	t.Setenv(secretsVariable, "/nonexistent/secrets.json")
	if got := helper(t, "readSecretJSON", "s", "."); got.status != 2 || !strings.Contains(got.stderr, "no such file") {
		t.Errorf("%+v", got)
	}
	t.Setenv(secretsVariable, "")
	if got := helper(t, "readSecretString", "s", "."); got.status != 1 || !strings.Contains(got.stderr, "is not set") {
		t.Errorf("%+v", got)
	}
	if got := helper(t); got.status != 3 {
		t.Errorf("%+v", got)
	}
	if got := helper(t, "nosuch"); got.status != 1 {
		t.Errorf("%+v", got)
	}
}
