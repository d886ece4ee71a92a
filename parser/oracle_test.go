package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
)

// corpusEnv names directories (separated like PATH) whose *.nix files are
// compared with Nix as well, when set.
const corpusEnv = "NIXPLAN_PARSE_CORPUS"

// scope makes every undefined variable legal, which `nix-instantiate --parse`
// looks at and a parser does not.
const scope = "with { };\n"

// newerThanOracle holds the inputs that Nix 2.8 treats differently from today's
// Nix, which this parser follows.
var newerThanOracle = map[string]string{
	"pipes":                  "2.8 has no pipe operators",
	"pipe-right":             "2.8 has no pipe operators",
	"pipe-left":              "2.8 has no pipe operators",
	"pipe-operators":         "2.8 has no pipe operators",
	"merge-nested-dynamic":   "2.8 loses computed attributes of merged literals",
	"merge-nested-recursive": "2.8 merges one level only",
	"string-nul":             "2.8 ends the string at the NUL",
	"indented-nul":           "2.8 accepts NUL",
}

func needOracle(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("nix-instantiate is needed: ", err)
		}
		t.Skip("no nix-instantiate")
	}
}

type oracleInput struct{ name, text string }

// TestOracle compares acceptance and `--parse` output with the installed Nix.
func TestOracle(t *testing.T) {
	needOracle(t)
	var inputs []oracleInput
	excepted := 0
	for _, dir := range []string{"tree", "error"} {
		for _, c := range loadCases(t, dir) {
			if newerThanOracle[c.name] != "" {
				excepted++
				continue
			}
			inputs = append(inputs, oracleInput{c.name, c.input})
		}
	}
	if excepted != len(newerThanOracle) {
		t.Errorf("%d of %d exceptions are used", excepted, len(newerThanOracle))
	}
	for _, dir := range filepath.SplitList(os.Getenv(corpusEnv)) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".nix" {
				return err
			}
			text, err := os.ReadFile(path)
			inputs = append(inputs, oracleInput{path, string(text)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	compareWithOracle(t, inputs)
}

func compareWithOracle(t *testing.T, inputs []oracleInput) {
	dir := t.TempDir()
	resolve := Resolver(dir, os.Getenv("HOME"))
	var accepted []string // files both may accept, to be printed in one run each batch
	var ours []string
	var names []string
	rejected := 0
	for i, in := range inputs {
		src := diag.NewSource(in.name, scope+in.text)
		file := filepath.Join(dir, fmt.Sprintf("%d.nix", i))
		if err := os.WriteFile(file, []byte(src.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, diags := Parse(src)
		if diags.HasErrors() {
			rejected++
			if out, err := nixParse(file); err == nil {
				t.Errorf("%s: Nix accepts this: %s\n%s", in.name, out, explain(diags))
			}
			continue
		}
		accepted = append(accepted, file)
		names = append(names, in.name)
		ours = append(ours, PrintNix(f, resolve))
	}
	const batch = 200
	differ := 0
	for start := 0; start < len(accepted); start += batch {
		end := min(start+batch, len(accepted))
		out, err := nixParse(accepted[start:end]...)
		lines := strings.SplitAfter(out, "\n")
		for i := start; i < end; i++ {
			var theirs string
			if err == nil {
				theirs = strings.TrimSuffix(lines[i-start], "\n")
			} else {
				one, err := nixParse(accepted[i])
				if err != nil {
					t.Errorf("%s: Nix refuses this: %v", names[i], err)
					continue
				}
				theirs = strings.TrimSuffix(one, "\n")
			}
			if want, got := unordered(theirs), unordered(ours[i]); want != got {
				if differ++; differ <= 20 {
					t.Errorf("%s: --parse differs (-nix +nixplan):\n%s", names[i], firstDifference(want, got))
				}
			}
		}
	}
	t.Logf("%d inputs: %d accepted by both, %d rejected here, %d printed differently", len(inputs), len(accepted), rejected, differ)
}

func nixParse(files ...string) (string, error) {
	cmd := exec.Command("nix-instantiate", append([]string{"--parse"}, files...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		err = errors.New(strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), err
}

func explain(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s\n", d.Range, d.Summary)
	}
	return b.String()
}

func firstDifference(want, got string) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-80):min(len(s), i+80)] }
	return cmp.Diff(cut(want), cut(got))
}

// unordered sorts the bindings of each `let` and the formals of each function
// in the output of --parse: Nix 2.8 writes them in the order of their names'
// memory addresses.
func unordered(s string) string {
	text, _ := (&sorter{rest: s}).group("")
	return text
}

type sorter struct{ rest string }

// group reads up to the text close and returns what it holds, and the offsets
// in that where a `; ` or a `, ` stands outside nested groups.
func (s *sorter) group(close string) (string, []int) {
	var b strings.Builder
	var cuts []int
	for s.rest != "" {
		switch {
		case close != "" && strings.HasPrefix(s.rest, close):
			s.rest = s.rest[len(close):]
			return b.String(), cuts
		case strings.HasPrefix(s.rest, `"${`):
			s.rest = s.rest[3:]
			inner, _ := s.group(`}"`)
			b.WriteString(`"${` + inner + `}"`)
		case s.rest[0] == '"':
			i := 1
			for s.rest[i] != '"' {
				if s.rest[i] == '\\' {
					i++
				}
				i++
			}
			b.WriteString(s.rest[:i+1])
			s.rest = s.rest[i+1:]
		case s.rest[0] == '(':
			s.rest = s.rest[1:]
			inner, cuts := s.group(")")
			if strings.HasPrefix(inner, "let ") {
				inner = sortLet(inner, cuts)
			}
			b.WriteString("(" + inner + ")")
		case s.rest[0] == '{':
			s.rest = s.rest[1:]
			inner, cuts := s.group("}")
			if len(cuts) > 0 && inner[cuts[0]] == ',' {
				inner = sortCut(inner, cuts)
			}
			b.WriteString("{" + inner + "}")
		default:
			if c := s.rest[0]; (c == ';' || c == ',') && strings.HasPrefix(s.rest[1:], " ") {
				cuts = append(cuts, b.Len())
			}
			b.WriteByte(s.rest[0])
			s.rest = s.rest[1:]
		}
	}
	return b.String(), cuts
}

func sortLet(s string, cuts []int) string {
	for i, cut := range cuts {
		if strings.HasPrefix(s[cut:], "; in ") {
			return "let " + sortCut(s[len("let "):cut], shift(cuts[:i], -len("let "))) + s[cut:]
		}
	}
	return s
}

func shift(cuts []int, by int) []int {
	cuts = slices.Clone(cuts)
	for i := range cuts {
		cuts[i] += by
	}
	return cuts
}

// sortCut sorts the pieces of s between the cuts.
func sortCut(s string, cuts []int) string {
	var pieces []string
	start := 0
	for _, cut := range cuts {
		pieces = append(pieces, strings.TrimSpace(s[start:cut]))
		start = cut + 2
	}
	pieces = append(pieces, strings.TrimSpace(s[start:]))
	slices.Sort(pieces)
	return " " + strings.Join(pieces, "; ") + " "
}
