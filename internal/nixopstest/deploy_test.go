package nixopstest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// attributes are those of the one deployment, and of its resources.
func (b *bench) attributes() (d map[string]string, resources map[string]map[string]string) {
	b.t.Helper()
	var parsed map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b.ok("export", "--all").stdout), &parsed); err != nil {
		b.t.Fatal(err)
	}
	d = map[string]string{}
	for _, attrs := range parsed {
		for name, value := range attrs {
			var text string
			var into any = &text
			if name == "resources" {
				into = &resources
			}
			if err := json.Unmarshal(value, into); err != nil {
				b.t.Fatal(err)
			}
			if name != "resources" {
				d[name] = text
			}
		}
	}
	return d, resources
}

func (b *bench) machine(name string) *Machine {
	b.t.Helper()
	m, err := ReadMachine(b.path("machines"), name)
	if err != nil {
		b.t.Fatal(err)
	}
	if m == nil {
		return &Machine{}
	}
	return m
}

func TestFirstDeploy(t *testing.T) {
	b := created(t)
	b.ok("set-args", "--arg", "motd", `builtins.fromJSON "\"yo\""`)
	b.expect(call{args: "check", stdout: "…Machines state:\n…Non machines resources state:\n"})
	got := b.ok("deploy", "--confirm", "--allow-reboot", "--allow-recreate")
	if got.stdout != "" {
		t.Errorf("stdout: %q", got.stdout)
	}
	b.like("deploy: stderr", got.stderr, "…db> generating new SSH keypair... done\n…db> setting state version to 22.05\n…db> waiting for SSH...\n"+
		"…building all machine configurations...\n…web> copying closure...\n…prod> closures copied successfully\n")
	for _, line := range []string{"web> activation finished successfully\n", "db> activating the configuration...\n"} {
		b.like("deploy: stderr", got.stderr, "…"+line)
	}
	if !strings.HasSuffix(got.stderr, "prod> deployment finished successfully\n") {
		t.Errorf("the last line: %q", got.stderr)
	}
	d, resources := b.attributes()
	if d["description"] != "two machines" || !strings.HasPrefix(d["configsPath"], "/nix/store/") {
		t.Errorf("deployment: %v", d)
	}
	for _, name := range []string{"db", "web"} {
		m := b.machine(name)
		if len(m.Creations) != 1 || m.Generation != 1 || m.Current != resources[name]["toplevel"] || m.Orphans() != 0 {
			t.Errorf("%s: %+v, the state has %v", name, m, resources[name])
		}
		if m.Creations[0].PublicKey != resources[name]["none.sshPublicKey"] {
			t.Errorf("%s has another key than the state", name)
		}
	}
	b.expect(call{args: "check", stdout: "…| web "})

	// Once more: nothing is created; a change makes a new generation.
	b.ok("deploy")
	if m := b.machine("web"); len(m.Creations) != 1 || m.Generation != 1 || len(m.Switches) != 2 {
		t.Errorf("after the same again: %+v", m)
	}
	b.ok("set-args", "--argstr", "motd", "other")
	b.ok("deploy")
	if m := b.machine("web"); len(m.Creations) != 1 || m.Generation != 2 {
		t.Errorf("after a change: %+v", m)
	}
	if left := leftovers(b); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// leftovers are the temporary directories.
func leftovers(b *bench) []string {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "nixops-tmp") || strings.HasPrefix(e.Name(), "tmp") {
			out = append(out, e.Name())
		}
	}
	return out
}

// What each mode does to the state and to the machines on a new deployment, and
// what check says then.
func TestModes(t *testing.T) {
	tests := []struct {
		flag      string
		attrs     []string // of the resource web
		configs   string   // beginning of configsPath; "-": there is none
		check     int
		profile   bool
		current   bool
		finishes  bool
		not17     bool
		mentioned string
	}{
		{flag: "--dry-run", attrs: []string{"index"}, configs: "", check: notThere, mentioned: "will be built:"},
		{flag: "--plan-only", attrs: []string{"index"}, configs: "-", check: notThere,
			mentioned: "web> warning: resource type none doesn't implement a plan operation"},
		{flag: "--build-only", attrs: []string{"index"}, configs: "/nix/store/", check: notThere, mentioned: "building all"},
		{flag: "--create-only", attrs: []string{"vmId", "state"}, configs: "-", mentioned: "waiting for SSH..."},
		{flag: "--copy-only", attrs: []string{"vmId", "state"}, configs: "/nix/store/", mentioned: "closures copied"},
		{flag: "--dry-activate", attrs: []string{"vmId", "state"}, configs: "/nix/store/", profile: true, mentioned: "would activate"},
		{flag: "--boot", attrs: []string{"vmId", "state", "toplevel"}, configs: "/nix/store/", profile: true, finishes: true, not17: true},
		{flag: "--test", attrs: []string{"vmId", "state", "toplevel"}, configs: "/nix/store/", current: true, finishes: true, not17: true},
		{flag: "--confirm", attrs: []string{"vmId", "state", "toplevel"}, configs: "/nix/store/", profile: true, current: true, finishes: true},
	}
	for _, test := range tests {
		t.Run(test.flag, func(t *testing.T) {
			version := Version17
			if test.not17 {
				version = Version2Pre
			}
			b := created(t, "NIXOPSTEST_VERSION="+version)
			got := b.ok("deploy", test.flag)
			b.like("stderr", got.stderr, "…"+test.mentioned)
			if finished := strings.HasSuffix(got.stderr, "> deployment finished successfully\n"); finished != test.finishes {
				t.Errorf("deployment finished: %v\n%s", finished, got.stderr)
			}
			d, resources := b.attributes()
			configs, ok := d["configsPath"]
			if ok == (test.configs == "-") || ok && (!strings.HasPrefix(configs, test.configs) || test.configs == "" && configs != "") {
				t.Errorf("configsPath is %q (%v), want %q", configs, ok, test.configs)
			}
			web := resources["web"]
			for _, name := range []string{"index", "vmId", "state", "toplevel"} {
				if _, ok := web[name]; ok != (name == "index" || slices.Contains(test.attrs, name)) {
					t.Errorf("web has %s: %v\n%v", name, ok, slices.Sorted(maps.Keys(web)))
				}
			}
			if m := b.machine("web"); (m.Profile != "") != test.profile || (m.Current != "") != test.current {
				t.Errorf("machine: %+v", m)
			}
			if got := b.run("check"); got.code != test.check {
				t.Errorf("check: status %d, want %d\n%s", got.code, test.check, got.stdout)
			}
		})
	}
}

// What is wrong with the network is found before anything changes.
func TestEvaluationFails(t *testing.T) {
	tests := []struct{ name, network, stderr string }{
		{"no file", "", "…error: getting status of '…network.nix': No such file or directory\n"},
		{"syntax", "{ web = ", "…error: expected an expression, found end of file\n"},
		{"throw in the network", `throw "no such region"`, "…no such region\n"},
		{"throw in a machine", `{ web.deployment.targetHost = throw "no host"; }`, "…no host\n"},
		{"no set", `[ ]`, "…while a set was expected\n"},
		{"an argument that it does not take", `{ motd }: { }`, "…called with unexpected argument 'colour'\n"},
		{"an argument that is not given", `{ motd, size, colour }: { }`, "…called without required argument 'size'\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := created(t)
			b.ok("set-args", "--argstr", "motd", "x", "--arg", "colour", "1")
			if test.network == "" {
				_ = os.Remove(b.path("src/network.nix"))
			} else {
				b.write("src/network.nix", test.network)
			}
			b.expect(call{args: "deploy", code: 1, stderr: test.stderr + "error: evaluation of the deployment specification failed\n"})
			b.expect(call{args: "info --plain", stderr: "…warning: evaluation of the deployment specification failed\n"})
			b.expect(call{args: "check", stdout: "…Machines state:"}) // needs no evaluation
			if _, resources := b.attributes(); len(resources) != 0 {
				t.Errorf("resources: %v", resources)
			}
		})
	}
	b := created(t)
	b.ok("set-args", "--arg", "motd", "1 +")
	b.expect(call{args: "deploy", code: 1, stderr: "…error: …evaluation of the deployment specification failed"})
}

func TestIncludeAndObsolete(t *testing.T) {
	b := created(t)
	b.ok("deploy", "--include", "db", "nobody")
	if b.machine("web").exists() || !b.machine("db").exists() {
		t.Error("--include db deployed web")
	}
	b.ok("deploy", "--exclude", "db")
	if m := b.machine("db"); len(m.Switches) != 1 {
		t.Errorf("--exclude db deployed db: %+v", m)
	}
	b.like("info", b.ok("info", "--plain").stdout, "…db\tUp / Outdated\tnone\tnixops-…web\tUp / Up-to-date\t")

	b.write("src/network.nix", `{ web.deployment.targetHost = "web.test"; }`)
	got := b.ok("deploy")
	b.like("deploy", got.stderr, "…resource ‘db’ is obsolete\n…web> activation finished")
	if _, resources := b.attributes(); resources["db"]["obsolete"] != "1" {
		t.Errorf("db: %v", resources["db"])
	}
	b.ok("deploy", "--kill-obsolete") // nobody to ask: no
	if !b.machine("db").exists() {
		t.Error("db was destroyed although nobody confirmed it")
	}
	b.ok("deploy", "-k", "--confirm")
	if _, resources := b.attributes(); resources["db"] != nil || b.machine("db").exists() {
		t.Error("db was not destroyed")
	}
}

func TestTroubleWithMachines(t *testing.T) {
	b := created(t)
	b.ok("deploy")
	change := func(name string, change func(*Machine)) {
		t.Helper()
		if err := park(b.path("machines")).change(name, change); err != nil {
			t.Fatal(err)
		}
	}

	change("web", func(m *Machine) { m.SwitchExit = 4 })
	b.ok("set-args", "--argstr", "motd", "1")
	b.expect(call{args: "deploy", code: 1, stderr: "…web> error: Traceback (most recent call last):…web> Exception: unable to activate new configuration (exit code 4)\n" +
		"…Exception: activation of 1 of 2 machines failed (namely on ‘web’)\n"})
	_, resources := b.attributes()
	if resources["web"]["toplevel"] == b.machine("web").Profile || resources["db"]["toplevel"] != b.machine("db").Current {
		t.Errorf("web must be recorded as it was, db as it is: %v", resources)
	}

	change("web", func(m *Machine) { m.SwitchExit = 100 })
	b.expect(call{args: "deploy", code: 1, stderr: "…requires a reboot of 'web' to take effect (hint: use ‘--allow-reboot’)\n"})
	b.expect(call{args: "deploy --allow-reboot", stderr: "…web> rebooting...\n…waiting for the machine to finish rebooting...[down].[up]\n"})

	change("db", func(m *Machine) { m.Down = true })
	b.expect(call{args: "check", code: notUp, stdout: "…| db "})
	if _, resources := b.attributes(); resources["db"]["state"] != stateUnreachable {
		t.Errorf("db: %v", resources["db"])
	}
	b.expect(call{args: "deploy", code: 1, stderr: "…retrying in 8 seconds...\n…Traceback"})
	change("web", func(m *Machine) { m.Down = true })
	b.expect(call{args: "deploy", code: 1, stderr: "…error: Multiple exceptions (2): \n  * db: …\n  * web: "})
	change("db", func(m *Machine) { m.Down, m.FailedUnits = false, 1 })
	b.expect(call{args: "check", code: notUp | failedUnits, stdout: "…[failed]"})
	b.expect(call{args: "check --exclude web", code: failedUnits, stdout: "…[failed]"})
}

// Without the state of the first deployment the second creates everything again.
func TestOrphans(t *testing.T) {
	b := created(t)
	b.ok("deploy")
	if err := os.RemoveAll(b.path("home/.nixops")); err != nil {
		t.Fatal(err)
	}
	b.ok("create", "network.nix")
	b.ok("deploy")
	machines, err := Machines(b.path("machines"))
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range machines {
		if m.Orphans() != 1 || m.Creations[0].Deployment == m.Creations[1].Deployment {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if len(machines) != 2 {
		t.Errorf("machines: %v", machines)
	}
}

// The repository of the guide has machines of Amazon's, whose host keys are known.
func TestCloudMachines(t *testing.T) {
	b := newBench(t, "NIXOPS_DEPLOYMENT=prod")
	b.write("src/network.nix", `{ web = { resources, ... }: { deployment.targetEnv = "ec2"; deployment.ec2.keyPair = resources.ec2KeyPairs.k; };
		resources.ec2KeyPairs.k = { }; require = [ ./more.nix ]; }`)
	b.write("src/more.nix", `{ db.deployment.targetEnv = "ec2"; }`)
	b.ok("create", "network.nix")
	b.ok("deploy")
	_, resources := b.attributes()
	known, err := os.ReadFile(b.path("home/.ssh/known_hosts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "db"} {
		r := resources[name]
		if line := r["publicIpv4"] + " " + r["ec2.publicHostKey"] + "\n"; r["type"] != "ec2" || !strings.Contains(string(known), line) {
			t.Errorf("%s: %v; known hosts:\n%s", name, r, known)
		}
	}
	if r := resources["k"]; r["type"] != "ec2-keypair" || !strings.Contains(r["privateKey"], Canary) {
		t.Errorf("k: %v", r)
	}
	// One that vanished is made again, when that is allowed and confirmed.
	if err := os.Remove(b.path("machines/db.json")); err != nil {
		t.Fatal(err)
	}
	b.expect(call{args: "check", code: notThere, stdout: "…| db   | No"})
	b.expect(call{args: "deploy", code: 1, stderr: "…use ‘--allow-recreate’"})
	b.ok("deploy", "--allow-recreate", "--confirm")
	if m := b.machine("db"); len(m.Creations) != 1 || m.Orphans() != 0 {
		t.Errorf("db: %+v", m)
	}
}
