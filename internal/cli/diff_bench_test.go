package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkDiff compares two revisions of repositories of n jobs for one ref, and
// plans one of them for the measure: diff is to take no more than twice as long,
// and the time for a job must not grow with n.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Chdir(twoRevisions(b, n))
		for name, args := range map[string][]string{
			"plan":     {"plan", "--ref", "main"},
			"diff":     {"diff", "HEAD~1", "HEAD", "--ref", "main"},
			"diff-all": {"diff", "HEAD~1", "HEAD"},
		} {
			b.Run(fmt.Sprintf("%s/jobs=%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if code, _, stderr := run(args...); code != exitOK {
						b.Fatal(stderr)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/job")
			})
		}
	}
}

// twoRevisions makes a repository of n jobs and two commits that differ in one
// machine's address.
func twoRevisions(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	write := func(name, text string) {
		b.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	git := func(args ...string) {
		b.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	var jobs strings.Builder
	for i := range n {
		fmt.Fprintf(&jobs, `
  job%[1]d = effects.runIf (src.ref == "refs/heads/%[2]s") (effects.runNixOps {
    name = "job%[1]d";
    src = ./.;
    networkFiles = [ "job%[1]d/network.nix" "job%[1]d/hosts.nix" ];
    secretsMap.aws = "aws-%[2]s";
    userSetupScript = "writeAWSSecret aws default";
  });`, i, []string{"main", "staging", "production"}[i%3])
		write(fmt.Sprintf("job%d/network.nix", i), "{ network.description = \"example\"; server.services.nginx.enable = true; }\n")
		write(fmt.Sprintf("job%d/hosts.nix", i), fmt.Sprintf("{ server.deployment.targetHost = \"host%d.example.com\"; }\n", i))
	}
	write("ci.nix", `{ src ? { ref = null; } }:
let effects = (import <nixpkgs> { overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; }).effects; in
{`+jobs.String()+"\n}\n")
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	write("job0/hosts.nix", "{ server.deployment.targetHost = \"other.example.com\"; }\n")
	git("commit", "-q", "-a", "-m", "second")
	return dir
}
