package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// snapshotRepository has files of every kind, and changes that are in no commit.
func snapshotRepository(s *sandbox) (rev string) {
	s.repository("r")
	s.write("r/bin/run", "#!/bin/sh\n")
	if err := os.Chmod(s.path("r/bin/run"), 0o777); err != nil {
		s.t.Fatal(err)
	}
	s.write("r/empty", "")
	s.write("r/ä \"\n.nix", "strange")
	for _, link := range [][2]string{{"sub/network.nix", "r/link"}, {"../sub", "r/bin/up"}, {"../../secret", "r/sub/out"}, {"/etc/passwd", "r/abs"}, {"loop", "r/loop"}} {
		if err := os.Symlink(link[0], s.path(link[1])); err != nil {
			s.t.Fatal(err)
		}
	}
	s.write("secret", "secret")
	s.git("r", "add", ".")
	s.git("r", "commit", "-qm", "second")
	rev = s.git("r", "rev-parse", "HEAD")
	s.write("r/ci.nix", "changed")
	s.write("r/untracked", "")
	return rev
}

func (s *sandbox) snapshot(dir, rev string) (*Git, *Snapshot) {
	s.t.Helper()
	g, snapshot, err := s.open(dir).AtRevision(context.Background(), rev)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(snapshot.Close)
	return g, snapshot
}

func TestSnapshot(t *testing.T) {
	s := newSandbox(t)
	rev := snapshotRepository(s)
	s.git(".", "clone", "-q", "--bare", "r", "bare.git")
	s.git(".", "clone", "-q", "--depth", "1", "file://"+s.path("r"), "shallow")
	for _, dir := range []string{"r", "bare.git", "shallow"} {
		t.Run(dir, func(t *testing.T) {
			g, snapshot := s.snapshot(dir, "HEAD")
			if dirty, err := g.Dirty(); dirty || err != nil || g.HeadRev != rev || snapshot.Rev != rev {
				t.Errorf("dirty %v, %v, at %s, want %s", dirty, err, g.HeadRev, rev)
			}
			tracked, err := g.Tracked()
			if err != nil || !tracked.File("bin/run") || tracked.File("untracked") || tracked.Len() != 10 {
				t.Errorf("tracked %v, %v", tracked.Names(), err)
			}
			if err := fstest.TestFS(snapshot, "ci.nix", "sub/network.nix", "bin/run", "empty", "ä \"\n.nix"); err != nil {
				// The links that lead nowhere here cannot be opened, which the test
				// of the standard library does not expect.
				for line := range strings.Lines(err.Error()) {
					if strings.HasPrefix(line, "TestFS") || strings.Contains(line, "abs") || strings.Contains(line, "loop") || strings.Contains(line, "sub/out") {
						continue
					}
					t.Error(line)
				}
			}
			for name, want := range map[string]string{
				"ci.nix": "{ }\n", "link": "{ }\n", "bin/up/network.nix": "{ }\n", "empty": "", "ä \"\n.nix": "strange",
			} {
				if got, err := snapshot.ReadFile(name); err != nil || string(got) != want {
					t.Errorf("%s: %q, %v, want %q", name, got, err, want)
				}
			}
			for _, name := range []string{"untracked", "sub/out", "abs", "loop", "../secret", "nothing/here", ".git/config"} {
				if got, err := snapshot.ReadFile(name); err == nil {
					t.Errorf("%s can be read: %q", name, got)
				}
			}
			for name, want := range map[string]fs.FileMode{"ci.nix": 0o644, "bin/run": 0o755, "sub": fs.ModeDir | 0o755, "loop": fs.ModeSymlink | 0o777} {
				if info, err := snapshot.Lstat(name); err != nil || info.Mode() != want {
					t.Errorf("%s: %v, %v, want %v", name, info, err, want)
				}
			}
			if err := snapshot.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSnapshotReadAgain(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	_, snapshot := s.snapshot("r", "main")
	for range 2 {
		snapshot.blobs.mu.Lock()
		clear(snapshot.blobs.data)
		snapshot.blobs.mu.Unlock()
		if got, err := snapshot.ReadFile("ci.nix"); err != nil || string(got) != "{ }\n" {
			t.Errorf("ci.nix: %q, %v", got, err)
		}
		snapshot.Close()
	}
}

func TestMissing(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	s.write("r/ci.nix", "{ old = 1; }\n")
	s.git("r", "commit", "-qam", "second")
	s.write("r/ci.nix", "{ new = 1; }\n")
	s.git("r", "commit", "-qam", "third")
	s.git("r", "config", "uploadpack.allowFilter", "true")
	s.git(".", "clone", "-q", "--depth", "1", "file://"+s.path("r"), "shallow")
	s.git(".", "clone", "-q", "--filter=blob:none", "file://"+s.path("r"), "partial")
	s.git("r", "checkout", "-q", "--orphan", "other")
	s.git("r", "commit", "-qm", "unrelated")

	read := func(dir, rev string) error {
		_, snapshot, err := s.open(dir).AtRevision(context.Background(), rev)
		if err != nil {
			return err
		}
		defer snapshot.Close()
		_, err = snapshot.ReadFile("ci.nix")
		if err != nil && snapshot.Err() == nil {
			t.Errorf("%s: %v is not kept", dir, err)
		}
		return err
	}
	mergeBase := func(dir, a, b string) error {
		_, err := s.open(dir).MergeBase(context.Background(), a, b)
		return err
	}
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"no such revision":    {read("r", "nothing"), []string{"the revision nothing is not in this repository", "git branch --all"}},
		"an option":           {read("r", "--all"), []string{"the revision --all"}},
		"no name":             {read("r", ""), []string{`the revision ""`}},
		"shallow":             {read("shallow", "main~1"), []string{"main~1", "shallow", "git fetch --unshallow", "fetch-depth: 0", "GIT_DEPTH: 0"}},
		"partial":             {read("partial", "main~1"), []string{"the contents of ci.nix", "partial clone", "git archive"}},
		"unrelated histories": {mergeBase("r", "main", "other"), []string{"nothing in common"}},
	} {
		var missing *MissingError
		if !errors.As(test.err, &missing) {
			t.Errorf("%s: %v is no MissingError", name, test.err)
			continue
		}
		for _, want := range test.want {
			if text := missing.Error() + "\n" + missing.Help; !strings.Contains(text, want) {
				t.Errorf("%s: %q lacks %q", name, text, want)
			}
		}
	}
	if base, err := s.open("r").MergeBase(context.Background(), "main", "main~1"); err != nil || base != s.git("r", "rev-parse", "main~1") {
		t.Errorf("merge base %s, %v", base, err)
	}
}
