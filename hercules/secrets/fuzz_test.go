package secrets

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/diag"
)

// canary stands for a value. The fuzzed texts have it where they have an @.
const canary = "qXcanaryXq"

// leaks reports whether anything that is said about a file has the canary.
func leaks(t *testing.T, list diag.List) bool {
	t.Helper()
	var out strings.Builder
	if err := diag.WriteText(&out, list.Records(), diag.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(list.Records())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(out.String()+string(document), canary)
}

// halfPair finds \u escapes of surrogates, which Go's JSON lets pass alone.
var halfPair = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// Whatever secrets.json holds: what is taken is JSON, JSON is taken apart from
// what is known to be refused, no value is shown, and what is read comes back
// from the manifest.
func FuzzParse(f *testing.F) {
	f.Add(oddNames)
	f.Add(`{"a":{"kind":"@","data":{"b":"@","c":["@",{"d":"@"}]},"condition":{"and":["@",{"isBranch":["@"]},{"@":"@"}]},"@":1}}`)
	f.Add(`{"a":"@"}@`)
	f.Add(`"@"`)
	f.Add("\uFEFF{\"a\":\"\\ud800\"}")
	f.Add(`{"a":{"kind":"Secret","data":{"x":-1.5e+3,"y":[[],null,true]},"condition":{"or":[false,{"isRepo":"@"}]}}}`)
	f.Fuzz(func(t *testing.T, template string) {
		text := []byte(strings.ReplaceAll(template, "@", canary))
		v, list := Parse(text, "s.json")
		syntax := len(list) == 1 && strings.HasPrefix(list[0].Summary, "not JSON as agents read it: ")
		if !syntax && !(json.Valid(text) && utf8.Valid(text)) {
			t.Fatal("taken, and is not JSON")
		}
		if syntax {
			problem := list[0].Summary
			if json.Valid(text) && utf8.Valid(text) && !halfPair.Match(text) &&
				!strings.Contains(problem, "nested deeper") && !strings.HasSuffix(problem, ": expected {") {
				t.Fatalf("refused, and is JSON: %s", problem)
			}
			if leaks(t, list) {
				t.Fatal("a mistake shows content")
			}
			return
		}
		if leaks(t, list) && !strings.Contains(strings.Join(keys(t, text), "\n"), canary) {
			t.Fatal("a value is shown")
		}
		if v == nil {
			return
		}
		var manifest bytes.Buffer
		if err := v.WriteManifest(&manifest); err != nil {
			t.Fatal(err)
		}
		if manifest.Len() > maxManifest {
			return
		}
		back, list := ParseManifest(manifest.Bytes(), "m.yaml")
		if back == nil {
			t.Fatalf("the manifest is refused: %s\n%s", brief(list), manifest.Bytes())
		}
		if differences := Compare(v, back); len(differences) > 0 {
			t.Fatalf("the manifest differs: %+v\n%s", differences, manifest.Bytes())
		}
		var again bytes.Buffer
		if err := back.WriteManifest(&again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(manifest.Bytes(), again.Bytes()) {
			t.Fatalf("written again:\n%s\n%s", manifest.Bytes(), again.Bytes())
		}
	})
}

// keys are all names in a JSON text.
func keys(t *testing.T, text []byte) []string {
	t.Helper()
	var names []string
	s := &scanner{text: text}
	var read func() error
	read = func() error {
		switch s.kind() {
		case kindObject:
			return s.object(func(name string, _ diag.Range) error {
				names = append(names, name)
				return read()
			})
		case kindList:
			return s.list(read)
		}
		return s.skip()
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	return names
}

// Whatever a manifest holds, nothing of it is shown unless it is a name, and a
// valid one is written and read again without a difference.
func FuzzParseManifest(f *testing.F) {
	f.Add("version: 1\nsecrets:\n  a:\n    fields: [b.c, '\"@\"[]']\n    condition: {and: [isTag, true, {isOwner: '@'}]}\n")
	f.Add("version: 1\nsecrets: {a: {fields: [], condition: '@'}}\n")
	f.Add("{\"a\":{\"kind\":\"Secret\",\"data\":{\"b\":\"@\"}}}")
	f.Add("- &a [@]\n- *@\n--- !@ |\n @\n")
	f.Add("? - @\n: @\n%@")
	f.Fuzz(func(t *testing.T, template string) {
		text := []byte(strings.ReplaceAll(template, "@", canary))
		v, list := ParseManifest(text, "m.yaml")
		if v == nil && leaks(t, list) && !hasKey(text) {
			t.Fatal("a value is shown")
		}
		for _, d := range list {
			if start, end := d.Range.Start, d.Range.End; start < 0 || end < start || int(end) > len(text) {
				t.Fatalf("range %d to %d", start, end)
			}
		}
		if v == nil {
			return
		}
		var manifest bytes.Buffer
		if err := v.WriteManifest(&manifest); err != nil {
			t.Fatal(err)
		}
		back, list := ParseManifest(manifest.Bytes(), "m.yaml")
		if back == nil {
			t.Fatalf("written, it is refused: %s\n%s", brief(list), manifest.Bytes())
		}
		if differences := Compare(v, back); len(differences) > 0 {
			t.Fatalf("written, it differs: %+v\n%s", differences, manifest.Bytes())
		}
	})
}

// hasKey reports whether a key, or an element of a list, is the canary.
func hasKey(text []byte) bool {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil {
		return false
	}
	var found func(n *yaml.Node) bool
	found = func(n *yaml.Node) bool {
		for i, child := range n.Content {
			name := n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode && i%2 == 0
			if name && strings.Contains(child.Value, canary) || found(child) {
				return true
			}
		}
		return false
	}
	return found(&document)
}
