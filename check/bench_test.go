package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/check"
)

// BenchmarkCheck checks repositories of n jobs with three network files each.
// The time for a job must not grow with n: compare the metric ns/job.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("jobs=%d", n), func(b *testing.B) {
			dir := manyJobs(b, n)
			for b.Loop() {
				report, err := check.Run(context.Background(), check.Options{Path: dir})
				if err != nil {
					b.Fatal(err)
				}
				if len(report.Findings) > 0 {
					b.Fatal(report.Findings[0].Place, report.Findings[0].Summary)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/job")
		})
	}
}

// manyJobs makes a repository of n jobs, each deployed from a branch of its own
// environment and with network files of its own.
func manyJobs(b *testing.B, n int) string {
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
	for name, text := range base {
		write(name, text)
	}
	var jobs strings.Builder
	for i := range n {
		fmt.Fprintf(&jobs, `
  job%[1]d = effects.runIf (src.ref == "refs/heads/%[2]s") (effects.runNixOps {
    name = "job%[1]d";
    src = ./.;
    networkFiles = [ "job%[1]d/network.nix" "job%[1]d/hosts.nix" ];
    prebuildOnlyNetworkFiles = [ "job%[1]d/stub.nix" ];
    userSetupScript = ''
      writeAWSSecret aws
    '';
    secretsMap.aws = "aws-%[2]s";
  });`, i, []string{"main", "staging", "production"}[i%3])
		write(fmt.Sprintf("job%d/network.nix", i), "{ network.description = \"example\"; server = { services.nginx.enable = true; }; }\n")
		write(fmt.Sprintf("job%d/hosts.nix", i), fmt.Sprintf("{ server.deployment.targetHost = \"host%d.example.com\"; }\n", i))
		write(fmt.Sprintf("job%d/stub.nix", i), "{ }\n")
	}
	write("ci.nix", "{ src ? { ref = null; } }:\nlet\n  inherit (import ./nix/pkgs.nix) effects;\nin\n{"+jobs.String()+"\n}\n")
	shell(b, dir, "git init -q -b main && git add . && git commit -qm first && git branch staging && git branch production")
	return dir
}
