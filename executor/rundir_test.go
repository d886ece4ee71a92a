package executor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/executor/private"
	"github.com/nixplan/nixplan/plan"
)

// Whenever a run begins, its id is found again, and sorts as time does.
func TestNewID(t *testing.T) {
	second := time.Date(2026, 11, 29, 9, 16, 29, 0, time.UTC)
	last := ""
	for nanosecond := 0; nanosecond < int(time.Second); nanosecond += 999 {
		id := newID(second.Add(time.Duration(nanosecond)))
		if !runID().MatchString(id) || id < last {
			t.Fatalf("%d ns: %s after %s", nanosecond, id, last)
		}
		last = id
	}
	if id := newID(second.Add(time.Second - 1)); id != "20261129T091629Z-ffff" {
		t.Errorf("the last one is %s", id)
	}
}

// A job's name is a single, harmless path element, and no two jobs share one.
func TestJobDir(t *testing.T) {
	seen := map[string]string{}
	for _, path := range []string{
		"neat-network", "a.b", "a/b", "a_b", "../x", "..", ".", "", "x\x00y", `"a b"`, "a b", "ä",
		strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 5000), "A", ".hidden",
	} {
		dir := jobDir(path)
		if dir == "" || dir != filepath.Base(dir) || !filepath.IsLocal(dir) || strings.HasPrefix(dir, ".") || len(dir) > 64 {
			t.Errorf("%q has the directory %q", path, dir)
		}
		if other, ok := seen[dir]; ok {
			t.Errorf("%q and %q have the directory %q", path, other, dir)
		}
		seen[dir] = path
	}
	if got := jobDir("neat-network"); got != "neat-network" {
		t.Errorf("neat-network has the directory %q", got)
	}
}

// A file that is being written lies where it will be: what a crash leaves in a
// directory for temporary files nobody removes, and a state has keys in it.
func TestWriteFileBeside(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "state", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	var failed *os.LinkError
	if err := writeFile(filepath.Join(dir, "state"), nil); !errors.As(err, &failed) || filepath.Dir(failed.Old) != dir {
		t.Errorf("what is in the way of the file is not: %v", err)
	}
}

func TestRunDirectories(t *testing.T) {
	runs := &Runs{Dir: filepath.Join(t.TempDir(), "state", "runs")}
	if ids, err := runs.IDs(); err != nil || len(ids) > 0 {
		t.Fatalf("%q, %v", ids, err)
	}
	p := &plan.Plan{Ref: "refs/heads/main"}
	p.Normalize()
	at := time.Date(2026, 11, 28, 20, 16, 44, 0, time.UTC)
	first, err := runs.create(&Manifest{Ref: p.Ref}, p, at)
	if err != nil {
		t.Fatal(err)
	}
	defer first.close()
	id := first.manifest.ID
	if !strings.HasPrefix(id, "20261128T201644Z-") || !runID().MatchString(id) {
		t.Errorf("the id is %s", id)
	}
	if !runs.Alive(id) {
		t.Error("a run that was just made is not alive")
	}
	if _, _, err := runs.open(id); !errors.Is(err, ErrRunning) {
		t.Errorf("opening a run that goes on: %v", err)
	}
	second, err := runs.create(&Manifest{Ref: p.Ref}, p, at.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	second.close()
	if runs.Alive(second.manifest.ID) {
		t.Error("a run is alive that ended")
	}
	again, records, err := runs.open(second.manifest.ID)
	if err != nil || len(records) != 0 {
		t.Fatalf("%v, %v", records, err)
	}
	again.close()
	database := filepath.Join(runs.Logs(second.manifest.ID), "shop", "nixops", "deployments.nixops")
	if err := errors.Join(os.MkdirAll(filepath.Dir(database), 0o700), os.WriteFile(database, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := runs.open(second.manifest.ID); err == nil || !strings.Contains(err.Error(), database) {
		t.Errorf("a run whose journal was emptied: %v", err)
	}

	if ids, _ := runs.IDs(); len(ids) != 2 || ids[0] != second.manifest.ID {
		t.Errorf("runs are %q", ids)
	}
	if got, err := runs.Find(id[:16]); err != nil || got != id {
		t.Errorf("%s: %s, %v", id[:16], got, err)
	}
	if _, err := runs.Find("2026"); err == nil || !strings.Contains(err.Error(), " or ") {
		t.Errorf("2026: %v", err)
	}
	for _, name := range []string{"", "..", "2027", "../../etc"} {
		if _, err := runs.Find(name); !errors.Is(err, ErrNoRun) {
			t.Errorf("%q: %v", name, err)
		}
	}
	filepath.WalkDir(runs.Dir, func(path string, _ os.DirEntry, err error) error {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return nil
	})
}

// With a killed run goes what only its files tell of: the secrets that lie elsewhere.
func TestPruneTakesSecrets(t *testing.T) {
	runs := &Runs{Dir: filepath.Join(t.TempDir(), "runs")}
	p := &plan.Plan{Ref: "refs/heads/main"}
	p.Normalize()
	run, err := runs.create(&Manifest{}, p, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	id, fallback := run.manifest.ID, filepath.Join(run.dir, "private")
	d, err := private.Create(id, "shop", fallback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Remove() })
	if removed, err := runs.Prune(time.Now().Add(time.Hour)); len(removed) > 0 || err != nil {
		t.Errorf("removed %q, which goes on, %v", removed, err)
	}
	run.close()
	if removed, err := runs.Prune(time.Now().Add(time.Hour)); len(removed) != 1 || err != nil {
		t.Errorf("removed %q, %v", removed, err)
	}
	if _, err := private.Find(id, "shop", fallback); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the private directory of a run that was removed: %v", err)
	}
}

// A manifest that somebody changed does not lead to other directories.
func TestManifestOfAnother(t *testing.T) {
	runs := &Runs{Dir: t.TempDir()}
	id := newID(time.Now())
	if err := os.Mkdir(runs.dir(id), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`null`:           "that of",
		`{"id": "../x"}`: "that of \"../x\"",
		`{"id": "` + id + `", "jobs": [{"path": "shop", "dir": "../../home"}]}`: `"../../home"`,
		`{"id": "` + id + `", "jobs": [{"path": "shop", "dir": "shop"}]}`:       "",
	} {
		if err := os.WriteFile(filepath.Join(runs.dir(id), manifestFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := runs.Manifest(id); err == nil != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
