package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRefs makes the table of a repository whose n jobs come from one function
// and run for a branch each. The table has n columns as well, so its cells are what
// the time is measured by.
func BenchmarkRefs(b *testing.B) {
	for _, n := range []int{10, 25, 50, 100} {
		dir := manyEnvironments(b, n)
		b.Run(fmt.Sprintf("environments=%d", n), func(b *testing.B) {
			for b.Loop() {
				if code, _, stderr := run("refs", dir); code != exitOK {
					b.Fatal(stderr)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/job")
		})
	}
}

// manyEnvironments is fixtures/environments-map with n environments.
func manyEnvironments(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../fixtures/environments-map")); err != nil {
		b.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		return string(data)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	network := read("networks/production.nix")
	var environments strings.Builder
	for i := range n {
		fmt.Fprintf(&environments, "    env%[1]d = { branch = \"deploy/env%[1]d\"; region = \"eu-west-1\"; };\n", i)
		write(fmt.Sprintf("networks/env%d.nix", i), network)
	}
	before, rest, ok1 := strings.Cut(read("ci.nix"), "  environments = {\n")
	_, after, ok2 := strings.Cut(rest, "\n  };\n")
	if !ok1 || !ok2 {
		b.Fatal("the fixture's environments are written another way")
	}
	write("ci.nix", before+"  environments = {\n"+environments.String()+"  };\n"+after)
	return dir
}
