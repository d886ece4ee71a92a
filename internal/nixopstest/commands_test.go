package nixopstest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// call is a call and what is expected of it: stdout and stderr as they are, or
// parts of them in order, where want begins with "…".
type call struct {
	args   string // fields; ~ stands for a space inside of one
	stdin  string
	code   int
	stdout string
	stderr string
}

func (b *bench) expect(c call) {
	b.t.Helper()
	args := strings.Fields(c.args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "~", " ")
	}
	got := b.runWith(c.stdin, args...)
	if got.code != c.code {
		b.t.Errorf("nixops %s: status %d, want %d\n%s", c.args, got.code, c.code, got.stderr)
	}
	b.like(c.args+": stdout", got.stdout, c.stdout)
	b.like(c.args+": stderr", got.stderr, c.stderr)
}

func (b *bench) like(what, got, want string) {
	b.t.Helper()
	parts, loose := strings.CutPrefix(want, "…")
	if !loose {
		if got != want {
			b.t.Errorf("nixops %s: %q, want %q", what, got, want)
		}
		return
	}
	for part := range strings.SplitSeq(parts, "…") {
		_, rest, ok := strings.Cut(got, part)
		if !ok {
			b.t.Errorf("nixops %s: %q lacks %q", what, got, part)
		}
		got = rest
	}
}

const unknown = "…Traceback (most recent call last):…\nException: could not find specified deployment"

// The table of the command line, row by row.
func TestCommandLine(t *testing.T) {
	tests := []struct {
		name  string
		env   []string
		calls []call
	}{
		{"no operation", nil, []call{
			{args: "", code: 2, stderr: "…usage: nixops"},
			{args: "frobnicate", code: 2, stderr: "…invalid choice: 'frobnicate'"},
			{args: "--help", stdout: "…usage: nixops"},
			{args: "-d prod export", code: 2, stderr: "…invalid choice: 'prod'"},
			{args: "ssh web", code: 125, stderr: "…lacks nixops ssh"},
		}},
		{"version", nil, []call{{args: "--version", stdout: "NixOps 1.7\n"}}},
		{"version 2pre", []string{"NIXOPSTEST_VERSION=2pre"}, []call{{args: "--version", stdout: "NixOps @version@\n"}}},
		{"create without a file", []string{"NIXOPS_DEPLOYMENT=prod"}, []call{
			{args: "create", code: 1, stderr: "…created deployment ‘…Exception: you must specify the path to a Nix expression and/or use ‘-t’\n"},
			{args: "list", stdout: "…(none)"}, // the row is there
		}},
		{"create with a bad name", nil, []call{
			{args: "create -d 1bad network.nix", code: 1, stderr: "…created deployment ‘…Exception: invalid deployment name ‘1bad’\n"},
			{args: "list", stdout: "…(none)"},
			{args: "create --name=a.b-c_D network.nix", stdout: "…-", stderr: "…created deployment"},
			{args: "info -d a.b-c_D --no-eval", stdout: "…Network name: a.b-c_D\n"},
		}},
		{"one name twice", []string{"NIXOPS_DEPLOYMENT=prod"}, []call{
			{args: "create network.nix", stdout: "…-", stderr: "…created"},
			{args: "create network.nix", stdout: "…-", stderr: "…created"},
			{args: "modify network.nix", code: 1, stderr: "…Exception: state file contains multiple deployments with the same name, so you should specify one using its UUID\n"},
			{args: "export", code: 1, stderr: "…multiple deployments"},
			{args: "export --all", stdout: "…\"name\": \"prod\"…\"name\": \"prod\""},
		}},
		{"no deployment", nil, []call{
			{args: "modify network.nix", code: 1, stderr: unknown},
			{args: "modify -d prod network.nix", code: 1, stderr: unknown},
			{args: "set-args -d prod", code: 1, stderr: unknown},
			{args: "export -d prod", code: 1, stderr: unknown},
			{args: "check", code: 1, stderr: unknown},
			{args: "deploy", code: 1, stderr: unknown},
			{args: "export --all", stdout: "{}\n"},
			{args: "import", stdin: "{}"},
			{args: "unlock", code: 2, stderr: "…invalid choice: 'unlock'"},
		}},
		{"set-args", nil, []call{
			{args: "create network.nix", stdout: "…-", stderr: "…created"},
			{args: "set-args"},
			{args: "set-args --arg a", code: 2, stderr: "…usage: nixops set-args…error: argument --arg: expected 2 arguments"},
			{args: "set-args --arg=a 1", code: 2, stderr: "…expected 2 arguments"},
			{args: "set-args --arg motd builtins.fromJSON~\"\\\"x\\\"\" --argstr s a\"b --unset nothing"},
			{args: "export", stdout: `…"args": "{\"motd\": \"builtins.fromJSON \\\"\\\\\\\"x\\\\\\\"\\\"\", \"s\": \"\\\"a\\\\\\\"b\\\"\"}"`},
			{args: "set-args --arg other -1"}, // sticky: the others stay
			{args: "export", stdout: `…\"motd\"…\"other\": \"-1\"…\"s\"`},
			{args: "set-args --unset motd --unset s --unset other"},
			{args: "export", stdout: `…"args": "{}"`},
		}},
		{"argparse", nil, []call{
			{args: "create network.nix", stdout: "…-", stderr: "…created"},
			{args: "export --al", stdout: "…nixExprs"}, // an abbreviation
			{args: "deploy --in x", code: 0, stderr: "…deployment finished successfully"},
			{args: "deploy --dry", code: 2, stderr: "…ambiguous option: --dry could match --dry-run, --dry-activate"},
			{args: "export x", code: 2, stderr: "…unrecognized arguments: x"},
			{args: "deploy --test", code: 2, stderr: "…usage: nixops…unrecognized arguments: --test\n"},
			{args: "deploy --boot", code: 2, stderr: "…unrecognized arguments: --boot\n"},
			{args: "deploy --max-jobs", code: 2, stderr: "…argument -j/--max-jobs: expected one argument"},
			{args: "deploy --max-concurrent-copy x", code: 2, stderr: "…invalid int value: 'x'"},
			{args: "deploy --include", code: 2, stderr: "…expected at least one argument"},
			{args: "deploy --evaluate-only", code: 1, stderr: "…Exception: --evaluate-only"},
		}},
		{"import of what is none", nil, []call{
			{args: "import", code: 1, stderr: "…json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"},
			{args: "import", stdin: "not JSON", code: 1, stderr: "…json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"},
			{args: "import", stdin: `{"u4": {"resources": {}, "na`, code: 1, stderr: "…json.decoder.JSONDecodeError: "},
			{args: "import", stdin: `[]`, code: 1, stderr: "…AttributeError: 'list' object has no attribute 'items'"},
			{args: "export --all", stdout: "{}\n"},
			{args: "import", stdin: `{"u4": {"name": "prod"}}`, code: 1, stderr: "…KeyError: 'resources'\n"},
			{args: "import", stdin: `{"u4": {"resources": {}}}`, code: 1, stderr: "…Exception: state file already contains a deployment with UUID ‘u4’\n"},
			// What came before the error is there.
			{args: "export -d prod", stdout: "{\n  \"u4\": {\n    \"name\": \"prod\",\n    \"resources\": {}\n  }\n}\n"},
			{args: "import", stdin: `{"u5": {"resources": {"a": {}}}}`, code: 1, stderr: "…Exception: imported resource lacks a type\n"},
		}},
		{"import without the plugin", []string{"NIXOPSTEST_BACKENDS=none"}, []call{
			{args: "import", stdin: `{"u": {"name": "prod", "resources": {"a": {"type": "none"}, "b": {"type": "ec2"}, "c": {"type": "none"}}}}`,
				code: 1, stderr: "…unknown resource type ‘ec2’\n"},
			{args: "check", code: 1, stdout: "…| a "},
		}},
		{"import, host keys", nil, []call{
			{args: "import --include-keys", stdin: `{"u": {"resources": {"a": {"type": "ec2", "publicIpv4": "198.18.0.1", "ec2.publicHostKey": "ssh-ed25519 AAAA"}}}}`,
				stderr: "added deployment ‘u’\n"},
			{args: "import --include-keys", stdin: `{"v": {"resources": {"a": {"type": "none", "publicIpv4": "198.18.0.2"}}}}`,
				code: 1, stderr: "…added deployment ‘v’\n…TypeError: "},
		}},
		{"another deployment's state", []string{"NIXOPS_DEPLOYMENT=prod"}, []call{
			{args: "import", stdin: `{"u": {"name": "other", "resources": {}}}`, stderr: "added deployment ‘u’\n"},
			{args: "modify network.nix", code: 1, stderr: unknown},
			{args: "export -d other", stdout: "…\"u\""},
			{args: "export -d u", stdout: "…\"u\""},
		}},
		{"a state file of another sort", []string{"NIXOPS_STATE=state.json"}, []call{
			{args: "list", code: 1, stderr: "…Exception: state file ‘state.json’ should have extension ‘.nixops’\n"},
			{args: "list -s network.nixops", stdout: "…UUID"},
		}},
		{"delete", nil, []call{
			{args: "import", stdin: `{"u": {"resources": {"a": {"type": "none"}}}}`, stderr: "…added"},
			{args: "delete", code: 1, stderr: "…Exception: cannot delete this deployment because it still has resources\n"},
			{args: "delete --force"},
			{args: "export --all", stdout: "{}\n"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.env...)
			for _, c := range test.calls {
				b.expect(c)
			}
		})
	}
}

// The beginning of a UUID will do.
func TestFindByPrefix(t *testing.T) {
	b := newBench(t)
	b.expect(call{args: "import", stdin: `{"aaa-1": {"resources": {}}, "aab-2": {"resources": {}}}`, stderr: "…added"})
	b.expect(call{args: "export -d aaa", stdout: "…aaa-1"})
	b.expect(call{args: "export -d aa", code: 1, stderr: "…multiple deployments"})
	b.expect(call{args: "export", code: 1, stderr: "…multiple deployments"})
}

// Files, directories and what they may be read by.
func TestStateFile(t *testing.T) {
	b := created(t)
	for path, mode := range map[string]os.FileMode{"home/.nixops": 0o700, "home/.nixops/deployments.nixops": 0o600} {
		if info, err := os.Stat(b.path(path)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v, want mode %o", path, info.Mode(), err, mode)
		}
	}
	b.write("home/.nixops/deployments.nixops", "{}")
	b.expect(call{args: "list", code: 1, stderr: "…sqlite3.DatabaseError: file is not a database\n"})
	b.write("home/.nixops/deployments.nixops", databaseHeader+`{"Schema": 4}`)
	b.expect(call{args: "list", code: 1, stderr: "…this NixOps version is too old to deal with schema version 4\n"})
	b.write("home/.nixops/deployments.nixops", "")
	b.expect(call{args: "export --all", stdout: "{}\n"})
}

// An export goes round through import, key by key.
func TestExportImport(t *testing.T) {
	b := created(t)
	b.ok("deploy")
	text := b.ok("export").stdout
	other := newBench(t, "NIXOPS_DEPLOYMENT=prod")
	other.expect(call{args: "import --include-keys", stdin: text, stderr: "…added deployment ‘"})
	if diff := cmp.Diff(text, other.ok("export").stdout); diff != "" {
		t.Errorf("after import (-exported +imported):\n%s", diff)
	}
	if !strings.Contains(text, Canary) {
		t.Error("no private key in the export")
	}
	// Indented as Python does, keys sorted, nothing but text.
	var parsed map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed {
		web := d["resources"].(map[string]any)["web"].(map[string]any)
		for name, want := range map[string]string{"type": "none", "state": "3", "targetHost": "web.test", "targetPort": "22", "index": "1", "stateVersion": "22.05"} {
			if web[name] != want {
				t.Errorf("web.%s is %v, want %q", name, web[name], want)
			}
		}
	}
}
