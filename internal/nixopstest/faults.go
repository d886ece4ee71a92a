package nixopstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Fault is something that goes wrong. NIXOPSTEST_FAULTS names a file with a JSON
// list of them, which every call reads when it starts.
//
// Without Action the fault does what its fields say in this order: Mark, Print,
// Env, Lines, Sleep, WaitFor; then the call goes on, unless Action says otherwise.
type Fault struct {
	// Command is the subcommand it strikes, "" any; Call the how-manieth call of
	// that subcommand, from 1, 0 every.
	Command string `json:"command,omitempty"`
	Call    int    `json:"call,omitempty"`
	// Point is where: "before" anything is done (the default), "after" everything
	// was done, "middle" when half of it is; of deploy also "locked", "evaluated",
	// "recorded" (rows), "created", "built", "copied", "activating" and, after each
	// machine that is, "creating" and "activated".
	Point string `json:"point,omitempty"`
	// Machine limits the points that come for each machine to one.
	Machine string `json:"machine,omitempty"`

	// Mark is a file that is made when the fault strikes.
	Mark string `json:"mark,omitempty"`
	// Print is written to the Stream, "stderr" (default) or "stdout", and so are
	// the value of the variable Env, the text of the file File, and Lines lines.
	// In File, $NAME stands for a variable.
	Print  string `json:"print,omitempty"`
	Env    string `json:"env,omitempty"`
	File   string `json:"file,omitempty"`
	Lines  int    `json:"lines,omitempty"`
	Stream string `json:"stream,omitempty"`
	Sleep  string `json:"sleep,omitempty"` // "50ms"
	// WaitFor is a file that the call waits for.
	WaitFor string `json:"wait_for,omitempty"`

	// Action is "" to go on, or
	//
	//	exit     end with Status
	//	fail     raise Exception: Message (status 1)
	//	enospc   raise OSError, no space left on device (status 1)
	//	signal   die by Signal: "KILL", "TERM", "HUP", "INT"
	//	hang     for ever, Ignore having the signals that are not noticed
	//	empty    export: print nothing, status 0
	//	torn     export: print half, status 0
	Action  string   `json:"action,omitempty"`
	Status  int      `json:"status,omitempty"`
	Message string   `json:"message,omitempty"`
	Signal  string   `json:"signal,omitempty"`
	Ignore  []string `json:"ignore,omitempty"` // "INT", "TERM", "HUP"
}

// WriteFaults writes the file for NIXOPSTEST_FAULTS.
func WriteFaults(path string, faults ...Fault) error {
	data, err := json.MarshalIndent(faults, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

var actions = []string{"", "exit", "fail", "enospc", "signal", "hang", "empty", "torn"}

var signals = map[string]unix.Signal{"INT": unix.SIGINT, "TERM": unix.SIGTERM, "HUP": unix.SIGHUP, "KILL": unix.SIGKILL}

// loadFaults reads the faults that strike this call.
func (p *process) loadFaults() ([]Fault, error) {
	path := p.getenv("NIXOPSTEST_FAULTS")
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var faults []Fault
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&faults); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	number, err := p.call.number(p.command)
	if err != nil {
		return nil, err
	}
	var mine []Fault
	for _, f := range faults {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if (f.Command == "" || f.Command == p.command) && (f.Call == 0 || f.Call == number) {
			mine = append(mine, f)
		}
	}
	return mine, nil
}

func (f *Fault) validate() error {
	if !slices.Contains(actions, f.Action) {
		return fmt.Errorf("unknown action %q: want one of %s", f.Action, strings.Join(actions[1:], ", "))
	}
	if f.Sleep != "" {
		if _, err := time.ParseDuration(f.Sleep); err != nil {
			return err
		}
	}
	for _, name := range f.Ignore {
		if signals[name] == 0 {
			return fmt.Errorf("unknown signal %q", name)
		}
	}
	if f.Action == "signal" && signals[f.Signal] == 0 {
		return fmt.Errorf("unknown signal %q", f.Signal)
	}
	return nil
}

// strike lets the faults of a point happen. An error ends the command.
func (p *process) strike(point string) error { return p.strikeAt(point, "") }

func (p *process) strikeAt(point, machine string) error {
	for i := range p.faults {
		f := &p.faults[i]
		at := f.Point
		if at == "" {
			at = "before"
		}
		if at != point || (f.Machine != "" && f.Machine != machine) || f.Action == "empty" || f.Action == "torn" {
			continue
		}
		if err := p.suffer(f); err != nil {
			return err
		}
	}
	return nil
}

// middle is called where half of a command is done; only the first time counts.
func (p *process) middle() (err error) {
	p.middled.Do(func() { err = p.strike("middle") })
	return err
}

// spoiled is the action that spoils an export, "" when none does.
func (p *process) spoiled() string {
	for i := range p.faults {
		if f := &p.faults[i]; f.Action == "empty" || f.Action == "torn" {
			return f.Action
		}
	}
	return ""
}

func (p *process) suffer(f *Fault) error {
	for _, name := range f.Ignore {
		signal.Ignore(signals[name])
	}
	if f.Mark != "" {
		if err := os.WriteFile(f.Mark, nil, 0o666); err != nil {
			return err
		}
	}
	p.babble(f)
	if pause, err := time.ParseDuration(f.Sleep); err == nil {
		time.Sleep(pause)
	}
	for f.WaitFor != "" {
		if _, err := os.Stat(f.WaitFor); err == nil {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	switch f.Action {
	case "exit":
		return &ended{f.Status}
	case "fail":
		return raisef("%s", f.Message)
	case "enospc":
		return raise("OSError", "[Errno 28] No space left on device")
	case "signal":
		number := signals[f.Signal]
		signal.Reset(number)
		_ = unix.Kill(os.Getpid(), number)
		wait() // until it arrives
	case "hang":
		wait()
	}
	return nil
}

// babble prints what the fault has to print.
func (p *process) babble(f *Fault) {
	say := p.progress
	if f.Stream == "stdout" {
		say = p.result
	}
	if f.Print != "" {
		say("%s", f.Print)
	}
	if f.Env != "" {
		say("%s", p.getenv(f.Env))
	}
	if f.File != "" {
		text, err := os.ReadFile(os.Expand(f.File, p.getenv))
		if err != nil {
			text = []byte(err.Error())
		}
		say("%s", text)
	}
	for i := range f.Lines {
		say("building '/nix/store/%032d-unit-%d.drv'...", i, i)
	}
}

func wait() {
	for {
		time.Sleep(time.Hour)
	}
}
