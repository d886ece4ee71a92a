package faulttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/hercules/api/apitest"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// The deployment: two machines, one of which NixOps creates, with scripts wherever
// an effect has them. Each script does what the test says in $FAULTTEST.
const program = `{ ref ? null, ... }:
let
  pkgs = import <nixpkgs> { system = "x86_64-linux"; overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; };
  inherit (pkgs.effects) runNixOps;
  point = name: ''
    if [[ -e $FAULTTEST/script-${name} ]]; then . "$FAULTTEST/script-${name}"; fi
  '';
in
{
  shop = runNixOps {
    name = "shop";
    src = pkgs.lib.cleanSource ./.;
    networkFiles = [ "network.nix" ];
    networkArgs = { motd = "q\"x"; size = 3; };
    secretsMap = { aws = "shop-aws"; ssh = "shop-ssh"; };
    prebuild = false;
    userSetupScript = ''
      writeAWSSecret aws default
      writeSSHKey ssh
      export FROM_SETUP="set up"
    '' + point "userSetupScript";
%s
  };
}
`

const (
	network = `{ motd, size }: {
  network.description = "a shop";
  db = { ... }: {
    deployment.targetHost = "db.test";
  };
` + web + `}
`
	// web is what an earlier deployment did not have.
	web = `  web = { ... }: {
    deployment.targetEnv = "ec2";
    environment.etc.motd.text = motd;
  };
`
)

// hooks are the scripts that the job has besides its userSetupScript.
var hooks = []string{
	"preInit", "postUnpack", "preGetState", "preUserSetup", "postUserSetup", "prePriorCheck", "postPriorCheck",
	"preEffect", "postEffect", "postPutState", "preEffectCheck", "postEffectCheck", "failureHook", "exitHook",
}

const (
	deployment = "shop"
	jobName    = "shop"
	stateName  = "nixops-shop.json"
	hostsName  = "nixops-shop.known_hosts"
)

var machineNames = []string{"db", "web"}

// The two backends.
const (
	herculesBackend = "hercules"
	fileBackend     = "file"
)

const secretsFile = `{
  "shop-aws": { "kind": "Secret", "data": { "aws_access_key_id": "AKIACANARYAKIA", "aws_secret_access_key": "aws/secret+canary" }, "condition": true },
  "shop-ssh": { "kind": "Secret", "data": { "privateKey": "-----BEGIN KEY-----\nc3NoY2FuYXJ5MQ\nc3NoY2FuYXJ5Mg\n-----END KEY-----\n", "publicKey": "ssh-ed25519 pubcanary" }, "condition": true }
}
`

// bench is a repository with everything around it.
type bench struct {
	t       *testing.T
	dir     string
	backend string
	server  *apitest.Server // nil: the backend file
	env     []string
	flags   []string // of every apply
	// hostsLost: web's known host cannot be expected to be stored.
	hostsLost bool
}

type benchOptions struct {
	backend string
	server  apitest.Options
	hooks   bool   // the job has scripts wherever it can
	later   bool   // db was deployed before, and web was not
	program string // "": program
	secrets string // "": secretsFile
}

func newBench(t *testing.T, o benchOptions) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), backend: o.backend}
	for _, dir := range []string{"repo", "home", "state", "config", "faults", "machines", "tmp"} {
		b.must(os.Mkdir(b.path(dir), 0o700))
	}
	if o.program == "" {
		o.program = withHooks(nil)
		if o.hooks {
			o.program = withHooks(hooks)
		}
	}
	if o.secrets == "" {
		o.secrets = secretsFile
	}
	b.write("repo/ci.nix", o.program)
	b.write("repo/network.nix", network)
	if o.later {
		b.write("repo/network.nix", strings.Replace(network, web, "", 1))
	}
	b.write("secrets.json", o.secrets)
	b.env = []string{
		"PATH=" + binaries + ":" + os.Getenv("PATH"), "HOME=" + b.path("home"), "TMPDIR=" + b.path("tmp"), "LC_ALL=C.UTF-8", "TZ=UTC",
		"XDG_STATE_HOME=" + b.path("state"), "XDG_CONFIG_HOME=" + b.path("config"), "XDG_CACHE_HOME=" + b.path("cache"), "XDG_RUNTIME_DIR=" + b.private(),
		home + "=" + b.path("faults"),
		"NIXOPSTEST_LOG=" + b.path("log"), "NIXOPSTEST_MACHINES=" + b.path("machines"), "NIXOPSTEST_FAULTS=" + b.path("faults/nixops"),
		"GORACE=atexit_sleep_ms=0", // of a second for each process that was built with -race
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}
	b.nixopsFaults()
	b.repository()
	b.flags = []string{
		"--evaluator", "model", "--auto-approve", "--format", "json", "--secrets", b.path("secrets.json"), "--grace", "300ms", "--save-timeout", "2s",
		"--keep", home, "--keep", "GORACE", "--keep", "NIXOPSTEST_LOG", "--keep", "NIXOPSTEST_MACHINES", "--keep", "NIXOPSTEST_FAULTS",
	}
	switch o.backend {
	case herculesBackend:
		b.server = apitest.New(o.server)
		server := b.server
		t.Cleanup(func() {
			if b.server == server {
				server.Close()
			}
		})
		b.env = append(b.env, "HERCULES_CI_API_TOKEN="+apitest.UserToken)
		b.flags = append(b.flags, "--api", b.server.URL, "--project", apitest.NeatRepo.String())
	case fileBackend:
		b.flags = append(b.flags, "--state-dir", b.path("store"))
	default:
		t.Fatalf("no backend %q", o.backend)
	}
	if o.later {
		b.deployBefore(o)
	}
	return b
}

// before are deployments that were made before, by the backend: they are the same for
// all tests.
var before sync.Map

// earlier is what an earlier deployment left.
type earlier struct {
	once  sync.Once
	dir   string // machines/, store/, faults/export-*
	state map[string][]byte
}

// deployBefore deploys what was there before, and gives the repository what is to be
// deployed.
func (b *bench) deployBefore(o benchOptions) {
	b.t.Helper()
	v, _ := before.LoadOrStore(o.backend, &earlier{})
	e := v.(*earlier)
	e.once.Do(func() {
		e.dir = filepath.Join(binaries, "before-"+o.backend)
		e.state = map[string][]byte{}
		first := b
		first.applied()
		for _, name := range []string{"machines", "store"} {
			if _, err := os.Stat(first.path(name)); err == nil {
				b.must(os.CopyFS(filepath.Join(e.dir, name), os.DirFS(first.path(name))))
			}
		}
		for _, name := range []string{stateName, hostsName} {
			e.state[name] = first.stored(name)
		}
		b.must(os.RemoveAll(first.path("state")))
		b.must(os.RemoveAll(first.path("machines")))
		b.must(os.RemoveAll(first.path("store")))
		b.must(os.Remove(first.path("log")))
	})
	if e.state[stateName] == nil {
		b.t.Fatal("the deployment before could not be made")
	}
	exports, _ := filepath.Glob(b.path("faults/export-*"))
	for _, file := range exports {
		b.must(os.Remove(file))
	}
	b.must(os.RemoveAll(b.path("machines")))
	b.must(os.CopyFS(b.path("machines"), os.DirFS(filepath.Join(e.dir, "machines"))))
	if b.server == nil {
		b.must(os.CopyFS(b.path("store"), os.DirFS(filepath.Join(e.dir, "store"))))
	} else {
		b.server.Close()
		b.server = apitest.New(o.server)
		b.t.Cleanup(b.server.Close)
		for i, flag := range b.flags {
			if flag == "--api" {
				b.flags[i+1] = b.server.URL
			}
		}
		for name, data := range e.state {
			b.server.SetState(name, data)
		}
	}
	b.write("repo/network.nix", network)
	b.git("commit", "-q", "-a", "-m", "web")
}

// withHooks is the program with some hooks.
func withHooks(names []string) string {
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "    %s = point %q;\n", name, name)
	}
	return fmt.Sprintf(program, text.String())
}

// private is the directory for private ones, on a tmpfs where there is one.
func (b *bench) private() string {
	dir, err := os.MkdirTemp("/dev/shm", "nixplan-faulttest-")
	if err != nil {
		dir = b.path("runtime")
		b.must(os.Mkdir(dir, 0o700))
		return dir
	}
	b.t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// repositories are those that were made, by their files: directories to copy.
var repositories sync.Map

// repository makes a git repository of repo.
func (b *bench) repository() {
	b.t.Helper()
	var all strings.Builder
	for _, name := range []string{"repo/ci.nix", "repo/network.nix"} {
		data, err := os.ReadFile(b.path(name))
		b.must(err)
		fmt.Fprintf(&all, "%d %s", len(data), data)
	}
	type once struct {
		sync.Once
		dir string
	}
	v, _ := repositories.LoadOrStore(all.String(), &once{})
	made := v.(*once)
	made.Do(func() {
		b.git("init", "-q", "-b", "main", "--template=")
		b.git("add", "-A")
		b.git("commit", "-q", "-m", "all")
		b.git("remote", "add", "origin", "https://github.com/neat-org/neat-repo")
		dir, err := os.MkdirTemp(binaries, "repo-")
		b.must(err)
		b.must(os.CopyFS(filepath.Join(dir, ".git"), os.DirFS(b.path("repo/.git"))))
		made.dir = dir
	})
	if _, err := os.Stat(b.path("repo/.git")); err == nil {
		return
	}
	if made.dir == "" {
		b.t.Fatal("the repository could not be made")
	}
	b.must(os.CopyFS(b.path("repo/.git"), os.DirFS(filepath.Join(made.dir, ".git"))))
}

func (b *bench) git(args ...string) {
	b.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", b.path("repo"), "-c", "maintenance.auto=false", "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
	cmd.Env = b.env
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	b.must(os.WriteFile(b.path(name), []byte(text), 0o600))
}

// nixopsFaults says what goes wrong with NixOps from now on.
func (b *bench) nixopsFaults(faults ...nixopstest.Fault) {
	b.t.Helper()
	if faults == nil {
		faults = []nixopstest.Fault{}
	}
	b.must(nixopstest.WriteFaults(b.path("faults/nixops.new"), faults...))
	b.must(os.Rename(b.path("faults/nixops.new"), b.path("faults/nixops")))
}

// script says what a script does from now on, besides what it is for.
func (b *bench) script(name, text string) {
	b.t.Helper()
	b.write("faults/script-"+name, text)
}

// healthy takes all faults away.
func (b *bench) healthy() {
	b.t.Helper()
	b.nixopsFaults()
	files, _ := filepath.Glob(b.path("faults/script-*"))
	for _, file := range files {
		b.must(os.Remove(file))
	}
	if b.server != nil {
		b.server.ClearFaults()
	}
}

// mark is a file that a fault makes when it strikes.
func (b *bench) mark() string { return b.path("faults/mark") }

func (b *bench) marked() bool {
	_, err := os.Stat(b.mark())
	return err == nil
}

// calls are NixOps' until now, without preflights'.
func (b *bench) calls() []*nixopstest.Call {
	b.t.Helper()
	all, err := nixopstest.ReadLog(b.path("log"))
	b.must(err)
	var calls []*nixopstest.Call
	for _, call := range all {
		if call.Env["HOME"] != "/homeless-shelter" {
			calls = append(calls, call)
		}
	}
	return calls
}

// process is a nixplan that runs.
type process struct {
	b      *bench
	cmd    *exec.Cmd
	cancel context.CancelFunc

	mu     sync.Mutex
	events []executor.Event
	stdout bytes.Buffer
	stderr bytes.Buffer
	read   chan struct{} // closed when all output was read
	code   int
}

// longest is how long a nixplan may run before the test says that it hangs.
const longest = 5 * time.Minute

// start starts nixplan in the repository.
func (b *bench) start(args ...string) *process {
	b.t.Helper()
	return b.startAs(exec.Command(filepath.Join(binaries, "nixplan"), args...))
}

func (b *bench) startAs(cmd *exec.Cmd) *process {
	b.t.Helper()
	p := &process{b: b, cmd: cmd, read: make(chan struct{})}
	if cmd.Dir == "" {
		cmd.Dir = b.path("repo")
	}
	if cmd.Env == nil {
		cmd.Env = b.env
	}
	out, in, err := os.Pipe()
	b.must(err)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = in, &p.stderr, 20*time.Second
	b.must(cmd.Start())
	in.Close()
	timer := time.AfterFunc(longest, func() { cmd.Process.Signal(syscall.SIGQUIT) })
	p.cancel = func() { timer.Stop() }
	go p.follow(out)
	return p
}

// follow reads the events.
func (p *process) follow(out *os.File) {
	defer close(p.read)
	defer out.Close()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		var e executor.Event
		p.mu.Lock()
		p.stdout.Write(line)
		if json.Unmarshal(line, &e) == nil && e.Type != "" {
			p.events = append(p.events, e)
		}
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait waits for the end and gives the exit status, -1 after a signal.
func (p *process) wait() int {
	p.b.t.Helper()
	err := p.cmd.Wait()
	p.cancel()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.b.t.Errorf("%v: %v", p.cmd.Args[1:2], err)
	}
	select {
	case <-p.read:
	case <-time.After(10 * time.Second): // somebody still has the pipe
	}
	p.code = p.cmd.ProcessState.ExitCode()
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() != syscall.SIGKILL {
		p.b.t.Errorf("nixplan was ended by %s\n%s", s.Signal(), p.output())
	}
	return p.code
}

// output is everything that was said, for failures.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("nixplan %s: status %d\n%s%s", strings.Join(p.cmd.Args[1:2], " "), p.code, p.stdout.String(), p.stderr.String())
}

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) }

// until waits until something holds; false when nixplan ended before.
func (p *process) until(holds func() bool) bool {
	for {
		if holds() {
			return true
		}
		select {
		case <-p.read:
			return holds()
		case <-time.After(3 * time.Millisecond):
		}
	}
}

// event gives the first event that fits, if there was one.
func (p *process) event(fits func(executor.Event) bool) (executor.Event, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if fits(e) {
			return e, true
		}
	}
	return executor.Event{}, false
}

// began reports whether a step has begun.
func (p *process) began(step string) bool {
	_, ok := p.event(func(e executor.Event) bool { return e.Type == executor.StepStarted && e.Step == step })
	return ok
}

// run is the run's id, "" when nothing was begun.
func (p *process) run() string {
	e, _ := p.event(func(e executor.Event) bool { return e.Run != "" })
	return e.Run
}

// result is the outcome of the run, nil when it was killed.
func (p *process) result() *executor.Result {
	e, _ := p.event(func(e executor.Event) bool { return e.Result != nil })
	return e.Result
}

// apply is nixplan apply with the bench's flags.
func (b *bench) apply(args ...string) *process {
	b.t.Helper()
	return b.start(append(append([]string{"apply"}, b.flags...), args...)...)
}

// applied is a run that must succeed.
func (b *bench) applied(args ...string) *process {
	b.t.Helper()
	p := b.apply(args...)
	if p.wait() != 0 {
		b.t.Fatalf("the run fails\n%s", p.output())
	}
	return p
}

// resume carries a run on as nixplan says, but with short limits.
func (b *bench) resume(id string) *process {
	b.t.Helper()
	return b.start("apply", "--resume", id, "--format", "json", "--grace", "300ms", "--save-timeout", "5s")
}

// nixplan runs a command that must succeed and gives its standard output.
func (b *bench) nixplan(args ...string) string {
	b.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "nixplan"), args...)
	cmd.Dir, cmd.Env = b.path("repo"), b.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("nixplan %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// files lists what is below a directory, relative to it.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		list = append(list, filepath.ToSlash(rel))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return list
}

func itoa(n int) string { return strconv.Itoa(n) }
