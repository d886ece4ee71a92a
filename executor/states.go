package executor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/private"
	"github.com/nixplan/nixplan/executor/shell"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// export is the file in the working directory in which the state comes and goes.
const export = "nixops-state.json"

// until gives a context that ends with the first interrupt, or for what must not be
// given up (gentle) with the second or after the time to save.
func (j *jobRun) until(gentle bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	end := j.r.stop
	if gentle {
		ctx, cancel = context.WithTimeout(context.Background(), j.r.o.saveTime())
		end = j.r.kill
	}
	go func() {
		select {
		case <-end:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// files are the job's state files.
func (j *jobRun) files() []plan.StateFile { return j.plan.StateFiles }

// knownHosts is ssh's file.
func (j *jobRun) knownHosts() string { return knownHostsOf(j.private) }

func knownHostsOf(d *private.Dir) string { return filepath.Join(d.Home(), ".ssh", "known_hosts") }

// local is where a state file lies while the job runs.
func (j *jobRun) local(file plan.StateFile) string {
	if file.Role == plan.KnownHostsState {
		return j.knownHosts()
	}
	return filepath.Join(j.cwd, export)
}

// getState fetches the job's state files and notes their versions.
func (j *jobRun) getState() error {
	ctx, cancel := j.until(false)
	defer cancel()
	for _, file := range j.files() {
		got, err := j.r.o.Store.Get(ctx, file.Name)
		known := &journal.State{Name: file.Name, Role: file.Role}
		path := j.local(file)
		switch {
		case errors.Is(err, state.ErrNotExist):
			j.notice("There is no state %s yet.", file.Name)
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		case err != nil:
			if stopped := j.halted(); stopped != nil {
				return stopped
			}
			return fmt.Errorf("cannot fetch the state %s: %w", file.Name, err)
		default:
			if err := writeFile(path, got.Data); err != nil {
				return err
			}
			known.Exists, known.SHA256, known.Number = true, got.Version.SHA256, got.Version.Number
		}
		if err := j.record(journal.Record{Type: journal.Fetched, State: known}); err != nil {
			return err
		}
	}
	hosts, err := os.OpenFile(j.knownHosts(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return hosts.Close()
}

// emptyDatabase removes NixOps' database.
func (j *jobRun) emptyDatabase() error {
	if err := private.RemoveTree(j.nixopsDir()); err != nil {
		return err
	}
	return os.Mkdir(j.nixopsDir(), 0o700)
}

// deployments is NixOps' export: deployments by UUID.
type deployments map[string]struct {
	Name string `json:"name"`
	Args string `json:"args"` // JSON
}

// takeOutput takes the export, which must be one of the deployment: an empty or
// torn one must not replace a state.
func (j *jobRun) takeOutput(step plan.Step, data []byte) error {
	if err := j.checkExport(data); err != nil {
		return err
	}
	j.exported = data
	if err := writeFile(filepath.Join(j.cwd, step.Stdout), data); err != nil {
		j.warn("the export cannot be written to disk, only stored: %v", err)
	}
	return nil
}

func (j *jobRun) checkExport(data []byte) error {
	const not = "NixOps' export is not stored: "
	if len(bytes.TrimSpace(data)) == 0 {
		return failed(not + "it is empty")
	}
	var all deployments
	if err := json.Unmarshal(data, &all); err != nil {
		return failed(not + "it is not whole")
	}
	if len(all) == 0 {
		return failed(not + "it has no deployment")
	}
	return nil
}

// setArgs is the command that sets the network's arguments, and unsets those that
// an earlier deployment set and this one has not: NixOps keeps them for ever.
func (j *jobRun) setArgs() ([]string, error) {
	argv := []string{"nixops", "set-args"}
	given := map[string]bool{}
	for _, arg := range j.values.NetworkArgs {
		given[arg.Name] = true
		argv = append(argv, "--arg", arg.Name, plan.FromJSON(arg.JSON))
	}
	if !j.present {
		return argv, nil
	}
	data, err := os.ReadFile(filepath.Join(j.cwd, export))
	if err != nil {
		return nil, err
	}
	var all deployments
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, failed("the state is no export of NixOps")
	}
	for _, name := range oldArgs(all, j.plan.Deployment) {
		if !given[name] {
			argv = append(argv, "--unset", name)
		}
	}
	return argv, nil
}

// oldArgs are the names of the arguments that a deployment has, sorted.
func oldArgs(all deployments, name string) []string {
	var names []string
	for id, d := range all {
		if d.Name != name && id != name {
			continue
		}
		var args map[string]json.RawMessage
		if json.Unmarshal([]byte(d.Args), &args) == nil {
			names = append(names, sortedKeys(args)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// putState stores the job's state files.
func (j *jobRun) putState() error {
	ctx, cancel := j.until(true)
	defer cancel()
	for _, file := range j.files() {
		data, err := j.toStore(file)
		if err != nil {
			return err
		}
		if file.Role == plan.DeploymentState {
			if err := j.checkExport(data); err != nil {
				return err
			}
		}
		version, err := j.r.o.Store.Put(ctx, file.Name, data, j.base[file.Role])
		if err != nil {
			return j.notStored(file, err)
		}
		stored := &journal.State{Name: file.Name, Role: file.Role, Exists: true, SHA256: version.SHA256, Number: version.Number}
		if err := j.record(journal.Record{Type: journal.Stored, State: stored}); err != nil {
			j.warn("%v", err) // it is stored all the same
		}
	}
	return nil
}

// toStore is what a state file has now.
func (j *jobRun) toStore(file plan.StateFile) ([]byte, error) {
	if file.Role == plan.DeploymentState && j.exported != nil {
		return j.exported, nil
	}
	data, err := os.ReadFile(j.local(file))
	if errors.Is(err, fs.ErrNotExist) && file.Role == plan.KnownHostsState {
		return nil, nil
	}
	return data, err
}

func (j *jobRun) notStored(file plan.StateFile, err error) error {
	var conflict *state.ConflictError
	if errors.As(err, &conflict) {
		return conflictError(conflict)
	}
	return failed("cannot store the state %s: %v", file.Name, err)
}

// conflictError says that a state is not stored over one that nobody has seen.
func conflictError(e *state.ConflictError) error {
	return &stepError{
		status: Failed, message: e.Error(),
		help: "somebody stored another state while this run was deploying; compare the two before you store one of them (nixplan state versions " + text.ShellWord(e.Name) + ")",
	}
}

// keep sees to it that the newest state lies on disk, and says how to store it.
func (j *jobRun) keep() {
	j.result.State = StateKept
	for _, file := range j.files() {
		if file.Role != plan.DeploymentState {
			continue
		}
		data := j.exported
		if data == nil {
			data, _ = os.ReadFile(filepath.Join(j.cwd, export))
			if !j.newer(data) {
				data = nil
			}
		}
		if data == nil {
			j.addHelp("NixOps' own database, which has the newest state, is kept in " + j.nixopsDir())
			continue
		}
		if err := writeFile(j.keptExport(), data); err != nil {
			j.addHelp("the newest state could not be written to disk (" + err.Error() + "); NixOps' own database is in " + j.nixopsDir())
			continue
		}
		j.record(journal.Record{Type: journal.Kept, File: j.keptExport()})
		j.addHelp("the newest state is kept in " + j.keptExport() + "\nto store it: " + text.ShellLine(j.putCommand(file)))
	}
	if j.lock != "" {
		j.addHelp("the lock stays, so that nobody deploys from an older state")
	}
}

// putCommand is what stores the export that is kept. The lock of this run must not be
// in its way: in a directory it is abandoned by then, a lease with a server lasts on.
func (j *jobRun) putCommand(file plan.StateFile) []string {
	argv := j.r.o.Store.PutCommand(file.Name, j.keptExport(), j.base[file.Role])
	if j.lease != nil && len(j.lease.Files()) == 0 {
		argv = append(argv, "--lease", j.lease.ID())
	}
	return argv
}

// newer reports whether an export on disk is another than the state that was
// fetched.
func (j *jobRun) newer(data []byte) bool {
	base := j.base[plan.DeploymentState]
	return len(data) > 0 && j.checkExport(data) == nil && (base == nil || base.SHA256 != sha(data))
}

func (j *jobRun) addHelp(line string) {
	j.result.Help = strings.TrimPrefix(j.result.Help+"\n"+j.redact.String(line), "\n")
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// unchanged looks whether what is stored is still what the job began with. It is
// also right when it is what the job has exported: it was stored, and the run killed
// before it could write that down.
func (j *jobRun) unchanged() error {
	ctx, cancel := j.until(false)
	defer cancel()
	for _, file := range j.files() {
		base := j.base[file.Role]
		got, err := j.r.o.Store.Get(ctx, file.Name)
		if err == nil && file.Role == plan.KnownHostsState {
			if err := j.restoreHosts(got.Data); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, state.ErrNotExist) && base == nil:
			continue
		case err != nil && !errors.Is(err, state.ErrNotExist):
			return fmt.Errorf("cannot fetch the state %s: %w", file.Name, err)
		case err == nil && base != nil && base.SHA256 == got.Version.SHA256:
			continue
		case err == nil:
			local, _ := os.ReadFile(j.local(file))
			if sha(local) == got.Version.SHA256 {
				stored := &journal.State{Name: file.Name, Role: file.Role, Exists: true, SHA256: got.Version.SHA256, Number: got.Version.Number}
				// What NixOps did since then is still to be saved.
				dirty := j.dirty
				if err := j.record(journal.Record{Type: journal.Stored, State: stored}); err != nil {
					return err
				}
				j.dirty = dirty
				continue
			}
			if file.Role == plan.KnownHostsState {
				j.base[file.Role] = &got.Version
				continue
			}
		}
		var newest *state.Version
		if err == nil {
			newest = &got.Version
		}
		return &state.ConflictError{Name: file.Name, Base: base, Newest: newest}
	}
	return nil
}

// restoreHosts puts back the known hosts, which a restart of the machine took away
// with the rest of the memory. Nobody must be left to store none in their place.
func (j *jobRun) restoreHosts(stored []byte) error {
	if info, err := os.Lstat(j.knownHosts()); err == nil && info.Size() > 0 {
		return nil
	}
	return writeFile(j.knownHosts(), stored)
}

// serve answers the scripts' getStateFile and putStateFile.
func (j *jobRun) serve() error {
	ctx, cancel := j.until(true)
	stop, err := shell.Serve(ctx, j.socket(), shell.Handler{
		Get: func(ctx context.Context, name string) ([]byte, bool, error) {
			file, err := j.r.o.Store.Get(ctx, name)
			if errors.Is(err, state.ErrNotExist) {
				return nil, false, nil
			}
			if err != nil {
				return nil, false, err
			}
			return file.Data, true, nil
		},
		Put: func(ctx context.Context, name string, data []byte) error {
			for _, file := range j.files() {
				if file.Name == name {
					return fmt.Errorf("the state %s is the deployment's: nixplan stores it at the end", name)
				}
			}
			_, err := j.r.o.Store.Replace(ctx, name, data)
			return err
		},
	})
	if err != nil {
		cancel()
		return err
	}
	j.unserve = func() { cancel(); stop() }
	return nil
}

func (j *jobRun) socket() string { return filepath.Join(j.private.Path(), "state") }

// rescueKnownHosts keeps the known hosts of a run that was killed.
func rescueKnownHosts(run, job, fallback, dir string) {
	if d, err := private.Find(run, job, fallback); err == nil {
		rescueHosts(d, dir)
	}
}

func rescueHosts(d *private.Dir, dir string) {
	info, err := os.Lstat(knownHostsOf(d))
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return
	}
	if hosts, err := os.ReadFile(knownHostsOf(d)); err == nil {
		writeFile(keptHosts(dir), hosts) // else those that were fetched have to do
	}
}
