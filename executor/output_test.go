package executor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/plan"
)

// NixOps' tracebacks are told as their messages, whose last one is what the program
// failed of.
func TestLines(t *testing.T) {
	tests := []struct {
		name, output string
		want         []string
		last         string
	}{
		{"plain", "one\ntwo\r\n\nthree", []string{"one", "two", "", "three"}, ""},
		{"coloured", "Prior check \x1b[32;1mOK\x1b[0m.\x1b[K\n", []string{"Prior check OK."}, ""},
		{
			"traceback",
			"before\nTraceback (most recent call last):\n  File \"/nix/store/x/nixops\", line 1, in <module>\n    main()\nException: unable to activate new configuration\nafter\n",
			[]string{"before", "error: unable to activate new configuration", "after"},
			"unable to activate new configuration",
		},
		{
			"a class with a module, and no message",
			"Traceback (most recent call last):\n  File \"x\", line 1\njson.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\nTraceback (most recent call last):\n  x\nKeyboardInterrupt\n",
			[]string{"error: Expecting value: line 1 column 1 (char 0)", "error: KeyboardInterrupt"},
			"KeyboardInterrupt",
		},
		{
			"of a machine",
			"web> error: Traceback (most recent call last):\nweb>   File \"x\", line 1\nweb> nixops.backends.SSHError: cannot reach it\nweb> closing\n",
			[]string{"web> error: cannot reach it", "web> closing"},
			"web: cannot reach it",
		},
		{
			"an error of its own words",
			"error: evaluation of the deployment specification failed\n",
			[]string{"error: evaluation of the deployment specification failed"},
			"evaluation of the deployment specification failed",
		},
		{
			"no message after a traceback",
			"Traceback (most recent call last):\n  x\nsomething else\n",
			[]string{"something else"}, "",
		},
		{"long", strings.Repeat("x", longestLine+5) + "\ny\n", []string{strings.Repeat("x", longestLine) + "…", "y"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= len(test.output); size = size*3 + 1 {
				var got []string
				l := &lineReader{line: func(text string) { got = append(got, text) }}
				for rest := test.output; rest != ""; {
					n := min(size, len(rest))
					l.Write([]byte(rest[:n]))
					rest = rest[n:]
				}
				l.end()
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("in writes of %d: %s", size, diff)
				}
				if l.last != test.last {
					t.Errorf("last is %q, want %q", l.last, test.last)
				}
			}
		})
	}
}

func TestMachines(t *testing.T) {
	var m machines
	for _, line := range []string{
		"building all machine configurations...",
		"web> copying closure...",
		"db..> activation finished successfully",
		"web> activating the configuration...",
		"web> error: unable to activate new configuration (exit code 4)",
		"prod> deployment finished successfully",
	} {
		m.line(line)
	}
	got := m.results([]plan.Machine{{Name: "db"}, {Name: "mail"}, {Name: "web"}})
	want := []MachineResult{
		{Name: "db", Outcome: "activated"},
		{Name: "mail", Outcome: "not reached"},
		{Name: "web", Outcome: "failed", Message: "unable to activate new configuration (exit code 4)"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
