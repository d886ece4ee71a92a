package cli

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// canarySecrets has "hunter2canary", which stands for every value, wherever JSON allows a value, right or wrong, and once in
// characters that are escaped.
const canarySecrets = `{
  "good": { "kind": "Secret",
    "data": { "password": "hunter2canary", "list": ["hunter2canary", { "key": "hunter2canary" }],
      "escaped": "hunter2\u0063anary\n", "number": 123, "deep": { "er": { "est": "hunter2canary" } } },
    "condition": { "and": [ { "isOwner": "neat-org" }, "isDefaultBranch" ] } },
  "loose": { "kind": "Secret", "data": { "a": "hunter2canary" } }
}
`

// wrongSecrets are secrets of which every part is a value in the wrong place.
var wrongSecrets = []string{
	`"hunter2canary"`,
	`["hunter2canary"]`,
	`hunter2canary`,
	`{"x":"hunter2canary"}`,
	`{"x":["hunter2canary"]}`,
	`{"x":{"kind":"hunter2canary","data":"hunter2canary","apiVersion":"hunter2canary","condition":"hunter2canary"}}`,
	`{"x":{"kind":{"a":"hunter2canary"},"data":["hunter2canary"],"condition":["hunter2canary"],"password":"hunter2canary"}}`,
	`{"x":{"kind":"Secret","data":{},"condition":{"hunter2canary":"hunter2canary"}}}`,
	`{"x":{"kind":"Secret","data":{},"condition":{"isBranch":["hunter2canary"],"isOwner":{"a":"hunter2canary"}}}}`,
	`{"x":{"kind":"Secret","data":{},"condition":{"and":"hunter2canary","or":["hunter2canary",{"not":"hunter2canary"}]}}}`,
	`{"x":{"kind":"Secret","data":{"a":"hunter2canary` + "\n" + `"}}}`,
	`{"x":{"kind":"Secret","data":{"a":'hunter2canary'}}}`,
	`{"x":{"kind":"Secret","data":{"a":hunter2canary}}}`,
	`{"x":{"kind":"Secret","data":{"a":"hunter2canary\x"}}} hunter2canary`,
	`x: hunter2canary`,
	"version: 1\nsecrets: hunter2canary\n",
	"version: hunter2canary\nsecrets: {x: hunter2canary, y: {fields: hunter2canary, condition: hunter2canary}}\n",
	"version: 1\nsecrets: {x: {fields: [a hunter2canary], condition: {isBranch: [hunter2canary], not: hunter2canary}}}\n",
	"a: *hunter2canary\nb: !hunter2canary c\n",
	"%hunter2canary\n\"\\hunter2canary\"",
}

// No value gets into any output of any command that is given a secrets.json or
// something that is nearly one: not when it is cut off anywhere, not when any
// byte of it is missing or another one.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Chdir(t.TempDir())
	texts := append([]string{canarySecrets}, wrongSecrets...)
	for i := range canarySecrets {
		texts = append(texts, canarySecrets[:i], canarySecrets[:i]+canarySecrets[i+1:])
		for _, c := range "\"\\{,\n" {
			texts = append(texts, canarySecrets[:i]+string(c)+canarySecrets[i+1:])
		}
	}
	if err := os.WriteFile("secrets.manifest.yaml", []byte("version: 1\nsecrets: {good: {fields: [other], condition: isTag}}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	statuses := map[int]int{}
	for _, text := range texts {
		if err := os.WriteFile("secrets.json", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"secrets", "manifest", "-"},
			{"secrets", "check", "--secrets", "secrets.json", "--format", "json"},
			{"secrets", "check", "--secrets", "-", "--manifest", "secrets.json"},
		} {
			var out, errs bytes.Buffer
			streams := testStreams(&out, &errs, nil)
			streams.In = strings.NewReader(text)
			code := Run(context.Background(), streams, args)
			statuses[code]++
			if all := out.String() + errs.String(); strings.Contains(all, "hunter2") || strings.Contains(all, "canary") {
				t.Fatalf("nixplan %s shows a value of\n%s\n%s", strings.Join(args, " "), text, all)
			}
		}
	}
	// The test means something only if files were read and refused.
	if statuses[exitOK] == 0 || statuses[exitFindings] == 0 || statuses[exitUsage] == 0 {
		t.Errorf("statuses: %v", statuses)
	}
}
