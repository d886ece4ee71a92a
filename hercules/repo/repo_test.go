package repo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sandbox is an empty directory with a git command that knows nothing of the
// user's configuration.
type sandbox struct {
	t   *testing.T
	dir string
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no git program")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &sandbox{t, dir}
}

func (s *sandbox) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *sandbox) write(name, text string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// git runs the real program in the sandbox's sub-directory dir.
func (s *sandbox) git(dir string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", s.path(dir),
		"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main",
		"-c", "protocol.file.allow=always"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// repository makes one with a commit of two files at dir.
func (s *sandbox) repository(dir string) string {
	s.t.Helper()
	s.write(dir+"/ci.nix", "{ }\n")
	s.write(dir+"/sub/network.nix", "{ }\n")
	s.git(dir, "init", "-q")
	s.git(dir, "add", ".")
	s.git(dir, "commit", "-qm", "first")
	return s.git(dir, "rev-parse", "HEAD")
}

func (s *sandbox) open(dir string) *Git {
	s.t.Helper()
	g, err := Open(s.path(dir))
	if err != nil {
		s.t.Fatal(err)
	}
	if g == nil {
		s.t.Fatalf("no repository found from %s", dir)
	}
	return g
}

func TestOpen(t *testing.T) {
	type facts struct {
		WorkTree, HeadRef, HeadRev, Default string
		Shallow                             bool
	}
	tests := []struct {
		name string
		from string
		make func(s *sandbox) facts
	}{
		{"root", "r", func(s *sandbox) facts {
			return facts{"r", "refs/heads/main", s.repository("r"), "refs/heads/main", false}
		}},
		{"below the root", "r/sub", func(s *sandbox) facts {
			return facts{"r", "refs/heads/main", s.repository("r"), "refs/heads/main", false}
		}},
		{"inside .git", "r/.git", func(s *sandbox) facts {
			return facts{"r", "refs/heads/main", s.repository("r"), "refs/heads/main", false}
		}},
		{"no commit", "r", func(s *sandbox) facts {
			s.write("r/x", "")
			s.git("r", "init", "-q", "-b", "trunk")
			return facts{"r", "refs/heads/trunk", "", "refs/heads/trunk", false}
		}},
		{"packed refs", "r", func(s *sandbox) facts {
			rev := s.repository("r")
			s.git("r", "tag", "-a", "v1", "-m", "v1")
			s.git("r", "pack-refs", "--all")
			return facts{"r", "refs/heads/main", rev, "refs/heads/main", false}
		}},
		{"loose over packed", "r", func(s *sandbox) facts {
			s.repository("r")
			s.git("r", "pack-refs", "--all")
			s.git("r", "commit", "-q", "--allow-empty", "-m", "second")
			return facts{"r", "refs/heads/main", s.git("r", "rev-parse", "HEAD"), "refs/heads/main", false}
		}},
		{"detached", "r", func(s *sandbox) facts {
			rev := s.repository("r")
			s.git("r", "checkout", "-q", "--detach")
			return facts{"r", "", rev, "refs/heads/main", false}
		}},
		{"branch with slashes", "r", func(s *sandbox) facts {
			rev := s.repository("r")
			s.git("r", "checkout", "-q", "-b", "feature/neat")
			return facts{"r", "refs/heads/feature/neat", rev, "refs/heads/main", false}
		}},
		{"default branch of a clone", "c", func(s *sandbox) facts {
			s.repository("r")
			s.git("r", "checkout", "-q", "-b", "develop")
			rev := s.git("r", "rev-parse", "HEAD")
			s.git(".", "clone", "-q", "r", "c")
			s.git("c", "checkout", "-q", "-b", "mine")
			return facts{"c", "refs/heads/mine", rev, "refs/heads/develop", false}
		}},
		{"shallow clone", "c", func(s *sandbox) facts {
			s.repository("r")
			s.git("r", "commit", "-q", "--allow-empty", "-m", "second")
			s.git(".", "clone", "-q", "--depth", "1", "file://"+s.path("r"), "c")
			return facts{"c", "refs/heads/main", s.git("r", "rev-parse", "HEAD"), "refs/heads/main", true}
		}},
		{"linked work tree", "w/sub", func(s *sandbox) facts {
			rev := s.repository("r")
			s.git("r", "worktree", "add", "-q", "-b", "other", s.path("w"))
			return facts{"w", "refs/heads/other", rev, "refs/heads/main", false}
		}},
		{"submodule", "r/lib", func(s *sandbox) facts {
			rev := s.repository("m")
			s.repository("r")
			s.git("r", "submodule", "add", "-q", s.path("m"), "lib")
			return facts{"r/lib", "refs/heads/main", rev, "refs/heads/main", false}
		}},
		{"bare", "b.git", func(s *sandbox) facts {
			rev := s.repository("r")
			s.git(".", "clone", "-q", "--bare", "r", "b.git")
			return facts{"", "refs/heads/main", rev, "refs/heads/main", false}
		}},
		{"an empty .git is none", "r/x", func(s *sandbox) facts {
			rev := s.repository("r")
			s.write("r/x/.git/description", "not yet")
			return facts{"r", "refs/heads/main", rev, "refs/heads/main", false}
		}},
		{"sha256 objects", "r", func(s *sandbox) facts {
			s.write("r/ci.nix", "{ }\n")
			s.git("r", "init", "-q", "--object-format=sha256")
			s.git("r", "add", ".")
			s.git("r", "commit", "-qm", "first")
			return facts{"r", "refs/heads/main", s.git("r", "rev-parse", "HEAD"), "refs/heads/main", false}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSandbox(t)
			want := test.make(s)
			if want.WorkTree != "" {
				want.WorkTree = s.path(want.WorkTree)
			}
			g := s.open(test.from)
			got := facts{g.WorkTree, g.HeadRef, g.HeadRev, g.DefaultBranch(), g.Shallow}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
			// The other way to the references, for formats without files.
			if err := g.listRefs(); err != nil {
				t.Fatal(err)
			}
			if rev := g.resolve("HEAD"); rev != want.HeadRev {
				t.Errorf("git lists HEAD as %q, want %q", rev, want.HeadRev)
			}
			if branch := g.DefaultBranch(); branch != want.Default {
				t.Errorf("default branch from git's list %q, want %q", branch, want.Default)
			}
		})
	}
}

func TestOpenNothing(t *testing.T) {
	s := newSandbox(t)
	if g, err := Open(s.dir); g != nil || err != nil {
		t.Errorf("Open of a plain directory = %v, %v, want nothing", g, err)
	}
}

func TestOpenBroken(t *testing.T) {
	for name, text := range map[string]string{
		"not a git file":     "hello\n",
		"names nothing":      "gitdir: ../gone\n",
		"names an empty dir": "gitdir: .\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			s.write("r/.git", text)
			if g, err := Open(s.path("r")); err == nil {
				t.Errorf("Open = %+v, want an error", g)
			}
		})
	}
	t.Run("config", func(t *testing.T) {
		s := newSandbox(t)
		s.repository("r")
		s.write("r/.git/config", "[core\n")
		if _, err := Open(s.path("r")); err == nil {
			t.Error("want an error")
		}
	})
}

func TestHostileHead(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	s.write("secret", "0123456789012345678901234567890123456789\n")
	s.write("r/.git/HEAD", "ref: refs/../../../secret\n")
	if g := s.open("r"); g.HeadRev != "" {
		t.Errorf("HEAD led out of the repository: %s", g.HeadRev)
	}
	s.write("r/.git/HEAD", "ref: refs/heads/loop\n")
	s.write("r/.git/refs/heads/loop", "ref: refs/heads/loop\n")
	if g := s.open("r"); g.HeadRev != "" {
		t.Errorf("a loop resolved to %s", g.HeadRev)
	}
}

func TestIndex(t *testing.T) {
	tests := []struct {
		name    string
		change  func(s *sandbox)
		dirty   bool
		tracked string // "" or the files beyond ci.nix and sub/network.nix
	}{
		{"clean", func(s *sandbox) {}, false, ""},
		{"untracked", func(s *sandbox) { s.write("r/new.nix", "") }, false, ""},
		{"changed", func(s *sandbox) { s.write("r/ci.nix", "{ a = 1; }\n") }, true, ""},
		{"touched", func(s *sandbox) { s.write("r/ci.nix", "{ }\n") }, false, ""},
		{"staged", func(s *sandbox) { s.write("r/new.nix", ""); s.git("r", "add", ".") }, true, "new.nix"},
		{"removed", func(s *sandbox) { os.Remove(s.path("r/ci.nix")) }, true, ""},
		{"strange name", func(s *sandbox) {
			s.write("r/ä \"\n.nix", "")
			s.git("r", "add", ".")
			s.git("r", "commit", "-qm", "strange")
		}, false, "ä \"\n.nix"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSandbox(t)
			s.repository("r")
			test.change(s)
			g := s.open("r/sub")
			g.Prefetch()
			if dirty, err := g.Dirty(); err != nil || dirty != test.dirty {
				t.Errorf("Dirty = %v, %v, want %v", dirty, err, test.dirty)
			}
			tracked, err := g.Tracked()
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"ci.nix", "sub/network.nix"}
			if test.tracked != "" {
				want = append(want, test.tracked)
			}
			for _, name := range want {
				if !tracked.File(name) {
					t.Errorf("%q is not tracked", name)
				}
			}
			if tracked.Len() != len(want) || tracked.File("sub") || tracked.File("gone") {
				t.Errorf("%d files tracked, want %d", tracked.Len(), len(want))
			}
		})
	}
}

// Two sets of changes are told apart by what the files have, not by their names
// alone, nor by what of them is staged.
func TestChanges(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	changes := func() string {
		t.Helper()
		changes, err := s.open("r").Changes()
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	if got := changes(); got != "" {
		t.Errorf("a clean work tree has the changes %s", got)
	}
	s.write("r/ci.nix", "{ a = 1; }\n")
	g, first := s.open("r"), changes()
	if same, err := g.Unchanged(); !same || err != nil {
		t.Errorf("nothing was done: %v, %v", same, err)
	}
	s.git("r", "add", ".")
	if changes() != first {
		t.Error("staging a change makes it another")
	}
	if same, err := g.Unchanged(); !same || err != nil {
		t.Errorf("the change was staged: %v, %v", same, err)
	}
	seen := map[string]string{first: "first"}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"other content", func() { s.write("r/ci.nix", "{ a = 2; }\n") }},
		{"another file", func() { s.write("r/sub/network.nix", "{ b = 1; }\n") }},
		{"executable", func() { os.Chmod(s.path("r/ci.nix"), 0o755) }},
		{"removed", func() { os.Remove(s.path("r/ci.nix")) }},
		{"a link", func() { os.Symlink("sub/network.nix", s.path("r/ci.nix")) }},
		{"another link", func() { os.Remove(s.path("r/ci.nix")); os.Symlink("gone", s.path("r/ci.nix")) }},
		{"a directory", func() { os.Remove(s.path("r/ci.nix")); os.Mkdir(s.path("r/ci.nix"), 0o755) }},
		{"a new file", func() { s.write("r/new.nix", ""); s.git("r", "add", "new.nix") }},
		{"not tracked", func() { s.git("r", "rm", "-q", "--cached", "sub/network.nix") }},
	} {
		step.do()
		got := changes()
		if before, ok := seen[got]; ok || got == "" {
			t.Errorf("%s has the changes of %q", step.name, before)
		}
		seen[got] = step.name
		if same, err := g.Unchanged(); same || err != nil {
			t.Errorf("%s: unchanged is %v, %v", step.name, same, err)
		}
	}
	s.git("r", "reset", "-q", "--hard")
	clean := s.open("r")
	s.git("r", "commit", "-q", "--allow-empty", "-m", "second")
	if same, err := clean.Unchanged(); same || err != nil {
		t.Errorf("another commit is checked out: unchanged is %v, %v", same, err)
	}
}

func TestScope(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	s.write("r/ci.nix", "{ a = 1; }\n")
	for scope, want := range map[string]bool{"": true, "sub": false, "ci.nix": true} {
		g := s.open("r")
		g.Scope = scope
		if dirty, err := g.Dirty(); err != nil || dirty != want {
			t.Errorf("Dirty below %q = %v, %v, want %v", scope, dirty, err, want)
		}
	}
}

func TestSubmoduleFiles(t *testing.T) {
	s := newSandbox(t)
	s.repository("m")
	s.repository("r")
	s.git("r", "submodule", "add", "-q", s.path("m"), "lib")
	tracked, err := s.open("r").Tracked()
	if err != nil {
		t.Fatal(err)
	}
	if tracked.File("lib/ci.nix") {
		t.Error("a submodule's file counts as tracked")
	}
	if got := tracked.Submodule("lib/ci.nix"); got != "lib" {
		t.Errorf("Submodule = %q, want lib", got)
	}
	if got := tracked.Submodule("library/ci.nix"); got != "" {
		t.Errorf("Submodule of a sibling = %q", got)
	}
}

// TestNothingRuns plants every kind of program a repository's configuration can
// name where status and ls-files would run it.
func TestNothingRuns(t *testing.T) {
	plants := map[string]string{
		"fsmonitor":        "[core]\n\tfsmonitor = \"$RUN\"\n",
		"filter":           "[filter \"x\"]\n\tclean = \"$RUN\"\n\trequired\n",
		"filter, odd name": "[filter \"a=b.c\"]\n\tclean = \"$RUN\"\n",
		"process":          "[filter \"x\"]\n\tprocess = \"$RUN\"\n",
		"included":         "[include]\n\tpath = more\n",
		"work tree's own":  "[extensions]\n\tworktreeConfig\n",
		"pager":            "[core]\n\tpager = \"$RUN\"\n[pager]\n\tstatus = \"$RUN\"\n",
	}
	for name, text := range plants {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			s.repository("r")
			s.write("run", "#!/bin/sh\ntouch "+s.path("ran")+"\ncat\n")
			if err := os.Chmod(s.path("run"), 0o777); err != nil {
				t.Fatal(err)
			}
			text = strings.ReplaceAll(text, "$RUN", s.path("run"))
			more := "[filter \"x\"]\n\tclean = \"" + s.path("run") + "\"\n"
			s.write("r/.git/more", more)
			s.write("r/.git/config.worktree", more)
			s.write("r/.git/info/attributes", "ci.nix filter=x\nsub/* filter=a=b.c\n")
			config, err := os.ReadFile(s.path("r/.git/config"))
			if err != nil {
				t.Fatal(err)
			}
			s.write("r/.git/config", string(config)+text)
			// Of the same size, so that git has to look at the content.
			s.write("r/ci.nix", "{;}\n")
			s.write("r/sub/network.nix", "{;}\n")

			g := s.open("r")
			if dirty, err := g.Dirty(); err != nil || !dirty {
				t.Errorf("Dirty = %v, %v, want true", dirty, err)
			}
			if _, err := g.Tracked(); err != nil {
				t.Error(err)
			}
			g.Remote()
			if _, err := os.Stat(s.path("ran")); err == nil {
				t.Error("a program of the repository's configuration was run")
			}
			// The plant works: git itself does run it.
			if name != "pager" {
				exec.Command("git", "-C", s.path("r"), "status").Run()
				if _, err := os.Stat(s.path("ran")); err != nil {
					t.Error("git does not run the planted program either: the test shows nothing")
				}
			}
		})
	}
}

func TestForeignEnvironment(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	s.repository("other")
	s.write("other/ci.nix", "changed")
	t.Setenv("GIT_DIR", s.path("other/.git"))
	t.Setenv("GIT_WORK_TREE", s.path("other"))
	t.Setenv("GIT_INDEX_FILE", s.path("other/.git/index"))
	if dirty, err := s.open("r").Dirty(); err != nil || dirty {
		t.Errorf("Dirty = %v, %v: another repository's state", dirty, err)
	}
}

func TestHookIndex(t *testing.T) {
	s := newSandbox(t)
	s.repository("r")
	s.write("r/new.nix", "")
	t.Setenv("GIT_INDEX_FILE", s.path("r/.git/next-index"))
	s.git("r", "add", ".")
	tracked, err := s.open("r").Tracked()
	if err != nil {
		t.Fatal(err)
	}
	if !tracked.File("new.nix") {
		t.Error("the index of the commit being made was not used")
	}
}

func TestBranchesAndTags(t *testing.T) {
	s := newSandbox(t)
	const dir, clone = "repo", "clone"
	s.repository(dir)
	s.git(dir, "branch", "production")
	s.git(dir, "branch", "feature/a")
	s.git(dir, "tag", "v1")
	s.git(dir, "pack-refs", "--all")
	s.git(dir, "branch", "later")
	s.git(dir, "clone", "-q", s.path(dir), s.path(clone))
	s.git(clone, "branch", "mine")
	for at, want := range map[string]string{
		dir:   "refs/heads/feature/a refs/heads/later refs/heads/main refs/heads/production",
		clone: "refs/heads/feature/a refs/heads/later refs/heads/main refs/heads/mine refs/heads/production",
	} {
		g := s.open(at)
		if got := strings.Join(g.Branches(), " "); got != want {
			t.Errorf("%s: branches %q, want %q", at, got, want)
		}
		if got := strings.Join(g.Tags(), " "); got != "refs/tags/v1" {
			t.Errorf("%s: tags %q", at, got)
		}
		// A check asks very often, and each loose ref is a file.
		s.git(at, "branch", "since")
		if got := strings.Join(g.Branches(), " "); got != want {
			t.Errorf("%s: the refs were read once more: %q", at, got)
		}
	}
}

func TestIgnoredBy(t *testing.T) {
	s := newSandbox(t)
	s.repository("repo")
	s.write("repo/.gitignore", "# local\nsecret*.nix\n")
	s.write("repo/sub/secret 1.nix", "{ }\n")
	g := s.open("repo")
	for path, want := range map[string]string{
		"repo/sub/secret 1.nix":   ".gitignore:2, secret*.nix",
		"repo/sub/network.nix":    "",
		"repo/:(top)secret.nix":   "",
		"elsewhere/secret.nix":    "",
		"repo/sub/../secret1.nix": ".gitignore:2, secret*.nix",
	} {
		if got := g.IgnoredBy(s.path(path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// Named pipes that take the place of git's files are errors, or as if they were
// not there; nothing waits for their other end.
func TestPipes(t *testing.T) {
	for _, name := range []string{"HEAD", "config", "packed-refs", "index", "refs/heads/main"} {
		dir := t.TempDir()
		for _, d := range []string{".git/objects", ".git/refs/heads"} {
			if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if name != "HEAD" {
			if err := os.WriteFile(filepath.Join(dir, ".git/HEAD"), []byte("ref: refs/heads/main\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := syscall.Mkfifo(filepath.Join(dir, ".git", name), 0o600); err != nil {
			t.Fatal(err)
		}
		g, err := Open(dir)
		if err != nil {
			continue
		}
		if _, err := g.readIndex(); name == "index" && err == nil {
			t.Error("the index can be read")
		}
		if g.HeadRev != "" {
			t.Errorf("%s: HEAD is %s", name, g.HeadRev)
		}
	}
}

// What git says of a repository that anybody may have made is not shown.
func TestQuotesNothing(t *testing.T) {
	s := newSandbox(t)
	s.repository("repo")
	s.write("repo/.git/objects/info/alternates", "a line of a file\n")
	allow := func(string) error { return nil }
	restricted, err := OpenWithin(s.path("repo"), allow)
	if err != nil {
		t.Fatal(err)
	}
	for g, quoted := range map[*Git]bool{s.open("repo"): true, restricted: false, restricted.AsBare(): false} {
		rev := strings.Repeat("1", 40)
		_, errTime := g.CommitTime(t.Context(), rev)
		_, errIgnored := g.ExportIgnored(t.Context(), rev, s.path("scratch"), []string{"ci.nix"})
		for _, err := range []error{errTime, errIgnored} {
			if err == nil || strings.Contains(err.Error(), "a line") != quoted {
				t.Errorf("%v, want it quoted: %v", err, quoted)
			}
		}
	}
}

// No protocol is spoken with what a repository calls a remote, whatever it allows itself.
func TestNoProtocol(t *testing.T) {
	s := newSandbox(t)
	s.repository("repo")
	s.git("repo", "config", "protocol.ext.allow", "always")
	s.git("repo", "config", "protocol.file.allow", "always")
	s.git("repo", "config", "remote.evil.url", "ext::touch "+s.path("ran"))
	t.Setenv("GIT_ALLOW_PROTOCOL", "ext:file")
	g := s.open("repo")
	for _, remote := range []string{"evil", s.path("repo")} {
		if out, err := g.run("ls-remote", remote); err == nil {
			t.Errorf("%s gives %s", remote, out)
		}
	}
	if _, err := os.Stat(s.path("ran")); err == nil {
		t.Error("a command of the repository's ran")
	}
}
