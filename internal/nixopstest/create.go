package nixopstest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

const stateVersion = "22.05" // of NixOS

// isMachine tells machines from other resources, whose types name a thing.
func (r *resource) isMachine() bool {
	return !strings.Contains(r.Type, "-") && !slices.Contains(notMachines, r.Type)
}

var notMachines = []string{"output", "vpc", "elasticip", "ebsvolume", "s3bucket", "iamrole", "snstopic", "sqsqueue"}

// privateKey makes a key as text: it opens nothing, and has Canary in it.
func privateKey() string {
	return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + Canary + random(36) + "\n" + Canary + random(36) + "\n-----END OPENSSH PRIVATE KEY-----\n"
}

func publicKey() string { return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" + random(33) }

func random(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return base64.StdEncoding.EncodeToString(data)
}

// create creates what does not exist.
func (run *deploying) create() error {
	p := run.p
	if slices.ContainsFunc([]string{"dry-run", "build-only"}, p.options.flag) {
		return nil
	}
	d, err := run.read()
	if err != nil {
		return err
	}
	for _, r := range d.Resources {
		if r.Attrs["obsolete"] != "" || !p.selected(r.Name) {
			continue
		}
		made, err := run.createOne(r)
		if err != nil {
			return err
		}
		if made {
			if err := p.strikeAt("creating", r.Name); err != nil {
				return err
			}
			if err := p.middle(); err != nil {
				return err
			}
		}
	}
	if p.options.flag("kill-obsolete") {
		return run.destroyObsolete(d)
	}
	return nil
}

func (run *deploying) createOne(r *resource) (made bool, err error) {
	if !r.isMachine() {
		return run.createThing(r)
	}
	if r.Attrs["vmId"] != "" {
		if gone, err := run.vanished(r); !gone || err != nil {
			return false, err
		}
	}
	return true, run.createMachine(r)
}

// vanished tells whether a machine that the state has is gone, and may be made
// anew. Machines of type none are nobody's to create.
func (run *deploying) vanished(r *resource) (bool, error) {
	machine, err := run.park.look(r.Name)
	if err != nil || run.park == "" || machine.exists() || r.Type == "none" {
		return false, err
	}
	if !run.p.options.flag("allow-recreate") {
		return false, raisef("%s instance ‘%s’ went away; use ‘--allow-recreate’ to create a new one", strings.ToUpper(r.Type), r.Attrs["vmId"])
	}
	if !run.p.confirm(fmt.Sprintf("%s> are you sure you want to recreate the machine?", r.Name)) {
		return false, raisef("cannot continue")
	}
	return true, nil
}

func (run *deploying) createThing(r *resource) (bool, error) {
	if r.Attrs["state"] == "3" {
		return false, nil
	}
	attrs := map[string]string{"state": "3"}
	if strings.HasSuffix(r.Type, "-keypair") {
		run.p.progress("%s> generating new SSH key pair... done", r.Name)
		attrs["privateKey"], attrs["publicKey"] = privateKey(), publicKey()+" NixOps auto-generated key"
	}
	return true, run.setAttrs(r.Name, attrs)
}

func (run *deploying) setAttrs(name string, attrs map[string]string) error {
	return run.commit(func(d *deployment) error {
		if r := d.resource(name); r != nil {
			set(r.Attrs, attrs)
		}
		return nil
	})
}

// createMachine commits the keys before the machine has them, and the machine
// before anyone has reached it.
func (run *deploying) createMachine(r *resource) error {
	p := run.p
	keys := run.keys(r)
	attrs := map[string]string{
		"creationTime": strconv.FormatInt(time.Now().Unix(), 10),
		"targetHost":   run.network.hosts[r.Name],
		"targetPort":   run.network.ports[r.Name],
		"vmId":         "nixops-" + run.uuid + "-" + r.Name,
	}
	if p.version == Version17 {
		attrs["publicVpnKey"] = publicKey() + " NixOps VPN key of " + r.Name
	} else {
		attrs["privilegeEscalationCommand"], attrs["sshOptions"] = `["sudo", "-H", "--"]`, "[]"
	}
	if r.Type != "none" {
		attrs["publicIpv4"] = address(run.uuid + r.Name)
	}
	if err := run.setAttrs(r.Name, keys); err != nil {
		return err
	}
	err := run.park.change(r.Name, func(m *Machine) {
		m.Creations = append(m.Creations, Creation{run.uuid, keys[r.Type+".sshPublicKey"]})
	})
	if err != nil {
		return err
	}
	if err := run.setAttrs(r.Name, attrs); err != nil {
		return err
	}
	if ip := attrs["publicIpv4"]; ip != "" {
		if err := p.addKnownHost(ip, keys[r.Type+".publicHostKey"]); err != nil {
			return err
		}
	}
	p.progress("%s> setting state version to %s", r.Name, stateVersion)
	if err := run.setAttrs(r.Name, map[string]string{"stateVersion": stateVersion}); err != nil {
		return err
	}
	p.progress("%s> waiting for SSH...", r.Name)
	r.Attrs["targetHost"] = attrs["targetHost"]
	if err := run.reach(r); err != nil {
		return err
	}
	return run.setAttrs(r.Name, map[string]string{"state": "3", "sshPinged": "1", r.Type + ".sshPublicKeyDeployed": "1"})
}

// destroyObsolete is for --kill-obsolete.
func (run *deploying) destroyObsolete(d *deployment) error {
	for _, r := range d.Resources {
		if r.Attrs["obsolete"] == "" || !run.p.confirm(fmt.Sprintf("%s> are you sure you want to destroy it?", r.Name)) {
			continue
		}
		run.p.progress("%s> destroying...", r.Name)
		if r.isMachine() && r.Attrs["vmId"] != "" {
			if err := run.park.change(r.Name, func(m *Machine) { m.Destroyed++ }); err != nil {
				return err
			}
		}
		err := run.commit(func(d *deployment) error {
			d.Resources = slices.DeleteFunc(d.Resources, func(other *resource) bool { return other.Name == r.Name })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keys are a machine's: those that an earlier run came to make, or new ones.
func (run *deploying) keys(r *resource) map[string]string {
	private, public := r.Type+".sshPrivateKey", r.Type+".sshPublicKey"
	keys := map[string]string{private: r.Attrs[private], public: r.Attrs[public]}
	if keys[private] == "" {
		what := "SSH key pair"
		if run.p.version == Version17 {
			what = "SSH keypair"
		}
		run.p.progress("%s> generating new %s... done", r.Name, what)
		keys[private], keys[public] = privateKey(), publicKey()+" NixOps client key for "+r.Name
	}
	if r.Type != "none" {
		keys[r.Type+".publicHostKey"], keys[r.Type+".privateHostKey"] = publicKey(), privateKey()
	}
	return keys
}

// address makes up an address of the network for tests, 198.18.0.0/15.
func address(of string) string {
	h := fnv.New32()
	fmt.Fprint(h, of)
	n := h.Sum32()
	return fmt.Sprintf("198.%d.%d.%d", 18+n>>16&1, n>>8&0xff, n&0xff)
}
