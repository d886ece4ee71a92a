package shell

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func needOracle(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(program, " is needed: ", err)
		}
		t.Skip("no ", program)
	}
}

// fragments joins up to n of the words in a text at random.
func fragments(random *rand.Rand, words []string, n int) string {
	var b strings.Builder
	for range 1 + random.IntN(n) {
		b.WriteString(words[random.IntN(len(words))])
		if random.IntN(3) > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// Where a script is said to be no bash, bash says so too. The reverse does not
// hold: what nixplan is not sure of it does not report.
func TestErrorsAreThoseOfBash(t *testing.T) {
	needOracle(t, "bash")
	words := strings.Split("a|b|if|then|fi|else|elif|while|do|done|for|in|case|esac|{|}|(|)|;|;;|&&|||>|<|f|\"|'|`|$(|$((|))|$x|${x}|${x:-|[[|]]|((|eval a=(|a=(|#|!|\n|\n|\n|time|\\|<<E|E", "|")
	words = append(words, "|", "||", "|&", "function f")
	random := rand.New(rand.NewPCG(5, 6))
	reported := 0
	for range 1000 {
		script := fragments(random, words, 6)
		s := Analyze(script)
		if s.Error == nil {
			continue
		}
		reported++
		bash := exec.Command("bash", "-n")
		bash.Stdin = strings.NewReader(script)
		if out, err := bash.CombinedOutput(); err == nil && !strings.Contains(string(out), "error") {
			t.Errorf("%q: %s at %d; bash takes it", script, s.Error.Message, s.Error.Start)
		}
	}
	if reported < 200 {
		t.Errorf("only %d scripts with mistakes", reported)
	}
}

// Where a filter is said not to be jq's, jq says so too.
func TestFilterErrorsAreThoseOfJQ(t *testing.T) {
	needOracle(t, "jq")
	words := strings.Fields(`.a .b ."x" .["y"] .[0] ? // | , + ( ) [ ] { } "s" "\(.a)" @base64d empty if then else end as $x .
		.a-b not and try catch keys map(.a) 1 .5 def f: ; : .a.[0] ?// $ENV .and .if {a} {(.a):.b} # .[1:2] = |= .[.a] .e0
		$secretName [] {} (.a)? \ ' " foo() .-a -`)
	random := rand.New(rand.NewPCG(7, 8))
	const before = ".[$secretName].data | "
	reported := 0
	for range 500 {
		text := fragments(random, words, 4)
		f := newFilter(Word{Static: true, Text: text}, before)
		if f.Error == nil {
			continue
		}
		reported++
		jq := exec.Command("jq", "-n", "--arg", "secretName", "x", before+text)
		if jq.Run() == nil {
			t.Errorf("%q: %s; jq takes it", text, f.Error.Message)
		}
	}
	if reported < 200 {
		t.Errorf("only %d filters with mistakes", reported)
	}
}

// FuzzAnalyze checks that any text ends in a result with ranges in the text.
func FuzzAnalyze(f *testing.F) {
	for _, seed := range []string{
		"readSecretString a .b", "n=a\nwriteSSHKey \"$n\" || exit", "jq '.a.data.b' <$HERCULES_CI_SECRETS_JSON",
		"eval \"writeSSHKey a\\ b\"", "if a; then", "cat <<EOF\n$(readSecretJSON a '.b[')\nEOF", "trap 'getStateFile x' EXIT",
		Unknown + "/bin/x; export -f a; case a in b) c;; esac", "x=`readSecretString a \\`b\\``",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := Analyze(text)
		check := func(what string, r Range) {
			if r.Start < 0 || r.Start > r.End || r.End > len(text) {
				t.Errorf("%s at %v in %d bytes", what, r, len(text))
			}
		}
		if s.Error != nil {
			check(s.Error.Message, s.Error.Range)
		}
		for _, r := range s.Reads {
			check(r.Helper, r.Range)
			check("name", r.Name.Range)
			if r.Filter != nil {
				check("filter", r.Filter.Range)
				if r.Filter.Error != nil {
					check("filter error", r.Filter.Error.Range)
				}
			}
		}
		for _, c := range s.Calls {
			check(c.Helper, c.Range)
			for _, arg := range c.Args {
				check("argument", arg.Range)
			}
		}
		for _, o := range s.Opaque {
			check("opaque", o.Range)
		}
	})
}
