package faulttest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixplan/nixplan/hercules/api/apitest"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// The canaries: one in every field of the agent's file, mapped or not.
var canaries = map[string]string{
	"aws id":     "AKIACANARY7Q1ZX",
	"aws secret": "canary/aws+secret=\"quoted\"&42",
	"ssh key":    "-----BEGIN KEY-----\nY2FuYXJ5LXNzaC1maXJzdA\nY2FuYXJ5LXNzaC1zZWNvbmQ\n-----END KEY-----\n",
	"ssh public": "ssh-ed25519 canarypublicpart",
	"nested":     "canary-in-a-list-9x",
	"unmapped":   "canary-unmapped-3k",
	"forbidden":  "canary-forbidden-5m",
	"API token":  apitest.UserToken,
}

func canarySecrets(t *testing.T) string {
	t.Helper()
	secret := func(data any) map[string]any {
		return map[string]any{"kind": "Secret", "data": data, "condition": true}
	}
	data, err := json.Marshal(map[string]any{
		"shop-aws": secret(map[string]any{"aws_access_key_id": canaries["aws id"], "aws_secret_access_key": canaries["aws secret"], "more": map[string]any{"list": []string{canaries["nested"]}}}),
		"shop-ssh": secret(map[string]any{"privateKey": canaries["ssh key"], "publicKey": canaries["ssh public"]}),
		"other":    secret(map[string]any{"key": canaries["unmapped"]}),
		"no":       map[string]any{"kind": "Secret", "data": map[string]any{"key": canaries["forbidden"]}, "condition": map[string]any{"isBranch": "elsewhere"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// forms are the bytes by which a canary is found: as it is, each of its lines, and as
// programs write it.
func forms(value string) [][]byte {
	quoted, _ := json.Marshal(value)
	list := [][]byte{
		[]byte(value), quoted[1 : len(quoted)-1], []byte(url.QueryEscape(value)), []byte(hex.EncodeToString([]byte(value))),
		[]byte(base64.RawStdEncoding.EncodeToString([]byte(value))), []byte(base64.RawURLEncoding.EncodeToString([]byte(value))),
	}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); strings.Contains(value, "\n") && !strings.HasPrefix(line, "-----") {
			list = append(list, []byte(line))
		}
	}
	return list
}

// found names the canaries in a text.
func found(text []byte) []string {
	var list []string
	for name, value := range canaries {
		if slices.ContainsFunc(forms(value), func(form []byte) bool { return bytes.Contains(text, form) }) {
			list = append(list, name)
		}
	}
	// Keys of machines are in states, and nowhere else.
	if bytes.Contains(text, []byte(nixopstest.Canary)) {
		list = append(list, "a machine's key")
	}
	slices.Sort(list)
	return list
}

// search gives the canaries in files below a directory, by the files' paths.
func (b *bench) search(dir string, into map[string][]string) {
	b.t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // it was removed meanwhile
		}
		data, err := os.ReadFile(path)
		if names := found(append(data, path...)); err == nil && len(names) > 0 {
			into[path] = names
		}
		return nil
	})
	b.must(err)
}

// places are all files with canaries that nixplan could have written.
func (b *bench) places() map[string][]string {
	b.t.Helper()
	all := map[string][]string{}
	b.search(b.dir, all)
	b.search(b.runtime(), all)
	for path := range all {
		switch rel, _ := filepath.Rel(b.dir, path); {
		case rel == "secrets.json": // the agent's
			delete(all, path)
		case strings.HasPrefix(rel, "store/"), strings.HasPrefix(rel, "faults/export-"):
			// States have the keys of machines, and nothing else.
			if slices.Equal(all[path], []string{"a machine's key"}) {
				delete(all, path)
			}
		}
	}
	return all
}

// watchArguments looks at the command lines of all processes until stop is called,
// which gives those that had a canary.
func watchArguments() (stop func() []string) {
	var seen []string
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range paths {
				if argv, err := os.ReadFile(path); err == nil && len(found(argv)) > 0 {
					seen = append(seen, strings.ReplaceAll(string(argv), "\x00", " "))
				}
			}
			select {
			case <-end:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	var once sync.Once
	return func() []string {
		once.Do(func() { close(end) })
		<-ended
		slices.Sort(seen)
		return slices.Compact(seen)
	}
}

// leaky is a setup script that shows what it can, in every form. Only builtins are
// given secrets as arguments: what a script puts into the arguments of a program is
// its own doing.
const leaky = `
value=$(readSecretString aws .aws_secret_access_key)
key=$(readSecretString ssh .privateKey; echo .); key=${key%.}
readSecretJSON aws .
readSecretJSON ssh .
echo "$value"; echo "$value" >&2
printf %s "$value" | base64
printf %s "$value" | base64 -w 8
printf %s "xx$value" | base64
printf %s "$key" | base64
echo "$key"
for ((i = 0; i < ${#value}; i++)); do printf %s "${value:i:1}"; done; echo
printf %s "${value:0:9}"; sleep 0.3; printf '%s\n' "${value:9}"
printf %s "$value" | od -An -tx1 -v | tr -d ' \n'; echo
set -x
: "$value" "$key"
echo "error: cannot log in with $value" >&2
set +x
cat "$HERCULES_CI_SECRETS_JSON"
cat ~/.aws/credentials
env
export LEAK="$value" LEAKED_KEY="$key"
`

func canaryBench(t *testing.T, backend string) *bench {
	t.Helper()
	b := newBench(t, benchOptions{backend: backend, secrets: canarySecrets(t)})
	b.script("userSetupScript", leaky)
	return b
}

// leakyNixOps prints secrets to both streams, from the environment and from files.
func leakyNixOps(command string) []nixopstest.Fault {
	var list []nixopstest.Fault
	for _, stream := range []string{"stderr", "stdout"} {
		list = append(list,
			nixopstest.Fault{Command: command, Env: "LEAK", Stream: stream},
			nixopstest.Fault{Command: command, Env: "LEAKED_KEY", Stream: stream},
			nixopstest.Fault{Command: command, File: "$HERCULES_CI_SECRETS_JSON", Stream: stream},
			nixopstest.Fault{Command: command, File: "$HOME/.aws/credentials", Stream: stream})
	}
	return list
}

// mayHold reports whether a file may have secrets while a job runs: those of the
// private directory, and NixOps' database for the keys of machines.
func (b *bench) mayHold(path string, names []string) bool {
	if strings.HasPrefix(path, b.runtime()+"/") && !slices.Contains(names, "unmapped") && !slices.Contains(names, "forbidden") {
		return true
	}
	return slices.Equal(names, []string{"a machine's key"}) &&
		(strings.Contains(path, "/nixops/deployments.nixops") || filepath.Base(path) == "nixops-state.json")
}

// nowhere holds when no file has a canary.
func (b *bench) nowhere(when string) {
	b.t.Helper()
	for path, names := range b.places() {
		b.t.Errorf("%s: %s has %q", when, path, names)
	}
}

// said holds when a process showed nothing.
func (p *process) said() {
	p.b.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for stream, text := range map[string][]byte{"stdout": p.stdout.Bytes(), "stderr": p.stderr.Bytes()} {
		for line := range bytes.Lines(text) {
			if names := found(line); len(names) > 0 {
				p.b.t.Errorf("%s shows %q:\n%.2000s", stream, names, line)
			}
		}
	}
}

// TestCanary has scripts and NixOps show every secret in every way, and looks for them
// in all files, outputs and command lines: while the job runs, and after its end.
func TestCanary(t *testing.T) {
	for _, how := range []string{"succeeds", "fails", "SIGINT", "SIGINT twice", "SIGKILL", "text"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := canaryBench(t, []string{fileBackend, herculesBackend}[len(how)%2])
			// Nothing else may do the watching: the token of other tests is the same.
			args := []string{"--json-into", b.path("events.json")}
			if how == "text" {
				args = append(args, "--format", "text")
			}
			faults := append(leakyNixOps("deploy"), leakyNixOps("check")...)
			faults = append(faults, nixopstest.Fault{Command: "deploy", Point: "activated", Mark: b.mark(), WaitFor: b.path("faults/go")})
			if how == "fails" {
				faults = append(faults, nixopstest.Fault{Command: "deploy", Point: "after", Action: "fail", Message: "cannot log in with " + canaries["aws secret"]})
			}
			b.nixopsFaults(faults...)
			b.must(os.Chmod(b.path("faults/nixops"), 0o600))
			stop := watchArguments()
			p := b.apply(args...)
			if !p.until(b.marked) {
				t.Fatalf("nothing hangs\n%s", p.output())
			}
			held := 0
			for path, names := range b.places() {
				switch {
				case filepath.Dir(path) == b.path("faults"):
				case !b.mayHold(path, names):
					t.Errorf("while the job runs: %s has %q", path, names)
				case strings.HasPrefix(path, b.runtime()+"/"):
					held++
				}
			}
			if held == 0 {
				t.Error("not even the private directory has the secrets: what is looked for?")
			}
			switch how {
			case "SIGINT":
				p.signal(sigint)
			case "SIGINT twice":
				b.write("faults/stay", "")
				send(p, sigint, sigint)
			case "SIGKILL":
				p.signal(sigkill)
			default:
				b.write("faults/go", "")
			}
			code := p.wait()
			if arguments := stop(); len(arguments) > 0 {
				t.Errorf("command lines with secrets: %q", arguments)
			}
			p.said()
			b.write("faults/go", "")
			b.healthy()
			if how != "SIGKILL" {
				b.nowhereButUnsaved("after the run")
			}
			if ok := how == "succeeds" || how == "text"; ok != (code == 0) {
				t.Errorf("status %d\n%.3000s", code, p.stderr.String())
			}
			if code == 0 {
				return
			}
			runs := b.runs()
			next := b.resume(runs[0].ID)
			if next.wait() != 0 {
				t.Errorf("%s", next.output())
			}
			next.said()
			b.nowhere("after the run was carried on")
			b.quiet()
		})
	}
}

// nowhereButUnsaved is nowhere, but for a state that could not be stored.
func (b *bench) nowhereButUnsaved(when string) {
	b.t.Helper()
	unsaved := b.unsaved()
	for path, names := range b.places() {
		if !unsaved || strings.HasPrefix(path, b.runtime()) || !b.mayHold(path, names) {
			b.t.Errorf("%s: %s has %q", when, path, names)
		}
	}
}
