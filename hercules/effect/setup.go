package effect

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/hercules"
)

// setUp finds the programs and variables that the effect's inputs give it. stdenv's
// setup knows: it is what an effect, and nix-shell, source first. It puts the
// programs of all inputs on PATH, in order, and runs their setup hooks. Where there
// is no stdenv, the inputs' bin directories are taken.
func (n *Nix) setUp(ctx context.Context, drv *eval.Recipe, out *Effect) error {
	setup := filepath.Join(drv.Env["stdenv"], "setup")
	if _, err := os.Stat(setup); drv.Env["stdenv"] == "" || err != nil {
		out.Path = inputPath(drv.Env)
		return nil
	}
	exported, err := n.source(ctx, drv, setup)
	if err != nil {
		return err
	}
	for _, dir := range filepath.SplitList(exported["PATH"]) {
		if dir != "" && dir != noPath && !slices.Contains(out.Path, dir) {
			out.Path = append(out.Path, dir)
		}
	}
	for name, value := range exported {
		if _, builders := builder[name]; !builders && !slices.Contains(shellOwn, name) {
			out.Env[name] = value
		}
	}
	return nil
}

// noPath is PATH as Nix sets it for builders.
const noPath = "/path-not-set"

// builder are the variables that Nix, or an agent, sets for a builder, besides the
// derivation's.
var builder = map[string]string{
	"PATH": noPath, "HOME": "/homeless-shelter", "TERM": "xterm-256color", "NIX_LOG_FD": "2", "NIX_BUILD_CORES": "1",
	"IN_HERCULES_CI_EFFECT": "true",
	"NIX_STORE":             "", "NIX_BUILD_TOP": "", "TMP": "", "TMPDIR": "", "TEMP": "", "TEMPDIR": "", // set below
}

// shellOwn are variables that bash and stdenv's setup keep for themselves.
var shellOwn = []string{"_", "PWD", "OLDPWD", "SHLVL", "_PATH"}

// source sources stdenv's setup in bash, as the effect would, and gives the exported
// variables. The effect's scripts are left out of its environment: nothing runs
// them, and they may hold what is not for everybody.
func (n *Nix) source(ctx context.Context, drv *eval.Recipe, setup string) (map[string]string, error) {
	dir, err := os.MkdirTemp(n.scratch.dir, "setup-")
	if err != nil {
		return nil, err
	}
	env := maps.Clone(drv.Env)
	for _, phase := range hercules.Phases {
		for _, script := range phase.Runs {
			delete(env, script)
		}
	}
	for name, value := range builder {
		if env[name] = value; value == "" {
			env[name] = dir
		}
	}
	env["NIX_STORE"] = filepath.Dir(drv.Env["stdenv"])
	bash := drv.Builder
	if filepath.Base(bash) != "bash" {
		if bash, err = exec.LookPath("bash"); err != nil {
			return nil, fmt.Errorf("bash is not on PATH, and stdenv's setup is for bash: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, bash, "--norc", "--noprofile", "-c", `exec 3>&1 1>&2; source "$1"; declare -px >&3`, "bash", setup)
	cmd.Dir = dir
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var result, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &result, &said
	group(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("the setup of the effect's inputs failed: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	if n.output != nil {
		n.output.Write(said.Bytes())
	}
	exported, err := declared(result.String())
	if err != nil {
		return nil, fmt.Errorf("the variables that %s exports: %w", setup, err)
	}
	for name, value := range env {
		if exported[name] == value && name != "PATH" {
			delete(exported, name) // nothing new
		}
	}
	return exported, nil
}

// declared reads what `declare -px` prints: a declaration for each exported
// variable, quoted for bash.
func declared(text string) (map[string]string, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, stmt := range file.Stmts {
		decl, ok := stmt.Cmd.(*syntax.DeclClause)
		if !ok {
			continue
		}
		for _, assign := range decl.Args {
			if assign.Name == nil || assign.Value == nil {
				continue // an option, or a variable without a value
			}
			value, err := expand.Literal(nil, assign.Value)
			if err != nil {
				return nil, err
			}
			out[assign.Name.Value] = value
		}
	}
	return out, nil
}

// inputPath are the bin directories of the inputs, and of the inputs that they
// propagate, in the order in which stdenv has them.
func inputPath(env map[string]string) []string {
	var path []string
	seen := map[string]bool{}
	var add func(input string)
	add = func(input string) {
		if seen[input] || input == "" {
			return
		}
		seen[input] = true
		bin := filepath.Join(input, "bin")
		if info, err := os.Stat(bin); err == nil && info.IsDir() {
			path = append(path, bin)
		}
		more, err := os.ReadFile(filepath.Join(input, "nix-support", "propagated-build-inputs"))
		if err != nil {
			return // most have none
		}
		for next := range strings.FieldsSeq(string(more)) {
			add(next)
		}
	}
	inputs := env["nativeBuildInputs"]
	if env["strictDeps"] != "1" {
		inputs += " " + env["buildInputs"]
	}
	for input := range strings.FieldsSeq(inputs) {
		add(input)
	}
	return path
}
