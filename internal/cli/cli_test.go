package cli

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/hercules/api/apitest"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"nixplan": func() { os.Exit(Main()) },
		"peak":    func() { os.Exit(peakMain()) },
		"nixops":  func() { os.Exit(nixopstest.Main()) },
		"apitest": func() { os.Exit(apitest.Main()) },
	})
}

// Each script of testdata/script shows one behaviour of the program.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NIX_PATH", "")
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			// What a script puts into www is at $WWW.
			www := httptest.NewServer(http.FileServer(http.Dir(env.WorkDir + "/www")))
			env.Defer(www.Close)
			env.Setenv("WWW", www.URL)
			env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			env.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
			for _, role := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+role+"_NAME", "tester")
				env.Setenv("GIT_"+role+"_EMAIL", "tester@example.org")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfile": waitFile, "latestrun": latestRun,
		},
		// What takes a minute with the race detector, and has no threads to race.
		Condition: func(name string) (bool, error) {
			if name == "race" {
				return raceEnabled, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// waitFile waits until a file is there: waitfile FILE.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not come", args[0])
}

// latestRun sets a variable to the id of the newest run: latestrun NAME.
func latestRun(ts *testscript.TestScript, _ bool, args []string) {
	runs := executor.Runs{Dir: ts.MkAbs(ts.Getenv("HOME") + "/.local/state/nixplan/runs")}
	ids, err := runs.IDs()
	ts.Check(err)
	if len(ids) == 0 {
		ts.Fatalf("there are no runs")
	}
	ts.Setenv(args[0], ids[0])
}

// run runs a command line with no terminal and no environment but HOME.
func run(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	env := map[string]string{"HOME": os.Getenv("HOME")}
	code = Run(context.Background(), testStreams(&out, &err, env), args)
	return code, out.String(), err.String()
}

func testStreams(out, err *bytes.Buffer, env map[string]string) *Streams {
	return &Streams{
		In: strings.NewReader(""), Out: out, Err: err,
		Getenv:   func(name string) string { return env[name] },
		Terminal: func() bool { return false },
		Width:    func() int { return 0 },
	}
}

// What eval prints is what nix-instantiate prints, for every way to ask.
func TestEvalLikeNix(t *testing.T) {
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	files := map[string]string{
		"value.nix":    "{ a = 1; b = [ 2 ]; }\n",
		"function.nix": "{ x ? 1, y ? x }: { inherit x y; }\n",
		"default.nix":  "\"the default\"\n",
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// Which parts of a value are still unevaluated depends on how an evaluator
	// delays things, so this one is used with --strict only.
	const everything = `{ a = 1; b = "x<\n&'\"é"; c = [ 1 2.5 null true [ ] ]; d = x: x; e = { x, y ? 1, ... }@z: x;
		f = builtins.length; g = 1 + 1; h = ./x; i = { }; j = 1.0e10; k = builtins.elem 1; l = { }@y: y; }`
	tests := [][]string{
		{"-E", "1 + 2"},
		{"-E", "{ a = 1; b = \"x\"; c = [ 1 2 ]; d = 1 + 1; }"},
		{"--strict", "-E", everything},
		{"--xml", "--no-location", "-E", "{ a = 1; c = [ 1 (1 + 1) ]; d = 1 + 1; }"},
		{"--xml", "--no-location", "--strict", "-E", everything},
		{"--json", "--strict", "-E", `{ b = [ 1 null true { } ]; a = "é\n\"/<>"; c.d = -5; }`},
		{"value.nix"},
		{"./value.nix"},
		{dir + "/value.nix"},
		{"."},
		{},
		{"value.nix", "default.nix"},
		{"-E", "1", "2"},
		{"-E", "./value.nix"},
		{"value.nix", "-A", "b"},
		{"value.nix", "-A", "b.0"},
		{"value.nix", "-A", "b", "-A", "a"},
		{"-E", `{ "a.b".c = 1; }`, "-A", `"a.b".c`},
		{"-E", `{ "0" = 1; }`, "-A", ``},
		{"-E", "{ a = { x ? 2 }: { b = x; }; }", "-A", "a.b"},
		{"-E", "{ a = { x ? 2 }: { b = x; }; }", "-A", "a"},
		{"function.nix"},
		{"function.nix", "-A", ""},
		{"function.nix", "--arg", "x", "2", "-A", "y"},
		{"function.nix", "--arg", "unused", "throw \"never\"", "--strict"},
		{"function.nix", "--argstr", "x", "2", "--strict"},
		{"function.nix", "--argstr", "x", "a=b", "--strict"},
		{"function.nix", "--arg", "x", "1 # comment", "--strict"},
		{"function.nix", "--arg", "x", "1", "--arg", "x", "2", "--strict"},
		{"function.nix", "--arg", "x", "./value.nix", "--strict"},
		{"-I", "here=" + dir, "-E", "import <here/value.nix>"},
		{"-I", dir, "-E", "import <value.nix>"},
		{"-I", dir, "<value.nix>"},
		{"--parse", "value.nix"},
		{"--parse", "-E", "{ a, b ? 1 }: a + b"},
		{"--parse", "-E", "[ ./x ../y /a/./b ~/c ./d/${\"e\"} <f> ]"},
		{"--parse", "value.nix", "default.nix"},
		// Failures: the statuses agree, the words need not.
		{"missing.nix"},
		{"-E", "throw \"no\""},
		{"-E", "{ a = 1; }", "-A", "b"},
		{"-E", "[ 1 ]", "-A", "1"},
		{"-E", "[ 1 ]", "-A", "a"},
		{"-E", "1", "-A", "0"},
		{"-E", "{ a = 1; }", "-A", `"a`},
		{"-E", "{ x }: x", "--arg", "y", "1"},
		{"-E", "x: x", "--arg", "y", "1 )"},
		{"-E", "x: x", "--arg", "y", "1; z = 2"},
		{"--parse", "-E", "1 +"},
	}
	for _, args := range tests {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var ours []string
			for _, arg := range args {
				if arg != "--no-location" {
					ours = append(ours, arg)
				}
			}
			code, got, stderr := run(append([]string{"eval", "--no-model", "--compat", "2.8"}, ours...)...)
			nix := exec.Command("nix-instantiate", append([]string{"--eval", "--option", "experimental-features", ""}, args...)...)
			want, err := nix.Output()
			if (err == nil) != (code == exitOK) {
				t.Fatalf("status %d, Nix: %v\n%s", code, err, stderr)
			}
			if err != nil {
				return
			}
			// Nix 2.8 does not end JSON with a newline; later versions do.
			if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), strings.TrimSuffix(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPanicIsReported(t *testing.T) {
	for _, debug := range []string{"", "1"} {
		var out, err bytes.Buffer
		streams := testStreams(&out, &err, map[string]string{"NIXPLAN_DEBUG": debug})
		code := guard(streams, []string{"plan"}, func() int { panic("index out of range") })
		if code != exitUsage {
			t.Errorf("status %d, want %d", code, exitUsage)
		}
		text := err.String()
		for _, want := range []string{"internal error [NP999]: index out of range", "https://github.com/nixplan/nixplan/issues", "nixplan "} {
			if !strings.Contains(text, want) {
				t.Errorf("message lacks %q:\n%s", want, text)
			}
		}
		if trace := strings.Contains(text, "goroutine"); trace != (debug == "1") {
			t.Errorf("NIXPLAN_DEBUG=%q: Go trace shown: %v", debug, trace)
		}
	}
}

func TestColor(t *testing.T) {
	tests := []struct {
		mode     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"auto", true, nil, true},
		{"auto", false, nil, false},
		{"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"TERM": "dumb"}, false},
		{"always", false, map[string]string{"NO_COLOR": "1"}, true},
		{"never", true, nil, false},
	}
	for _, test := range tests {
		streams := testStreams(nil, nil, test.env)
		streams.Terminal = func() bool { return test.terminal }
		if got, err := streams.color(test.mode); got != test.want || err != nil {
			t.Errorf("%+v: got %v, %v", test, got, err)
		}
	}
	if _, err := testStreams(nil, nil, nil).color("sometimes"); err == nil {
		t.Error("an unknown mode is no error")
	}
}

func TestJoinPairs(t *testing.T) {
	tests := []struct{ args, want string }{
		{"eval --arg a 1 -E x", "eval --arg=a=1 -E x"},
		{"eval --argstr a b --arg c d", "eval --argstr=a=b --arg=c=d"},
		{"eval --arg a=1 x", "eval --arg a=1 x"},
		{"eval --arg=a=1 x", "eval --arg=a=1 x"},
		{"eval --arg a", "eval --arg a"},
		{"eval -- --arg a b", "eval -- --arg a b"},
	}
	for _, test := range tests {
		got := strings.Join(joinPairs(strings.Fields(test.args)), " ")
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.args, got, test.want)
		}
	}
}

func TestSplitNixPath(t *testing.T) {
	tests := []struct {
		path string
		want []string
	}{
		{"", nil},
		{"nixpkgs=/a:/b", []string{"nixpkgs=/a", "/b"}},
		{"nixpkgs=https://example.org/x.tar.gz:b=/c", []string{"nixpkgs=https://example.org/x.tar.gz", "b=/c"}},
		{"https://h:80/x", []string{"https://h", "80/x"}},
		{"nixpkgs=channel:nixos-22.05:/b", []string{"nixpkgs=channel:nixos-22.05", "/b"}},
		{":/a::/b:", []string{"/a", "/b"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, splitNixPath(test.path)); diff != "" {
			t.Errorf("%s: %s", test.path, diff)
		}
	}
}

func TestSuggestion(t *testing.T) {
	names := []string{"plan", "eval", "version", "help"}
	tests := []struct{ word, want string }{
		{"plam", "Did you mean plan?"},
		{"vers", "Did you mean version?"},
		{"evla", "otherwise"},
		{"x", "otherwise"},
	}
	for _, test := range tests {
		if got := suggestion(test.word, names, "otherwise"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.word, got, test.want)
		}
	}
}

// What a server sends behind its answer is nobody's business.
func TestHTTPLog(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answered := make(chan struct{})
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 1<<16))
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
		time.Sleep(100 * time.Millisecond)
		fmt.Fprint(conn, "::error::unasked")
		close(answered)
		time.Sleep(time.Second)
	}()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The loop keeps the process while the server goes on.
	cmd := exec.Command(self, "eval", "--fetch", "-E",
		`builtins.seq (import (builtins.fetchurl "http://`+l.Addr().String()+`/x")) (builtins.foldl' (a: b: a + b) 0 (builtins.genList (i: i) 3000000))`)
	cmd.Args[0] = "nixplan"
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "NIX_PATH=")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "4499998500000\n" {
		t.Errorf("%v: %s", err, out)
	}
	<-answered
}
