package nixopstest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Hook()
	os.Exit(m.Run())
}

// bench is a home directory, a repository and the machines of one test.
type bench struct {
	t   *testing.T
	dir string // of the network files, and the working directory
	env []string
}

const twoMachines = `{ motd ? "hello" }: {
  network.description = "two machines";
  db.deployment.targetHost = "db.test";
  web = { pkgs, ... }: {
    deployment.targetHost = "web.test";
    environment.systemPackages = [ pkgs.hello ];
    environment.etc.motd.text = motd;
  };
}
`

func newBench(t *testing.T, env ...string) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	for _, dir := range []string{"bin", "home", "src", "machines"} {
		if err := os.Mkdir(filepath.Join(b.dir, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := Install(b.path("bin")); err != nil {
		t.Fatal(err)
	}
	b.write("src/network.nix", twoMachines)
	b.env = append([]string{
		"PATH=" + b.path("bin") + ":" + os.Getenv("PATH"), "HOME=" + b.path("home"), "TMPDIR=" + b.path(""),
		"GORACE=atexit_sleep_ms=0", "NIXOPSTEST_LOG=" + b.path("log"), "NIXOPSTEST_MACHINES=" + b.path("machines"),
	}, env...)
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o666); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) faults(faults ...Fault) {
	b.t.Helper()
	if err := WriteFaults(b.path("faults"), faults...); err != nil {
		b.t.Fatal(err)
	}
	b.env = append(b.env, "NIXOPSTEST_FAULTS="+b.path("faults"))
}

func (b *bench) command(args ...string) *exec.Cmd {
	return b.program(b.path("bin/nixops"), args...)
}

// program is a program that gets a minute.
func (b *bench) program(name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	b.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = b.path("src"), b.env
	return cmd
}

type outcome struct {
	code           int
	stdout, stderr string
}

func (b *bench) runWith(stdin string, args ...string) outcome {
	b.t.Helper()
	cmd := b.command(args...)
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	return b.finish(cmd)
}

func (b *bench) finish(cmd *exec.Cmd) outcome {
	b.t.Helper()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		b.t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
}

func (b *bench) run(args ...string) outcome {
	b.t.Helper()
	return b.runWith("", args...)
}

// ok runs a call that must succeed.
func (b *bench) ok(args ...string) outcome {
	b.t.Helper()
	got := b.run(args...)
	if got.code != 0 {
		b.t.Fatalf("nixops %s: status %d\n%s%s", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	return got
}

// created is a bench with a deployment "prod" of network.nix.
func created(t *testing.T, env ...string) *bench {
	b := newBench(t, append([]string{"NIXOPS_DEPLOYMENT=prod"}, env...)...)
	b.ok("create", "network.nix")
	return b
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

func TestCreate(t *testing.T) {
	b := newBench(t, "NIXOPS_DEPLOYMENT=prod")
	got := b.ok("create", "missing.nix")
	id := strings.TrimSpace(got.stdout)
	if uuid.FindString(id) != id {
		t.Errorf("stdout: %q, want a UUID", got.stdout)
	}
	if want := "created deployment ‘" + id + "’\n"; got.stderr != want {
		t.Errorf("stderr: %q, want %q", got.stderr, want)
	}
}
