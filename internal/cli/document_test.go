package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixplan/nixplan/internal/nixopstest"
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

// The events of a run follow the published schema, and nothing the program can say
// is missing in it.
func TestEventsAreValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/events.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	repo := filepath.Join(dir, "repo")
	if err := os.CopyFS(repo, os.DirFS("../../fixtures/neat-repo")); err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(dir, "secrets.json")
	content := `{"neat-aws": {"kind": "Secret", "condition": true, "data": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "swordfish-swordfish"}}}`
	if err := os.WriteFile(secrets, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	faults := filepath.Join(dir, "faults")
	if err := nixopstest.WriteFaults(faults, nixopstest.Fault{Command: "deploy", Point: "middle", Action: "fail", Message: "no such thing"}); err != nil {
		t.Fatal(err)
	}
	nixplan, err := exec.LookPath("nixplan")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nixplan, "apply", repo, "--ref", "production", "--evaluator", "model", "--auto-approve", "--format", "json",
		"--secrets", secrets, "--keep", "NIXOPSTEST_FAULTS")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME=", "NIXOPSTEST_FAULTS="+faults)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFindings {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		seen[document.(map[string]any)["type"].(string)] = true
	}
	for _, kind := range []string{"version", "run-started", "run-ended", "job-started", "job-ended", "step-started", "step-ended", "output", "notice"} {
		if !seen[kind] {
			t.Errorf("no event %s", kind)
		}
	}
	if strings.Contains(string(out), "swordfish") || !strings.Contains(string(out), `"saving":true`) {
		t.Errorf("%s", out)
	}
}
