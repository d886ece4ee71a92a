//go:build bench

// Command bench compares nixplan with nix-instantiate: the same work, run in
// turn, and the ratio of the medians. Absolute times depend on the machine;
// ratios of runs that alternate do so much less.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// row is one comparison: the arguments after `nixplan eval` and after
// `nix-instantiate`.
type row struct {
	name  string
	ours  []string
	nix   []string
	limit float64 // the ratio to stay below
}

func main() {
	runs := flag.Int("runs", 7, "how often each command runs")
	nixplan := flag.String("nixplan", "nixplan", "the `binary` to measure")
	nixpkgs := flag.String("nixpkgs", os.Getenv("NIXPKGS"), "a nixpkgs `checkout`, for the rows that need one")
	lib := flag.String("lib", os.Getenv("NIXPKGS_LIB"), "nixpkgs' `lib` with its tests")
	only := flag.String("only", "", "run only rows whose name contains this")
	flag.Parse()
	if err := run(*runs, *nixplan, *nixpkgs, *lib, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(runs int, nixplan, nixpkgs, lib, only string) error {
	dir, err := os.MkdirTemp("", "nixplan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rows, err := rows(dir, nixpkgs, lib)
	if err != nil {
		return err
	}
	fmt.Printf("%-10s %19s %19s   %13s %5s   %s\n", "", "nixplan wall/cpu ms", "nix wall/cpu ms", "ratio w./cpu", "goal", "peak memory nixplan/nix")
	for _, r := range rows {
		if !strings.Contains(r.name, only) {
			continue
		}
		ours := measurement{name: nixplan, args: append([]string{"eval", "--no-model"}, r.ours...)}
		nix := measurement{name: "nix-instantiate", args: r.nix}
		// In turn, each first as often as second: what runs behind a long program finds the
		// processor's caches full of other things, which a short one feels more.
		order := []*measurement{&ours, &nix}
		for i := range runs + 1 { // the first, to warm caches, does not count
			slices.Reverse(order)
			for _, m := range order {
				if err := m.run(i > 0); err != nil {
					return fmt.Errorf("%s: %w", r.name, err)
				}
			}
		}
		wall, cpu := ours.wall()/nix.wall(), ours.cpu()/nix.cpu()
		fmt.Printf("%-10s %10.1f /%7.1f %10.1f /%7.1f   %5.3f / %5.3f %5.2f   %d / %d MB\n",
			r.name, ours.wall(), ours.cpu(), nix.wall(), nix.cpu(), wall, cpu, r.limit, ours.peak>>20, nix.peak>>20)
	}
	return nil
}

func rows(dir, nixpkgs, lib string) ([]row, error) {
	same := func(name string, limit float64, args ...string) row {
		return row{name, args, append([]string{"--eval"}, args...), limit}
	}
	rows := []row{same("start-up", 0.15, "-E", "1")}
	programs, err := filepath.Glob("bench/programs/*.nix")
	if err != nil || len(programs) == 0 {
		return nil, fmt.Errorf("no programs in bench/programs; run it from the project's root")
	}
	for _, p := range programs {
		rows = append(rows, same(strings.TrimSuffix(filepath.Base(p), ".nix"), 0.6, p))
	}
	tree, err := largeTree(dir)
	if err != nil {
		return nil, err
	}
	rows = append(rows, row{"parsing", append([]string{"--parse"}, tree...), append([]string{"--parse"}, tree...), 0.5})
	if lib != "" {
		rows = append(rows, same("lib tests", 0.7, "--strict", filepath.Join(lib, "lib/tests/misc.nix")))
	}
	if nixpkgs != "" {
		path := "nixpkgs=" + nixpkgs
		const nixos = `(import <nixpkgs/nixos> { configuration = { boot.loader.grub.device = "/dev/sda"; fileSystems."/".device = "/dev/sda1"; }; }).system.drvPath`
		rows = append(rows,
			same("hello", 0.8, "-I", path, "-E", "(import <nixpkgs> { }).hello.drvPath"),
			same("NixOS", 0.8, "-I", path, "-E", nixos),
			same("packages", 0.9, "-I", path, "--strict", "bench/packages.nix"))
	}
	return rows, nil
}

// largeTree writes files of some megabytes in all, shaped like packages.
func largeTree(dir string) ([]string, error) {
	var files []string
	for i := range 200 {
		var b strings.Builder
		fmt.Fprintf(&b, "{ lib, stdenv, fetchurl%d }:\nrec {\n", i)
		for j := range 60 {
			fmt.Fprintf(&b, `  package-%d = stdenv.mkDerivation (attrs: {
    pname = "package-%[1]d"; version = "%d.%[1]d";
    src = fetchurl%[2]d { url = "https://example.org/${attrs.pname}-${attrs.version}.tar.gz"; hash = lib.fakeHash; };
    buildInputs = [ stdenv.cc ] ++ lib.optionals (stdenv.isLinux && !stdenv.isDarwin) [ lib.hello ];
    postPatch = ''
      substituteInPlace Makefile --replace "/usr" "$out"
        echo ''${%[1]d} ${toString (1 + 2 * %[1]d)}
    '';
    meta = with lib; { description = "Number %[1]d"; license = licenses.mit; platforms = platforms.all or [ ]; };
  });
`, j, i)
		}
		b.WriteString("}\n")
		name := filepath.Join(dir, fmt.Sprintf("packages-%d.nix", i))
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			return nil, err
		}
		files = append(files, name)
	}
	return files, nil
}

// measurement is one command with the times of its runs. Processor time, of all
// threads and of the kernel for the process, says more than wall time where the
// machine has other work as well.
type measurement struct {
	name        string
	args        []string
	walls, cpus []time.Duration
	peak        int64 // bytes
}

// run runs the command once. What it prints goes to files, and only errors are
// kept: with pipes, this program would run beside what it measures.
func (m *measurement) run(counts bool) error {
	message, err := os.CreateTemp("", "nixplan-bench-")
	if err != nil {
		return err
	}
	defer os.Remove(message.Name())
	defer message.Close()
	cmd := exec.Command(m.name, m.args...)
	cmd.Stderr = message
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if err != nil {
		text, _ := os.ReadFile(message.Name())
		return fmt.Errorf("%s: %w\n%s", m.name, err, text)
	}
	if counts {
		m.walls = append(m.walls, took)
		m.cpus = append(m.cpus, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		m.peak = max(m.peak, peakMemory(cmd.ProcessState))
	}
	return nil
}

func (m *measurement) wall() float64 { return median(m.walls) }
func (m *measurement) cpu() float64  { return median(m.cpus) }

// median is in milliseconds.
func median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return float64(sorted[len(sorted)/2].Microseconds()) / 1000
}
