package faulttest

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/nixopstest"
	"github.com/nixplan/nixplan/plan"
)

// A trial is a run that meets a fault.
type trial struct {
	name    string
	backend string
	later   bool // not the first run of the deployment
	hooks   bool
	// basic: of the faults that each step meets, in one of the variants.
	basic bool

	before func(*bench)           // the fault
	args   []string               // of apply
	during func(*bench, *process) // what happens while the run goes on
	killed bool                   // nixplan dies
	// restart: what is in memory is gone, what runs as well.
	restart bool
	// leaseStays: the server could not be told.
	leaseStays bool
	// hostsLost: the machine restarts while NixOps makes machines, and their known
	// hosts, which NixOps has in memory, are gone.
	hostsLost bool
}

func (c *trial) run(t *testing.T) {
	t.Parallel()
	b := newBench(t, benchOptions{backend: c.backend, hooks: c.hooks, later: c.later})
	if c.before != nil {
		c.before(b)
	}
	p := b.apply(c.args...)
	if c.during != nil {
		c.during(b, p)
	}
	code := p.wait()
	if c.restart {
		b.restart()
	}
	b.afterFault(c, p, code)
	if t.Failed() {
		t.Logf("the run with the fault:\n%s", p.output())
	}
}

// afterFault asserts what holds after a run that met a fault, takes the fault away,
// carries the run on, and asserts what holds then.
func (b *bench) afterFault(c *trial, p *process, code int) {
	t := b.t
	t.Helper()
	b.healthy()
	b.always()
	killed := code == -1
	if killed && !c.killed {
		t.Error("nixplan was killed")
	}
	if !killed {
		b.quiet()
	}
	id := p.run()
	var unsaved bool
	if id == "" {
		if code == 0 {
			t.Fatal("the status is 0, and nothing was begun")
		}
	} else {
		unsaved = b.unsaved()
		b.nothingLost(unsaved)
		b.consistent(p, code, unsaved)
		if !c.leaseStays && !killed && (b.leases() > 0) != unsaved {
			t.Errorf("%d leases are left; a state is unsaved: %v", b.leases(), unsaved)
		}
	}
	if unsaved {
		b.othersKeepOut()
	}
	switch {
	case code == 0:
	case id == "":
		b.applied()
	default:
		next := b.resume(id)
		if code := next.wait(); code != 0 {
			t.Errorf("the run cannot be carried on: status %d\n%s", code, next.output())
			return
		}
	}
	if c.leaseStays {
		b.endLeases()
	}
	b.hostsLost = c.hostsLost
	b.deployedAll()
}

// restart is what a restart of the machine does: nothing runs any more, and what was
// in memory is gone.
func (b *bench) restart() {
	b.t.Helper()
	for range 3 {
		for _, process := range b.leftOver() {
			pid, _, _ := strings.Cut(process, " ")
			if number, err := strconv.Atoi(pid); err == nil {
				syscall.Kill(number, sigkill)
			}
		}
	}
	if !eventually(func() bool { return len(b.leftOver()) == 0 }) {
		b.t.Fatal("programs do not end")
	}
	b.must(os.RemoveAll(b.runtime()))
	b.must(os.Mkdir(b.runtime(), 0o700))
}

// consistent compares the run's result with its journal and the exit status.
func (b *bench) consistent(p *process, code int, unsaved bool) {
	t := b.t
	t.Helper()
	r := p.result()
	if r == nil {
		if code != -1 {
			t.Error("the run did not say how it ended")
		}
		return
	}
	if (code == 0) != (r.Status == executor.Succeeded) {
		t.Errorf("status %d, and the run %s", code, r.Status)
	}
	for _, job := range r.Jobs {
		if (job.State == executor.StateKept) != unsaved {
			t.Errorf("the state is %s; the journal says unsaved: %v", job.State, unsaved)
		}
	}
}

// othersKeepOut holds while a state is not stored.
func (b *bench) othersKeepOut() {
	t := b.t
	t.Helper()
	before := len(b.calls())
	p := b.apply()
	if p.wait() == 0 {
		t.Errorf("somebody else may deploy while a state is unsaved\n%s", p.output())
	}
	if now := len(b.calls()); now > before {
		t.Errorf("NixOps was called %d times while a state is unsaved\n%s", now-before, p.output())
	}
}

func (b *bench) endLeases() {
	if b.server != nil {
		for _, l := range b.server.Leases() {
			b.server.End(l.ID)
		}
	}
}

// planned are the steps of the job, as nixplan apply --dry-run prints them.
func planned(t *testing.T, hooks bool) []plan.Step {
	t.Helper()
	b := newBench(t, benchOptions{backend: fileBackend, hooks: hooks})
	var out struct{ Jobs []struct{ Steps []plan.Step } }
	b.must(json.Unmarshal([]byte(b.nixplan("apply", "--evaluator", "model", "--dry-run", "--format", "json")), &out))
	if len(out.Jobs) != 1 || len(out.Jobs[0].Steps) == 0 {
		t.Fatalf("%d jobs", len(out.Jobs))
	}
	return out.Jobs[0].Steps
}

// hang is a fault that leaves a mark and hangs.
func (b *bench) hang(f nixopstest.Fault) nixopstest.Fault {
	f.Mark, f.Action = b.mark(), "hang"
	return f
}

// signals sends signals once the fault has struck. The second one comes when the
// first was noticed.
func signals(list ...syscall.Signal) func(*bench, *process) {
	return func(b *bench, p *process) {
		if p.until(b.marked) {
			send(p, list...)
		}
	}
}

func send(p *process, list ...syscall.Signal) {
	for i, s := range list {
		if i > 0 {
			p.until(func() bool {
				_, ok := p.event(func(e executor.Event) bool {
					return e.Type == executor.Notice && strings.HasPrefix(e.Text, "Interrupted")
				})
				return ok
			})
		}
		p.signal(s)
	}
}

// atStep sends signals when a step has begun.
func atStep(step string, list ...syscall.Signal) func(*bench, *process) {
	return func(_ *bench, p *process) {
		if p.until(func() bool { return p.began(step) }) {
			send(p, list...)
		}
	}
}

const (
	sigint  = syscall.SIGINT
	sigterm = syscall.SIGTERM
	sigkill = syscall.SIGKILL
)

// interruptions are what may happen to nixplan while something hangs.
var interruptions = []struct {
	name    string
	signals []syscall.Signal
	args    []string
	basic   bool
}{
	{"timeout", nil, []string{"--timeout", "1500ms"}, true},
	{"SIGINT", []syscall.Signal{sigint}, nil, true},
	{"SIGTERM", []syscall.Signal{sigterm}, nil, true},
	{"SIGINT twice", []syscall.Signal{sigint, sigint}, nil, false},
	{"SIGKILL", []syscall.Signal{sigkill}, nil, true},
	{"SIGKILL and restart", []syscall.Signal{sigkill}, nil, false},
}

// restarts gives a trial what a restart of the machine does.
func (c *trial) restarts(name string) {
	c.killed, c.restart = strings.HasPrefix(name, "SIGKILL"), strings.HasSuffix(name, "restart")
}

// trials are all of them: every step of the plan with every fault that it can meet.
func trials(t *testing.T) []trial {
	t.Helper()
	var all []trial
	command := map[string]int{"--version": 1} // the preflight's
	for _, step := range planned(t, true) {
		var list []trial
		switch {
		case len(step.Argv) > 1 && step.Argv[0] == "nixops":
			command[step.Argv[1]]++
			list = programTrials(step, command[step.Argv[1]])
		case len(step.Scripts) > 0:
			list = scriptTrials(step)
		case step.ID == "lock", step.ID == "unpack", step.ID == "get-state", step.ID == "put-state", step.ID == "unlock":
			list = ownTrials(step)
		default:
			t.Fatalf("the matrix does not know how the step %s can fail", step.ID)
		}
		for i, c := range list {
			c.name = step.ID + "/" + c.name
			var variants []trial
			if step.When != plan.WhenStatePresent {
				variants = append(variants, variant(c, "first", false))
			}
			if step.When != plan.WhenStateAbsent {
				variants = append(variants, variant(c, "later", true))
			}
			if step.Saves || step.When == plan.WhenFailed || step.ID == "unlock" {
				variants = append(variants, afterFailedDeploy(variant(c, "later, failed deploy", true)))
			}
			for j := range variants {
				variants[j].basic = c.basic && j == i%len(variants)
			}
			all = append(all, variants...)
		}
	}
	return all
}

// variant gives a trial a name, and one of the backends in turn.
func variant(c trial, name string, later bool) trial {
	c.later = later
	c.name += "/" + name
	if c.backend == "" {
		c.backend = []string{fileBackend, herculesBackend}[len(c.name)%2]
	}
	return c
}

// afterFailedDeploy has the deployment fail before the fault strikes.
func afterFailedDeploy(c trial) trial {
	inner := c.before
	c.before = func(b *bench) {
		if inner != nil {
			inner(b)
		}
		var faults []nixopstest.Fault
		data, err := os.ReadFile(b.path("faults/nixops"))
		b.must(err)
		b.must(json.Unmarshal(data, &faults))
		b.nixopsFaults(append(faults, nixopstest.Fault{Command: "deploy", Call: 1, Point: "created", Action: "exit", Status: 1})...)
	}
	return c
}

// programTrials are what can happen to a step that calls NixOps, and to nixplan
// meanwhile. call says which call of its subcommand it is.
func programTrials(step plan.Step, call int) []trial {
	at := func(f nixopstest.Fault) nixopstest.Fault {
		f.Command, f.Call = step.Argv[1], call
		return f
	}
	fails := func(name string, f nixopstest.Fault) trial {
		return trial{name: name, basic: f.Point == "", before: func(b *bench) { b.nixopsFaults(at(f)) }}
	}
	list := []trial{
		fails("exit 1", nixopstest.Fault{Action: "exit", Status: 1}),
		fails("exit 1 when done", nixopstest.Fault{Point: "after", Action: "exit", Status: 1}),
		fails("ENOSPC", nixopstest.Fault{Action: "enospc"}),
		fails("child killed", nixopstest.Fault{Action: "signal", Signal: "KILL"}),
		fails("child killed when done", nixopstest.Fault{Point: "after", Action: "signal", Signal: "KILL"}),
	}
	points := []string{"before", "after"}
	switch step.ID {
	case "deploy":
		points = []string{"before", "locked", "evaluated", "recorded", "creating", "created", "built", "copied", "activating", "activated", "after"}
		for _, point := range points[1 : len(points)-1] {
			list = append(list,
				fails("exit 1 at "+point, nixopstest.Fault{Point: point, Action: "exit", Status: 1}),
				fails("ENOSPC at "+point, nixopstest.Fault{Point: point, Action: "enospc"}),
				fails("child killed at "+point, nixopstest.Fault{Point: point, Action: "signal", Signal: "KILL"}))
		}
	case "export":
		points = append(points, "middle")
		list = append(list,
			fails("empty", nixopstest.Fault{Action: "empty"}),
			fails("torn", nixopstest.Fault{Action: "torn"}),
			fails("child killed in the middle", nixopstest.Fault{Point: "middle", Action: "signal", Signal: "KILL"}))
	case "import":
		points = append(points, "middle")
	}
	for _, point := range points {
		for _, i := range interruptions {
			c := trial{name: i.name + " at " + point, args: i.args, basic: i.basic && point == "before"}
			c.restarts(i.name)
			c.hostsLost = step.ID == "deploy" && c.restart
			c.before = func(b *bench) { b.nixopsFaults(at(b.hang(nixopstest.Fault{Point: point}))) }
			if i.signals != nil {
				c.during = signals(i.signals...)
			}
			list = append(list, c)
		}
	}
	for _, i := range interruptions {
		c := trial{name: i.name + ", deaf", args: i.args}
		c.restarts(i.name)
		c.before = func(b *bench) { b.nixopsFaults(at(b.hang(nixopstest.Fault{Ignore: []string{"INT", "TERM"}}))) }
		if i.signals != nil {
			c.during = signals(i.signals...)
		}
		list = append(list, c)
	}
	return append(list, trial{
		name: "lease lost", basic: true, backend: herculesBackend, leaseStays: true,
		before: func(b *bench) {
			b.nixopsFaults(at(nixopstest.Fault{Mark: b.mark(), WaitFor: b.mark() + "-lost"}))
		},
		during: loseLease,
	})
}

// loseLease ends the lease once the fault has struck, and lets things go on when
// nixplan knows.
func loseLease(b *bench, p *process) {
	if !p.until(b.marked) {
		return
	}
	b.endLeases()
	b.write("faults/mark-lost", "")
}

// scriptTrials are what can happen to a step that runs scripts.
func scriptTrials(step plan.Step) []trial {
	script := step.Scripts[len(step.Scripts)-1]
	does := func(name, text string) trial {
		return trial{name: name, basic: true, hooks: true, before: func(b *bench) { b.script(script, text) }}
	}
	list := []trial{
		does("exit 1", "exit 1\n"),
		does("exit 0", "exit 0\n"),
		does("a command fails", "echo x | false | cat\n"),
		does("ENOSPC", "echo x >/dev/full\n"),
		does("child killed", "kill -KILL $$\n"),
	}
	for _, i := range interruptions {
		for _, deaf := range []bool{false, true} {
			c := trial{name: i.name, basic: i.basic && !deaf, args: i.args, hooks: true}
			c.restarts(i.name)
			text := "touch $FAULTTEST/mark; sleep 1000\n"
			if deaf {
				c.name += ", deaf"
				text = "trap '' INT TERM HUP; touch $FAULTTEST/mark; sleep 1000; sleep 1000\n"
			}
			c.before = func(b *bench) { b.script(script, text) }
			if i.signals != nil {
				c.during = signals(i.signals...)
			}
			list = append(list, c)
		}
	}
	return list
}

// ownTrials are what can happen to nixplan itself in a step of its own. What servers
// do is in the matrix of requests.
func ownTrials(step plan.Step) []trial {
	var list []trial
	for _, i := range interruptions {
		for _, backend := range []string{fileBackend, herculesBackend} {
			if i.signals == nil {
				continue
			}
			c := trial{name: i.name + "/" + backend, basic: i.basic, backend: backend, during: atStep(step.ID, i.signals...)}
			c.restarts(i.name)
			list = append(list, c)
		}
	}
	return list
}

// TestSteps is the matrix of steps and faults, or what is chosen of it.
func TestSteps(t *testing.T) {
	all := trials(t)
	for i, c := range all {
		if chosen(i, c.basic) {
			t.Run(c.name, c.run)
		}
	}
	if len(all) < 300 {
		t.Error(fmt.Sprint("only ", len(all), " trials"))
	}
}
