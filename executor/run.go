package executor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/private"
	"github.com/nixplan/nixplan/plan"
)

// run is a run that this process carries out.
type run struct {
	runs  *Runs
	files *runFiles
	o     Options

	stop chan struct{} // closed by the first interrupt or the time limit
	kill chan struct{} // closed by the second interrupt
	why  string        // why it was stopped; set before stop is closed

	events *events
}

// Run carries out jobs as a new run. m says where they come from; its id, time and
// jobs are filled in. The error means that nothing was begun; what goes wrong with
// jobs stands in the result.
func (r *Runs) Run(p *plan.Plan, jobs []Job, m Manifest, o Options) (*Result, error) {
	m.Place, m.ToolVersion, m.Keep = o.Store.Place(), o.ToolVersion, o.Keep
	for _, job := range jobs {
		m.Jobs = append(m.Jobs, ManifestJob{Path: job.Plan.Path, Dir: jobDir(job.Plan.Path), Lock: lockOf(job.Steps), Last: job.Last, Steps: job.Steps})
	}
	r.sweep()
	files, err := r.create(&m, p, time.Now())
	if err != nil {
		return nil, fmt.Errorf("cannot make the directory of the run: %w", err)
	}
	defer files.close()
	run := newRun(r, files, o)
	var list []*jobRun
	for i := range jobs {
		j := run.job(&files.manifest.Jobs[i], &jobs[i].Plan, jobs[i].Secrets)
		// All that a job needs is on disk before any of them starts, so that the run
		// can be carried on without the repository.
		if err := j.write(jobs[i].Effect); err != nil {
			os.RemoveAll(files.dir) // nothing has begun
			return nil, fmt.Errorf("cannot write down the job %s: %w", j.path, err)
		}
		list = append(list, j)
	}
	if o.Unchanged != nil {
		if err := o.Unchanged(); err != nil {
			os.RemoveAll(files.dir)
			return nil, err
		}
	}
	if err := files.journal.Append(journal.Record{Type: journal.RunStarted, Version: o.ToolVersion, PID: os.Getpid()}); err != nil {
		os.RemoveAll(files.dir)
		return nil, err
	}
	return run.execute(list), nil
}

func newRun(r *Runs, files *runFiles, o Options) *run {
	return &run{runs: r, files: files, o: o, stop: make(chan struct{}), kill: make(chan struct{}), events: newEvents(o.Observe)}
}

// sweep removes the private directories that killed runs left, but for the known
// hosts of those that can be carried on.
func (r *Runs) sweep() {
	ids, _ := r.IDs()
	var fallbacks []string
	for _, id := range ids {
		if r.Alive(id) {
			continue
		}
		fallback := filepath.Join(r.dir(id), "private")
		fallbacks = append(fallbacks, fallback)
		if m, err := r.Manifest(id); err == nil {
			for _, job := range m.Jobs {
				rescueKnownHosts(id, job.Path, fallback, filepath.Join(r.Logs(id), job.Dir))
			}
		}
	}
	// Runs that are not in this directory are somebody else's, and may be alive. What
	// cannot be removed is for the next run.
	private.Sweep(fallbacks, func(id string) bool { return !slices.Contains(ids, id) || r.Alive(id) })
}

// lockOf is the name of the lock that steps take, "" for none.
func lockOf(steps []plan.Step) string {
	for _, step := range steps {
		if step.ID == "lock" {
			return nameAfter("lock:", step.Writes)
		}
	}
	return ""
}

// execute runs the jobs and writes down how it ended.
func (r *run) execute(jobs []*jobRun) *Result {
	// No program that is started may leave its memory on a disk.
	err := private.ProtectMemory()
	defer r.listen()()
	r.emit(Event{Type: RunStarted, Text: r.o.Store.Place()})
	if err != nil {
		r.emit(Event{Type: Warning, Text: "a crash may leave memory with secrets on disk: " + err.Error()})
	}

	var first, last []*jobRun
	for _, j := range jobs {
		if j.last {
			last = append(last, j)
		} else {
			first = append(first, j)
		}
	}
	r.carryOut(first)
	if !r.o.LeaveLast {
		r.carryOut(last)
	}

	result := &Result{Run: r.files.manifest.ID, Status: Succeeded, Logs: filepath.Join(r.files.dir, jobsDir)}
	for _, j := range jobs {
		result.Jobs = append(result.Jobs, j.result)
		if worse(j.result.Status, result.Status) {
			result.Status = j.result.Status
		}
	}
	if result.Status != Succeeded {
		result.Next = append(append([]string{}, r.o.Resume...), result.Run)
	}
	r.files.journal.Append(journal.Record{Type: journal.RunEnded, Status: journal.Status(result.Status)})
	r.emit(Event{Type: RunEnded, Status: result.Status, Result: result})
	r.events.end()
	return result
}

// carryOut runs jobs beside one another, those with the same lock one after the
// other.
func (r *run) carryOut(jobs []*jobRun) {
	var groups [][]*jobRun
	index := map[string]int{}
	for _, j := range jobs {
		if at, ok := index[j.lock]; ok && j.lock != "" {
			groups[at] = append(groups[at], j)
			continue
		}
		index[j.lock] = len(groups)
		groups = append(groups, []*jobRun{j})
	}
	var work errgroup.Group
	work.SetLimit(max(r.o.Parallelism, 1))
	for _, group := range groups {
		work.Go(func() error {
			for _, j := range group {
				j.run()
			}
			return nil
		})
	}
	work.Wait()
}

// worse orders statuses by how much attention they want.
func worse(a, b Status) bool {
	order := map[Status]int{Succeeded: 0, Skipped: 1, Blocked: 2, Failed: 3, Interrupted: 4}
	return order[a] > order[b]
}

// listen turns signals and the time limit into stop and kill. The function it
// returns ends that.
func (r *run) listen() (end func()) {
	done := make(chan struct{})
	var limit <-chan time.Time
	if r.o.Timeout > 0 {
		timer := time.NewTimer(r.o.Timeout)
		defer func() {
			inner := end
			end = func() { inner(); timer.Stop() }
		}()
		limit = timer.C
	}
	go func() {
		stopped := false
		halt := func(why, text string) {
			r.why = why
			stopped = true
			close(r.stop)
			r.emit(Event{Type: Notice, Text: text})
		}
		for {
			select {
			case <-done:
				return
			case text := <-r.o.Notices:
				r.emit(Event{Type: Notice, Text: text})
			case <-limit:
				if !stopped {
					halt("the time limit of "+r.o.Timeout.String(), "The time limit is over: ending what runs, and saving the state.")
				}
			case s := <-r.o.Interrupts:
				if !stopped {
					halt("a signal ("+s.String()+")", "Interrupted: ending what runs, and saving the state. Once more kills.")
					continue
				}
				close(r.kill)
				return
			}
		}
	}()
	return func() { close(done) }
}

// stopped reports whether the run was interrupted, and why.
func (r *run) stopped() (bool, string) {
	select {
	case <-r.stop:
		return true, r.why
	default:
		return false, ""
	}
}

func (r *run) killed() bool {
	select {
	case <-r.kill:
		return true
	default:
		return false
	}
}

func (r *run) emit(e Event) {
	e.Time, e.Run = time.Now().UTC(), r.files.manifest.ID
	r.events.put(e)
}
