package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sample() []Record {
	one := 1
	at := time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	return []Record{
		{Time: at, Type: RunStarted, Version: "devel", PID: 7},
		{Time: at, Type: StepStarted, Job: "a.\"b\nc\"", Step: "deploy"},
		{Time: at, Type: StepEnded, Job: "a", Step: "deploy", Status: Failed, ExitCode: &one, Message: "‘web’ <&> \x1b"},
		{Time: at, Type: Stored, Job: "a", State: &State{Name: "s.json", Role: "deployment", Exists: true, SHA256: strings.Repeat("a", 64)}},
	}
}

func written(t *testing.T) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	j, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sample() {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	content, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestRoundTrip(t *testing.T) {
	path, _ := written(t)
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Error(diff)
	}
	if _, err := Create(path); err == nil {
		t.Error("a journal was made over another")
	}
}

// A journal cut anywhere has the records that were whole, and can be gone on with.
func TestTorn(t *testing.T) {
	_, content := written(t)
	for cut := range content {
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Count(content[:cut], []byte{'\n'})
		got, err := Read(path)
		if err != nil || len(got) != whole {
			t.Fatalf("cut at %d: %d records, %v; want %d", cut, len(got), err, whole)
		}
		j, got, err := Open(path)
		if err != nil || len(got) != whole {
			t.Fatalf("cut at %d: opened with %d records, %v; want %d", cut, len(got), err, whole)
		}
		if err := j.Append(Record{Type: RunResumed}); err != nil {
			t.Fatal(err)
		}
		j.Close()
		got, err = Read(path)
		if err != nil || len(got) != whole+1 || got[whole].Type != RunResumed {
			t.Fatalf("cut at %d: then %d records, %v", cut, len(got), err)
		}
	}
}

// A change of any byte but in the last line is noticed, or in the line end before
// it, which makes one torn line of two.
func TestDamaged(t *testing.T) {
	_, content := written(t)
	last := bytes.LastIndexByte(content[:len(content)-1], '\n') + 1
	for i := range last - 1 {
		damaged := bytes.Clone(content)
		damaged[i] ^= 0x04
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err == nil {
			t.Fatalf("byte %d changed: read %d records", i, len(got))
		}
	}
}

func TestNothingAfterAnError(t *testing.T) {
	path, _ := written(t)
	j, _, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	j.file.Close()
	if err := j.Append(Record{Type: RunResumed}); err == nil {
		t.Fatal("written to a closed file")
	}
	if err := j.Append(Record{Type: RunResumed}); err == nil || !strings.Contains(err.Error(), "cannot write the journal") {
		t.Errorf("then: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, r := range sample() {
		line, err := encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, whole, err := read(bytes.NewReader(data))
		if whole > int64(len(data)) || err == nil && bytes.IndexByte(data[whole:], '\n') >= 0 && bytes.IndexByte(data[whole:], '\n') != len(data[whole:])-1 {
			t.Fatalf("%d records in %d of %d bytes, %v", len(records), whole, len(data), err)
		}
	})
}
