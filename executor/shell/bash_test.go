package shell

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tests' binary is also the nixplan that the functions call.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == HelperCommand {
		os.Exit(Helper(context.Background(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func needProgram(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(program, " is needed: ", err)
		}
		t.Skip("no ", program)
	}
}

// raceQuick has the race detector not sleep for a second in each helper.
const raceQuick = "GORACE=atexit_sleep_ms=0"

// job is the surroundings of scripts in a test.
type job struct {
	t    *testing.T
	dir  string // private
	home string
	work string
	env  []string // more variables
	o    Options
}

func newJob(t *testing.T, secrets string) *job {
	t.Helper()
	needProgram(t, "bash")
	dir := t.TempDir()
	j := &job{t: t, dir: dir, home: filepath.Join(dir, "home"), work: filepath.Join(dir, "work")}
	for _, path := range []string{j.home, j.work} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	j.o = Options{Dir: filepath.Join(dir, "shell"), SecretsFile: filepath.Join(dir, "secrets.json")}
	if err := os.WriteFile(j.o.SecretsFile, []byte(secrets), 0o600); err != nil {
		t.Fatal(err)
	}
	return j
}

// result is how a bash ended.
type result struct {
	status         int
	stdout, stderr string
}

// command makes the command of a bash that evaluates scripts.
func (j *job) command(scripts ...Script) *exec.Cmd {
	j.t.Helper()
	j.o.Scripts = scripts
	argv, env, err := Command(j.o)
	if err != nil {
		j.t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = j.work
	cmd.Env = slices.Concat([]string{"HOME=" + j.home, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", raceQuick}, env, j.env)
	return cmd
}

func (j *job) run(scripts ...Script) result {
	j.t.Helper()
	return j.finish(j.command(scripts...))
}

func (j *job) finish(cmd *exec.Cmd) result {
	j.t.Helper()
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		j.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (j *job) script(text string) result {
	j.t.Helper()
	return j.run(Script{Name: "userSetupScript", Text: text})
}

func (j *job) read(path string) string {
	j.t.Helper()
	b, err := os.ReadFile(filepath.Join(j.home, path))
	if err != nil {
		j.t.Fatal(err)
	}
	return string(b)
}

func script(name, text string) Script { return Script{Name: name, Text: text} }
func hook(name, text string) Script   { return Script{Name: name, Text: text, Hook: true} }

// What is exported survives, with the working directory; what is not does not.
func TestResult(t *testing.T) {
	j := newJob(t, "{}")
	j.env = []string{"from-drv=1", "inherited=old", "gone=1"}
	r := j.run(
		hook("preUserSetup", "export hook=1"),
		script("userSetupScript", `
export plain=1 lines=$'a\nb' equals='a=b' empty= inherited=new utf8=é
unset gone
hidden=1
f() { echo "called $1"; }
export -f f
mkdir sub; cd sub
local in_function=1
export exported_local=1
`),
		hook("postUserSetup", ""),
	)
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	info, err := os.Stat(j.o.Result())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the result: %v, %v", info.Mode(), err)
	}
	env, cwd, err := ReadResult(j.o.Result())
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(j.work, "sub"); cwd != want {
		t.Errorf("working directory %s, want %s", cwd, want)
	}
	slices.Sort(env)
	want := []string{
		"BASH_FUNC_f%%=() {  echo \"called $1\"\n}", raceQuick, "HERCULES_CI_SECRETS_JSON=" + j.o.SecretsFile, "HOME=" + j.home, "LC_ALL=C.UTF-8",
		"PATH=" + os.Getenv("PATH"), "empty=", "equals=a=b", "exported_local=1", "from-drv=1", "hook=1", "inherited=new",
		"lines=a\nb", "plain=1", "utf8=é",
	}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Error(diff)
	}
	// The next step has them.
	next := j.command(script("effectScript", `f "$plain$lines"; [[ -z ${hidden-} ]]`))
	next.Env, next.Dir = env, cwd
	if r := j.finish(next); r.status != 0 || r.stdout != "called 1a\nb\n" {
		t.Errorf("%+v", r)
	}
}

// How scripts end, and that ReadResult finds nothing unless all were done.
func TestEnds(t *testing.T) {
	const done = "" // no script is named
	tests := []struct {
		name    string
		scripts []Script
		status  int
		ended   string // the script of NoResult
		stderr  string
	}{
		{"none", nil, 0, done, ""},
		{"success", []Script{script("a", "true"), script("b", "")}, 0, done, ""},
		{"a failing command", []Script{script("a", "true"), script("b", "\n\n(exit 7)\ntouch late"), script("c", "touch late")}, 7, "b", ""},
		{"not found", []Script{script("a", "nosuch")}, 127, "a", "shell/0/a: line 1: nosuch: command not found"},
		{"its line", []Script{script("a", "true\n\nnosuch\n")}, 127, "a", "a: line 3: nosuch"},
		{"in a function", []Script{script("a", "f() { false; touch late; }; f")}, 1, "a", ""},
		{"in a pipeline", []Script{script("a", "false | true; touch late")}, 1, "a", ""},
		{"in a substitution", []Script{script("a", "x=$(exit 3); touch late")}, 3, "a", ""},
		{"guarded", []Script{script("a", "false || true; if false; then :; fi; ! true; false && true; :")}, 0, done, ""},
		{"a last status", []Script{script("a", "false && true"), script("b", "touch late")}, 1, "a", ""},
		{"unset variables", []Script{script("a", "echo $unset")}, 0, done, ""},
		{"no match", []Script{script("a", "[[ $(echo *.none) == '' ]]")}, 0, done, ""},
		{"standard input", []Script{script("a", "! read x")}, 0, done, ""},
		{"syntax", []Script{script("a", "if true; then")}, 2, "a", "syntax error"},
		{"exit 0", []Script{script("a", "exit 0"), script("b", "touch late")}, 0, "a", ""},
		{"exit 0 in the last", []Script{script("a", "true"), script("b", "exit 0")}, 0, "b", ""},
		{"exit 4", []Script{script("a", "exit 4")}, 4, "a", ""},
		{"return 0", []Script{script("a", "return 0"), script("b", "touch late")}, 1, "a", "a returned before its end"},
		{"return 4", []Script{script("a", "return 4"), script("b", "touch late")}, 4, "a", ""},
		{"return from a hook", []Script{hook("preUserSetup", "return 0; touch late"), script("a", "")}, 0, done, ""},
		{"a hook's failure", []Script{hook("preUserSetup", "return 4"), script("a", "touch late")}, 4, "preUserSetup", ""},
		{"exec", []Script{script("a", "exec true")}, 0, "a", ""},
		{"killed", []Script{script("a", "kill -9 $$")}, -1, "a", ""},
		{"options", []Script{script("a", "set -u +e; shopt -u nullglob; PATH=")}, 0, done, ""},
		{"a trap", []Script{script("a", "trap 'echo bye >&2' EXIT"), script("b", "")}, 0, done, "bye"},
		{"a trap after a failure", []Script{script("a", "trap 'echo bye >&2' EXIT; (exit 6)")}, 6, "a", "bye"},
		{"an unclosed document", []Script{script("a", "cat >/dev/null <<EOF\nx")}, 0, done, "here-document"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJob(t, "{}")
			r := j.run(test.scripts...)
			if r.status != test.status || !strings.Contains(r.stderr, test.stderr) {
				t.Errorf("%+v", r)
			}
			_, _, err := ReadResult(j.o.Result())
			var none *NoResult
			switch {
			case test.ended == done && err != nil:
				t.Error(err)
			case test.ended != done && (!errors.As(err, &none) || none.Script != test.ended):
				t.Errorf("%v, want the script %q to have ended early", err, test.ended)
			}
			if _, err := os.Stat(filepath.Join(j.work, "late")); err == nil {
				t.Error("what follows was run")
			}
		})
	}
}

// Hooks: text, then the array; a function of an earlier script takes the text's
// place.
func TestHooks(t *testing.T) {
	j := newJob(t, "{}")
	r := j.run(
		hook("preUserSetup", `postUserSetup() { echo function; }; also() { echo also "$FUNCNAME"; }; postUserSetupHooks+=(also "echo text")`),
		script("userSetupScript", `echo script; mine="echo mine"; mineHooks=("echo more"); runHook mine; runHook none`),
		hook("postUserSetup", "echo not this"),
	)
	if want := "script\nmine\nmore\nfunction\nalso also\ntext\n"; r.status != 0 || r.stdout != want {
		t.Errorf("%+v", r)
	}
}

// A script that runs again leaves nothing of the first run.
func TestCommandAgain(t *testing.T) {
	j := newJob(t, "{}")
	if r := j.script("true"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if r := j.script("exit 0"); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	if _, _, err := ReadResult(j.o.Result()); err == nil {
		t.Error("the first run's result is taken for that of the second")
	}
	if _, _, err := Command(Options{Dir: "relative", SecretsFile: "/x"}); err == nil {
		t.Error("a relative directory is taken")
	}
	if _, _, err := Command(Options{Dir: j.o.Dir, SecretsFile: "/x", Scripts: []Script{script("a", "x\x00y")}}); err == nil {
		t.Error("a script with NUL is taken")
	}
}

// Odd names and paths do not become code.
func TestOddNames(t *testing.T) {
	j := newJob(t, "{}")
	j.o.Dir = filepath.Join(j.dir, "it's $(touch late) \"dir\"")
	if r := j.run(script("a/../../b", "echo 1"), script("$(touch late)", "echo 2"), script("text", "echo 3"), script("", "echo 4")); r.status != 0 || r.stdout != "1\n2\n3\n4\n" {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(j.work, "late")); err == nil {
		t.Error("a name was executed")
	}
}

// A script may be larger than an argument or a variable can be.
func TestLargeScript(t *testing.T) {
	j := newJob(t, "{}")
	if r := j.script("x='" + strings.Repeat("a", 1<<20) + "'; echo ${#x}"); r.stdout != "1048576\n" {
		t.Errorf("%d %s", r.status, r.stderr)
	}
}
