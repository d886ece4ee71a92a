package faulttest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// versions are those of a state, the oldest first, as the backend has them.
func (b *bench) versions(name string) [][]byte {
	b.t.Helper()
	if b.server != nil {
		return b.server.Versions(name)
	}
	paths, err := filepath.Glob(b.path("store/" + name + "/[0-9]*-*"))
	b.must(err)
	sort.Strings(paths)
	var list [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		b.must(err)
		list = append(list, data)
	}
	return list
}

// stored is the newest version of a state, nil when there is none.
func (b *bench) stored(name string) []byte {
	b.t.Helper()
	all := b.versions(name)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// leases counts who has the deployment's lock, or left it.
func (b *bench) leases() int {
	if b.server != nil {
		return len(b.server.Leases())
	}
	if _, err := os.Stat(b.path("store/" + stateName + "/lease.json")); err == nil {
		return 1
	}
	return 0
}

// deployed is a deployment in NixOps' export.
type deployed struct {
	Name      string                       `json:"name"`
	Resources map[string]map[string]string `json:"resources"`
}

// parse reads an export, which must be a whole one of the deployment alone.
func parse(t *testing.T, data []byte, what string) (uuid string, d deployed) {
	t.Helper()
	var all map[string]deployed
	if err := json.Unmarshal(data, &all); err != nil {
		t.Errorf("%s is no export of NixOps: %v\n%.300s", what, err, data)
		return "", d
	}
	if len(all) != 1 {
		t.Errorf("%s has %d deployments", what, len(all))
	}
	for uuid, d = range all {
		if d.Name != deployment {
			t.Errorf("%s is of the deployment %q", what, d.Name)
		}
	}
	return uuid, d
}

// exports are what nixops export printed, whole, the oldest first.
func (b *bench) exports() [][]byte {
	b.t.Helper()
	paths, err := filepath.Glob(b.path("faults/export-*"))
	b.must(err)
	sort.Strings(paths)
	var list [][]byte
	for _, path := range paths {
		if filepath.Ext(path) == ".part" {
			continue
		}
		data, err := os.ReadFile(path)
		b.must(err)
		list = append(list, data)
	}
	return list
}

// leftOver lists the programs that runs started and that are still running.
func (b *bench) leftOver() []string {
	var list []string
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte(home+"="+b.path("faults")+"\x00")) || !bytes.Contains(environ, []byte("NIXPLAN_JOB_MARK=")) {
			continue
		}
		argv, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if len(argv) > 0 { // else it has ended
			list = append(list, filepath.Base(filepath.Dir(path))+" "+strings.ReplaceAll(string(argv), "\x00", " "))
		}
	}
	return list
}

// runs is what nixplan runs tells.
func (b *bench) runs() []executor.Summary {
	b.t.Helper()
	var out struct{ Runs []executor.Summary }
	b.must(json.Unmarshal([]byte(b.nixplan("runs", "--json")), &out))
	return out.Runs
}

func (b *bench) unsaved() bool {
	b.t.Helper()
	return slices.ContainsFunc(b.runs(), func(r executor.Summary) bool { return r.Unsaved })
}

// privateFiles are in the directories that hold secrets.
func (b *bench) privateFiles() []string { return files(b.t, b.runtime()) }

// runtime is the directory for private ones.
func (b *bench) runtime() string {
	for _, entry := range b.env {
		if dir, ok := strings.CutPrefix(entry, "XDG_RUNTIME_DIR="); ok {
			return dir
		}
	}
	b.t.Fatal("no directory for private files")
	return ""
}

// always is what holds at any time when no nixplan runs.
func (b *bench) always() {
	t := b.t
	t.Helper()
	var uuids []string
	for i, data := range b.versions(stateName) {
		uuid, _ := parse(t, data, "version "+strconv.Itoa(i+1)+" of the state")
		uuids = append(uuids, uuid)
	}
	machines, err := nixopstest.Machines(b.path("machines"))
	b.must(err)
	for name, m := range machines {
		if m.Orphans() > 0 {
			t.Errorf("the machine %s was created %d times", name, len(m.Creations))
		}
		for _, c := range m.Creations {
			uuids = append(uuids, c.Deployment)
		}
	}
	slices.Sort(uuids)
	if uuids = slices.Compact(uuids); len(uuids) > 1 {
		t.Errorf("there are several deployments: %q", uuids)
	}
	created := 0
	for _, call := range b.calls() {
		if call.Command == "create" && call.Ended && call.Status == 0 {
			created++
		}
	}
	if created > 1 {
		t.Errorf("nixops create succeeded %d times", created)
	}
}

// nothingLost holds after the end of a run, however it came: each machine that
// exists is known to the newest state that is stored, or, if the run says that it has
// something unsaved, to what lies on disk.
func (b *bench) nothingLost(unsaved bool) {
	t := b.t
	t.Helper()
	keys := map[string]bool{}
	if data := b.stored(stateName); data != nil {
		_, d := parse(t, data, "the state")
		for _, r := range d.Resources {
			keys[r[r["type"]+".sshPublicKey"]] = true
		}
	}
	var onDisk []byte
	if unsaved {
		for _, pattern := range []string{"nixops/deployments.nixops", "nixops-state.json"} {
			paths, _ := filepath.Glob(b.path("state/nixplan/runs/*/jobs/*/" + pattern))
			for _, path := range paths {
				data, err := os.ReadFile(path)
				b.must(err)
				onDisk = append(onDisk, data...)
			}
		}
		if len(onDisk) == 0 {
			t.Error("a state is said to be unsaved, and there is none on disk")
		}
	}
	machines, err := nixopstest.Machines(b.path("machines"))
	b.must(err)
	for name, m := range machines {
		for _, c := range m.Creations {
			if !keys[c.PublicKey] && !bytes.Contains(onDisk, []byte(c.PublicKey)) {
				t.Errorf("the machine %s exists, and neither the stored state nor the disk knows its key (unsaved: %v)", name, unsaved)
			}
		}
	}
	if exports := b.exports(); !unsaved && len(exports) > 0 {
		b.sameExport(exports[len(exports)-1])
	}
}

// sameExport compares what is stored with an export.
func (b *bench) sameExport(export []byte) {
	b.t.Helper()
	if got := b.stored(stateName); !bytes.Equal(got, export) {
		b.t.Errorf("the stored state is not NixOps' last export\nstored:\n%s\nexported:\n%s", got, export)
	}
}

// quiet holds after a nixplan that was not killed: nothing runs, and nothing secret
// is left.
func (b *bench) quiet() {
	t := b.t
	t.Helper()
	if left := b.leftOver(); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	if left := b.privateFiles(); len(left) > 0 {
		t.Errorf("the private directory is left: %q", left)
	}
}

var remains = regexp.MustCompile(`^nixplan/runs/[^/]+/(lock|journal|plan\.json|run\.json|jobs/[^/]+/logs/[0-9]+-[a-z-]+\.log)$`)

// deployedAll holds when everything was done in the end.
func (b *bench) deployedAll() {
	t := b.t
	t.Helper()
	b.always()
	b.nothingLost(false)
	b.quiet()
	if b.unsaved() {
		t.Error("a run has an unsaved state")
	}
	_, d := parse(t, b.stored(stateName), "the state")
	machines, err := nixopstest.Machines(b.path("machines"))
	b.must(err)
	for _, name := range machineNames {
		m, r := machines[name], d.Resources[name]
		switch {
		case m == nil || r == nil:
			t.Errorf("the machine %s: there %v, in the state %v", name, m != nil, r != nil)
		case m.Current == "" || m.Current != r["toplevel"] || r["state"] != "3":
			t.Errorf("the machine %s runs %q; the state says %q, %s", name, m.Current, r["toplevel"], r["state"])
		}
	}
	if d.Resources["web"] != nil && !b.hostsLost {
		if ip := d.Resources["web"]["publicIpv4"]; ip == "" || !bytes.Contains(b.stored(hostsName), []byte(ip)) {
			t.Errorf("the known hosts lack web (%s):\n%s", ip, b.stored(hostsName))
		}
	}
	for _, file := range files(t, b.path("state")) {
		if !remains.MatchString(file) {
			t.Errorf("left in the directory of runs: %s", file)
		}
	}
	if n := b.leases(); n > 0 {
		t.Errorf("%d leases are left", n)
	}
}

// eventually waits for something that another process does.
func eventually(holds func() bool) bool {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return holds()
}
