package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestRefDocuments holds what refs and why print to their schemas.
func TestRefDocuments(t *testing.T) {
	tests := []struct {
		schema string
		args   []string
	}{
		{"refs", []string{"refs", "../../fixtures/overlay-wrapped"}},
		{"refs", []string{"refs", "../../fixtures/undetermined-condition"}},
		{"refs", []string{"refs", "../../fixtures/hercules-ci-onpush"}},
		{"why", []string{"why", "website", "../../fixtures/overlay-wrapped", "--ref", "main"}},
		{"why", []string{"why", "network", "../../fixtures/undetermined-condition", "--ref", "main"}},
		{"why", []string{"why", "onPush.docs.effects.publish", "../../fixtures/hercules-ci-onpush", "--ref", "x"}},
	}
	for _, test := range tests {
		_, stdout, stderr := run(append(test.args, "--format", "json")...)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
		if err != nil {
			t.Errorf("%q: %v\n%s", test.args, err, stderr)
			continue
		}
		file := "../../docs/" + test.schema + ".schema.json"
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.NewCompiler().Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%q: %v", test.args, err)
		}
	}
}
