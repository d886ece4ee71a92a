package state

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A process is named by more than its number, which is given again.
type process struct {
	PID int `json:"pid,omitempty"`
	// Start is when it started, in the clock ticks since boot that Linux gives; "" on
	// other systems.
	Start string `json:"process_start,omitempty"`
	// Boot is the id of the boot, "" where there is none.
	Boot string `json:"boot_id,omitempty"`
}

func thisProcess() process {
	pid := os.Getpid()
	return process{pid, processStart(pid), bootID()}
}

// alive reports whether the process still runs, as far as can be told.
func (p process) alive() bool {
	if p.PID <= 0 || p.Boot != bootID() {
		return false
	}
	found, err := os.FindProcess(p.PID)
	if err != nil {
		return false
	}
	if err := found.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	return p.Start == processStart(p.PID)
}

// processStart reads the 22nd field of /proc/PID/stat. The second one is a name in
// parentheses that may hold anything.
func processStart(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "ended"
	}
	return fields[19]
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
