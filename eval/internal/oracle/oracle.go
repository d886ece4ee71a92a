// Package oracle compares Go code with the answers of a real Nix in tests.
//
// Answers are committed in testdata, so tests run where Nix is not installed.
// With NIXPLAN_ORACLE=update in the environment the answers are asked of
// nix-instantiate again and written; with NIXPLAN_ORACLE=check they are asked
// again and a difference fails the test.
package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nixplan/nixplan/internal/text"
)

// Answer is what Nix says about one expression: the printed value, or the
// first line of the error without "error: ".
type Answer struct {
	Value string
	Error string
}

func (a Answer) String() string {
	if a.Error != "" {
		return "error: " + a.Error
	}
	return a.Value
}

// Answers gives Nix's answer to each expression, from testdata/<name>.golden
// beside the calling test.
func Answers(t testing.TB, name string, exprs []string) map[string]Answer {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	mode := os.Getenv("NIXPLAN_ORACLE")
	if mode == "update" {
		answers := ask(t, exprs)
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, format(exprs, answers), 0o666); err != nil {
			t.Fatal(err)
		}
		return answers
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with NIXPLAN_ORACLE=update to ask nix-instantiate)", err)
	}
	answers, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, e := range exprs {
		if _, ok := answers[e]; !ok {
			t.Fatalf("%s has no answer to %s (run with NIXPLAN_ORACLE=update)", file, e)
		}
	}
	if mode == "check" {
		now := ask(t, exprs)
		for _, e := range exprs {
			if now[e] != answers[e] {
				t.Errorf("%s: %s\n recorded %s\n nix says %s", file, e, answers[e], now[e])
			}
		}
	}
	return answers
}

// ask evaluates every expression with nix-instantiate, two at a time.
func ask(t testing.TB, exprs []string) map[string]Answer {
	t.Helper()
	answers := make(map[string]Answer, len(exprs))
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, e := range exprs {
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer wg.Done()
			defer func() { <-slots }()
			a, err := Eval(e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			answers[e] = a
		}()
	}
	wg.Wait()
	return answers
}

// Eval asks nix-instantiate for an expression's strict value. An error of the
// expression is an Answer; err says that Nix could not be asked.
func Eval(expr string) (Answer, error) {
	cmd := exec.Command("nix-instantiate", "--eval", "--strict", "-")
	cmd.Stdin = strings.NewReader(expr)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Answer{Value: strings.TrimSuffix(stdout.String(), "\n")}, nil
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		for line := range strings.Lines(stderr.String()) {
			if message, ok := strings.CutPrefix(line, "error: "); ok {
				return Answer{Error: strings.TrimSpace(message)}, nil
			}
		}
	}
	return Answer{}, fmt.Errorf("nix-instantiate on %s: %v: %s", expr, err, stderr.String())
}

// format writes one block per expression: a line "> expression", then
// "= value" or "! error". Texts of several lines are quoted as in Go.
func format(exprs []string, answers map[string]Answer) []byte {
	var out bytes.Buffer
	line := func(mark, text string) {
		if strings.ContainsAny(text, "\n\r") || !printable(text) {
			mark, text = mark+"q", strconv.Quote(text)
		}
		out.WriteString(mark + " " + text + "\n")
	}
	seen := map[string]bool{}
	for _, e := range exprs {
		if seen[e] {
			continue
		}
		seen[e] = true
		line(">", e)
		if a := answers[e]; a.Error != "" {
			line("!", a.Error)
		} else {
			line("=", a.Value)
		}
	}
	return out.Bytes()
}

func printable(s string) bool {
	for _, r := range s {
		if r != '\t' && !strconv.IsPrint(r) || r == '\ufffd' {
			return false
		}
	}
	return true
}

func parse(text string) (map[string]Answer, error) {
	answers := map[string]Answer{}
	expr := ""
	for line := range strings.Lines(text) {
		mark, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok {
			return nil, fmt.Errorf("bad line %q", line)
		}
		if len(mark) == 2 {
			var err error
			if rest, err = strconv.Unquote(rest); err != nil {
				return nil, fmt.Errorf("bad line %q: %w", line, err)
			}
		}
		switch mark[0] {
		case '>':
			expr = rest
		case '=':
			answers[expr] = Answer{Value: rest}
		case '!':
			answers[expr] = Answer{Error: rest}
		default:
			return nil, fmt.Errorf("bad line %q", line)
		}
	}
	return answers, nil
}

// Quote writes a string as nix-instantiate prints it, which is also a Nix
// expression for it.
func Quote(s string) string { return text.QuoteNix(s) }
