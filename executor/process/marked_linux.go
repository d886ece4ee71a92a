package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Marker is the variable by whose value the programs of a job are recognised, also
// those that left the group or whose parents are gone.
const Marker = "NIXPLAN_JOB_MARK"

// Marked lists the processes whose environment has Marker with this value.
// Processes of other users cannot be looked into and are left out.
func Marked(mark string) []int {
	var pids []int
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	for _, path := range entries {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile(path)
		if err == nil && hasVariable(environ, Marker+"="+mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func hasVariable(environ []byte, variable string) bool {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if string(entry) == variable {
			return true
		}
	}
	return false
}

// killTime is how long a killed process may take to go away.
const killTime = 5 * time.Second

// EndMarked ends the processes that Marked lists: by the given signal, and by SIGKILL
// those that are still there after the grace. It returns how many there were, and
// how many could not be ended.
func EndMarked(mark string, first syscall.Signal, grace time.Duration) (found, left int) {
	pids := Marked(mark)
	found = len(pids)
	signal(pids, first)
	pids = waitMarked(mark, grace)
	for range 3 { // what is killed may have started others
		if len(pids) == 0 {
			break
		}
		signal(pids, syscall.SIGKILL)
		pids = waitMarked(mark, killTime)
	}
	return found, len(pids)
}

// waitMarked waits for the end of marked processes and gives those that remain.
func waitMarked(mark string, most time.Duration) []int {
	for end := time.Now().Add(most); ; time.Sleep(10 * time.Millisecond) {
		pids := Marked(mark)
		if len(pids) == 0 || time.Now().After(end) {
			return pids
		}
	}
}

func signal(pids []int, s syscall.Signal) {
	for _, pid := range pids {
		syscall.Kill(pid, s) // it may be gone
	}
}
