package nixopstest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// deploying is one run of nixops deploy.
type deploying struct {
	p       *process
	uuid    string
	label   string
	park    park
	network *network
	configs string // store path of the machines' configurations
	temp    string // directory that keys are in while they are needed
}

// deploy goes through its stages in NixOps' order. Each commits what it did, so
// that whoever reads the state meanwhile, or after the end, sees it.
func (p *process) deploy() (int, error) {
	if p.options.flag("evaluate-only") {
		return 0, raisef("--evaluate-only was removed as it's the same as --dry-run")
	}
	d, err := p.open()
	if err != nil {
		return 0, err
	}
	run := &deploying{p: p, uuid: d.UUID, label: d.label(), park: park(p.getenv("NIXOPSTEST_MACHINES"))}
	if err := run.lock(); err != nil {
		return 0, err
	}
	if run.temp, err = p.tempDir("nixops-tmp"); err != nil {
		return 0, err
	}
	return 0, run.stages()
}

func (run *deploying) stages() error {
	stages := []struct {
		name string
		do   func() error
		last []string // flags that end the deployment here
	}{
		{"evaluated", run.evaluate, nil},
		{"recorded", run.record, []string{"plan-only"}},
		{"created", run.create, []string{"create-only"}},
		{"built", run.build, []string{"dry-run", "build-only"}},
		{"copied", run.copy, []string{"copy-only"}},
		{"", run.activate, []string{"dry-activate"}},
	}
	for _, stage := range stages {
		if err := stage.do(); err != nil {
			return err
		}
		if stage.name != "" {
			if err := run.p.strike(stage.name); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(stage.last, run.p.options.flag) {
			return run.p.middle()
		}
	}
	run.p.progress("%s> deployment finished successfully", run.label)
	return nil
}

// lock takes the deployment's lock for as long as the process lives.
func (run *deploying) lock() error {
	dir := filepath.Join("/", run.p.getenv("HOME"), ".nixops", "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return osError(err)
	}
	fd, err := unix.Open(filepath.Join(dir, run.uuid), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return osError(err)
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		run.p.progress("waiting for exclusive deployment lock...")
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Flock(fd, unix.LOCK_EX)
		}
	}
	if err != nil {
		return osError(err)
	}
	return run.p.strike("locked")
}

func (run *deploying) commit(change func(*deployment) error) error {
	return run.p.commit(run.uuid, change)
}

func (run *deploying) read() (*deployment, error) {
	c, err := run.p.db.read()
	if err != nil {
		return nil, err
	}
	return c.find(run.p.db, run.uuid)
}

func (run *deploying) evaluate() error {
	d, err := run.read()
	if err != nil {
		return err
	}
	if run.network, err = run.p.evaluateDeployment(d); err != nil {
		return err
	}
	return run.commit(func(d *deployment) error {
		set(d.Attrs, map[string]string{"description": run.network.description})
		if run.network.description == "" {
			d.Attrs["description"] = "Unnamed NixOps network"
		}
		return nil
	})
}

// record makes the rows of new resources and marks those that are gone.
func (run *deploying) record() error {
	for _, name := range run.network.names() {
		kind := run.network.definitions[name]
		err := run.commit(func(d *deployment) error {
			if r := d.resource(name); r != nil {
				delete(r.Attrs, "obsolete")
				if r.Type != kind {
					return raisef("the type of resource ‘%s’ changed from ‘%s’ to ‘%s’, which is currently unsupported", name, r.Type, kind)
				}
				return nil
			}
			d.Resources = append(d.Resources, &resource{Name: name, Type: kind, Attrs: map[string]string{}})
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := run.commit(func(d *deployment) error {
		next := 0
		for _, m := range d.machines(true) {
			if index, err := strconv.Atoi(m.Attrs["index"]); err == nil {
				next = max(next, index+1)
			}
		}
		for _, r := range d.Resources {
			if run.network.definitions[r.Name] == "" {
				run.p.progress("resource ‘%s’ is obsolete", r.Name)
				r.Attrs["obsolete"] = "1"
			}
		}
		for _, m := range d.machines(false) {
			if m.Attrs["index"] == "" {
				m.Attrs["index"] = strconv.Itoa(next)
				next++
			}
		}
		return nil
	})
	if err == nil && run.p.options.flag("plan-only") {
		for _, name := range run.network.names() {
			run.p.progress("%s> warning: resource type %s doesn't implement a plan operation", name, run.network.definitions[name])
		}
	}
	return err
}

// selected reports whether --include and --exclude let a resource be.
func (p *process) selected(name string) bool {
	include := p.options.list("include")
	return (include == nil || slices.Contains(include, name)) && !slices.Contains(p.options.list("exclude"), name)
}

// machines are those that this run is about.
func (run *deploying) machines() ([]*resource, error) {
	d, err := run.read()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(d.machines(false), func(r *resource) bool { return !run.p.selected(r.Name) }), nil
}

// build is nix-build, whose result is made up.
func (run *deploying) build() error {
	p := run.p
	p.progress("building all machine configurations...")
	machines, err := run.machines()
	if err != nil {
		return err
	}
	if len(machines) > 0 {
		p.progress("these %d derivations will be built:", len(machines)+1)
	}
	var names []string
	for _, m := range machines {
		names = append(names, m.Name)
		p.progress("  %s.drv", run.network.storePath("nixos-system-"+m.Name+"-"+stateVersion))
	}
	run.configs = run.network.storePath("nixops-machines", names...) // of a part, with --include
	if p.options.flag("dry-run") {
		run.configs = ""
	}
	return run.commit(func(d *deployment) error {
		d.Attrs["configsPath"] = run.configs
		return nil
	})
}

// copy copies the closures; a machine that is down is tried five times.
func (run *deploying) copy() error {
	machines, err := run.machines()
	if err != nil {
		return err
	}
	var names []string
	errs := map[string]error{}
	for _, m := range machines {
		names = append(names, m.Name)
		key := filepath.Join(run.temp, "id_nixops-"+m.Name)
		if err := os.WriteFile(key, []byte(m.Attrs[m.Type+".sshPrivateKey"]), 0o600); err != nil {
			return osError(err)
		}
		errs[m.Name] = run.reach(m)
		if errs[m.Name] == nil {
			run.p.progress("%s> copying closure...", m.Name)
		}
	}
	if err := several(names, errs); err != nil {
		return err
	}
	run.p.progress("%s> closures copied successfully", run.label)
	return nil
}

// reach connects to a machine. A second of NixOps' is a millisecond here.
func (run *deploying) reach(m *resource) error {
	for try := range 5 {
		machine, err := run.park.look(m.Name)
		if err != nil {
			return err
		}
		if !machine.Down {
			return nil
		}
		if try < 4 {
			run.p.progress("%s> could not connect to ‘root@%s’, retrying in %d seconds...", m.Name, m.Attrs["targetHost"], 1<<try)
			time.Sleep(time.Millisecond << try)
		}
	}
	return raise("nixops.ssh_util.SSHConnectionFailed", "unable to start SSH master connection to ‘root@%s’", m.Attrs["targetHost"])
}

// evaluateDeployment evaluates the network that a deployment's rows name.
func (p *process) evaluateDeployment(d *deployment) (*network, error) {
	if p.two() {
		return p.evaluate([]string{p.storage.network}, p.searchPath(), d.mapAttr("args"))
	}
	return p.evaluate(d.listAttr("nixExprs"), append(p.searchPath(), d.listAttr("nixPath")...), d.mapAttr("args"))
}

func (p *process) searchPath() []string {
	var out []string
	for _, use := range p.options.values["I"] {
		out = append(out, use[0])
	}
	return out
}
