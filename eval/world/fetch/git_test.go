package fetch

import (
	"errors"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gitServer serves the bare repositories of a directory over HTTP.
type gitServer struct {
	*httptest.Server
	dir      string
	requests atomic.Int64
}

// run runs git commands in the server's directory and gives what they print.
func (s *gitServer) run(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func newGitServer(t *testing.T) *gitServer {
	t.Helper()
	exec, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("git is not installed")
	}
	s := &gitServer{dir: t.TempDir()}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(exec)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + s.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.run(t, `
		git init -q -b main work; cd work
		echo 1 > a; git add .; git commit -qm 1; git tag v1
		git checkout -q -b other; echo 2 > b; git add .; git commit -qm 2
		git checkout -q main; echo 3 > a; git commit -qam 3
		cd ..; git clone -q --bare work repo.git
		git init -q -b main outer; cd outer
		git -c protocol.file.allow=always submodule --quiet add -- "$PWD/../repo.git" sub
		git config -f .gitmodules submodule.sub.url ../repo.git
		git add .; git commit -qm outer; cd ..; git clone -q --bare outer outer.git`)
	return s
}

func TestGitRemote(t *testing.T) {
	s := newGitServer(t)
	rev := func(name string) string { return s.run(t, "git -C work rev-parse "+name) }
	for _, test := range []struct {
		name  string
		r     GitRequest
		rev   string
		count int64 // 0: not known
		want  []string
	}{
		{"HEAD", GitRequest{}, rev("main"), 2, []string{"./", "a -r--r--r-- 3\n"}},
		{"branch", GitRequest{Ref: "other"}, rev("other"), 2, []string{"./", "a -r--r--r-- 1\n", "b -r--r--r-- 2\n"}},
		{"full ref", GitRequest{Ref: "refs/tags/v1"}, rev("v1"), 1, []string{"./", "a -r--r--r-- 1\n"}},
		{"commit", GitRequest{Rev: rev("v1")}, rev("v1"), 1, []string{"./", "a -r--r--r-- 1\n"}},
		{"commit of any ref", GitRequest{Rev: rev("other"), AllRefs: true}, rev("other"), 2, []string{"./", "a -r--r--r-- 1\n", "b -r--r--r-- 2\n"}},
		{"shallow", GitRequest{Shallow: true}, rev("main"), 0, []string{"./", "a -r--r--r-- 3\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.r.URL = s.URL + "/repo.git"
			tree, err := newFetcher(t, dir, nil).Git(t.Context(), test.r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, describe(t, tree.Dir)); diff != "" || tree.Rev != test.rev || tree.NARHash == nil {
				t.Errorf("%s%s", tree.Rev, diff)
			}
			count, err := tree.RevCount(t.Context())
			if count != test.count || (err == nil) != (test.count > 0) {
				t.Errorf("counted %d, %v", count, err)
			}
			// A commit that was fetched is there without the network.
			before := s.requests.Load()
			offline := newFetcher(t, dir, func(c *Config) { c.Network = false })
			if _, err := offline.Git(t.Context(), GitRequest{URL: test.r.URL, Rev: test.rev, Shallow: test.r.Shallow}); err != nil {
				t.Error(err)
			}
			var absent *NotHereError
			if _, err := offline.Git(t.Context(), GitRequest{URL: test.r.URL}); !errors.As(err, &absent) || s.requests.Load() != before {
				t.Errorf("without the network: %v", err)
			}
		})
	}
}

func TestGitRemoteErrors(t *testing.T) {
	s := newGitServer(t)
	for _, test := range []struct {
		r    GitRequest
		want string
	}{
		{GitRequest{URL: s.URL + "/none.git"}, "git fetch failed"},
		{GitRequest{URL: s.URL + "/repo.git", Ref: "none"}, "git fetch failed"},
		{GitRequest{URL: s.URL + "/repo.git", Rev: strings.Repeat("0", 39) + "1"}, "is not on"},
		{GitRequest{URL: s.URL + "/repo.git", Rev: "main"}, "is not a commit"},
		{GitRequest{URL: s.URL + "/repo.git", Ref: "--upload-pack=x"}, "not a valid branch"},
		{GitRequest{URL: s.URL + "/repo.git", Ref: "a..b"}, "not a valid branch"},
		{GitRequest{URL: "file://" + s.dir + "/repo.git"}, "not a scheme"},
		{GitRequest{URL: "ext::sh -c true"}, "are commands"},
		{GitRequest{URL: "-oProxyCommand=true:x"}, "begin with '-'"},
		{GitRequest{URL: "ssh://-oProxyCommand=true/x"}, "begin with '-'"},
	} {
		_, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), test.r)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %q", test.r, err, test.want)
		}
	}
}

// A branch is asked for again when what is known of it is old, and not before.
func TestGitTTL(t *testing.T) {
	s, dir := newGitServer(t), t.TempDir()
	r := GitRequest{URL: s.URL + "/repo.git", Ref: "main"}
	warnings := 0
	get := func(ttl time.Duration) string {
		tree, err := newFetcher(t, dir, func(c *Config) { c.TTL, c.Warn = ttl, func(string) { warnings++ } }).Git(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return tree.Rev
	}
	first := get(time.Hour)
	s.run(t, "cd work; echo 4 > a; git commit -qam 4; git push -q ../repo.git main")
	if again := get(time.Hour); again != first {
		t.Errorf("asked again after no time: %s", again)
	}
	second := get(1)
	if second == first {
		t.Error("not asked again")
	}
	s.Close()
	if third := get(1); third != second || warnings != 1 {
		t.Errorf("without a server %s, %d warnings", third, warnings)
	}
}

func TestGitSubmodules(t *testing.T) {
	s := newGitServer(t)
	tree, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), GitRequest{URL: s.URL + "/outer.git", Submodules: true})
	if err != nil {
		t.Fatal(err)
	}
	got := describe(t, tree.Dir)
	want := []string{"./", got[1], "sub/", "sub/a -r--r--r-- 3\n"} // .gitmodules, which names a temporary directory
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A commit in place of the work tree has its submodules as well.
func TestGitCommitSubmodules(t *testing.T) {
	s := newGitServer(t)
	local := filepath.Join(s.dir, "outer")
	rev := s.run(t, "git -C outer rev-parse HEAD; rm -r outer/sub/* outer/sub/.git")
	tree, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), GitRequest{URL: local, Local: local, Commit: rev, Submodules: true})
	if err != nil {
		t.Fatal(err)
	}
	got := describe(t, tree.Dir)
	if diff := cmp.Diff([]string{"./", got[1], "sub/", "sub/a -r--r--r-- 3\n"}, got); diff != "" || tree.Rev != rev {
		t.Error(tree.Rev, diff)
	}
}

// What a commit has of files is bounded before it is in memory.
func TestGitBombs(t *testing.T) {
	s := newGitServer(t)
	s.run(t, `git init -q -b main bomb; cd bomb
		commit() { printf 'tree %s\nauthor a <a@example.org> 0 +0000\ncommitter a <a@example.org> 0 +0000\n\n1\n' $1 | git hash-object -w -t commit --stdin | xargs git tag $2; }
		tree=$(echo 1 | git hash-object -w --stdin | sed 's/^/100644 blob /;s/$/\ta/' | git mktree)
		for i in 1 2 3 4 5 6 7 8; do tree=$(for j in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\t%s\n' $tree $j; done | git mktree); done; commit $tree deep
		blob=$(echo 1 | git hash-object -w --stdin)
		commit $(i=0; while [ $i -lt 300 ]; do printf '100644 blob %s\t%s\n' $blob $i; i=$((i+1)); done | git mktree) wide
		blob=$(head -c 5000 /dev/zero | tr '\0' x | git hash-object -w --stdin)
		commit $(printf '120000 blob %s\tl\n' $blob | git mktree) link`)
	local := filepath.Join(s.dir, "bomb")
	for ref, want := range map[string]string{"deep": "more than 100 files", "wide": "more than 100 files", "link": "too long"} {
		_, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), GitRequest{URL: local, Local: local, Ref: ref})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}

func TestGitTogether(t *testing.T) {
	s, dir := newGitServer(t), t.TempDir()
	if _, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), GitRequest{URL: s.URL + "/repo.git"}); err != nil {
		t.Fatal(err)
	}
	once := s.requests.Load()
	var wg sync.WaitGroup
	for range 10 {
		f := newFetcher(t, dir, nil)
		wg.Go(func() {
			if _, err := f.Git(t.Context(), GitRequest{URL: s.URL + "/repo.git"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.requests.Load() - once; n != once {
		t.Errorf("ten fetches made %d requests, one makes %d", n, once)
	}
}

// Nothing that a repository configures runs.
func TestGitRunsNothing(t *testing.T) {
	dir := t.TempDir()
	touch := "touch " + filepath.Join(dir, "ran")
	s := &gitServer{dir: dir}
	s.run(t, `
		git init -q -b main r; cd r
		printf '* filter=evil\n' > .gitattributes; echo 1 > a; git add .; git commit -qm 1
		git config filter.evil.clean "`+touch+`; cat"; git config filter.evil.smudge "`+touch+`; cat"
		git config filter.evil.process "`+touch+`"; git config core.fsmonitor "`+touch+`"
		git config core.sshCommand "`+touch+`"; git config diff.external "`+touch+`"; git config core.pager "`+touch+`"
		git config log.showSignature true; git config gpg.program "`+touch+`"
		for h in post-checkout post-index-change reference-transaction pre-auto-gc; do printf '#!/bin/sh\n`+touch+`\n' > .git/hooks/$h; chmod +x .git/hooks/$h; done
		echo 2 > a`)
	for _, r := range []GitRequest{{}, {Ref: "main"}, {Ref: "main", Submodules: true}, {ExportIgnore: true}, {Ref: "main", ExportIgnore: true}} {
		r.URL, r.Local = filepath.Join(dir, "r"), filepath.Join(dir, "r")
		tree, err := newFetcher(t, filepath.Join(dir, "cache"), nil).Git(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tree.RevCount(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
			t.Fatalf("%+v ran something", r)
		}
	}
}

func TestSubmoduleURL(t *testing.T) {
	for _, test := range []struct{ base, address, want string }{
		{"https://h/o/r.git", "../s.git", "https://h/o/s.git"},
		{"https://h/o/r", "./s", "https://h/o/r/s"},
		{"https://h/o/r/", "../../p/s", "https://h/p/s"},
		{"git@h:o/r", "../s", "git@h:o/s"},
		{"https://h/o/r", "https://else/s", "https://else/s"},
	} {
		got, err := submoduleURL(nil, &GitRequest{URL: test.base}, test.address)
		if err != nil || got != test.want {
			t.Errorf("%s in %s: got %s, %v, want %s", test.address, test.base, got, err, test.want)
		}
	}
}

// A repository of this machine gives no other files for a commit than the commit has,
// and leaves none of its own in the cache for others that pin the commit.
func TestGitVerified(t *testing.T) {
	s := newGitServer(t)
	s.run(t, `
		git init -q -b main good; cd good; mkdir d
		echo good > a; echo good > d/b; echo 'd/x export-ignore' > .gitattributes; echo x > d/x; git add .; git commit -qm 1
		printf 'tree %s\nauthor a <a@example.org> 0 +0000\ncommitter a <a@example.org> 0 +0000\n\n1\n' $(echo bad | git hash-object -w --stdin | sed 's/^/100644 blob /;s/$/\ta/' | git mktree) > ../text
		git hash-object -w -t commit ../text > ../other; cd ..; top=$PWD
		copy() { cp -r good $1; chmod -R u+w $1; }
		file() { git -C $top/good rev-parse $1 | sed 's,^..,&/,;s,^,.git/objects/,'; }
		copy blob; (cd blob; cp $(git rev-parse $(cat ../other):a | sed 's,^..,&/,;s,^,.git/objects/,') $(file HEAD:a))
		copy tree; (cd tree; cp $(git rev-parse $(cat ../other): | sed 's,^..,&/,;s,^,.git/objects/,') $(file HEAD^{tree}))
		copy commit; (cd commit; cp $(sed 's,^..,&/,;s,^,.git/objects/,' ../other) $(file HEAD))
		copy attributes; (cd attributes; n=$(echo '* export-ignore' | git hash-object -w --stdin); cp $(echo $n | sed 's,^..,&/,;s,^,.git/objects/,') $(file HEAD:.gitattributes))
		copy replaced; git -C replaced replace HEAD $(cat other)
		copy info; echo 'a export-ignore' > info/.git/info/attributes
		copy configured; git -C configured config core.attributesFile "$PWD/more"; echo 'a export-ignore' > more`)
	rev := s.run(t, "git -C good rev-parse HEAD")
	want := []string{"./", ".gitattributes -r--r--r-- d/x export-ignore\n", "a -r--r--r-- good\n", "d/", "d/b -r--r--r-- good\n"}
	for name, refused := range map[string]bool{
		"blob": true, "tree": true, "commit": true, "attributes": true, "replaced": false, "info": false, "configured": false,
	} {
		cache := t.TempDir()
		get := func(name string) (*Tree, error) {
			local := filepath.Join(s.dir, name)
			return newFetcher(t, cache, nil).Git(t.Context(), GitRequest{URL: local, Local: local, Rev: rev, ExportIgnore: true})
		}
		tree, err := get(name)
		if (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if diff := cmp.Diff(want, describe(t, tree.Dir)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if tree, err = get("good"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, describe(t, tree.Dir)); diff != "" {
			t.Errorf("after %s: %s", name, diff)
		}
	}
}
