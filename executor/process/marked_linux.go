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
// how many could not be ended. Those that ended have closed their files, so that
// locks they held are free.
func EndMarked(mark string, first syscall.Signal, grace time.Duration) (found, left int) {
	pids := Marked(mark)
	found = len(pids)
	ending := map[int]string{} // their start times
	signal(pids, first, ending)
	pids = waitMarked(mark, grace, ending)
	for range 3 { // what is killed may have started others
		if len(pids) == 0 {
			break
		}
		signal(pids, syscall.SIGKILL, ending)
		pids = waitMarked(mark, killTime, ending)
	}
	return found, len(pids)
}

// waitMarked waits for the end of marked processes, and of those that are ending, and
// gives the marked that remain. A process that ends has no environment any more some
// time before it closes its files.
func waitMarked(mark string, most time.Duration, ending map[int]string) []int {
	for end := time.Now().Add(most); ; time.Sleep(10 * time.Millisecond) {
		pids := Marked(mark)
		for pid, start := range ending {
			if now, dead := look(pid); dead || now != start {
				delete(ending, pid)
			}
		}
		if len(pids) == 0 && len(ending) == 0 || time.Now().After(end) {
			return pids
		}
	}
}

// signal sends a signal to processes and notes when they were started.
func signal(pids []int, s syscall.Signal, ending map[int]string) {
	for _, pid := range pids {
		if start, dead := look(pid); !dead {
			ending[pid] = start
			syscall.Kill(pid, s) // it may be gone
		}
	}
}

// look gives the start time of a process, in ticks since the machine's, and whether
// all its threads have ended; proc(5), stat.
func look(pid int) (start string, dead bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return "", true
	}
	// The name of the program, in parentheses, may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", true
	}
	if state := fields[0][0]; state == 'Z' || state == 'X' {
		// The first thread may have ended before the others, which have the files.
		tasks, _ := os.ReadDir(filepath.Join(dir, "task"))
		dead = len(tasks) <= 1
	}
	return string(fields[19]), dead
}
