package nixopstest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Machine is what a file of NIXOPSTEST_MACHINES, NAME.json, holds: what was done
// to a machine, whatever the state says. A test may write the file first, to say
// how the machine behaves.
type Machine struct {
	// Down: nothing answers. SwitchExit is the status of switch-to-configuration,
	// 100 until a reboot; SwitchTime how long it takes ("50ms"). FailedUnits are
	// units that check finds failed, FullDisk a disk that it finds full.
	Down        bool   `json:"down,omitempty"`
	SwitchExit  int    `json:"switch_exit,omitempty"`
	SwitchTime  string `json:"switch_time,omitempty"`
	FailedUnits int    `json:"failed_units,omitempty"`
	FullDisk    bool   `json:"full_disk,omitempty"`

	Creations []Creation `json:"creations,omitempty"`
	Destroyed int        `json:"destroyed,omitempty"` // creations that were undone
	// Profile is the system profile, which Generation counts; Current what runs.
	Profile    string   `json:"profile,omitempty"`
	Generation int      `json:"generation,omitempty"`
	Current    string   `json:"current,omitempty"`
	Switches   []Switch `json:"switches,omitempty"`
	Reboots    int      `json:"reboots,omitempty"`
}

// Creation is one time that a machine was created.
type Creation struct {
	Deployment string `json:"deployment"` // UUID
	PublicKey  string `json:"public_key"`
}

// Switch is one run of switch-to-configuration.
type Switch struct {
	Deployment string    `json:"deployment"`
	Method     string    `json:"method"`
	Toplevel   string    `json:"toplevel"`
	Status     int       `json:"status"`
	End        time.Time `json:"end"`
}

// Orphans is how many machines of this name run that no newer state knows of:
// what losing the state leads to. More than one creation is one too many.
func (m *Machine) Orphans() int { return max(0, len(m.Creations)-m.Destroyed-1) }

// exists reports whether there is one.
func (m *Machine) exists() bool { return len(m.Creations) > m.Destroyed }

// ReadMachine reads a machine's file; nil when there is none.
func ReadMachine(dir, name string) (*Machine, error) {
	data, err := os.ReadFile(machineFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &Machine{}
	return m, json.Unmarshal(data, m)
}

// WriteMachine writes a machine's file.
func WriteMachine(dir, name string, m *Machine) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	path := machineFile(dir, name)
	if err := os.WriteFile(path+".tmp", append(data, '\n'), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// Machines reads all files of a directory, by the machines' names.
func Machines(dir string) (map[string]*Machine, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	out := map[string]*Machine{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if out[name], err = ReadMachine(dir, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func machineFile(dir, name string) string {
	return filepath.Join(dir, strings.ReplaceAll(name, "/", "_")+".json")
}

// park is the directory of the machines; with "" every machine is well and
// nothing is written down.
type park string

// look gives a machine as it is, as if new when nobody knows it.
func (dir park) look(name string) (*Machine, error) {
	if dir == "" {
		return &Machine{}, nil
	}
	m, err := ReadMachine(string(dir), name)
	if m == nil && err == nil {
		m = &Machine{}
	}
	return m, err
}

// change rewrites a machine's file while nobody else does.
func (dir park) change(name string, change func(*Machine)) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(string(dir), 0o777); err != nil {
		return err
	}
	lock, err := os.OpenFile(machineFile(string(dir), name)+".lock", os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	m, err := dir.look(name)
	if err != nil {
		return err
	}
	change(m)
	return WriteMachine(string(dir), name, m)
}
