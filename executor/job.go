package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/private"
	"github.com/nixplan/nixplan/executor/process"
	"github.com/nixplan/nixplan/executor/redact"
	"github.com/nixplan/nixplan/executor/secretfile"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/hercules/effect"
	"github.com/nixplan/nixplan/plan"
)

// jobRun is a job that is carried out. It is for one goroutine.
type jobRun struct {
	r       *run
	path    string
	lock    string
	dir     string // below the run's
	plan    *plan.Job
	list    []plan.Step
	secrets *secretfile.Selection
	*progress
	last    bool  // it begins when all others have ended
	resumed bool  // the job was begun by an earlier process
	refused error // why it must not go on, but for saving its state

	values   values
	private  *private.Dir
	redact   *redact.Redactor
	env      []string // for programs
	cwd      string
	lease    state.Lease
	exported []byte // the newest export
	unserve  func() // ends the socket of scripts
	machines machines
	result   JobResult
}

// values are what is kept of an effect to carry it on: all but where its src comes
// from, which is copied.
type values struct {
	Env         map[string]string `json:"env"`
	Path        []string          `json:"path"`
	NetworkArgs []effect.Arg      `json:"network_args"`
	SourceName  string            `json:"source_name"`
}

func (r *run) job(m *ManifestJob, p *plan.Job, secrets *secretfile.Selection) *jobRun {
	j := &jobRun{
		r: r, path: m.Path, lock: m.Lock, last: m.Last, dir: filepath.Join(r.files.dir, jobsDir, m.Dir),
		plan: p, list: m.Steps, secrets: secrets, progress: newProgress(m.Steps),
	}
	j.result = JobResult{Job: j.path, Status: Skipped, State: StateNone, Logs: j.logDir(), Machines: []MachineResult{}}
	j.redact = r.o.redactor(secrets)
	return j
}

// The files of a job.
func (j *jobRun) logDir() string     { return filepath.Join(j.dir, "logs") }
func (j *jobRun) valuesFile() string { return filepath.Join(j.dir, "effect.json") }
func (j *jobRun) sourceDir() string  { return filepath.Join(j.dir, "source") } // src as it was
func (j *jobRun) rootsDir() string   { return filepath.Join(j.dir, "roots") }  // of Nix's collector of garbage
func (j *jobRun) workDir() string    { return filepath.Join(j.dir, "work") }   // around the working directory
func (j *jobRun) nixopsDir() string  { return filepath.Join(j.dir, "nixops") } // ~/.nixops
func (j *jobRun) keptExport() string { return filepath.Join(j.dir, "nixops-state.json") }
func (j *jobRun) keptHosts() string  { return keptHosts(j.dir) }
func keptHosts(dir string) string    { return filepath.Join(dir, "known_hosts") }

// write puts on disk what the job needs.
func (j *jobRun) write(e *effect.Effect) error {
	if err := os.MkdirAll(j.logDir(), 0o700); err != nil {
		return err
	}
	j.values = values{Env: e.Env, Path: e.Path, NetworkArgs: e.NetworkArgs, SourceName: e.SourceName}
	if err := writeJSON(j.valuesFile(), j.values); err != nil {
		return err
	}
	if err := e.Keep(context.Background(), j.rootsDir()); err != nil {
		return err
	}
	return e.Copy(context.Background(), j.sourceDir())
}

// readValues reads what write wrote.
func (j *jobRun) readValues() error {
	data, err := os.ReadFile(j.valuesFile())
	if err == nil {
		err = json.Unmarshal(data, &j.values)
	}
	if err != nil {
		return fmt.Errorf("the values of %s cannot be read again: %w", j.path, err)
	}
	return nil
}

// stepError is why a step did not end well.
type stepError struct {
	status   Status
	message  string
	help     string
	exitCode *int
}

func (e *stepError) Error() string { return e.message }

func failed(format string, args ...any) *stepError {
	return &stepError{status: Failed, message: fmt.Sprintf(format, args...)}
}

func asStepError(err error) *stepError {
	var e *stepError
	if errors.As(err, &e) {
		return e
	}
	return failed("%v", err)
}

// run carries the job out.
func (j *jobRun) run() {
	if stopped, _ := j.r.stopped(); stopped {
		return
	}
	start := time.Now()
	j.result.Status = Succeeded
	err := j.record(journal.Record{Type: journal.JobStarted})
	if err == nil {
		j.r.emit(Event{Type: JobStarted, Job: j.path})
		err = j.prepare()
	}
	if err != nil {
		j.fail("", asStepError(err))
	} else {
		j.steps()
	}
	j.finish()
	j.result.Time = time.Since(start)
	j.result.Seconds = j.result.Time.Seconds()
	result := j.result
	j.r.emit(Event{Type: JobEnded, Job: j.path, Status: result.Status, Text: result.Message, Seconds: result.Seconds, Outcome: &result})
}

// record writes to the journal; only what is written there counts.
func (j *jobRun) record(r journal.Record) error {
	r.Job = j.path
	r.Message = j.redact.String(r.Message)
	err := j.r.files.journal.Append(r)
	// What happened did happen, even if it cannot be written down any more.
	j.progress.apply(r)
	return err
}

func (j *jobRun) notice(format string, args ...any) {
	j.r.emit(Event{Type: Notice, Job: j.path, Text: j.redact.String(fmt.Sprintf(format, args...))})
}

func (j *jobRun) warn(format string, args ...any) {
	j.r.emit(Event{Type: Warning, Job: j.path, Text: j.redact.String(fmt.Sprintf(format, args...))})
}

// fail notes why the job does not end well. The first reason counts.
func (j *jobRun) fail(step string, e *stepError) {
	if j.result.Status != Succeeded {
		return
	}
	j.result.Status, j.result.Step = e.status, step
	j.result.Message, j.result.Help = j.redact.String(e.message), j.redact.String(e.help)
}

func (j *jobRun) failed() bool { return j.result.Status != Succeeded }

// steps takes the steps in their order. After a failure only those follow that
// save the state, if there is something to save, and those that are for it.
func (j *jobRun) steps() {
	saved := !j.resumed || !j.dirty // what an earlier process left is saved first
	var saving error                // why the state could not be saved
	for _, step := range j.list {
		if j.r.killed() {
			return
		}
		if j.failed() {
			switch {
			case step.Saves && j.dirty && saving == nil:
				saving = j.step(step, true)
			case step.ID == "unlock" && j.dirty:
				// Nobody must deploy from an older state.
			case step.When == plan.WhenFailed || step.When == plan.WhenAnyway:
				if err := j.step(step, false); err != nil {
					j.warn("%s: %v", step.ID, err)
				}
			}
			continue
		}
		if !j.takes(step) {
			continue
		}
		if !saved && !step.Saves && step.ID != "lock" {
			saved = true
			j.notice("The run was interrupted: saving first what NixOps has written down.")
			if err := j.save(); err != nil {
				saving = err
				j.fail("put-state", asStepError(err))
				continue
			}
		}
		if j.refused != nil && step.ID != "lock" {
			j.fail(step.ID, asStepError(j.refused))
			continue
		}
		err := j.step(step, false)
		if err == nil {
			continue
		}
		e := asStepError(err)
		if step.OnFailure == plan.Continue && e.status == Failed {
			j.warn("%s failed: %v; going on", step.ID, e)
			continue
		}
		j.fail(step.ID, e)
		if step.Saves {
			saving = err
		}
	}
}

// save takes the steps that save the state.
func (j *jobRun) save() error {
	for _, step := range j.list {
		if step.Saves {
			if err := j.step(step, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// takes reports whether a step is to be done while all goes well.
func (j *jobRun) takes(step plan.Step) bool {
	switch step.When {
	case plan.WhenStatePresent:
		if !j.present {
			return false
		}
	case plan.WhenStateAbsent:
		if j.present {
			return false
		}
	case plan.WhenFailed:
		return false
	}
	if !j.done[step.ID] || step.ID == "lock" || step.When == plan.WhenAnyway {
		return true
	}
	// An earlier process did it. Scripts set up the home directory and variables,
	// which are gone.
	return len(step.Scripts) > 0 && !step.Saves
}

// step does one step and writes down that it began and how it ended.
func (j *jobRun) step(step plan.Step, saving bool) error {
	gentle := saving || step.Saves || step.When == plan.WhenAnyway
	if !gentle && !j.failed() {
		if err := j.halted(); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := j.record(journal.Record{Type: journal.StepStarted, Step: step.ID, Saving: saving}); err != nil {
		if !gentle {
			return err
		}
		j.warn("%v", err) // saving the state is more important
	}
	j.r.emit(Event{Type: StepStarted, Job: j.path, Step: step.ID, Saving: saving, Text: step.Title})
	err := j.perform(step, gentle)
	if slices.Contains(step.Writes, "machines") {
		// New machines are not seen for the first time again: their hosts must
		// outlive a restart, as NixOps' database does.
		rescueHosts(j.private, j.dir)
	}
	ended := journal.Record{Type: journal.StepEnded, Step: step.ID, Saving: saving, Status: journal.Succeeded}
	event := Event{Type: StepEnded, Job: j.path, Step: step.ID, Saving: saving, Status: Succeeded, Seconds: time.Since(start).Seconds()}
	if err != nil {
		e := asStepError(err)
		ended.Status, ended.Message, ended.ExitCode = journal.Status(e.status), e.message, e.exitCode
		event.Status, event.Text, event.ExitCode = e.status, j.redact.String(e.message), e.exitCode
	}
	if err2 := j.record(ended); err2 != nil && err == nil {
		if gentle {
			j.warn("%v", err2)
		} else {
			err = err2
		}
	}
	j.r.emit(event)
	return err
}

// halted says why no further step may begin, nil if one may.
func (j *jobRun) halted() error {
	if stopped, why := j.r.stopped(); stopped {
		return &stepError{status: Interrupted, message: "interrupted by " + why}
	}
	if j.lease != nil {
		select {
		case <-j.lease.Lost():
			return &stepError{
				status: Interrupted, message: "the lock " + j.lock + " was lost: it could not be renewed in time",
				help: "somebody else may be deploying now; see nixplan lock list",
			}
		default:
		}
	}
	return nil
}

// perform does what a step says.
func (j *jobRun) perform(step plan.Step, gentle bool) error {
	switch {
	case len(step.Argv) > 0:
		return j.program(step, gentle)
	case len(step.Scripts) > 0:
		return j.scripts(step, gentle)
	}
	switch step.ID {
	case "lock":
		return j.takeLock()
	case "unpack":
		return j.unpack()
	case "get-state":
		return j.getState()
	case "put-state":
		return j.putState()
	case "unlock":
		return j.unlock()
	}
	return failed("this version of nixplan does not know the step %s", step.ID)
}

// prepare makes the job's surroundings.
func (j *jobRun) prepare() error {
	if j.resumed {
		j.endLeftOvers()
		rescueKnownHosts(j.r.files.manifest.ID, j.path, filepath.Join(j.r.files.dir, "private"), j.dir)
	}
	d, err := private.Create(j.r.files.manifest.ID, j.path, filepath.Join(j.r.files.dir, "private"))
	if err != nil {
		return err
	}
	j.private = d
	if j.secrets != nil {
		if err := j.secrets.Write(d.SecretsFile(), j.r.o.APIToken); err != nil {
			return err
		}
	}
	if short := j.redact.Short(); len(short) > 0 {
		j.warn("too short to be found in output, so not redacted: %s", strings.Join(short, ", "))
	}
	for _, dir := range []string{j.logDir(), j.nixopsDir(), filepath.Join(d.Home(), ".ssh")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	// NixOps' database has to outlive a crash of the machine, so it is on disk.
	if err := os.Symlink(j.nixopsDir(), filepath.Join(d.Home(), ".nixops")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.Home(), ".ssh", "config"), []byte("BatchMode yes\n"), 0o600); err != nil {
		return err
	}
	if err := j.serve(); err != nil {
		return err
	}
	if hosts, err := os.ReadFile(j.keptHosts()); err == nil {
		if err := os.WriteFile(j.knownHosts(), hosts, 0o600); err != nil {
			return err
		}
	}
	j.env = j.environment()
	j.cwd = j.workDir()
	if j.done["unpack"] {
		j.cwd = j.unpacked()
	}
	return os.MkdirAll(j.workDir(), 0o700)
}

// mark is the value of process.Marker for the job's programs.
func (j *jobRun) mark() string { return j.r.files.manifest.ID + "/" + filepath.Base(j.dir) }

// endLeftOvers ends the programs of an earlier process, so that they do not write
// to what is read now.
func (j *jobRun) endLeftOvers() {
	if found, left := process.EndMarked(j.mark(), interruptSignal, j.r.o.grace()); found > 0 {
		j.notice("Ended %d processes that the interrupted run had left.", found-left)
	}
}

// finish takes away what is not needed any more.
func (j *jobRun) finish() {
	if j.unserve != nil {
		j.unserve()
	}
	killed := j.r.killed()
	left := 0
	if killed {
		j.fail("", &stepError{status: Interrupted, message: "killed by a second interrupt"})
		_, left = process.EndMarked(j.mark(), killSignal, 0)
	} else {
		_, left = process.EndMarked(j.mark(), endSignal, time.Second)
	}
	cleared := !j.unsaved() && left == 0
	if !cleared && j.private != nil {
		rescueHosts(j.private, j.dir)
	}
	if killed && !j.dirty && j.lease != nil {
		// There is nothing for which the lock would have to stay.
		if err := j.unlock(); err != nil {
			j.warn("unlock: %v", err)
		}
	}
	if j.secrets != nil {
		j.secrets.Wipe()
	}
	if j.private != nil {
		if err := j.private.Remove(); err != nil {
			j.warn("cannot remove the private directory %s: %v", j.private.Path(), err)
		}
	}
	switch {
	case j.dirty:
		j.keep()
	case j.stored:
		j.result.State = StateStored
	}
	if cleared {
		j.clear()
	}
	status := journal.Status(j.result.Status)
	if err := j.record(journal.Record{Type: journal.JobEnded, Step: j.result.Step, Status: status, Message: j.result.Message, Cleared: cleared}); err != nil {
		j.warn("%v", err)
	}
	j.result.Machines = j.machines.results(j.plan.Machines)
}

// clear removes the files of a job that is over. One that failed can be carried on
// from the beginning, which takes its values and src.
func (j *jobRun) clear() {
	remove := []string{j.nixopsDir(), j.workDir(), j.keptHosts(), j.keptExport()}
	if j.result.Status == Succeeded {
		remove = append(remove, j.valuesFile(), j.sourceDir(), j.rootsDir())
	}
	for _, path := range remove {
		if err := private.RemoveTree(path); err != nil {
			j.warn("cannot remove %s: %v", path, err)
		}
	}
}

// environment is what the job's programs find, before scripts add to it.
func (j *jobRun) environment() []string {
	var env []string
	set := func(name, value string) { env = append(env, name+"="+value) }
	env = append(env, kept(j.r.o)...)
	set("IN_HERCULES_CI_EFFECT", "true")
	if j.r.o.APIBaseURL != "" {
		set("HERCULES_CI_API_BASE_URL", j.r.o.APIBaseURL)
	}
	for _, name := range sortedKeys(j.values.Env) {
		set(name, j.values.Env[name])
	}
	set("HERCULES_CI_SECRETS_JSON", j.private.SecretsFile())
	set("HOME", j.private.Home())
	for _, name := range []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"} {
		set(name, j.private.Tmp())
	}
	set("NIX_BUILD_TOP", j.workDir())
	set("NIX_LOG_FD", "2")
	set("TERM", "dumb")
	path := j.values.Path
	if len(path) == 0 {
		path = []string{process.Getenv(j.r.o.Environ, "PATH")}
	}
	set("PATH", strings.Join(path, ":"))
	set(process.Marker, j.mark())
	return env
}

// inherits reports whether programs get a variable of nixplan's own environment:
// how to reach Nix, the language, and what the user names.
func (o *Options) inherits(name string) bool {
	if slices.Contains(o.Keep, name) {
		return true
	}
	switch name {
	case "NIX_PATH", "NIX_BUILD_TOP", "NIX_LOG_FD":
		return false
	case "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOCALE_ARCHIVE", "TZ", "USER", "LOGNAME":
		return true
	}
	return strings.HasPrefix(name, "NIX_") || strings.HasPrefix(name, "LC_")
}
