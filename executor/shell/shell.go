// Package shell runs an effect's scripts in bash, with the functions that
// hercules-ci-effects gives to effects.
//
// [Command] makes a bash program that evaluates the scripts in order and then
// writes down its exported variables and working directory, which [ReadResult]
// reads for the steps that follow. The functions call the nixplan binary, which
// enters at [Helper]. It reads secrets by itself; state it asks for at a socket,
// where the running nixplan answers ([Serve]), so that the child needs no token.
package shell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
)

// Script is a script of an effect.
type Script struct {
	// Name is the attribute it comes from, userSetupScript or preUserSetup.
	Name string
	Text string
	// Hook runs it as stdenv's runHook does: `return` ends only the hook, a function
	// of that name defined by an earlier script takes its place, and what the
	// array NAMEHooks lists runs after it.
	Hook bool
}

// Options describe one run of bash.
type Options struct {
	// Dir is a directory that only its owner may enter, below a private directory.
	// Command makes it if need be, writes the scripts to it, and removes what is
	// left of an earlier run.
	Dir     string
	Scripts []Script
	// Bash is the program; "" is the first bash of PATH.
	Bash string
	// Helper is the nixplan binary; "" is the one that runs.
	Helper string
	// SecretsFile is the job's secrets.json.
	SecretsFile string
	// Socket is where [Serve] listens; "" when scripts get no state.
	Socket string
}

// Result is where the bash of [Command] writes its variables, for [ReadResult].
// The file may hold secrets that a script exported.
func (o Options) Result() string { return filepath.Join(o.Dir, "result") }

// Command writes the scripts down and gives the command line of a bash that
// evaluates them, and variables for its environment. The caller gives it the rest
// of the environment, HOME among it, a working directory and a umask of 077.
//
// As in an effect, a command that fails ends bash with its status, also in a
// function or a pipeline. Status 0 means success only if [ReadResult] finds a
// result.
func Command(o Options) (argv, env []string, err error) {
	helper := o.Helper
	if helper == "" {
		if helper, err = os.Executable(); err != nil {
			return nil, nil, fmt.Errorf("cannot tell where nixplan itself is: %w", err)
		}
	}
	for _, path := range []string{o.Dir, helper, o.SecretsFile} {
		if !filepath.IsAbs(path) {
			return nil, nil, fmt.Errorf("%q is not an absolute path", path)
		}
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	program, err := o.program(helper)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(o.Dir, "driver")
	if err := writeNew(path, []byte(program), 0o600); err != nil {
		return nil, nil, err
	}
	bash := o.Bash
	if bash == "" {
		bash = "bash"
	}
	return []string{bash, "--noprofile", "--norc", path}, []string{secretsVariable + "=" + o.SecretsFile}, nil
}

const secretsVariable = "HERCULES_CI_SECRETS_JSON"

// HelperCommand is the hidden subcommand of nixplan that leads to [Helper].
const HelperCommand = "effect-helper"

// program is the text of the bash program.
func (o Options) program(helper string) (string, error) {
	var b strings.Builder
	b.WriteString("set -eo pipefail\nshopt -s nullglob\nexec </dev/null\n")
	call := text.ShellWord(helper) + " " + HelperCommand
	for _, name := range helperNames {
		words := call
		if strings.HasSuffix(name, "StateFile") {
			words += " --socket " + text.ShellWord(o.Socket)
		}
		fmt.Fprintf(&b, "%s() { %s %s \"$@\"; }\n", name, words, name)
	}
	b.WriteString(functions)
	b.WriteString("__nixplan_main() {\n:\n")
	for i, script := range o.Scripts {
		file, err := o.writeScript(i, script)
		if err != nil {
			return "", err
		}
		run := "__nixplan_run"
		if script.Hook {
			run = "__nixplan_hook"
		}
		fmt.Fprintf(&b, "%s %s %s\n", run, text.ShellWord(script.Name), text.ShellWord(file))
	}
	fmt.Fprintf(&b, "}\n__nixplan_state=%s\n__nixplan_main\n", text.ShellWord(o.state()))
	// A script may have set anything, even -u or -x.
	fmt.Fprintf(&b, "{ set +exu; } 2>/dev/null\n%s result %s\n", call, text.ShellWord(o.Result()))
	return b.String(), nil
}

// state is the file with the name of the script that runs.
func (o Options) state() string { return stateOf(o.Result()) }

func stateOf(result string) string { return result + ".script" }

// writeScript writes a script and the file that evaluates it, and returns the
// name of the latter. It is what bash names in its messages.
//
// Sourcing the script itself would hide that it returned before its end.
func (o Options) writeScript(i int, script Script) (string, error) {
	if strings.ContainsRune(script.Text, 0) {
		return "", fmt.Errorf("the script %s has a NUL character", script.Name)
	}
	dir := filepath.Join(o.Dir, fmt.Sprint(i))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	body := filepath.Join(dir, "text")
	if err := writeNew(body, []byte(script.Text), 0o600); err != nil {
		return "", err
	}
	file := filepath.Join(dir, fileName(script.Name))
	line := fmt.Sprintf("eval \"$(<%s)\"; __nixplan_ended=1\n", text.ShellWord(body))
	return file, writeNew(file, []byte(line), 0o600)
}

// fileName is a script's name if it can be one.
func fileName(name string) string {
	if name == "" || name == "text" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || len(name) > 64 {
		return "script"
	}
	return name
}

// functions are what need no secrets and no state, and how scripts are run.
//
// Variables are local where they can be, for scripts are evaluated in here, as
// stdenv's phases are evaluated in a function: a script may use `local`.
const functions = `
useDockerHost() {
  export DOCKER_HOST="tcp://${1}:${2:-2376}" DOCKER_TLS_VERIFY=1
}
gpgFingerprints() {
  gpg --with-colons --import-options show-only --import --fingerprint | awk -F: '$1 == "fpr" { print $10 }'
}
gpgTrust() {
  gpgFingerprints | sed -e 's/$/:6/' | gpg --import-ownertrust
}
__nixplan_run() {
  printf '%s' "$1" >"$__nixplan_state"
  __nixplan_ended=
  . "$2"
  if [[ -z $__nixplan_ended ]]; then
    echo "nixplan: $1 returned before its end" >&2
    exit 1
  fi
}
__nixplan_hook() {
  printf '%s' "$1" >"$__nixplan_state"
  if [[ $(type -t "$1") == function ]]; then
    "$1"
  else
    . "$2"
  fi
  __nixplan_hooks "$1"
}
__nixplan_hooks() {
  local __nixplan_array="${1%Hook}Hooks[@]" __nixplan_each
  for __nixplan_each in ${!__nixplan_array+"${!__nixplan_array}"}; do
    if [[ $(type -t "$__nixplan_each") == function ]]; then
      "$__nixplan_each"
    else
      eval "$__nixplan_each"
    fi
  done
}
runHook() {
  if [[ $(type -t "$1") == function ]]; then
    "$1"
  else
    eval "${!1:-}"
  fi
  __nixplan_hooks "$1"
}
`

// NoResult is the error of [ReadResult] when bash ended before the scripts did.
type NoResult struct {
	Script string // the one that ran; "" when none was started
}

func (e *NoResult) Error() string {
	if e.Script == "" {
		return "bash ended before the first script"
	}
	return fmt.Sprintf("%s ended the shell before its end, with `exit` or `return`", e.Script)
}

// Help is what to do about it.
func (e *NoResult) Help() string {
	return "In an effect, the deployment would be left out and count as successful. To skip something, put it into an if; to fail, exit with a status other than 0."
}

// ReadResult reads what a bash of [Command] wrote when all its scripts were
// done: the variables that are exported, as NAME=VALUE, functions among them,
// and the working directory. Without a file it is a *NoResult.
//
// Left out is what every shell sets by itself: PWD, OLDPWD, SHLVL and _.
func ReadResult(path string) (env []string, cwd string, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		name, _ := os.ReadFile(stateOf(path))
		return nil, "", &NoResult{Script: string(name)}
	}
	if err != nil {
		return nil, "", err
	}
	defer clear(b)
	fields := strings.Split(string(b), "\x00")
	if len(fields) < 2 || fields[len(fields)-1] != "" {
		return nil, "", fmt.Errorf("%s is not what a script's shell writes", path)
	}
	for _, variable := range fields[1 : len(fields)-1] {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PWD", "OLDPWD", "SHLVL", "_":
		default:
			env = append(env, variable)
		}
	}
	return env, fields[0], nil
}

// writeResult writes the environment of this process for ReadResult.
func writeResult(path string) error {
	cwd, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("cannot tell the working directory (was it removed?): %w", err)
	}
	var b strings.Builder
	b.WriteString(cwd + "\x00")
	for _, variable := range os.Environ() {
		b.WriteString(variable + "\x00")
	}
	return replace(path, []byte(b.String()), 0o600)
}
