package nixopstest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func (b *bench) log() []*Call {
	b.t.Helper()
	calls, err := ReadLog(b.path("log"))
	if err != nil {
		b.t.Fatal(err)
	}
	return calls
}

// running is a call in a process group of its own.
type running struct {
	b      *bench
	cmd    *exec.Cmd
	stderr *os.File
}

func (b *bench) start(args ...string) *running {
	b.t.Helper()
	return b.begin(b.command(args...))
}

func (b *bench) begin(cmd *exec.Cmd) *running {
	b.t.Helper()
	stderr, err := os.CreateTemp(b.path("home"), "stderr")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { stderr.Close() })
	r := &running{b, cmd, stderr}
	r.cmd.Stderr = stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = unix.Kill(-r.cmd.Process.Pid, unix.SIGKILL) })
	return r
}

// until waits for a file.
func (b *bench) until(name string) {
	b.t.Helper()
	b.eventually(name+" is there", func() bool { _, err := os.Stat(b.path(name)); return err == nil })
}

func (b *bench) eventually(what string, is func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("it does not come to this: %s", what)
		}
	}
}

// printed is what it wrote to standard error so far.
func (r *running) printed() string {
	r.b.t.Helper()
	text, err := os.ReadFile(r.stderr.Name())
	if err != nil {
		r.b.t.Fatal(err)
	}
	return string(text)
}

func (r *running) signal(number unix.Signal) {
	r.b.t.Helper()
	if err := unix.Kill(r.cmd.Process.Pid, number); err != nil {
		r.b.t.Fatal(err)
	}
}

// wait gives the exit status.
func (r *running) wait() int {
	r.b.t.Helper()
	err := r.cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		r.b.t.Fatal(err)
	}
	return r.cmd.ProcessState.ExitCode()
}

func TestLog(t *testing.T) {
	b := created(t)
	cmd := b.command("import")
	stdin, err := os.Open(b.path("src/network.nix"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	cmd.Stdin = stdin
	b.finish(cmd)
	calls := b.log()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	first, second := calls[0], calls[1]
	if got := strings.Join(first.Argv, " "); got != "nixops create network.nix" || first.Command != "create" || first.Stdin != "null" || !first.Ended || first.Status != 0 {
		t.Errorf("%+v", first)
	}
	if second.Stdin != "data" || second.Status != 1 || second.Overlaps(first) {
		t.Errorf("%+v", second)
	}
	if first.Env["NIXOPS_DEPLOYMENT"] != "prod" || first.Env["HOME"] != b.path("home") || first.Dir != b.path("src") {
		t.Errorf("%+v", first)
	}
}

// Faults of every kind, each where it strikes and what is left then.
func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault Fault
		call  call
	}{
		{"exit", Fault{Command: "export", Action: "exit", Status: 3}, call{args: "export", code: 3}},
		{"exit after", Fault{Command: "export", Point: "after", Action: "exit", Status: 3}, call{args: "export", code: 3, stdout: "…nixExprs"}},
		{"exit in the middle", Fault{Command: "export", Point: "middle", Action: "exit", Status: 3}, call{args: "export", code: 3, stdout: "…{\n"}},
		{"another command", Fault{Command: "check", Action: "exit", Status: 3}, call{args: "set-args"}},
		{"fail", Fault{Action: "fail", Message: "no luck"}, call{args: "deploy", code: 1, stderr: "…Traceback…\nException: no luck\n"}},
		{"enospc", Fault{Action: "enospc"}, call{args: "export", code: 1, stderr: "…OSError: [Errno 28] No space left on device\n"}},
		{"empty", Fault{Command: "export", Action: "empty"}, call{args: "export"}},
		{"torn", Fault{Command: "export", Action: "torn"}, call{args: "export", stdout: "…{\n"}},
		{"a variable's value", Fault{Env: "TOKEN"}, call{args: "set-args", stderr: "s3cret\n"}},
		{"on stdout", Fault{Print: "hello", Stream: "stdout"}, call{args: "set-args", stdout: "hello\n"}},
		{"a file's text", Fault{File: "$HOME/secret"}, call{args: "set-args", stderr: "from the file\n"}},
		{"many lines", Fault{Command: "deploy", Point: "evaluated", Lines: 3, Action: "exit"},
			call{args: "deploy", stderr: "…unit-0.drv…unit-1.drv…unit-2.drv'...\n"}},
		{"an unknown action", Fault{Action: "explode"}, call{args: "list", code: 125, stderr: "…unknown action"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := created(t, "TOKEN=s3cret")
			b.write("home/secret", "from the file")
			b.faults(test.fault)
			b.expect(test.call)
			calls := b.log()
			if last := calls[len(calls)-1]; !last.Ended || last.Status != test.call.code {
				t.Errorf("log: %+v", last)
			}
		})
	}
}

func TestSecondCallOnly(t *testing.T) {
	b := created(t)
	b.faults(Fault{Command: "check", Call: 2, Action: "exit", Status: 7})
	for i, want := range []int{0, 7, 0} {
		if got := b.run("check"); got.code != want {
			t.Errorf("check %d: status %d, want %d", i+1, got.code, want)
		}
		b.ok("export")
	}
}

// A deployment that dies between two machines leaves a state that has the first
// of them, and goes on from there.
func TestKilledInTheMiddle(t *testing.T) {
	for _, name := range []string{"KILL", "TERM", "HUP"} {
		t.Run(name, func(t *testing.T) {
			b := created(t)
			b.faults(Fault{Command: "deploy", Call: 1, Point: "middle", Action: "signal", Signal: name})
			r := b.start("deploy")
			_ = r.cmd.Wait()
			if status := r.cmd.ProcessState; status.Success() || status.Exited() {
				t.Errorf("%v, want a signal", status)
			}
			if calls := b.log(); calls[1].Ended {
				t.Errorf("a killed call has an end: %+v", calls[1])
			}
			_, resources := b.attributes()
			if resources["db"]["vmId"] == "" || resources["web"]["vmId"] != "" {
				t.Errorf("state: %v", resources)
			}
			if len(leftovers(b)) != 1 {
				t.Errorf("left behind: %v, want nixops-tmp…", leftovers(b))
			}
			b.ok("deploy")
			for name, m := range map[string]*Machine{"db": b.machine("db"), "web": b.machine("web")} {
				if len(m.Creations) != 1 {
					t.Errorf("%s was created %d times", name, len(m.Creations))
				}
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	b := created(t)
	b.faults(Fault{Command: "deploy", Point: "creating", Machine: "db", Mark: b.path("mark"), Action: "hang"})
	r := b.start("deploy")
	b.until("mark")
	r.signal(unix.SIGINT)
	if status := r.wait(); status != 1 {
		t.Errorf("status %d", status)
	}
	b.like("stderr", r.printed(), "…error: interrupted\n")
	if calls := b.log(); !calls[1].Ended || calls[1].Status != 1 {
		t.Errorf("log: %+v", calls[1])
	}
	if _, resources := b.attributes(); resources["db"]["vmId"] == "" {
		t.Error("what was committed is gone")
	}
	if left := leftovers(b); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What is told to ignore signals does.
func TestHangsAgainstSignals(t *testing.T) {
	b := created(t)
	b.faults(Fault{Command: "check", Mark: b.path("mark"), Action: "hang", Ignore: []string{"INT", "TERM"}})
	r := b.start("check")
	b.until("mark")
	r.signal(unix.SIGINT)
	r.signal(unix.SIGTERM)
	time.Sleep(20 * time.Millisecond)
	if err := unix.Kill(r.cmd.Process.Pid, 0); err != nil || r.printed() != "" {
		t.Errorf("it ended: %v\n%s", err, r.printed())
	}
	r.signal(unix.SIGKILL)
	_ = r.cmd.Wait()
	if r.cmd.ProcessState.Exited() {
		t.Errorf("%v, want killed", r.cmd.ProcessState)
	}
}

// SIGINT that is ignored when NixOps starts is ignored by it.
func TestInheritedIgnore(t *testing.T) {
	b := created(t)
	b.faults(Fault{Command: "check", Mark: b.path("mark"), WaitFor: b.path("go")})
	r := b.begin(b.program("sh", "-c", `trap "" INT; exec nixops check`))
	b.until("mark")
	r.signal(unix.SIGINT)
	time.Sleep(20 * time.Millisecond)
	b.write("go", "")
	if status := r.wait(); status != 0 {
		t.Errorf("status %d\n%s", status, r.printed())
	}
}

// The remote switch goes on when only NixOps is signalled, and not when its
// process group is.
func TestSwitchOutlives(t *testing.T) {
	for _, group := range []bool{false, true} {
		b := created(t)
		b.ok("deploy", "--create-only")
		err := park(b.path("machines")).change("web", func(m *Machine) { m.SwitchTime = "300ms" })
		if err != nil {
			t.Fatal(err)
		}
		r := b.start("deploy", "--include", "web")
		b.eventually("the profile is set", func() bool { return b.machine("web").Profile != "" })
		pid := r.cmd.Process.Pid
		if group {
			pid = -pid
		}
		if err := unix.Kill(pid, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if state, err := r.cmd.Process.Wait(); err != nil || state.Exited() {
			t.Errorf("%v %v, want killed", state, err)
		}
		if !group {
			b.eventually("the machine switched", func() bool { return b.machine("web").Current != "" })
			continue
		}
		time.Sleep(400 * time.Millisecond)
		if b.machine("web").Current != "" {
			t.Error("the machine switched although the group was killed")
		}
	}
}

// A second deployment waits for the first; other commands do not.
func TestDeploymentLock(t *testing.T) {
	b := created(t)
	b.faults(Fault{Command: "deploy", Call: 1, Point: "evaluated", Mark: b.path("mark"), WaitFor: b.path("go")})
	first := b.start("deploy")
	b.until("mark")
	second := b.start("deploy")
	b.ok("export")
	b.ok("set-args", "--argstr", "motd", "meanwhile")
	waiting := func(r *running) {
		b.t.Helper()
		b.eventually("it waits for the lock", func() bool { return r.printed() == "waiting for exclusive deployment lock...\n" })
	}
	waiting(second)
	third := b.start("deploy")
	waiting(third)
	third.signal(unix.SIGINT)
	if status := third.wait(); status != 1 {
		t.Errorf("interrupted while it waits: status %d", status)
	}
	b.write("go", "")
	for _, r := range []*running{first, second} {
		if status := r.wait(); status != 0 {
			t.Errorf("status %d\n%s", status, r.printed())
		}
	}
	if m := b.machine("web"); len(m.Creations) != 1 || len(m.Switches) != 2 {
		t.Errorf("web: %+v", m)
	}
	var deploys []*Call
	for _, call := range b.log() {
		if call.Command == "deploy" {
			deploys = append(deploys, call)
		}
	}
	if !deploys[0].Overlaps(deploys[1]) {
		t.Error("the log does not show that the calls overlapped")
	}
	if files, err := filepath.Glob(b.path("home/.nixops/locks/*")); err != nil || len(files) != 1 {
		t.Errorf("locks: %v %v", files, err)
	}
}
