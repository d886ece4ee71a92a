package executor

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

// stepOutput takes what a step's programs write: redacted, it goes into the log as
// it is, and line by line to whoever observes.
type stepOutput struct {
	io.WriteCloser        // redacts
	path           string // of the log, "" without one
	lines          *lineReader
	log            *logFile
}

// logFile is a log that does without its file when that cannot be written.
type logFile struct {
	file *os.File
	fail func(error)
}

func (l *logFile) Write(p []byte) (int, error) {
	if l.file != nil {
		if _, err := l.file.Write(p); err != nil {
			l.fail(err)
			l.file.Close()
			l.file = nil
		}
	}
	return len(p), nil
}

func (l *logFile) Close() {
	if l.file != nil {
		l.file.Close()
	}
}

// openLog makes the log of a step, numbered in the order of the steps.
func (j *jobRun) openLog(step plan.Step) (*os.File, error) {
	return os.OpenFile(filepath.Join(j.logDir(), fmt.Sprintf("%02d-%s.log", j.logs, step.ID)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func (j *jobRun) output(step plan.Step, file *os.File) *stepOutput {
	out := &stepOutput{log: &logFile{file: file, fail: func(err error) { j.warn("the log of %s is not whole: %v", step.ID, err) }}}
	if file != nil {
		out.path = file.Name()
	}
	out.lines = &lineReader{line: func(text string) {
		if step.ID == "deploy" {
			j.machines.line(text)
		}
		j.r.emit(Event{Type: Output, Job: j.path, Step: step.ID, Text: text})
	}}
	out.WriteCloser = j.redact.Writer(io.MultiWriter(out.log, out.lines))
	return out
}

// Close passes on what is left.
func (o *stepOutput) Close() error {
	err := o.WriteCloser.Close()
	o.lines.end()
	o.log.Close()
	return err
}

// message is what the output says of why the program failed, "" when it does not.
func (o *stepOutput) message() string { return o.lines.last }

// longestLine is how many bytes of a line are told.
const longestLine = 8 << 10

// lineReader gives lines, and in place of Python's tracebacks their messages alone.
type lineReader struct {
	mu      sync.Mutex
	line    func(string)
	part    []byte
	cut     bool // the rest of the line is left out
	inTrace bool
	last    string // the newest message of an error
}

func (l *lineReader) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		text, rest, ended := bytes.Cut(p, []byte{'\n'})
		if room := longestLine - len(l.part); len(text) > room {
			text, l.cut = text[:max(room, 0)], true
		}
		l.part = append(l.part, text...)
		if ended {
			l.flush()
		}
		p = rest
	}
	return n, nil
}

func (l *lineReader) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.flush()
	}
}

var (
	// NixOps puts the machine's name in front of what is about one machine, with dots
	// that make all names equally long.
	ofMachine = lazy.Regexp(`^([A-Za-z0-9_.+-]+?)(\.*)> `)
	// paint are colours and the like, which the log keeps.
	paint     = lazy.Regexp("\x1b\\[[0-9;]*[A-Za-z]")
	exception = lazy.Regexp(`^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Failure)?(?:: (.*))?$`)
)

func (l *lineReader) flush() {
	text := paint().ReplaceAllString(strings.TrimRight(string(l.part), "\r"), "")
	if l.cut {
		text += "…"
	}
	l.part, l.cut = l.part[:0], false
	prefix := ofMachine().FindString(text)
	rest := text[len(prefix):]
	switch {
	case rest == "Traceback (most recent call last):" || strings.HasSuffix(rest, "error: Traceback (most recent call last):"):
		l.inTrace = true
		return
	case l.inTrace && (strings.HasPrefix(rest, " ") || rest == ""):
		return
	case l.inTrace && exception().MatchString(rest):
		l.inTrace = false
		if m := exception().FindStringSubmatch(rest); m[1] != "" {
			rest = m[1]
		}
		text = prefix + "error: " + rest
	default:
		l.inTrace = false
	}
	if _, message, ok := strings.Cut(text, "error: "); ok && message != "" {
		l.last = strings.TrimSuffix(text[:len(prefix)], "> ")
		if l.last != "" {
			l.last += ": "
		}
		l.last += message
	}
	l.line(text)
}

// machines are what NixOps said of the machines in a deployment.
type machines struct {
	outcome map[string]MachineResult
}

// line takes in a line of NixOps' output.
func (m *machines) line(text string) {
	match := ofMachine().FindStringSubmatch(text)
	if match == nil {
		return
	}
	name, said := match[1], text[len(match[0]):]
	if m.outcome == nil {
		m.outcome = map[string]MachineResult{}
	}
	switch {
	case said == "activation finished successfully":
		m.outcome[name] = MachineResult{Name: name, Outcome: "activated"}
	case strings.HasPrefix(said, "error: "):
		m.outcome[name] = MachineResult{Name: name, Outcome: "failed", Message: strings.TrimPrefix(said, "error: ")}
	}
}

// results are the network's machines.
func (m *machines) results(of []plan.Machine) []MachineResult {
	results := []MachineResult{}
	for _, machine := range of {
		r, told := m.outcome[machine.Name]
		if !told {
			r = MachineResult{Name: machine.Name, Outcome: "not reached"}
		}
		results = append(results, r)
	}
	return results
}
