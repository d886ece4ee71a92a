package nixopstest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// network2 is a network for NixOps 2 with its storage.
func network2(storage string) string {
	return `{ network.description = "2"; network.storage.` + storage + `; web.deployment.targetHost = "web.test"; }`
}

func TestNixOps2(t *testing.T) {
	b := newBench(t, "NIXOPSTEST_VERSION=2")
	b.expect(call{args: "--version", stdout: "NixOps 2.0.0\n"})
	b.expect(call{args: "check", code: 1, stderr: "…ValueError: Neither flake.nix nor nixops.nix exists in "})
	b.expect(call{args: "check --network nowhere", code: 1, stderr: "…ValueError: …nowhere does not exist\n"})

	b.write("src/nixops.nix", network2("legacy = { }"))
	b.expect(call{args: "create nixops.nix", code: 2, stderr: "…unrecognized arguments: nixops.nix\n"})
	b.expect(call{args: "deploy -s x.nixops", code: 2, stderr: "…unrecognized arguments: -s"})
	b.expect(call{args: "create --name prod", stdout: "…-", stderr: "…created deployment"})
	b.expect(call{args: "check", stdout: "…Machines state:\n"})
	b.expect(call{args: "deploy --confirm --boot", stderr: "…prod> deployment finished successfully\n"})
	b.expect(call{args: "deploy --confirm --test --allow-reboot", stderr: "…prod> deployment finished successfully\n"})
	b.expect(call{args: "check", stdout: "…| web "})
	b.expect(call{args: "unlock"})
	d, resources := b.attributes()
	if d["nixExprs"] != "" || resources["web"]["sshOptions"] != "[]" || resources["web"]["publicVpnKey"] != "" {
		t.Errorf("state: %v %v", d, resources)
	}

	// What the network says about itself is evaluated before every command.
	b.write("src/nixops.nix", `{ size }: { network.storage.legacy = { }; }`)
	b.expect(call{args: "check", code: 1, stderr: "…called without required argument 'size'\n"})
	b.write("src/nixops.nix", `{ }`)
	b.expect(call{args: "check", code: 1, stderr: "…NixOps 1.0 -> 2.0 conversion step required"})
	b.write("src/nixops.nix", network2("zork = { }"))
	b.expect(call{args: "check", code: 1, stderr: "…The network requires the 'zork' state provider, but no plugin provides it.\n…Missing storage provider plugin.\n"})
	b.write("src/flake.nix", "{ outputs = _: { }; }")
	b.expect(call{args: "check", code: 1, stderr: "…ValueError: Both "})
	if left := leftovers(b); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNixOps2Memory(t *testing.T) {
	b := newBench(t, "NIXOPSTEST_VERSION=2")
	b.write("src/nixops.nix", network2("memory = { }"))
	b.expect(call{args: "deploy", stderr: "…unnamed> deployment finished successfully\n"})
	b.expect(call{args: "export", stdout: "…\"resources\": {}"})
	b.expect(call{args: "deploy -d prod", code: 1, stderr: unknown})
}

func TestNixOps2Flake(t *testing.T) {
	b := newBench(t, "NIXOPSTEST_VERSION=2")
	b.write("src/flake.nix", "{ outputs = _: { nixopsConfigurations.default = "+network2("memory = { }")+"; }; }")
	b.expect(call{args: "deploy", stderr: "…web> activation finished successfully\n"})
}

// The state of Hercules CI is fetched, and put back whatever happens but a kill.
func TestNixOps2Remote(t *testing.T) {
	b := newBench(t, "NIXOPSTEST_VERSION=2", "NIXOPS_DEPLOYMENT=prod")
	b.write("src/nixops.nix", network2(`hercules-ci.stateName = "x.nixops"`))
	b.expect(call{args: "deploy", code: 1, stderr: "…Could not find the 'hci' executable on PATH..."})
	b.env = append(b.env, "NIXOPSTEST_STORAGE="+b.path(""))
	b.expect(call{args: "deploy", code: 1, stderr: "…subprocess.CalledProcessError: Command '['hci', 'state', 'get'"})
	b.write("x.nixops", "")
	b.expect(call{args: "deploy", code: 1, stderr: unknown})
	b.ok("create")
	size := func() int64 {
		info, err := os.Stat(b.path("x.nixops"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for _, number := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		_ = os.Remove(b.path("mark"))
		b.faults(Fault{Command: "deploy", Point: "creating", Mark: b.path("mark"), Action: "hang"})
		r := b.start("deploy")
		b.until("mark")
		r.signal(number)
		if status := r.wait(); status == 0 {
			t.Errorf("%v: status %d", number, status)
		}
		if saved := size() != before; saved != (number == unix.SIGINT) {
			t.Errorf("%v: the state was saved: %v\n%s", number, saved, r.printed())
		}
	}
	b.faults()
	b.ok("deploy")
	b.expect(call{args: "check", stdout: "…| web "})
}
