package effect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// NoNixError says that a program of Nix is not installed.
type NoNixError struct{ Program string }

func (e *NoNixError) Error() string { return e.Program + " is not on PATH; Nix is not installed" }

// Help says what to do.
func (e *NoNixError) Help() string {
	return "install Nix, or use --evaluator model, which takes programs from PATH"
}

// NixError is what Nix said when it failed.
type NixError struct {
	Program string // "nix-instantiate"
	Message string // as Nix has it, "error: " in front
}

func (e *NixError) Error() string { return strings.TrimPrefix(e.Message, "error: ") }

// Installed reports whether the programs of Nix that [OpenNix] takes are there.
func Installed() bool {
	_, err := findNix()
	return err == nil
}

type programs struct{ instantiate, store string }

func findNix() (programs, error) {
	var found programs
	for _, p := range []struct {
		name string
		path *string
	}{{"nix-instantiate", &found.instantiate}, {"nix-store", &found.store}} {
		path, err := exec.LookPath(p.name)
		if err != nil {
			return found, &NoNixError{p.name}
		}
		*p.path = path
	}
	return found, nil
}

// runner runs Nix's programs.
type runner struct {
	programs
	output io.Writer // what they print while they work
	trace  bool
	shown  *strings.Replacer // paths in what is shown
}

// run runs a program of Nix and gives what it prints. It is killed, with all that
// it started, when the context is done.
func (r *runner) run(ctx context.Context, program string, args ...string) (string, error) {
	if r.trace {
		args = append(args, "--show-trace")
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment()
	var out bytes.Buffer
	progress := &progress{to: r.output, shown: r.shown}
	cmd.Stdout, cmd.Stderr = &out, progress
	group(cmd)
	err := cmd.Run()
	progress.flush()
	switch {
	case err == nil:
		progress.pass(progress.message.String()) // it got over what it complained about
		return out.String(), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	message := strings.TrimSpace(strings.ReplaceAll(progress.message.String(), traceHint, ""))
	if message == "" {
		message = fmt.Sprintf("error: %s failed without a message: %v", program, err)
	}
	return "", &NixError{Program: program, Message: message}
}

// traceHint names a flag that is Nix's and not ours.
const traceHint = "(use '--show-trace' to show detailed location information)"

// environment is the process's with an empty search path: an agent has none.
func environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "NIX_PATH=") {
			env = append(env, entry)
		}
	}
	return append(env, "NIX_PATH=")
}

// progress passes on what Nix prints, line by line, but for the message that it
// ends with: lines that begin with "error:" and those that belong to them. A
// builder may print the like, and go on.
type progress struct {
	to      io.Writer
	shown   *strings.Replacer
	line    bytes.Buffer
	message strings.Builder
}

// longestMessage bounds what is kept, and a line.
const longestMessage = 1 << 20

func (p *progress) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		p.line.Write(line)
		if rest = after; whole || p.line.Len() > longestMessage {
			p.line.WriteByte('\n')
			p.flush()
		}
	}
	return len(data), nil
}

func (p *progress) flush() {
	line := p.shown.Replace(p.line.String())
	p.line.Reset()
	begins := strings.HasPrefix(line, "error:")
	belongs := p.message.Len() > 0 && (strings.TrimSpace(line) == "" || line[0] == ' ' || line == traceHint+"\n")
	if !begins && !belongs || p.message.Len() > longestMessage {
		p.pass(p.message.String() + line)
		p.message.Reset()
		return
	}
	p.message.WriteString(line)
}

// pass shows text. What cannot be shown is no reason to stop Nix.
func (p *progress) pass(text string) {
	if p.to != nil && text != "" {
		io.WriteString(p.to, text)
	}
}
