package nixopstest

import (
	"fmt"
	"strings"
	"sync"
)

// method is what switch-to-configuration is told.
func (run *deploying) method() string {
	for _, method := range []string{"dry-activate", "test", "boot"} {
		if run.p.options.flag(method) {
			return method
		}
	}
	return "switch"
}

// activate activates all machines at once. One that fails does not keep the
// others from it.
func (run *deploying) activate() error {
	machines, err := run.machines()
	if err != nil {
		return err
	}
	errs := make([]error, len(machines))
	var tasks sync.WaitGroup
	for i, m := range machines {
		if err := run.p.strikeAt("activating", m.Name); err != nil {
			return err
		}
		tasks.Go(func() { errs[i] = run.activateOne(m) })
	}
	tasks.Wait()
	var failed []string
	for i, err := range errs {
		if err == nil {
			continue
		}
		if _, ok := err.(*ended); ok {
			return err
		}
		failed = append(failed, "‘"+machines[i].Name+"’")
		lines := strings.Split(strings.TrimSuffix(traceback(err), "\n"), "\n")
		run.p.progress("%s> error: %s", machines[i].Name, strings.Join(lines, "\n"+machines[i].Name+"> "))
	}
	if len(failed) > 0 {
		of := len(machines)
		if run.p.version != Version17 {
			of = len(failed) // a mistake of theirs
		}
		return raisef("activation of %d of %d machines failed (namely on %s)", len(failed), of, strings.Join(failed, ", "))
	}
	return nil
}

func (run *deploying) activateOne(r *resource) error {
	p := run.p
	command := sshCommand{run.park, r.Name, run.uuid, run.method(), run.network.storePath("nixos-system-" + r.Name + "-" + stateVersion)}
	status, err := command.run(p)
	if err != nil {
		return err
	}
	if status != 0 && status != 100 {
		return raisef("unable to activate new configuration (exit code %d)", status)
	}
	if status == 100 || p.options.flag("force-reboot") {
		if !p.options.flag("allow-reboot") && !p.options.flag("force-reboot") {
			return raisef("the new configuration requires a reboot of '%s' to take effect (hint: use ‘--allow-reboot’)", r.Name)
		}
		p.progress("%s> rebooting...", r.Name)
		err := run.park.change(r.Name, func(m *Machine) {
			m.Reboots++
			m.SwitchExit = 0
			m.Current = m.Profile
		})
		if err != nil {
			return err
		}
		p.progress("%s> waiting for the machine to finish rebooting...[down].[up]", r.Name)
	}
	p.progress("%s> activation finished successfully", r.Name)
	if command.Method != "dry-activate" {
		err := run.setAttrs(r.Name, map[string]string{"configsPath": run.configs, "toplevel": command.Toplevel})
		if err != nil {
			return fmt.Errorf("recording the activation: %w", err)
		}
	}
	if err := p.strikeAt("activated", r.Name); err != nil {
		return err
	}
	return p.middle()
}
