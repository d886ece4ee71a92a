package executor

import (
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
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

// Runs is the directory in which runs leave their files:
//
//	ID/lock           held while the run goes on
//	ID/journal        what it did
//	ID/run.json       what it was to do, a Manifest
//	ID/plan.json      the saved plan
//	ID/jobs/NAME/     a job: logs/, and while it is not over work/, nixops/, effect.json
type Runs struct{ Dir string }

// Manifest is what a run was asked to do, so that it can be carried on without the
// repository.
type Manifest struct {
	ID          string    `json:"id"`
	Created     time.Time `json:"created"` // UTC
	ToolVersion string    `json:"tool_version"`
	Repository  string    `json:"repository"` // the root's path
	Ref         string    `json:"ref"`
	Rev         string    `json:"rev,omitempty"`
	// DefaultBranch, Owner and Name are what conditions of secrets are about.
	DefaultBranch string `json:"default_branch,omitempty"`
	Owner         string `json:"owner,omitempty"`
	Name          string `json:"name,omitempty"`
	// SecretsFile is the agent's secrets.json, "" when there was none.
	SecretsFile string `json:"secrets_file,omitempty"`
	// SecretsOrigin is why it is that one, SecretsLooked where there was none.
	SecretsOrigin string   `json:"secrets_origin,omitempty"`
	SecretsLooked []string `json:"secrets_looked,omitempty"`
	// Keep are the variables of the environment that the user let programs see.
	Keep []string `json:"keep,omitempty"`
	// Place says where the state is, Backend how a command line selects it.
	Place   string        `json:"place"`
	Backend []string      `json:"backend"`
	Jobs    []ManifestJob `json:"jobs"`
}

// ManifestJob is a job of a run.
type ManifestJob struct {
	Path  string      `json:"path"`
	Dir   string      `json:"dir"`  // its directory's name below jobs
	Lock  string      `json:"lock"` // "" for none
	Last  bool        `json:"last,omitempty"`
	Steps []plan.Step `json:"steps"`
}

const (
	lockFile     = "lock"
	journalFile  = "journal"
	manifestFile = "run.json"
	planFile     = "plan.json"
	jobsDir      = "jobs"
)

// ErrNoRun says that there is no run of an id.
var ErrNoRun = errors.New("there is no such run")

// ErrRunning says that a run is still going on, in another process.
var ErrRunning = errors.New("the run is still going on")

var runID = lazy.Regexp(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}$`)

// parts is how many ids a second has, and tick the time between two, or a little less.
const (
	parts = 1 << 16
	tick  = time.Second / parts
)

// newID is the id for a run that starts now: the second, and which of its 65536 parts.
// So ids are in the order of time.
func newID(now time.Time) string {
	part := int64(now.Nanosecond()) * parts / int64(time.Second)
	return fmt.Sprintf("%s-%04x", now.UTC().Format("20060102T150405Z"), part)
}

// dir is the directory of a run.
func (r *Runs) dir(id string) string { return filepath.Join(r.Dir, id) }

// IDs lists the runs, newest first.
func (r *Runs) IDs() ([]string, error) {
	entries, err := os.ReadDir(r.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && runID().MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Reverse(ids) // os.ReadDir sorts
	return ids, err
}

// Find gives the id that begins with a text, which must be that of one run alone.
func (r *Runs) Find(prefix string) (string, error) {
	ids, err := r.IDs()
	if err != nil {
		return "", err
	}
	var found []string
	for _, id := range ids {
		if id == prefix {
			return id, nil
		}
		if prefix != "" && strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w: %q", ErrNoRun, prefix)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%q may be %s", prefix, strings.Join(found, " or "))
}

// Alive reports whether a run is going on.
func (r *Runs) Alive(id string) bool {
	lock := flock.New(filepath.Join(r.dir(id), lockFile))
	if _, err := os.Stat(lock.Path()); err != nil {
		return false
	}
	got, err := lock.TryLock()
	if got {
		lock.Unlock()
	}
	return err == nil && !got
}

// runFiles are the files of a run that this process carries out.
type runFiles struct {
	dir      string
	manifest *Manifest
	plan     *plan.Plan
	lock     *flock.Flock
	journal  *journal.Journal
}

// create makes the directory of a new run. Whoever sees it sees it locked.
func (r *Runs) create(m *Manifest, p *plan.Plan, now time.Time) (*runFiles, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, err
	}
	for {
		m.ID, m.Created = newID(now), now.UTC().Truncate(time.Second)
		err := os.Mkdir(r.dir(m.ID), 0o700)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		now = now.Add(tick) // another run began with this one
	}
	f := &runFiles{dir: r.dir(m.ID), manifest: m, plan: p}
	err := f.takeLock()
	if err == nil {
		err = f.write(p)
	}
	if err == nil {
		f.journal, err = journal.Create(filepath.Join(f.dir, journalFile))
	}
	if err != nil {
		os.RemoveAll(f.dir)
		return nil, err
	}
	return f, nil
}

func (f *runFiles) write(p *plan.Plan) error {
	document, err := plan.Save(p)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(f.dir, planFile), document); err != nil {
		return err
	}
	return writeJSON(filepath.Join(f.dir, manifestFile), f.manifest)
}

func (f *runFiles) takeLock() error {
	f.lock = flock.New(filepath.Join(f.dir, lockFile), flock.SetPermissions(0o600))
	got, err := f.lock.TryLock()
	if err == nil && !got {
		return ErrRunning
	}
	return err
}

func (f *runFiles) close() {
	if f.journal != nil {
		f.journal.Close()
	}
	f.lock.Unlock()
}

// open opens a run to carry it on, and gives what its journal says.
func (r *Runs) open(id string) (*runFiles, []journal.Record, error) {
	f := &runFiles{dir: r.dir(id)}
	m, err := r.Manifest(id)
	if err != nil {
		return nil, nil, err
	}
	f.manifest = m
	if err := f.takeLock(); err != nil {
		return nil, nil, err
	}
	document, err := os.ReadFile(filepath.Join(f.dir, planFile))
	if err == nil {
		f.plan, err = plan.Load(document)
	}
	var records []journal.Record
	if err == nil {
		f.journal, records, err = journal.Open(filepath.Join(f.dir, journalFile))
	}
	// Nothing is made before it stands in the journal. To begin anew would lose it.
	if found, _ := filepath.Glob(filepath.Join(f.dir, jobsDir, "*", "nixops", "*.nixops")); err == nil && len(records) == 0 && len(found) > 0 {
		err = fmt.Errorf("its journal is empty, and NixOps' state is there all the same: %s", found[0])
	}
	if err != nil {
		f.close()
		return nil, nil, fmt.Errorf("the run %s cannot be carried on: %w", id, err)
	}
	return f, records, nil
}

// Manifest reads what a run was asked to do; ErrNoRun when there is none.
func (r *Runs) Manifest(id string) (*Manifest, error) {
	data, err := os.ReadFile(filepath.Join(r.dir(id), manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %q", ErrNoRun, id)
	}
	m := &Manifest{}
	if err == nil {
		err = json.Unmarshal(data, m)
	}
	if err == nil {
		err = m.check(id)
	}
	if err != nil {
		return nil, fmt.Errorf("the run %s cannot be read: %w", id, err)
	}
	return m, nil
}

// check refuses a manifest that is not the run's, or whose jobs lie elsewhere: files
// are removed there.
func (m *Manifest) check(id string) error {
	if m.ID != id {
		return fmt.Errorf("its %s is that of %q", manifestFile, m.ID)
	}
	for _, job := range m.Jobs {
		if job.Dir != jobDir(job.Path) {
			return fmt.Errorf("its %s has %q for the directory of %q", manifestFile, job.Dir, job.Path)
		}
	}
	return nil
}

// Journal reads what a run did so far.
func (r *Runs) Journal(id string) ([]journal.Record, error) {
	records, err := journal.Read(filepath.Join(r.dir(id), journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it was killed before it began
	}
	return records, err
}

// Logs is the directory with the jobs of a run, whose logs are below.
func (r *Runs) Logs(id string) string { return filepath.Join(r.dir(id), jobsDir) }

// jobDir is the directory's name for a job: as much of its path as can be read, and
// a hash that keeps apart what looks the same.
func jobDir(path string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			return c
		}
		return '_'
	}, path)
	name = strings.TrimLeft(name, ".")
	if name == path && name != "" && len(name) <= 64 {
		return name
	}
	sum := sha256.Sum256([]byte(path))
	if name == "" {
		name = "job"
	}
	return name[:min(len(name), 40)] + "-" + hex.EncodeToString(sum[:4])
}

// writeFile writes a file that is there as a whole or not at all. What is not whole
// yet lies beside it, not in the directory for temporary files, where it would stay
// after a crash with the keys that a state has.
func writeFile(path string, data []byte) error {
	return renameio.WriteFile(path, data, 0o600, renameio.WithStaticPermissions(0o600), renameio.WithTempDir(filepath.Dir(path)))
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(data, '\n'))
}
