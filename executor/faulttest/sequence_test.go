package faulttest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/hercules/api/apitest"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// The improvements on the effect's sequence of calls and requests.
const (
	asMeasured = ""
	aLock      = "a lock around everything"
	looks      = "the state's server is looked at before anything is touched"
	compares   = "an upload never replaces a state that is not the one that was fetched"
	unsets     = "arguments that networkArgs no longer has are unset"
)

// entry is a call or a request, and which improvement it is due to.
type entry struct{ what, why string }

// inEffect makes the bench's nixplan one that runs inside of an effect.
func (b *bench) inEffect() {
	for i, variable := range b.env {
		if strings.HasPrefix(variable, "HERCULES_CI_API_TOKEN=") {
			b.env[i] = "HERCULES_CI_API_TOKEN=" + apitest.TaskToken
		}
	}
	b.env = append(b.env, "IN_HERCULES_CI_EFFECT=true", "HERCULES_CI_API_BASE_URL="+b.server.URL,
		"HERCULES_CI_PROJECT_ID="+apitest.NeatRepo.ID, "HERCULES_CI_PROJECT_PATH="+apitest.NeatRepo.String())
	i := slices.Index(b.flags, "--api")
	b.flags = slices.Delete(b.flags, i, i+4) // and --project
	b.flags = append(b.flags, "--state-backend", "hercules")
}

// sequence is what a run called and asked, in order.
func (b *bench) sequence(t *testing.T) []string {
	t.Helper()
	type timed struct {
		at   time.Time
		what string
	}
	var all []timed
	for _, c := range b.calls() {
		all = append(all, timed{c.Start, strings.Join(c.Argv, " ")})
	}
	for _, r := range b.server.Requests() {
		what := r.Method + " " + r.Path + " " + itoa(r.Status)
		if strings.HasPrefix(r.Path, "/api/v1/lock-leases/") {
			what = r.Method + " /api/v1/lock-leases/ID " + itoa(r.Status)
		}
		all = append(all, timed{r.Time, what})
	}
	slices.SortStableFunc(all, func(a, b timed) int { return a.at.Compare(b.at) })
	var list []string
	for _, e := range all {
		list = append(list, e.what)
	}
	return list
}

// The requests of an effect.
const (
	task      = "/api/v1/current-task/state/"
	getState  = "GET " + task + stateName + "/data "
	getHosts  = "GET " + task + hostsName + "/data "
	putState  = "PUT " + task + stateName + "/data 200"
	putHosts  = "PUT " + task + hostsName + "/data 200"
	setArgs   = `nixops set-args --arg motd builtins.fromJSON "\"q\\\"x\"" --arg size builtins.fromJSON "3"`
	doDeploy  = "nixops deploy --confirm --allow-reboot --allow-recreate"
	lockOf    = "POST /api/v1/projects/b2f1d4b2-3a52-4c6e-9d1a-5f0a2b7c9e01/lock/" + stateName + " 200"
	releaseOf = "DELETE /api/v1/lock-leases/ID 200"
)

// TestSequence compares what a run does with what runNixOps was seen to do, but for
// the improvements.
func TestSequence(t *testing.T) {
	tests := []struct {
		name     string
		later    bool
		fault    *nixopstest.Fault
		program  func(string) string
		status   int
		measured []string
		want     []entry
	}{
		{
			name: "first",
			measured: []string{
				getState + "404", getHosts + "404", "nixops create network.nix", setArgs, "nixops check", "nixops --version",
				doDeploy, "nixops export", putState, putHosts, "nixops check",
			},
			want: []entry{
				{getState + "404", looks}, {getHosts + "404", looks}, {lockOf, aLock},
				{getState + "404", asMeasured}, {getHosts + "404", asMeasured},
				{"nixops create network.nix", asMeasured}, {setArgs, asMeasured}, {"nixops check", asMeasured}, {"nixops --version", asMeasured},
				{doDeploy, asMeasured}, {"nixops export", asMeasured},
				{getState + "404", compares}, {putState, asMeasured}, {getHosts + "404", compares}, {putHosts, asMeasured},
				{"nixops check", asMeasured}, {releaseOf, aLock},
			},
		},
		{
			name: "later", later: true,
			measured: []string{
				getState + "200", getHosts + "200", "nixops import --include-keys", "nixops modify network.nix", setArgs, "nixops check", "nixops --version",
				doDeploy, "nixops export", putState, putHosts, "nixops check",
			},
			want: []entry{
				{getState + "200", looks}, {getHosts + "200", looks}, {lockOf, aLock},
				{getState + "200", asMeasured}, {getHosts + "200", asMeasured},
				{"nixops import --include-keys", asMeasured}, {"nixops modify network.nix", asMeasured}, {setArgs, asMeasured},
				{"nixops check", asMeasured}, {"nixops --version", asMeasured},
				{doDeploy, asMeasured}, {"nixops export", asMeasured},
				{getState + "200", compares}, {putState, asMeasured}, {getHosts + "200", compares}, {putHosts, asMeasured},
				{"nixops check", asMeasured}, {releaseOf, aLock},
			},
		},
		{
			name: "later, deploy fails", later: true, status: 1,
			fault: &nixopstest.Fault{Command: "deploy", Point: "created", Action: "exit", Status: 1},
			measured: []string{
				getState + "200", getHosts + "200", "nixops import --include-keys", "nixops modify network.nix", setArgs, "nixops check", "nixops --version",
				doDeploy, "nixops export", putState, putHosts,
			},
			want: []entry{
				{getState + "200", looks}, {getHosts + "200", looks}, {lockOf, aLock},
				{getState + "200", asMeasured}, {getHosts + "200", asMeasured},
				{"nixops import --include-keys", asMeasured}, {"nixops modify network.nix", asMeasured}, {setArgs, asMeasured},
				{"nixops check", asMeasured}, {"nixops --version", asMeasured},
				{doDeploy, asMeasured}, {"nixops export", asMeasured},
				{getState + "200", compares}, {putState, asMeasured}, {getHosts + "200", compares}, {putHosts, asMeasured},
				{releaseOf, aLock},
			},
		},
		{
			name: "later, import fails", later: true, status: 1,
			fault:    &nixopstest.Fault{Command: "import", Action: "exit", Status: 1},
			measured: []string{getState + "200", getHosts + "200", "nixops import --include-keys"},
			want: []entry{
				{getState + "200", looks}, {getHosts + "200", looks}, {lockOf, aLock},
				{getState + "200", asMeasured}, {getHosts + "200", asMeasured}, {"nixops import --include-keys", asMeasured}, {releaseOf, aLock},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, benchOptions{backend: herculesBackend, later: test.later})
			b.inEffect()
			if test.fault != nil {
				b.nixopsFaults(*test.fault)
			}
			p := b.apply()
			if got := p.wait(); got != test.status {
				t.Fatalf("status %d, want %d\n%s", got, test.status, p.output())
			}
			var want, without []string
			for _, e := range test.want {
				want = append(want, e.what)
				if e.why == asMeasured {
					without = append(without, e.what)
				}
			}
			if diff := cmp.Diff(want, b.sequence(t)); diff != "" {
				t.Errorf("what the run did (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.measured, without); diff != "" {
				t.Errorf("the list without improvements is not what was measured:\n%s", diff)
			}
			b.surroundings()
		})
	}
}

// surroundings compares what NixOps finds with what it finds in an effect.
func (b *bench) surroundings() {
	t := b.t
	t.Helper()
	for _, c := range b.calls() {
		what := strings.Join(c.Argv, " ")
		stdin := "null"
		if c.Command == "import" {
			stdin = "data"
		}
		if c.Stdin != stdin {
			t.Errorf("%s: standard input is %s, want %s", what, c.Stdin, stdin)
		}
		if c.Env["NIXOPS_DEPLOYMENT"] != deployment {
			t.Errorf("%s: NIXOPS_DEPLOYMENT is %q", what, c.Env["NIXOPS_DEPLOYMENT"])
		}
		if filepath.Base(c.Dir) != "source" {
			t.Errorf("%s: the working directory is %s", what, c.Dir)
		}
		if c.Env["HOME"] == b.path("home") || !strings.HasPrefix(c.Env["HOME"], b.runtime()) {
			t.Errorf("%s: the home directory is %s", what, c.Env["HOME"])
		}
		exported := slices.Contains(c.Names, "FROM_SETUP")
		if after := !slices.Contains([]string{"create", "import", "modify", "set-args"}, c.Command); exported != after {
			t.Errorf("%s: sees what the setup script exports: %v, want %v", what, exported, after)
		}
		for _, name := range c.Names {
			if strings.Contains(name, "TOKEN") || name == "XDG_STATE_HOME" {
				t.Errorf("%s: sees %s", what, name)
			}
		}
	}
}

// An argument that is taken out of networkArgs is unset, which the effect does not.
func TestSequenceUnset(t *testing.T) {
	t.Parallel()
	b := newBench(t, benchOptions{backend: fileBackend, later: true})
	smaller := strings.NewReplacer("motd, size", "motd", ` size = 3;`, "")
	b.write("repo/network.nix", smaller.Replace(network))
	b.write("repo/ci.nix", smaller.Replace(withHooks(nil)))
	b.git("commit", "-q", "-a", "-m", "no size")
	b.applied()
	var got []string
	for _, c := range b.calls() {
		if c.Command == "set-args" {
			got = append(got, strings.Join(c.Argv, " "))
		}
	}
	if want := []string{`nixops set-args --arg motd builtins.fromJSON "\"q\\\"x\"" --unset size`}; !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", unsets, got, want)
	}
}
