package faulttest

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/hercules/api/apitest"
)

// serverFaults are what a server, or what lies before it, can do to a request.
var serverFaults = []struct {
	name  string
	fault apitest.Fault
	basic bool
}{
	{"408", apitest.Fault{Status: 408}, true},
	{"429", apitest.Fault{Status: 429}, true},
	{"500", apitest.Fault{Status: 500}, true},
	{"503", apitest.Fault{Status: 503}, true},
	{"403", apitest.Fault{Status: 403}, false},
	{"reset", apitest.Fault{Reset: "before"}, false},
	{"reset when read", apitest.Fault{Reset: "after"}, true},
	{"reset when done", apitest.Fault{Reset: "done"}, false},
	{"torn request", apitest.Fault{TearRequest: 40}, false},
	{"torn answer", apitest.Fault{Tear: 20}, false},
	{"408 for ever", apitest.Fault{Status: 408, Times: -1}, true},
	{"429 for ever", apitest.Fault{Status: 429, Times: -1}, true},
	{"500 for ever", apitest.Fault{Status: 500, Times: -1}, true},
	{"503 for ever", apitest.Fault{Status: 503, Times: -1}, true},
	{"403 for ever", apitest.Fault{Status: 403, Times: -1}, false},
	{"reset for ever", apitest.Fault{Reset: "before", Times: -1}, true},
	{"reset when done for ever", apitest.Fault{Reset: "done", Times: -1}, false},
}

// requestsOf are the requests of a run that nothing happens to.
func requestsOf(t *testing.T, later bool) []apitest.Request {
	t.Helper()
	b := newBench(t, benchOptions{backend: herculesBackend, later: later})
	b.applied()
	return b.server.Requests()
}

// kind names a request, for people.
func kind(r apitest.Request) string {
	name := map[bool]string{true: " known hosts"}[strings.Contains(r.Path, hostsName)]
	switch {
	case strings.HasSuffix(r.Path, "/states"):
		return "list"
	case strings.Contains(r.Path, "/lock/"):
		return "lock"
	case strings.Contains(r.Path, "/lock-leases/"):
		return "lease"
	case r.Method == "PUT":
		return "upload" + name
	}
	return "download" + name
}

// TestRequests is the matrix of requests and what servers do to them: each request of
// a first and a later run meets each fault, once, or with all that follow it.
func TestRequests(t *testing.T) {
	count := 0
	for _, later := range []bool{false, true} {
		seen := map[string]int{}
		for i, r := range requestsOf(t, later) {
			seen[kind(r)]++
			for _, f := range serverFaults {
				if r.Method == "GET" && (f.name == "torn request" || f.name == "reset when read") {
					continue // it has no body
				}
				count++
				if !chosen(count, later && f.basic) {
					continue
				}
				fault := f.fault
				fault.Nth = i + 1
				c := trial{backend: herculesBackend, later: later, leaseStays: strings.HasSuffix(f.name, "for ever") || r.Method == "DELETE" && f.name == "403"}
				c.name = map[bool]string{true: "later", false: "first"}[later] + "/" + kind(r) + " " + itoa(seen[kind(r)]) + "/" + f.name
				c.before = func(b *bench) { b.server.Fail(fault) }
				t.Run(c.name, c.run)
			}
			for _, s := range interruptions {
				count++
				if !chosen(count, later && s.basic) {
					continue
				}
				c := trial{backend: herculesBackend, later: later, args: s.args, leaseStays: true}
				c.restarts(s.name)
				c.name = map[bool]string{true: "later", false: "first"}[later] + "/" + kind(r) + " " + itoa(seen[kind(r)]) + "/hang, " + s.name
				c.before = func(b *bench) { b.server.Fail(apitest.Fault{Name: "hang", Nth: i + 1, HangAfter: true}) }
				c.during = func(b *bench, p *process) {
					hit := func() bool {
						for _, r := range b.server.Requests() {
							if r.Fault == "hang" {
								return true
							}
						}
						return false
					}
					if s.signals != nil && p.until(hit) {
						send(p, s.signals...)
					}
				}
				t.Run(c.name, c.run)
			}
		}
	}
}

// An interrupt does not wait for a server that says nothing when nothing was begun.
func TestInterruptedPreflight(t *testing.T) {
	t.Parallel()
	b := newBench(t, benchOptions{backend: herculesBackend})
	b.server.Fail(apitest.Fault{Nth: 1, HangAfter: true})
	p := b.apply()
	if !p.until(func() bool { return len(b.server.Requests()) > 0 }) {
		t.Fatal(p.output())
	}
	p.signal(sigint)
	if code := p.wait(); code != 1 || !strings.Contains(p.stderr.String(), "interrupted; nothing was touched") {
		t.Error(p.output())
	}
	if p.run() != "" || len(b.server.Requests()) > 1 || len(b.calls()) > 0 {
		t.Errorf("something was begun\n%s", p.output())
	}
}

// The upload is impossible: what nixplan prints then stores the state.
func TestPutByHand(t *testing.T) {
	for _, later := range []bool{false, true} {
		t.Run(map[bool]string{false: "first", true: "later"}[later], func(t *testing.T) {
			t.Parallel()
			b := newBench(t, benchOptions{backend: herculesBackend, later: later})
			b.server.Fail(apitest.Fault{Method: "PUT", Path: "/state/", Status: 503, Times: -1})
			p := b.apply()
			if p.wait() == 0 {
				t.Error("the status is 0")
			}
			b.healthy()
			b.putByHand(p)
			b.nothingLost(false)
			next := b.resume(p.run())
			if next.wait() != 0 {
				t.Fatalf("%s\n%s", p.output(), next.output())
			}
			b.endLeases()
			b.deployedAll()
		})
	}
}

// putByHand runs the command line that a run printed for its state.
func (b *bench) putByHand(p *process) {
	t := b.t
	t.Helper()
	e, _ := p.event(func(e executor.Event) bool { return e.Outcome != nil })
	if e.Outcome == nil || e.Outcome.State != executor.StateKept {
		t.Fatalf("the state is not kept\n%s", p.output())
	}
	_, line, ok := strings.Cut(e.Outcome.Help, "to store it: ")
	line, _, _ = strings.Cut(line, "\n")
	if !ok {
		t.Fatalf("no command is printed: %s", e.Outcome.Help)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = b.path("repo"), b.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s\n%v: %s", line, err, out)
	}
}

// A disk that is full, as far as nixplan itself is concerned: no file may get larger
// than so much. NixOps may write.
func TestFullDisk(t *testing.T) {
	limits := []int{}
	for kib := 1; kib <= 64; kib++ {
		if kib <= 24 && chosen(7*kib, false) || kib%16 == 4 {
			limits = append(limits, kib)
		}
	}
	for _, kib := range limits {
		for _, later := range []bool{false, true} {
			backend := []string{fileBackend, herculesBackend}[kib%2]
			name := map[bool]string{false: "first", true: "later"}[later]
			t.Run(itoa(kib)+" KiB/"+backend+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, benchOptions{backend: backend, later: later})
				args := append([]string{"-c", "ulimit -S -f " + itoa(kib) + "; exec \"$@\"", "bash", filepath.Join(binaries, "nixplan"), "apply"}, b.flags...)
				p := b.startAs(exec.Command("bash", args...))
				code := p.wait()
				c := &trial{leaseStays: true}
				b.afterFault(c, p, code)
				if t.Failed() {
					t.Logf("the run on a full disk:\n%s", p.output())
				}
			})
		}
	}
}

// A lease that ends early is not relied on: the deployment ends at the next safe
// point, and its state is stored unless somebody else stored another.
func TestLeaseExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t, benchOptions{backend: herculesBackend, server: apitest.Options{LeaseFor: 1500 * 1000 * 1000}})
	b.script("userSetupScript", "touch $FAULTTEST/mark; while [[ ! -e $FAULTTEST/go ]]; do sleep 0.02; done\n")
	p := b.apply()
	if !p.until(b.marked) {
		t.Fatal(p.output())
	}
	// It is renewed.
	if !eventually(func() bool { return len(b.server.Matching("POST", "/lock-leases/")) > 0 }) {
		t.Error("the lease is not renewed")
	}
	b.endLeases()
	refused := func() bool {
		return slices.ContainsFunc(b.server.Matching("POST", "/lock-leases/"), func(r apitest.Request) bool { return r.Status == 404 })
	}
	if !eventually(refused) {
		t.Error("the lease is not renewed again")
	}
	b.write("faults/go", "")
	code := p.wait()
	for _, call := range b.calls() {
		if call.Command == "deploy" {
			t.Error("NixOps deploys without a lock")
		}
	}
	if code == 0 {
		t.Error("the status is 0")
	}
	b.afterFault(&trial{leaseStays: true}, p, code)
}
