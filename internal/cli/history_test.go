package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	_ "github.com/nixplan/nixplan/internal/symbolorder"
	"github.com/nixplan/nixplan/plan/diff"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestHistory builds the repository of testdata/history.txtar commit by commit, and
// compares each with the one before. The archive has the files of the first commit,
// and then for each commit one named "commit: MESSAGE", which has an edit in every
// line, and "diff: MESSAGE", what nixplan diff has to say and nothing else.
//
//	FILE: OLD => NEW   replace a text that the file has once
//	cut FILE: TEXT     remove a text that the file has once
//	FILE += TEXT       append a line; makes the file if it is not there
//	mv FILE FILE
//	rm FILE
//
// In an edit ⏎ stands for a line's end.
func TestHistory(t *testing.T) {
	const golden = "testdata/history.txtar"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	t.Chdir(dir)
	commits := 0
	for i := range archive.Files {
		file := &archive.Files[i]
		if message, ok := strings.CutPrefix(file.Name, "commit: "); ok {
			if commits == 0 {
				git("add", "-A")
				git("commit", "-q", "-m", "first")
			}
			commits++
			for edit := range strings.Lines(string(file.Data)) {
				if err := applyEdit(dir, strings.TrimSpace(edit)); err != nil {
					t.Fatalf("%s: %v", message, err)
				}
			}
			git("add", "-A")
			git("commit", "-q", "-m", message)
			continue
		}
		message, ok := strings.CutPrefix(file.Name, "diff: ")
		if !ok {
			path := filepath.Join(dir, file.Name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, file.Data, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		code, stdout, stderr := run("diff", "HEAD~1", "HEAD", "--format", "json")
		var changes diff.Changes
		if err := json.Unmarshal([]byte(stdout), &changes); err != nil || code != exitOK {
			t.Fatalf("%s: %v\n%s", message, err, stderr)
		}
		got := summary(&changes)
		if d := cmp.Diff(string(file.Data), got); d != "" && !*update {
			t.Errorf("%s (-want +got):\n%s", message, d)
		}
		file.Data = []byte(got)
	}
	if commits < 25 {
		t.Errorf("there are no more than %d commits", commits)
	}
	if *update {
		if err := os.WriteFile(filepath.Join(sourceDir, golden), txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// sourceDir is the package's directory.
var sourceDir, _ = os.Getwd()

func applyEdit(dir, edit string) error {
	edit = strings.ReplaceAll(edit, "⏎", "\n")
	at := func(name string) string { return filepath.Join(dir, strings.TrimSpace(name)) }
	if rest, ok := strings.CutPrefix(edit, "mv "); ok {
		from, to, _ := strings.Cut(rest, " ")
		if err := os.MkdirAll(filepath.Dir(at(to)), 0o777); err != nil {
			return err
		}
		return os.Rename(at(from), at(to))
	}
	if name, ok := strings.CutPrefix(edit, "rm "); ok {
		return os.Remove(at(name))
	}
	if name, line, ok := strings.Cut(edit, " += "); ok {
		data, err := os.ReadFile(at(name))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		return os.WriteFile(at(name), append(data, line+"\n"...), 0o666)
	}
	edit, cut := strings.CutPrefix(edit, "cut ")
	name, rest, _ := strings.Cut(edit, ": ")
	before, after, ok := strings.Cut(rest, " => ")
	if cut {
		before, after, ok = rest, "", true
	}
	data, err := os.ReadFile(at(name))
	if err != nil {
		return err
	}
	if !ok || strings.Count(string(data), before) != 1 {
		return fmt.Errorf("%q is not once in %s:\n%s", before, name, data)
	}
	return os.WriteFile(at(name), []byte(strings.Replace(string(data), before, after, 1)), 0o666)
}

// summary is a line for everything that changes.
func summary(c *diff.Changes) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ") + "\n")
	}
	all := 0
	for _, g := range c.Refs {
		all += len(g.Refs)
	}
	refs := func(list []string) string {
		if len(list) == all {
			return ""
		}
		return "[" + strings.Join(list, " ") + "]"
	}
	value := func(before, after string) string {
		switch {
		case len(before) == 64: // digests
			return ""
		case before == "":
			return after
		}
		return before + " → " + after
	}
	if c.Entry != nil {
		line("entry %s → %s", c.Entry.Before.Path, c.Entry.After.Path)
	}
	for _, job := range c.Jobs {
		was := ""
		if job.Was != "" {
			was = "was " + job.Was
		}
		line("job %s %s, %s %s", job.Change, job.Path, job.Reach, was)
		for _, f := range job.Facts {
			line("%s %s %s: %s %s", f.Change, f.Topic, f.Name, value(f.Before, f.After), refs(f.Refs))
		}
		for _, s := range job.Steps {
			line("%s step %s %s", s.Change, s.ID, refs(s.Refs))
		}
	}
	for _, f := range c.Files {
		line("file %s %s %s %s", f.Change, f.Was, f.Path, hunks(f.Diff))
	}
	for _, s := range c.Scripts {
		line("script %s %s of %s %s", s.Change, s.Name, s.Job, hunks(s.Diff))
	}
	for _, p := range c.Pins {
		line("pin %s %s %s", p.Change, p.Name, p.Compare)
	}
	for _, f := range c.Findings {
		line("finding %s %s: %s", f.Change, f.ID, f.Summary)
	}
	return b.String()
}

func hunks(d *diff.Diff) string {
	if d == nil {
		return ""
	}
	out := ""
	for _, h := range d.Hunks {
		for _, l := range h.Lines {
			if !strings.HasPrefix(l, " ") {
				out += " «" + strings.TrimSpace(l) + "»"
			}
		}
	}
	return out
}
