package nixopstest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// sshVariable makes the program the ssh that runs switch-to-configuration. It is
// a process of its own, as NixOps' is: it goes on when only NixOps is killed,
// and dies with the process group.
const sshVariable = "NIXOPSTEST_SSH"

// sshCommand is what the machine is told.
type sshCommand struct {
	Machines   park
	Machine    string
	Deployment string
	Method     string // of switch-to-configuration
	Toplevel   string
}

// setsProfile reports whether nix-env --set comes first.
func (c *sshCommand) setsProfile() bool { return c.Method != "test" }

// run starts the process and gives the exit status of switch-to-configuration.
// Its output is progress of the machine.
func (c *sshCommand) run(p *process) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"nixops"}
	cmd.Env = append(os.Environ(), sshVariable+"="+string(text))
	out, in, err := os.Pipe()
	if err != nil {
		return 0, osError(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if err != nil {
		return 0, osError(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.progress("%s> %s", c.Machine, lines.Text())
	}
	err = cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return 0, err
	}
	if status := cmd.ProcessState.ExitCode(); status >= 0 {
		return status, nil
	}
	return 0, raise("nixops.ssh_util.SSHCommandFailed", "command ‘switch-to-configuration %s’ failed on machine ‘%s’: %s", c.Method, c.Machine, cmd.ProcessState)
}

// sshMain is that process.
func sshMain() int {
	signal.Ignore(unix.SIGPIPE) // the machine does not notice that nobody listens
	var c sshCommand
	if err := json.Unmarshal([]byte(os.Getenv(sshVariable)), &c); err != nil {
		fmt.Fprintln(os.Stderr, "nixopstest:", err)
		return 125
	}
	status, err := c.act()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nixopstest:", err)
		return 125
	}
	return status
}

func (c *sshCommand) act() (int, error) {
	m, err := c.Machines.look(c.Machine)
	if err != nil {
		return 0, err
	}
	if c.setsProfile() {
		err := c.Machines.change(c.Machine, func(m *Machine) {
			if m.Profile != c.Toplevel {
				m.Profile = c.Toplevel
				m.Generation++
			}
		})
		if err != nil {
			return 0, err
		}
	}
	fmt.Println(map[bool]string{true: "would activate the configuration...", false: "activating the configuration..."}[c.Method == "dry-activate"])
	if pause, err := time.ParseDuration(m.SwitchTime); err == nil {
		time.Sleep(pause)
	}
	fmt.Println("setting up /etc...")
	return m.SwitchExit, c.Machines.change(c.Machine, func(m *Machine) {
		m.Switches = append(m.Switches, Switch{c.Deployment, c.Method, c.Toplevel, m.SwitchExit, time.Now()})
		if c.Method == "switch" || c.Method == "test" {
			m.Current = c.Toplevel
		}
	})
}
