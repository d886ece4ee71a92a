package cli

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRoom(t *testing.T) {
	for _, test := range []struct{ most, memory, want int64 }{
		{0, 1000, math.MaxInt64}, {400, 8000, 500}, {400, 0, 500}, {6000, 8000, 7000}, {7500, 8000, 7500}, {9000, 8000, 9000}, {math.MaxInt64, 0, math.MaxInt64},
	} {
		if got := room(test.most, test.memory); got != test.want {
			t.Errorf("%d of %d: %d, want %d", test.most, test.memory, got, test.want)
		}
	}
}

// peakMain is nixplan that writes how much memory it took at most, as the kernel says,
// to a file. What the kernel says of a child counts what its parent had as well.
func peakMain() int {
	status := Main()
	said, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(os.Getenv("PEAK_FILE"), said, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	}
	return status
}

// beginningOf keeps so many bytes of what is written.
type beginningOf struct {
	bytes.Buffer
	most int
}

func (b *beginningOf) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), b.most-b.Len())])
	return len(p), nil
}

// numbered is a text of n pieces that differ.
func numbered(n int, piece string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, piece, i)
	}
	return b.String()
}

// Programs that ask for much memory take no more than docs/limits.md says: they end with
// an error, or with their result, and the kernel has no reason to end them.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	const (
		megabytes = 200
		most      = megabytes*13/10 + 50
		tooMuch   = "the evaluation takes more memory than allowed"
	)
	if _, err := os.Stat("/proc/self/status"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("the system does not say how much memory a process took:", err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for i := range 80 {
		write(fmt.Sprintf("%d.nix", i), "_: [ "+strings.Repeat("(x:x) ", 1<<16)+"]")
	}
	for _, test := range []struct{ name, expr, want string }{
		{"a dense file", "import " + write("numbers.nix", "[ "+strings.Repeat("1 ", 30<<20)+"]"), tooMuch},
		{"a file of functions", "import " + write("functions.nix", "[ "+strings.Repeat("(x:x) ", 8<<20)+"]"), tooMuch},
		{"a file of inherited names", "import " + write("inherit.nix", "let x = 1; in { inherit "+numbered(3<<20, "a%x ")+"; }"), tooMuch},
		{"a file of attributes", "import " + write("attributes.nix", "{ "+numbered(3<<20, "a%x=1;")+" }"), tooMuch},
		{"a file of formals", "import " + write("formals.nix", "{ "+numbered(3<<20, "a%x,")+" ... }: 1"), tooMuch},
		{"a file of interpolations", "import " + write("interpolations.nix", `a: "`+strings.Repeat("${a}x", 8<<20)+`"`), tooMuch},
		{"a file of one text", "import " + write("text.nix", `"`+strings.Repeat("x", 40<<20)+`" == ""`), ""},
		{"a file of one comment", "import " + write("comment.nix", "/*"+strings.Repeat("x", 40<<20)+"*/ 1"), ""},
		{"many files", "map (n: import (" + files + `/. + "/${toString n}.nix")) (builtins.genList (n: n) 80)`, tooMuch},
		{"strings", `builtins.stringLength (d 28 "ab")`, tooMuch},
		{"strings without end", `let f = s: builtins.seq s (f (s + s)); in f "ab"`, tooMuch},
		{"interpolation", `let f = n: if n == 0 then "ab" else let s = f (n - 1); in "${s}${s}"; in builtins.stringLength (f 28)`, tooMuch},
		{"joined strings", `builtins.concatStringsSep (d 20 "ab") (builtins.genList (x: "x") 400)`, tooMuch},
		{"replaceStrings", `builtins.replaceStrings [ "a" ] [ "aaaaaaaaaaaaaaaa" ] (d 26 "a")`, tooMuch},
		{"substrings", `map (n: builtins.substring n 1000 (d 24 "ab")) (builtins.genList (x: x) 1000000)`, tooMuch},
		{"paths", `/. + (d 25 "a/")`, tooMuch},
		{"paths with dots", `/. + (d 24 "a/../")`, tooMuch},
		{"attribute names", `{ ${d 25 "\t"} = 1; }`, ""},
		{"a missing attribute", `{ }.${d 25 "ab"}`, "missing"},
		{"split", `builtins.split "b" (d 25 "ab")`, tooMuch},
		{"split with groups", `builtins.split "(b)" (d 25 "ab")`, tooMuch},
		{"match", `builtins.match "(a|b)*" (d 25 "ab")`, "too many steps"},
		{"match with groups", `builtins.match "((a)(b))*" (d 20 "ab")`, "too many steps"},
		{"splitVersion", `builtins.splitVersion (d 25 "1.")`, tooMuch},
		{"fromTOML", `builtins.fromTOML (d 22 "[[a]]\nx=1\n")`, tooMuch},
		{"fromTOML of an array", `builtins.fromTOML ("a=[" + d 24 "1," + "]")`, tooMuch},
		{"fromTOML of a large text", `builtins.fromTOML ("# " + d 26 "a")`, "the document is larger than 67108864 bytes"},
		{"fromJSON of a list", `builtins.fromJSON ("[" + d 24 "1," + "1]")`, tooMuch},
		{"fromJSON of objects", `builtins.fromJSON ("[" + d 22 "{\"a\":1}," + "1]")`, tooMuch},
		{"fromJSON of a string", `builtins.fromJSON ("\"" + d 25 "\\n" + "\"") == ""`, ""},
		{"fromJSON of a number", `builtins.fromJSON ("1" + d 24 "11")`, "number overflow"},
		{"toJSON of shared lists", `builtins.toJSON (let f = n: if n == 40 then 1 else let y = f (n + 1); in [ y y ]; in f 0)`, tooMuch},
		{"toJSON of a string", `builtins.toJSON (d 25 "\t") == ""`, ""},
		{"toJSON of strings", `builtins.toJSON (map (x: d 20 "\t") (builtins.genList (x: x) 200))`, tooMuch},
		{"toXML of shared lists", `builtins.toXML (let f = n: if n == 40 then 1 else let y = f (n + 1); in [ y y ]; in f 0)`, tooMuch},
		{"toXML of a string", `builtins.toXML (d 25 "\"")`, tooMuch},
		{"printing", `d 26 "\t"`, tooMuch},
		{"printing a list", `[ (d 25 "\t") (d 25 "\t") ]`, tooMuch},
		{"throw", `throw (d 25 "ab")`, "(67108864 bytes in all)"},
		{"abort", `abort (d 25 "ab")`, "(67108864 bytes in all)"},
		{"trace", `builtins.trace (d 25 "\t") 1`, ""},
		{"a derivation", `(derivation { name = "x"; system = "x"; builder = "x"; a = d 25 "\n"; }).drvPath`, tooMuch},
		{"structured attributes", `(derivation { name = "x"; system = "x"; builder = "x"; __structuredAttrs = true; a = d 25 "\n"; }).drvPath`, tooMuch},
		{"genericClosure", `builtins.genericClosure { startSet = map (x: { key = x; }) (builtins.genList (x: x) 1000000); operator = x: [ ]; }`, tooMuch},
		{"lists", `builtins.concatMap (x: [ x x x ]) (builtins.genList (x: x) 3000000)`, tooMuch},
		{"sets", `builtins.listToAttrs (builtins.genList (x: { name = toString x; value = x; }) 1000000)`, tooMuch},
		{"garbage", `builtins.foldl' (a: b: a + builtins.length (builtins.genList (x: x) 1000)) 0 (builtins.genList (x: x) 30000)`, ""},
		{"garbage beside what is in use", `let live = builtins.genList (x: { inherit x; y = [ x x x ]; }) 100000; in builtins.deepSeq live
			(builtins.foldl' (a: b: a + builtins.length (builtins.genList (x: x) 1000)) 0 (builtins.genList (x: x) 30000) + builtins.length live)`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(exe, "eval", "--strict", "--max-memory", fmt.Sprintf("%dM", megabytes), "-E",
				`let d = n: s: builtins.foldl' (a: _: a + a) s (builtins.genList (x: x) n); in `+test.expr)
			cmd.Args[0] = "peak"
			file := filepath.Join(t.TempDir(), "status")
			cmd.Env = append(os.Environ(), "PEAK_FILE="+file)
			stderr := beginningOf{most: 2 << 20}
			cmd.Stderr = &stderr
			err := cmd.Run()
			if said := stderr.String(); (err == nil) != (test.want == "") || !strings.Contains(said, test.want) {
				t.Errorf("%v, %.300s, want %q", err, said, test.want)
			}
			status, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, peak, _ := strings.Cut(string(status), "VmHWM:")
			var took int
			if _, err := fmt.Sscan(peak, &took); err != nil {
				t.Fatal(err)
			}
			took >>= 10 // of kilobytes
			t.Logf("%d MB, %v", took, cmd.ProcessState.UserTime())
			if took > most {
				t.Errorf("it took %d MB, want at most %d", took, most)
			}
		})
	}
}
