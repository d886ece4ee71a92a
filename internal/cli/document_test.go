package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The plan of every fixture follows the published schema, for a ref that some
// jobs are active for and one that they are not.
func TestPlanDocumentsAreValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		for _, ref := range []string{"refs/heads/production", "refs/tags/v1.0"} {
			t.Run(entry.Name()+" "+ref, func(t *testing.T) {
				code, stdout, stderr := run("plan", filepath.Join("../../fixtures", entry.Name()), "--ref", ref, "--format", "json")
				if code != exitOK && code != exitFindings {
					t.Fatalf("status %d: %s", code, stderr)
				}
				document, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(document); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
