package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixplan/nixplan/eval/internal/hash"
)

// payload is what the server gives when it behaves.
const payload = "the quick brown fox\n"

// server is a loopback server that misbehaves, by path.
type server struct {
	*httptest.Server
	other *httptest.Server // another host, as far as clients can tell

	requests atomic.Int64

	mu   sync.Mutex
	seen map[string]int
	auth []string // what the other host was told
}

func newServer(t *testing.T) *server {
	s := &server{seen: map[string]int{}}
	s.other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.auth = append(s.auth, r.Header.Get("Authorization")+r.Header.Get("Cookie")+r.Header.Get("Referer"))
		s.mu.Unlock()
		fmt.Fprint(w, payload)
	}))
	t.Cleanup(s.other.Close)
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// nth counts the requests for a path.
func (s *server) nth(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[path]++
	return s.seen[path]
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	n := s.nth(r.URL.Path)
	fail := func(code int) { http.Error(w, "no", code) }
	switch what := strings.TrimPrefix(r.URL.Path, "/"); what {
	case "good", "slow-good":
		if what == "slow-good" {
			time.Sleep(100 * time.Millisecond)
		}
		fmt.Fprint(w, payload)
	case "etag":
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, payload)
	case "changes":
		fmt.Fprintf(w, "version %d\n", n)
	case "truncated", "truncated-once":
		if what == "truncated-once" && n > 1 {
			fmt.Fprint(w, payload)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(payload)))
		fmt.Fprint(w, payload[:5])
	case "500-once":
		if n == 1 {
			fail(500)
			return
		}
		fmt.Fprint(w, payload)
	case "404", "429", "500", "503", "403":
		code, _ := strconv.Atoi(what)
		w.Header().Set("Retry-After", "0")
		fail(code)
	case "loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "elsewhere":
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "hunter2"})
		http.Redirect(w, r, strings.Replace(s.other.URL, "127.0.0.1", "localhost", 1)+"/x", http.StatusFound)
	case "to-file":
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	case "huge-announced":
		w.Header().Set("Content-Length", "1000000000")
	case "huge":
		for range 100 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	case "silent":
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	case "stalls":
		fmt.Fprint(w, payload[:5])
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	default:
		http.NotFound(w, r)
	}
}

// newFetcher fetches with limits that suit tests.
func newFetcher(t *testing.T, dir string, change func(*Config)) *Fetcher {
	t.Helper()
	config := Config{
		CacheDir: dir, StoreDir: filepath.Join(t.TempDir(), "store"), Network: true,
		Attempts: 3, Backoff: func(int) time.Duration { return time.Millisecond },
		HeaderTimeout: 300 * time.Millisecond, StallTimeout: 300 * time.Millisecond,
		MaxDownload: 1 << 20, MaxUnpacked: 1 << 20, MaxEntries: 100,
	}
	if change != nil {
		change(&config)
	}
	f := New(config)
	t.Cleanup(f.Close)
	return f
}

// clean fails the test when something is left in the cache's temporary directory.
func clean(t *testing.T, dir string) {
	t.Helper()
	left, _ := os.ReadDir(filepath.Join(dir, "tmp"))
	if len(left) > 0 {
		t.Errorf("%d temporary directories are left", len(left))
	}
}

func TestDownload(t *testing.T) {
	for _, test := range []struct {
		path     string
		err      string // "" for success
		requests int64
	}{
		{"good", "", 1},
		{"500-once", "", 2},
		{"truncated-once", "", 2},
		{"truncated", "ended before all of it was here", 3},
		{"500", "answers 500", 3},
		{"503", "answers 503", 3},
		{"429", "answers 429", 3},
		{"404", "answers 404", 1},
		{"403", "answers 403", 1},
		{"loop", "redirects more than", 11},
		{"to-file", "redirects to a file address", 1},
		{"huge-announced", "larger than 1048576 bytes", 1},
		{"huge", "larger than 1048576 bytes", 1},
		{"silent", "does not answer", 3},
		{"stalls", "stopped sending", 3},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			s, dir := newServer(t), t.TempDir()
			result, err := newFetcher(t, dir, nil).Fetch(t.Context(), Request{URL: s.URL + "/" + test.path, Name: "x"})
			if n := s.requests.Load(); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
			clean(t, dir)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(result.Path); err != nil || string(data) != payload {
				t.Errorf("got %q, %v", data, err)
			}
			if info, err := os.Stat(result.Path); err != nil || info.Mode().Perm() != fileMode {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// A server that sends us elsewhere does not send our password with us.
func TestRedirectKeepsCredentials(t *testing.T) {
	s := newServer(t)
	u, _ := url.Parse(s.URL + "/elsewhere")
	u.User = url.UserPassword("user", "hunter2")
	if _, err := newFetcher(t, t.TempDir(), nil).Fetch(t.Context(), Request{URL: u.String(), Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if len(s.auth) != 1 || strings.Contains(s.auth[0], "hunter2") || strings.Contains(s.auth[0], "Basic") {
		t.Errorf("the other host was told %q", s.auth)
	}
}

func TestRedirectDowngrade(t *testing.T) {
	plain := newServer(t)
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/good", http.StatusFound))
	defer secure.Close()
	f := newFetcher(t, t.TempDir(), nil)
	f.http.client.Transport = secure.Client().Transport
	_, err := f.Fetch(t.Context(), Request{URL: secure.URL, Name: "x"})
	if err == nil || !strings.Contains(err.Error(), "from https to http") || plain.requests.Load() != 0 {
		t.Errorf("got %v after %d plain requests", err, plain.requests.Load())
	}
}

func TestErrorsHideCredentials(t *testing.T) {
	for _, address := range []string{"http://user:hunter2@127.0.0.1:1/x", "http://user:hunter2@127.0.0.1:1/%zz", "ftp://user:hunter2@host/x", "https://user:hunter2@:0"} {
		_, err := newFetcher(t, t.TempDir(), nil).Fetch(t.Context(), Request{URL: address, Name: "x"})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"ext::sh -c hunter2%", "--upload-pack=x", "file:///x", "-x:y", "/x"} {
		_, err := newFetcher(t, t.TempDir(), nil).Git(t.Context(), GitRequest{URL: address})
		var failed *Error
		if !errors.As(err, &failed) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func sum(algo hash.Algo, text string) *hash.Hash {
	h := hash.Sum(algo, text)
	return &h
}

// What is pinned is compared before anybody gets it, and is not fetched twice.
func TestPinned(t *testing.T) {
	for _, algo := range []hash.Algo{hash.MD5, hash.SHA1, hash.SHA256, hash.SHA512} {
		t.Run(algo.String(), func(t *testing.T) {
			s, dir := newServer(t), t.TempDir()
			r := Request{URL: s.URL + "/good", Name: "x", Hash: sum(algo, "something else")}
			_, err := newFetcher(t, dir, nil).Fetch(t.Context(), r)
			var wrong *HashError
			if !errors.As(err, &wrong) || wrong.Got.Format(hash.SRI) != sum(algo, payload).Format(hash.SRI) {
				t.Fatalf("got %v, want a HashError with the hash of the payload", err)
			}
			if objects, _ := os.ReadDir(filepath.Join(dir, "objects")); len(objects) != 0 {
				t.Error("something with a wrong hash is in the cache")
			}
			r.Hash = sum(algo, payload)
			for range 2 {
				if _, err := newFetcher(t, dir, nil).Fetch(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			if n := s.requests.Load(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
			s.Close()
			offline := newFetcher(t, dir, func(c *Config) { c.Network = false })
			if _, err := offline.Fetch(t.Context(), r); err != nil {
				t.Errorf("without the network: %v", err)
			}
			clean(t, dir)
		})
	}
}

// A path of the store with the pinned hash is taken from there.
func TestStore(t *testing.T) {
	r := Request{URL: "https://example.invalid/x", Name: "x", Hash: sum(hash.SHA256, payload)}
	f := newFetcher(t, t.TempDir(), func(c *Config) { c.Network = false })
	var absent *NotHereError
	if _, err := f.Fetch(t.Context(), r); !errors.As(err, &absent) {
		t.Fatalf("got %v, want a NotHereError", err)
	}
	path, err := flatPath(f, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".lock"} {
		if err := os.WriteFile(name, []byte(payload), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Fetch(t.Context(), r); !errors.As(err, &absent) {
		t.Errorf("a path that is being written was taken: %v", err)
	}
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	if result, err := f.Fetch(t.Context(), r); err != nil || result.Path != path {
		t.Errorf("got %v, %v", result, err)
	}
}

func flatPath(f *Fetcher, r Request) (string, error) {
	result, err := f.result(&r, "", *r.Hash)
	if err != nil {
		return "", err
	}
	return result.StorePath, nil
}

func TestUnpinned(t *testing.T) {
	for _, test := range []struct {
		name, path string
		ttl        time.Duration
		down       bool // the server, the second time
		network    bool
		requests   int64
		want       string // the second time; "" for an error
		warnings   int
	}{
		{"fresh", "changes", time.Hour, false, true, 1, "version 1\n", 0},
		{"old", "changes", 1, false, true, 2, "version 2\n", 0},
		{"unchanged", "etag", 1, false, true, 2, payload, 0},
		{"old and the server is gone", "changes", 1, true, true, 1, "version 1\n", 1},
		{"no network", "changes", time.Hour, false, false, 1, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, dir := newServer(t), t.TempDir()
			r := Request{URL: s.URL + "/" + test.path, Name: "x"}
			if _, err := newFetcher(t, dir, nil).Fetch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if test.down {
				s.Close()
			}
			warnings := 0
			f := newFetcher(t, dir, func(c *Config) {
				c.TTL, c.Network, c.Warn = test.ttl, test.network, func(string) { warnings++ }
			})
			result, err := f.Fetch(t.Context(), r)
			if (err == nil) != (test.want != "") {
				t.Fatal(err)
			}
			if err == nil {
				if data, _ := os.ReadFile(result.Path); string(data) != test.want {
					t.Errorf("got %q, want %q", data, test.want)
				}
			}
			if n := s.requests.Load(); n != test.requests || warnings != test.warnings {
				t.Errorf("%d requests, %d warnings", n, warnings)
			}
		})
	}
}

// Damage to the cache is noticed, and what is damaged is fetched again.
func TestDamage(t *testing.T) {
	for name, damage := range map[string]func(object string) error{
		"shortened": func(object string) error {
			file := filepath.Join(object, contentName)
			os.Chmod(file, 0o644)
			return os.Truncate(file, 3)
		},
		"overwritten": func(object string) error {
			file := filepath.Join(object, contentName)
			os.Chmod(file, 0o644)
			return os.WriteFile(file, []byte(strings.ToUpper(payload)), 0o644)
		},
		"content gone": func(object string) error { return os.Remove(filepath.Join(object, contentName)) },
		"meta gone":    func(object string) error { return os.Remove(filepath.Join(object, metaName)) },
		"meta broken": func(object string) error {
			os.Remove(filepath.Join(object, metaName))
			return os.WriteFile(filepath.Join(object, metaName), []byte("{"), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := newServer(t), t.TempDir()
			r := Request{URL: s.URL + "/good", Name: "x", Hash: sum(hash.SHA256, payload)}
			if _, err := newFetcher(t, dir, nil).Fetch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			objects, err := filepath.Glob(filepath.Join(dir, "objects", "*"))
			if err != nil || len(objects) != 1 {
				t.Fatal(objects, err)
			}
			if err := damage(objects[0]); err != nil {
				t.Fatal(err)
			}
			result, err := newFetcher(t, dir, nil).Fetch(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if data, _ := os.ReadFile(result.Path); string(data) != payload || s.requests.Load() != 2 {
				t.Errorf("got %q after %d requests", data, s.requests.Load())
			}
			clean(t, dir)
		})
	}
}

// Ten who want the same URL at the same time make one download.
func TestTogether(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	var wg sync.WaitGroup
	for range 10 {
		f := newFetcher(t, dir, nil)
		wg.Go(func() {
			if _, err := f.Fetch(context.Background(), Request{URL: s.URL + "/slow-good", Name: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
	clean(t, dir)
}

// helperVariable makes the test program fetch one URL and end.
const helperVariable = "NIXPLAN_TEST_FETCH"

func TestMain(m *testing.M) {
	if address := os.Getenv(helperVariable); address != "" {
		f := New(Config{CacheDir: os.Args[1], Network: true})
		if _, err := f.Fetch(context.Background(), Request{URL: address, Name: "x"}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func fetchProcess(t *testing.T, address, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, dir)
	cmd.Env = append(os.Environ(), helperVariable+"="+address)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestProcesses(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	var processes []*exec.Cmd
	for range 3 {
		processes = append(processes, fetchProcess(t, s.URL+"/slow-good", dir))
	}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
}

// A process that is killed in the middle of a download leaves a usable cache.
func TestKilled(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	p := fetchProcess(t, s.URL+"/stalls", dir)
	for s.requests.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	old := time.Now().Add(-2 * abandoned)
	left, err := filepath.Glob(filepath.Join(dir, "tmp", "*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	if err := os.Chtimes(left[0], old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := newFetcher(t, dir, nil).Fetch(t.Context(), Request{URL: s.URL + "/good", Name: "x"}); err != nil {
		t.Error(err)
	}
	clean(t, dir) // what was left a day ago is gone as well
}

func TestCancelled(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFetcher(t, dir, func(c *Config) { c.StallTimeout = time.Minute })
	go func() {
		for s.requests.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := f.Fetch(ctx, Request{URL: s.URL + "/stalls", Name: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	clean(t, dir)
}

func TestProgress(t *testing.T) {
	s := newServer(t)
	var told []Progress
	f := newFetcher(t, t.TempDir(), func(c *Config) { c.Progress = func(p Progress) { told = append(told, p) } })
	if _, err := f.Fetch(t.Context(), Request{URL: s.URL + "/good", Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if len(told) < 2 || told[0].Done == 0 || told[0].Total != int64(len(payload)) || !told[len(told)-1].End {
		t.Errorf("told %+v", told)
	}
}

// gzipped compresses for the tests of archives.
func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}
