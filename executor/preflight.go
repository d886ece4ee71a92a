package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nixplan/nixplan/executor/process"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// Problem is why a job must not be begun.
type Problem struct {
	ID   string // NP7xx or NP104
	Job  string // "" for the whole run
	Text string
	Help string
}

const (
	// leastSpace is how many bytes must be free for the run's files.
	leastSpace = 64 << 20
	// preflightTime bounds a look at a program or a server, unless the run has less.
	preflightTime = time.Minute
)

// patience is how long to look at a program or a server.
func (o *Options) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := preflightTime
	if o.Timeout > 0 {
		limit = min(limit, o.Timeout)
	}
	return context.WithTimeout(ctx, limit)
}

// Preflight looks, before anything is touched, for what would make jobs fail half
// way. Nothing is changed. When the context ends, what is not looked at yet is left.
func (r *Runs) Preflight(ctx context.Context, jobs []Job, o Options) []Problem {
	var problems []Problem
	add := func(job string) report {
		return func(id, help, format string, args ...any) {
			problems = append(problems, Problem{id, job, fmt.Sprintf(format, args...), help})
		}
	}
	r.checkDirectory(add(""))
	unsaved := r.unsavedStates(o.Store.Place())
	for i := range jobs {
		job := &jobs[i]
		add := add(job.Plan.Path)
		checkFiles(&job.Plan, add)
		for _, step := range job.Steps {
			for _, need := range step.Needs {
				add(diag.IDUnknown, need.Provide, "the step %s needs %s, which is not known%s", step.ID, need.Needs, from(need))
			}
		}
		checkSizes(job, add)
		checkTools(ctx, job, o, add)
		checkStates(ctx, job, o, add)
		if run := unsaved[lockOf(job.Steps)]; run != "" {
			add(diag.IDUnsaved, "carry it on: "+text.ShellLine(append(append([]string{}, o.Resume...), run)),
				"the run %s was interrupted and has a newer state of it, which is not stored", run)
		}
	}
	return problems
}

// report takes a problem: its id, what to do, what is wrong.
type report func(id, help, format string, args ...any)

func from(u plan.Unknown) string {
	if u.From == "" {
		return ""
	}
	return " (from " + u.From + ")"
}

// checkDirectory looks at the directory of runs.
func (r *Runs) checkDirectory(add report) {
	dir := r.Dir
	info, err := os.Stat(dir)
	for errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	if err != nil {
		add(diag.IDDirectory, "", "the directory of runs cannot be looked at: %v", err)
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && dir == r.Dir && int(owner.Uid) != os.Geteuid() {
		add(diag.IDDirectory, fmt.Sprintf("chown -R %d %s", os.Geteuid(), text.ShellWord(dir)), "the directory of runs, %s, belongs to another user (%d): was nixplan run as root?", dir, owner.Uid)
		return
	}
	if syscall.Access(dir, 2|1) != nil { // W_OK, X_OK
		add(diag.IDDirectory, "", "the directory of runs cannot be made: %s is not writable", dir)
	}
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) == nil {
		if free := uint64(fs.Bavail) * uint64(fs.Bsize); free < leastSpace {
			add(diag.IDDirectory, "", "only %d MiB are free in %s; a run wants %d", free>>20, dir, leastSpace>>20)
		}
	}
}

// checkFiles looks whether the network files are there, for the deployment.
func checkFiles(job *plan.Job, add report) {
	for _, file := range job.Files {
		if file.Role == plan.PrebuildOnlyFile {
			continue
		}
		no := func(b *bool) bool { return b != nil && !*b }
		switch {
		case !filepath.IsAbs(file.Path) && !filepath.IsLocal(file.Path):
			add(diag.IDFile, "make src the directory that has all of them, or move the file", "the network file %s lies outside of src, of which the deployment has a copy and no more", file.Path)
		case no(file.Exists):
			add(diag.IDFile, "", "the network file %s does not exist", file.Path)
		case no(file.Tracked):
			add(diag.IDFile, "git add "+text.ShellWord(file.Path), "git does not track the network file %s, so it is not deployed", file.Path)
		case no(file.Included):
			add(diag.IDFile, "", "the filter of src leaves out the network file %s", file.Path)
		}
	}
}

// longestString is what Linux passes to a program as one argument or variable, its
// final zero included: MAX_ARG_STRLEN, 32 pages.
const longestString = 32 * 4096

// checkSizes looks for what no program can be started with.
func checkSizes(job *Job, add report) {
	const help = "put it into a file of src"
	for _, step := range job.Steps {
		for _, arg := range step.Argv {
			if len(arg) >= longestString {
				add(diag.IDUnsupported, help, "the step %s has an argument of %d KiB, and programs take at most %d", step.ID, len(arg)>>10, longestString>>10)
			}
		}
	}
	for _, name := range sortedKeys(job.Effect.Env) {
		if size := len(name) + 1 + len(job.Effect.Env[name]); size >= longestString {
			add(diag.IDUnsupported, help, "the variable %s of the effect has %d KiB, and programs take at most %d", text.Line(name), size>>10, longestString>>10)
		}
	}
}

// checkTools looks for the programs that the steps run.
func checkTools(ctx context.Context, job *Job, o Options, add report) {
	path := job.Effect.Path
	if len(path) == 0 {
		path = []string{process.Getenv(o.Environ, "PATH")}
	}
	env := append(kept(o), "PATH="+strings.Join(path, ":"), "HOME=/homeless-shelter")
	seen := map[string]bool{}
	for _, step := range job.Steps {
		tool := ""
		if len(step.Argv) > 0 {
			tool = step.Argv[0]
		} else if len(step.Scripts) > 0 {
			tool = "bash"
		}
		if tool == "" || seen[tool] {
			continue
		}
		seen[tool] = true
		if _, err := process.LookPath(tool, env); err != nil {
			add(diag.IDProgram, "install it, or use --evaluator nix, which takes the one that the effect names", "%v", err)
			continue
		}
		if tool == "nixops" {
			checkVersion(ctx, &job.Plan, o, env, add)
		}
	}
}

// checkVersion asks NixOps which it is. runNixOps speaks the command line of NixOps
// 1, of which only builds after 1.7 know the actions test and boot.
func checkVersion(ctx context.Context, job *plan.Job, o Options, env []string, add report) {
	var out bytes.Buffer
	p, err := process.Start(process.Command{Argv: []string{"nixops", "--version"}, Dir: "/", Env: env, Stdout: &out, Stderr: &out})
	if err != nil {
		add(diag.IDProgram, "", "nixops cannot be started: %v", err)
		return
	}
	ctx, cancel := o.patience(ctx)
	defer cancel()
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Signal(killSignal)
	}
	if result, _ := p.Wait(); !result.OK() {
		add(diag.IDProgram, "", "nixops --version does not work: %s", result)
		return
	}
	version := strings.TrimPrefix(strings.TrimSpace(out.String()), "NixOps ")
	old := strings.HasPrefix(version, "1.")
	switch {
	case old && job.Kind == plan.RunNixOps2:
		add(diag.IDProgram, "give runNixOps2 a newer nixops", "runNixOps2 needs NixOps 2, and this is %s", version)
	case old && job.Action != nil && (job.Action.Name == "test" || job.Action.Name == "boot"):
		add(diag.IDProgram, "", "NixOps %s does not have the action %s", version, job.Action.Name)
	case strings.HasPrefix(version, "2.") && job.Kind == plan.RunNixOps:
		add(diag.IDProgram, "deploy it with runNixOps2, or give runNixOps a NixOps 1", "runNixOps speaks the command line of NixOps 1, and this is %s", version)
	}
}

// kept are the variables of nixplan's environment that programs get.
func kept(o Options) []string {
	var env []string
	for _, entry := range o.Environ {
		if name, _, _ := strings.Cut(entry, "="); o.inherits(name) {
			env = append(env, entry)
		}
	}
	return env
}

// checkStates looks whether the states can be reached.
func checkStates(ctx context.Context, job *Job, o Options, add report) {
	ctx, cancel := o.patience(ctx)
	defer cancel()
	for _, file := range job.Plan.StateFiles {
		if _, err := o.Store.Get(ctx, file.Name); err != nil && !errors.Is(err, state.ErrNotExist) {
			add(diag.IDState, "", "the state %s cannot be fetched from %s: %v", file.Name, o.Store.Place(), err)
			return // the others neither
		}
	}
}

// unsavedStates are interrupted runs that have an unsaved state of a place, the newest
// for each, by their locks.
func (r *Runs) unsavedStates(place string) map[string]string {
	found := map[string]string{}
	ids, _ := r.IDs()
	for _, id := range ids {
		m, err := r.Manifest(id)
		if err != nil || m.Place != place || r.Alive(id) {
			continue
		}
		records, _ := r.Journal(id)
		for i := range m.Jobs {
			job := &m.Jobs[i]
			if job.Lock != "" && found[job.Lock] == "" && progressOf(job, records).dirty {
				found[job.Lock] = id
			}
		}
	}
	return found
}
