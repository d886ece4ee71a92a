package faulttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/executor/journal"
)

// TestConcurrent has several nixplan apply the same deployment at once, each its own
// description of the network.
func TestConcurrent(t *testing.T) {
	for _, backend := range []string{fileBackend, herculesBackend} {
		for _, n := range []int{2, 10} {
			t.Run(fmt.Sprintf("%s/%d", backend, n), func(t *testing.T) {
				t.Parallel()
				concurrent(t, backend, n)
			})
		}
	}
}

func concurrent(t *testing.T, backend string, n int) {
	b := newBench(t, benchOptions{backend: backend})
	var all []*process
	for i := range n {
		repo := b.path(fmt.Sprintf("repo-%d", i))
		if out, err := exec.Command("cp", "-r", b.path("repo"), repo).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b.write(fmt.Sprintf("repo-%d/network.nix", i), strings.Replace(network, "a shop", fmt.Sprintf("shop %d", i), 1))
		cmd := exec.Command(filepath.Join(binaries, "nixplan"), append(append([]string{"apply"}, b.flags...), "--lock-timeout", "forever")...)
		cmd.Dir = repo
		all = append(all, b.startAs(cmd))
	}
	ids := map[string]bool{}
	for _, p := range all {
		if p.wait() != 0 {
			t.Errorf("a run fails\n%s", p.output())
		}
		ids[p.run()] = true
	}
	if len(ids) != n {
		t.Fatalf("%d runs, want %d", len(ids), n)
	}
	b.oneAfterTheOther(ids)
	b.chained(n)
	b.deployedAll()
}

var runOfPath = regexp.MustCompile(`/runs/([^/]+)/jobs/`)

// oneAfterTheOther holds when no two runs called NixOps at the same time, from their
// first call to their last.
func (b *bench) oneAfterTheOther(ids map[string]bool) {
	t := b.t
	t.Helper()
	type span struct {
		run         string
		first, last time.Time
	}
	spans := map[string]*span{}
	for _, c := range b.calls() {
		m := runOfPath.FindStringSubmatch(c.Dir)
		if m == nil || !ids[m[1]] || !c.Ended {
			t.Errorf("a call of nobody, or without an end: %q in %s", c.Argv, c.Dir)
			continue
		}
		s := spans[m[1]]
		if s == nil {
			s = &span{m[1], c.Start, c.End}
			spans[m[1]] = s
		}
		s.last = c.End
	}
	if len(spans) != len(ids) {
		t.Errorf("%d of %d runs called NixOps", len(spans), len(ids))
	}
	var list []*span
	for _, s := range spans {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *span) int { return a.first.Compare(b.first) })
	for i := 1; i < len(list); i++ {
		if list[i].first.Before(list[i-1].last) {
			t.Errorf("run %s began while run %s went on", list[i].run, list[i-1].run)
		}
	}
}

// chained holds when each run began with what the one before it stored.
func (b *bench) chained(n int) {
	t := b.t
	t.Helper()
	versions := b.versions(stateName)
	if len(versions) != n {
		t.Errorf("%d versions of the state, want one of each of %d runs", len(versions), n)
	}
	base := ""
	for i, data := range versions {
		m := runOfPath.FindSubmatch(data) // in nixExprs
		if m == nil {
			t.Fatalf("version %d is of no run:\n%s", i+1, data)
		}
		var h executor.History
		b.must(json.Unmarshal([]byte(b.nixplan("runs", string(m[1]), "--json")), &h))
		fetched := "nothing"
		for _, r := range h.Records {
			if r.Type == journal.Fetched && r.State.Name == stateName {
				fetched = r.State.SHA256
			}
		}
		if fetched != base {
			t.Errorf("version %d was made from %q, want %q, the one before it", i+1, fetched, base)
		}
		sum := sha256.Sum256(data)
		base = hex.EncodeToString(sum[:])
	}
}

// Jobs with a state of their own run beside one another, those with the same state
// one after the other.
func TestParallelJobs(t *testing.T) {
	t.Parallel()
	job := func(name, deployment, more string) string {
		return fmt.Sprintf(`  %s = runNixOps (base // { name = %q; %s });
`, name, deployment, more)
	}
	waits := func(own, other string) string {
		return fmt.Sprintf(`userSetupScript = "touch $FAULTTEST/%s; for i in {1..1500}; do [[ -e $FAULTTEST/%s ]] && break; sleep 0.02; done; [[ -e $FAULTTEST/%s ]]";`, own, other, other)
	}
	jobs := `{ ref ? null, ... }:
let
  pkgs = import <nixpkgs> { system = "x86_64-linux"; overlays = [ (import <hercules-ci-effects/overlay.nix>) ]; };
  inherit (pkgs.effects) runNixOps;
  base = {
    src = pkgs.lib.cleanSource ./.;
    networkFiles = [ "network.nix" ];
    networkArgs = { motd = "x"; size = 3; };
    prebuild = false;
  };
in
{
` + job("a", "shop", waits("a", "c")) + job("b", "shop", "") + job("c", "other", waits("c", "a")) + "}\n"
	b := newBench(t, benchOptions{backend: fileBackend, program: jobs})
	b.env = append(b.env, "NIXOPSTEST_MACHINES=") // both deployments have a web
	p := b.applied("--parallelism", "3")
	spans := map[string][2]time.Time{}
	for _, c := range b.calls() {
		name := filepath.Base(filepath.Dir(filepath.Dir(c.Dir)))
		s, ok := spans[name]
		if !ok {
			s[0] = c.Start
		}
		s[1] = c.End
		spans[name] = s
	}
	if len(spans) != 3 {
		t.Fatalf("%d jobs called NixOps\n%s", len(spans), p.output())
	}
	if a, b := spans["a"], spans["b"]; a[0].Before(b[1]) && b[0].Before(a[1]) {
		t.Error("two jobs with one state ran at once")
	}
	for _, name := range []string{stateName, "nixops-other.json"} {
		if b.stored(name) == nil {
			t.Errorf("no state %s", name)
		}
	}
	if uuid, d := parse(t, b.stored(stateName), stateName); uuid == "" || len(d.Resources) != 2 {
		t.Errorf("%s has %d machines", stateName, len(d.Resources))
	}
	if bytes.Contains(b.stored("nixops-other.json"), []byte(`"name": "shop"`)) {
		t.Error("the states are mixed up")
	}
}
