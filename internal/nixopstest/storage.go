package nixopstest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// storage is where NixOps 2 keeps the state: what the network names as
// network.storage. The state file is local; save puts it back.
type storage struct {
	network string // the file, or the flake's expression
	remote  string // file that stands for the remote state; "" when nothing is remote
	local   *database
	lock    *os.File
	saved   bool
}

// save uploads the state, also after a failure, and releases the lock.
func (s *storage) save() error {
	if s.remote == "" || s.saved {
		return nil
	}
	s.saved = true
	data, err := os.ReadFile(s.local.path)
	if err != nil {
		return osError(err)
	}
	if err := os.WriteFile(s.remote+".tmp", data, 0o600); err != nil {
		return osError(err)
	}
	if err := os.Rename(s.remote+".tmp", s.remote); err != nil {
		return osError(err)
	}
	if s.lock != nil {
		return osError(s.lock.Close())
	}
	return nil
}

// withStorage evaluates what the network says about itself, with no arguments,
// fetches the state, and runs the command on it.
func (p *process) withStorage(cmd *command) (status int, err error) {
	network, err := p.networkFile()
	if err != nil {
		return 0, err
	}
	settings, err := p.evaluate([]string{network}, p.searchPath(), nil)
	if err != nil {
		return 0, err
	}
	s := &storage{network: network}
	dir, err := p.tempDir("tmp*nixops")
	if err != nil {
		return 0, err
	}
	s.local = &database{filepath.Join(dir, "state.nixops")}
	switch settings.storage {
	case "":
		p.progress("WARNING: NixOps 1.0 -> 2.0 conversion step required\n\nSpecify network.storage.legacy, or another storage backend, in the network.")
		return 1, nil
	case "legacy":
		if s.local, err = openDatabase("", p.getenv); err != nil {
			return 0, err
		}
	case "memory":
		err := s.local.update(func(c *contents) error {
			c.Deployments = []*deployment{{UUID: newUUID(), Attrs: map[string]string{}}}
			return nil
		})
		if err != nil {
			return 0, err
		}
	case "hercules-ci":
		if err := p.fetch(s, settings.stateName); err != nil {
			return 0, err
		}
	default:
		p.progress("The network requires the '%s' state provider, but no plugin provides it.", settings.storage)
		return 0, raisef("Missing storage provider plugin.")
	}
	p.committing.Lock()
	p.storage, p.db = s, s.local
	p.committing.Unlock()
	status, err = cmd.run(p)
	p.committing.Lock()
	defer p.committing.Unlock()
	return status, errors.Join(err, s.save())
}

// fetch gets the state of Hercules CI, which NIXOPSTEST_STORAGE stands for, and
// holds its lock until it is saved.
func (p *process) fetch(s *storage, name string) error {
	dir := p.getenv("NIXOPSTEST_STORAGE")
	if dir == "" {
		return raisef("Could not find the 'hci' executable on PATH...")
	}
	if name == "" {
		name = "default.nixops"
	}
	remote := filepath.Join(dir, name)
	lock, err := os.OpenFile(remote+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return osError(err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return osError(err)
	}
	s.lock = lock
	data, err := os.ReadFile(remote)
	if errors.Is(err, fs.ErrNotExist) {
		return raise("subprocess.CalledProcessError", "Command '['hci', 'state', 'get', '--file', '%s', '--name', '%s']' returned non-zero exit status 1.", s.local.path, name)
	}
	if err == nil {
		err = os.WriteFile(s.local.path, data, 0o600)
	}
	if err != nil {
		return osError(err)
	}
	s.remote = remote
	_, err = s.local.read()
	return err
}

// networkFile is the network of the directory: nixops.nix, or a flake.
func (p *process) networkFile() (string, error) {
	dir := p.options.last("network")
	if dir == "" {
		dir = "."
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", osError(err)
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	if !exists(dir) {
		return "", raise("ValueError", "%s does not exist", dir)
	}
	file, flake := filepath.Join(dir, "nixops.nix"), filepath.Join(dir, "flake.nix")
	switch {
	case exists(file) && exists(flake):
		return "", raise("ValueError", "Both flake.nix and nixops.nix exist in %s, they cannot coexist", dir)
	case exists(file):
		return file, nil
	case exists(flake):
		return "((builtins.getFlake " + nixString(dir) + ").nixopsConfigurations.default)", nil
	}
	return "", raise("ValueError", "Neither flake.nix nor nixops.nix exists in %s", dir)
}
