package nixopstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Call is one call of nixops, as NIXOPSTEST_LOG has it.
type Call struct {
	ID      string            `json:"id"`
	Command string            `json:"command,omitempty"` // the subcommand
	Argv    []string          `json:"argv,omitempty"`    // with "nixops"
	PID     int               `json:"pid,omitempty"`
	Dir     string            `json:"cwd,omitempty"`
	Env     map[string]string `json:"env,omitempty"`       // those of loggedEnv that are set
	Names   []string          `json:"env_names,omitempty"` // of all variables, sorted
	// Stdin is "null" for /dev/null, "closed", "empty" or "data" for a file, "pipe" for others.
	Stdin string `json:"stdin,omitempty"`
	Start time.Time
	// End and Status are zero for a call that has not ended, or was killed.
	End    time.Time
	Ended  bool
	Status int
}

// record is a line of the log.
type record struct {
	Event string    `json:"event"` // "start", "end"
	Time  time.Time `json:"time"`
	Call
	Exit *int `json:"status,omitempty"`
}

// loggedEnv are the variables whose values are logged.
var loggedEnv = []string{"NIXOPS_DEPLOYMENT", "NIXOPS_STATE", "HOME", "NIX_PATH", "PATH", "TMPDIR", "HERCULES_CI_SECRETS_JSON", "HERCULES_CI_LOCK_LEASE_ID"}

// Overlaps reports whether two calls ran at the same time. A call that was
// killed is taken to have ended when it started.
func (c *Call) Overlaps(other *Call) bool {
	ended := func(c *Call) time.Time {
		if c.Ended {
			return c.End
		}
		return c.Start
	}
	return c.Start.Before(ended(other)) && other.Start.Before(ended(c))
}

// ReadLog gives the calls of a log in the order in which they began; none when
// there is no log.
func ReadLog(path string) ([]*Call, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var calls []*Call
	byID := map[string]*Call{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		switch call := byID[r.ID]; {
		case r.Event == "start":
			call = &r.Call
			call.Start = r.Time
			byID[r.ID] = call
			calls = append(calls, call)
		case call == nil || r.Exit == nil:
			return nil, fmt.Errorf("%s: the end of a call that did not begin: %s", path, lines.Text())
		default:
			call.End, call.Ended, call.Status = r.Time, true, *r.Exit
		}
	}
	return calls, lines.Err()
}

// callLog writes the records of one call.
type callLog struct {
	path  string
	id    string
	ended sync.Once
}

func startCall(p *process) *callLog {
	log := &callLog{path: p.getenv("NIXOPSTEST_LOG")}
	if faults := p.getenv("NIXOPSTEST_FAULTS"); log.path == "" && faults != "" {
		log.path = faults + ".log" // calls are counted there
	}
	now := time.Now()
	log.id = fmt.Sprintf("%d-%d", os.Getpid(), now.UnixNano())
	call := Call{
		ID: log.id, Command: p.command, Argv: append([]string{"nixops"}, p.args...),
		PID: os.Getpid(), Env: map[string]string{}, Stdin: kindOfStdin(p.stdin),
	}
	call.Dir, _ = os.Getwd()
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		call.Names = append(call.Names, name)
		if slices.Contains(loggedEnv, name) {
			call.Env[name] = value
		}
	}
	slices.Sort(call.Names)
	log.write(record{Event: "start", Time: now, Call: call})
	return log
}

func (l *callLog) end(status int) {
	l.ended.Do(func() {
		l.write(record{Event: "end", Time: time.Now(), Call: Call{ID: l.id}, Exit: &status})
	})
}

// write appends a line; O_APPEND keeps those of other processes whole.
func (l *callLog) write(r record) {
	if l.path == "" {
		return
	}
	line, err := json.Marshal(r)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666); err == nil {
			_, err = f.Write(append(line, '\n'))
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "nixopstest: the log of calls:", err)
	}
}

// number is the how-manieth call of its subcommand this is, from 1.
func (l *callLog) number(command string) (int, error) {
	calls, err := ReadLog(l.path)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, call := range calls {
		if call.Command == command {
			n++
		}
		if call.ID == l.id {
			break
		}
	}
	return n, nil
}

func kindOfStdin(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return "closed"
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return "null"
	}
	switch {
	case info.Mode().IsRegular() && info.Size() == 0:
		return "empty"
	case info.Mode().IsRegular():
		return "data"
	}
	return "pipe"
}
