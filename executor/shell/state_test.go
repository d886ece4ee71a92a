package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// store is state in memory.
type store struct {
	mu     sync.Mutex
	states map[string][]byte
	err    error
}

func (s *store) handler() Handler {
	return Handler{
		Get: func(_ context.Context, name string) ([]byte, bool, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			data, found := s.states[name]
			return data, found, s.err
		},
		Put: func(_ context.Context, name string, data []byte) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.err == nil {
				s.states[name] = data
			}
			return s.err
		},
	}
}

func serve(t *testing.T, j *job, socket string) *store {
	t.Helper()
	s := &store{states: map[string][]byte{}}
	stop, err := Serve(t.Context(), socket, s.handler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	j.o.Socket = socket
	return s
}

func TestState(t *testing.T) {
	// Too long for the system's calls.
	for _, name := range []string{"s", strings.Repeat("directory/", 15) + "s"} {
		j := newJob(t, "{}")
		socket := filepath.Join(j.dir, name)
		if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
			t.Fatal(err)
		}
		s := serve(t, j, socket)
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
		s.states["large"], s.states["empty"] = large, nil
		r := j.script(`
getStateFile large; getStateFile empty
echo old >absent; getStateFile absent
[[ ! -e absent ]]
echo new >file; putStateFile "../odd name/é" file
getStateFile "../odd name/é" ~/back; cat ~/back
putStateFile large; echo $(wc -c <large) $(wc -c <empty)
`)
		want := "pushing state file ../odd name/é...\npushing state successful.\nnew\npushing state file large...\npushing state successful.\n2097152 0\n"
		if r.status != 0 || r.stdout != want {
			t.Errorf("%+v", r)
		}
		if want := "fetching state file large\nfetching state file empty\nfetching state file absent\nstate file does not exist.\nfetching state file ../odd name/é\n"; r.stderr != want {
			t.Errorf("%q", r.stderr)
		}
		if !bytes.Equal(s.states["large"], large) || string(s.states["../odd name/é"]) != "new\n" {
			t.Error("what is stored differs")
		}
		s.err = errors.New("the server says no")
		if r := j.script("getStateFile large x; touch late"); r.status != 1 || !strings.HasSuffix(r.stderr, "getStateFile: the server says no\n") {
			t.Errorf("%+v", r)
		}
		if r := j.script("putStateFile large; touch late"); r.status != 1 || r.stderr != "putStateFile: the server says no\n" || strings.Contains(r.stdout, "successful") {
			t.Errorf("%+v", r)
		}
		if r := j.script("putStateFile large nosuch"); r.status != 1 || !strings.Contains(r.stderr, "no such file") {
			t.Errorf("%+v", r)
		}
		if _, err := os.Stat(filepath.Join(j.work, "late")); err == nil {
			t.Error("what follows was run")
		}
	}
	j := newJob(t, "{}")
	if r := j.script("getStateFile x"); r.status != 1 || !strings.Contains(r.stderr, "is not given state files") {
		t.Errorf("%+v", r)
	}
	j.o.Socket = filepath.Join(j.dir, "nobody")
	if r := j.script("putStateFile driver ~/../shell/driver"); r.status != 1 || !strings.Contains(r.stderr, "cannot reach the nixplan") {
		t.Errorf("%+v", r)
	}
}

// A helper that dies half-way stores nothing, and one that hangs does not hold
// up the end.
func TestHalfRequests(t *testing.T) {
	j := newJob(t, "{}")
	socket := filepath.Join(j.dir, "s")
	s := &store{states: map[string][]byte{}}
	stop, err := Serve(t.Context(), socket, s.handler())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", "nonsense\n", `{"op":"put","name":"x","size":100}` + "\nhalf", `{"op":"put","name":"x","size":-1}` + "\n",
		`{"op":"put","name":"x","size":9999999999999}` + "\n", `{"op":"other","name":"x"}` + "\n", strings.Repeat("x", maxHead+10000) + "\n"} {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(text))
		conn.Close()
	}
	hanging, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	hanging.Write([]byte(`{"op":"put","name":"x","size":100}` + "\nhalf"))
	done := make(chan bool)
	go func() { stop(); stop(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("stop waits for a client that hangs")
	}
	if len(s.states) > 0 {
		t.Errorf("half a state is stored: %q", s.states)
	}
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the socket is still there")
	}
}

// Many helpers at once, in several scripts.
func TestConcurrentHelpers(t *testing.T) {
	j := newJob(t, `{"s":{"data":{"a":"canary"}}}`)
	s := serve(t, j, filepath.Join(j.dir, "s"))
	r := j.script(`
for i in 1 2 3 4 5 6 7 8; do
  ( echo $i >f$i; putStateFile s$i f$i >/dev/null; getStateFile s$i g$i 2>/dev/null; cmp f$i g$i
    [[ $(readSecretString s .a) == canary ]]; writeAWSSecret s p$i 2>/dev/null || true ) &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait $job; done
`)
	if r.status != 0 || r.stderr != "" || len(s.states) != 8 {
		t.Errorf("%+v, %d states", r, len(s.states))
	}
	for i := 1; i <= 8; i++ {
		if got := string(s.states[fmt.Sprint("s", i)]); got != fmt.Sprintln(i) {
			t.Errorf("state %d is %q", i, got)
		}
	}
}
