package eval_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/nixplan/nixplan/internal/symbolorder"
)

var update = flag.Bool("update", false, "rewrite goldens")

// TestCorpusOracle holds the goldens to real Nix. It needs Nix 2.8's
// nix-instantiate: without it the test is skipped, in CI it fails. With -update
// it writes the goldens.
func TestCorpusOracle(t *testing.T) {
	nix, err := exec.LookPath("nix-instantiate")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	o := newOracle(t, nix)
	for _, a := range readCorpus(t) {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			dir := a.extract(t)
			answers := o.answers(t, a, dir)
			changed := false
			for i, e := range a.Expressions {
				switch {
				case *update:
					if e.Golden == nil || !e.Golden.same(answers[i]) {
						e.Golden, changed = &answers[i], true
					}
				case e.Golden == nil:
					t.Errorf("%s has no golden: run go test ./eval -run Oracle -update", e.Name)
				case !e.Golden.same(answers[i]):
					t.Errorf("%s: %sNix says %s\nthe golden is %s", e.Name, e.Source, answers[i], e.Golden)
				}
			}
			if *update && changed {
				if err := os.WriteFile(a.File, a.format(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// oracle runs nix-instantiate in an environment that is the same everywhere: no
// store, no search path, no configuration.
type oracle struct {
	nix string
	env []string
}

func newOracle(t *testing.T, nix string) *oracle {
	home := t.TempDir()
	return &oracle{nix: nix, env: []string{
		"HOME=" + home, "NIX_CONF_DIR=" + home, "NIX_USER_CONF_FILES=", "XDG_CACHE_HOME=" + home,
		"NIX_REMOTE=dummy://", "NIX_PATH=", "NO_COLOR=1", "TERM=dumb", "LC_ALL=C", "PATH=/usr/bin:/bin",
	}}
}

// answers asks for all expressions of an archive. Those that gave a value last
// time share one process; if one of them fails now, and for all others, each
// expression gets its own.
func (o *oracle) answers(t *testing.T, a *corpusArchive, dir string) []answer {
	t.Helper()
	answers := make([]answer, len(a.Expressions))
	var batch, alone []int
	for i, e := range a.Expressions {
		if e.Golden != nil && e.Golden.Class == "" {
			batch = append(batch, i)
		} else {
			alone = append(alone, i)
		}
	}
	files := func(which []int) (names []string) {
		for _, i := range which {
			names = append(names, filepath.Join(dir, a.Expressions[i].Name+".nix"))
		}
		return names
	}
	if len(batch) > 0 {
		stdout, _, err := o.run(t, files(batch))
		lines := strings.SplitAfter(stdout, "\n")
		if err == nil && len(lines) == len(batch)+1 {
			for n, i := range batch {
				answers[i] = answer{Value: clean(lines[n], dir)}
			}
		} else {
			alone = append(alone, batch...)
		}
	}
	for _, i := range alone {
		stdout, stderr, err := o.run(t, files([]int{i}))
		if err == nil {
			answers[i] = answer{Value: clean(stdout, dir)}
			continue
		}
		message := errorMessage(stderr)
		answers[i] = answer{Class: classify(message), Message: clean(message, dir)}
	}
	return answers
}

func clean(text, dir string) string {
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), dir, "$DIR")
}

func (o *oracle) run(t *testing.T, files []string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.nix, append([]string{"--eval", "--strict"}, files...)...)
	cmd.Env = o.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("nix-instantiate %s takes too long", strings.Join(files, " "))
	}
	return out.String(), errs.String(), err
}

// errorMessage is the first line of the error in what Nix wrote.
func errorMessage(stderr string) string {
	for line := range strings.Lines(stderr) {
		if message, ok := strings.CutPrefix(line, "error:"); ok {
			return strings.TrimSpace(message)
		}
	}
	return strings.TrimSpace(stderr)
}

// classify finds the class of one of Nix 2.8's error messages; the first entry
// that matches decides. Messages of throw are free text, so the corpus throws
// only "thrown".
func classify(message string) string {
	for _, c := range messageClasses {
		if c.pattern.MatchString(message) {
			return c.class
		}
	}
	return "other"
}

var messageClasses = []struct {
	class   string
	pattern *regexp.Regexp
}{
	{"throw", regexp.MustCompile(`^thrown$`)},
	{"abort", regexp.MustCompile(`^evaluation aborted with the following error message`)},
	{"assert", regexp.MustCompile(`^assertion .* failed$`)},
	{"stack-overflow", regexp.MustCompile(`^stack overflow`)},
	{"infinite-recursion", regexp.MustCompile(`^infinite recursion encountered`)},
	{"division-by-zero", regexp.MustCompile(`^division by zero$`)},
	{"undefined-variable", regexp.MustCompile(`^undefined variable `)},
	{"duplicate", regexp.MustCompile(`already defined|^duplicate formal function argument|^dynamic attributes not allowed`)},
	{"syntax", regexp.MustCompile(`^syntax error|trailing slash|^invalid (integer|float)|^path '.*' has a trailing|URL literals are disabled`)},
	{"missing-attribute", regexp.MustCompile(`^(required )?attribute .* (missing|required)|^'\w+' required$`)},
	{"missing-argument", regexp.MustCompile(`called without required argument`)},
	{"unexpected-argument", regexp.MustCompile(`called with unexpected argument|^unsupported argument `)},
	{"regex", regexp.MustCompile(`^invalid regular expression|regular expression .* too complex|memory limit exceeded by regular expression`)},
	{"json", regexp.MustCompile(`^\[json\.exception`)},
	{"overflow", regexp.MustCompile(`overflow`)},
	{"not-found", regexp.MustCompile(`was not found in the Nix search path|No such file or directory`)},
	{"out-of-range", regexp.MustCompile(`out of bounds|^negative start position|called on an? empty list|^cannot create list of size|empty list`)},
	{"type", regexp.MustCompile(`^value is .* while |^cannot (coerce|compare|convert|add)|not a function but |requires a function|must be|should have been`)},
}
