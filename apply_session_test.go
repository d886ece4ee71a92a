package nixplan_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mvdan.cc/sh/v3/shell"

	"github.com/nixplan/nixplan/internal/cli"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

func TestMain(m *testing.M) {
	nixopstest.Hook()
	if filepath.Base(os.Args[0]) == "nixplan" || len(os.Args) > 1 && os.Args[1] == "effect-helper" {
		os.Exit(cli.Main())
	}
	os.Exit(m.Run())
}

// applySession is a block of commands with what they print. A comment before it says
// what goes wrong with NixOps in the first command; "kill": nixplan is killed when
// that has happened.
var applySession = regexp.MustCompile("(?s)(?:<!-- (fault|kill) ([^\n]*) -->\n)?```console\n(.*?)```")

// TestApplySessions runs the sessions of a page, with a stand-in for NixOps, and
// compares what is printed with what the page says.
func TestApplySessions(t *testing.T) {
	for file, least := range map[string]int{"README.md": 2, "docs/apply.md": 6} {
		t.Run(file, func(t *testing.T) {
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newApplyWorld(t)
			found := 0
			for _, block := range applySession.FindAllStringSubmatch(string(page), -1) {
				for i, s := range sessions(block[3]) {
					found++
					faults, kill := "", false
					if i == 0 {
						faults, kill = block[2], block[1] == "kill"
					}
					got := w.run(t, s.command, faults, kill)
					if !matches(strings.Split(strings.TrimSpace(got), "\n"), trimEnd(s.output)) {
						t.Errorf("nixplan %s prints\n%s\n%s says\n%s", s.command, got, file, strings.Join(s.output, "\n"))
					}
				}
			}
			if found < least {
				t.Errorf("found only %d commands", found)
			}
		})
	}
}

// trimEnd drops the empty line at the end of a block.
func trimEnd(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// applyWorld is a machine on which sessions are run.
type applyWorld struct {
	home, repo, faults string
	env                []string
	runs               []string // real ids, newest last
}

func newApplyWorld(t *testing.T) *applyWorld {
	t.Helper()
	dir := t.TempDir()
	w := &applyWorld{home: filepath.Join(dir, "home"), repo: filepath.Join(dir, "neat-repo"), faults: filepath.Join(dir, "faults")}
	bin := filepath.Join(dir, "bin")
	for _, path := range []string{w.home, bin} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(w.repo, os.DirFS("fixtures/neat-repo")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// What is wrong with NixOps does not stand on the user's command line.
	script := "#!/bin/sh\nNIXOPSTEST_FAULTS='" + w.faults + "' exec '" + filepath.Join(dir, "nixops") + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "nixops"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := nixopstest.Install(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "nixplan")); err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(dir, "secrets.json")
	const content = `{"neat-aws": {"kind": "Secret", "condition": {"isBranch": "production"},
	  "data": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "swordfish-swordfish"}}}`
	if err := os.WriteFile(secrets, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = []string{
		"HOME=" + w.home, "PATH=" + bin + ":" + os.Getenv("PATH"), "TZ=UTC", "HERCULES_CI_SECRETS_JSON=" + secrets,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=tester", "GIT_AUTHOR_EMAIL=tester@example.org", "GIT_COMMITTER_NAME=tester", "GIT_COMMITTER_EMAIL=tester@example.org",
	}
	for _, args := range [][]string{{"init", "-q", "-b", "production"}, {"add", "--all"}, {"commit", "-q", "-m", "first"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = w.repo, w.env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	return w
}

// run runs a nixplan command and gives what it prints, made the same every time. The
// id that the page has stands for the newest run.
func (w *applyWorld) run(t *testing.T, command, faults string, kill bool) string {
	t.Helper()
	if faults == "" {
		faults = "[]"
	}
	if err := os.WriteFile(w.faults, []byte(faults), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(w.runs); n > 0 {
		command = strings.ReplaceAll(command, sampleRun, w.runs[n-1])
	}
	args, err := shell.Fields(command, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nixplan", args...)
	cmd.Path = filepath.Join(filepath.Dir(w.home), "bin", "nixplan")
	cmd.Err = nil
	cmd.Dir, cmd.Env = w.repo, w.env
	var out bytes.Buffer
	cmd.Stdout = io.Writer(&out)
	cmd.Stderr = cmd.Stdout
	cmd.WaitDelay = 10 * time.Second
	if kill {
		cmd.Stdout = &killer{out: &out, when: "backend> activation finished successfully", kill: func() { cmd.Process.Signal(syscall.SIGKILL) }}
		cmd.Stderr = cmd.Stdout
	}
	if err := cmd.Run(); ctx.Err() != nil {
		t.Fatalf("nixplan %s: %v\n%s", command, err, &out)
	}
	if kill {
		out.WriteString("Killed\n")
	}
	return w.alike(out.String())
}

// killer kills a program when it has printed a text.
type killer struct {
	out  *bytes.Buffer
	when string
	kill func()
}

func (k *killer) Write(p []byte) (int, error) {
	n, err := k.out.Write(p)
	if strings.Contains(k.out.String(), k.when) {
		k.kill()
	}
	return n, err
}

const sampleRun = "20261128T201644Z-3f9c"

var (
	anyRun      = regexp.MustCompile(`\b\d{8}T\d{6}Z-[0-9a-f]{4}\b`)
	anyTime     = regexp.MustCompile(`(?m)^(\s*)\d\d:\d\d:\d\d `)
	anyDuration = regexp.MustCompile(`(?m)( in |   )\d+(\.\d+)?m?s$`)
	anyUUID     = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
)

// alike replaces what differs from run to run. Of several runs only the newest is
// told.
func (w *applyWorld) alike(out string) string {
	for _, id := range anyRun.FindAllString(out, -1) {
		if len(w.runs) == 0 || id > w.runs[len(w.runs)-1] {
			w.runs = append(w.runs, id)
		}
	}
	if n := len(w.runs); n > 0 {
		out = strings.ReplaceAll(out, w.runs[n-1], sampleRun)
	}
	out = strings.ReplaceAll(out, w.home, "~")
	out = anyTime.ReplaceAllString(out, "${1}20:16:44 ")
	out = anyDuration.ReplaceAllString(out, "${1}1s")
	return anyUUID.ReplaceAllString(out, "7f206227-eb6d-11f1-ac1e-5f8b6679782a")
}
