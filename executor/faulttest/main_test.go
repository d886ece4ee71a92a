// Package faulttest holds nixplan apply to its promises: whatever fails, hangs or is
// killed, nothing is lost, and the run can be carried on.
//
// Real processes throughout: the test binary is nixplan and the stand-in for NixOps,
// and Hercules CI's server is in the test's process. What is asserted is the content
// of the server, of the disk and of the machines, never a message.
package faulttest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nixplan/nixplan/internal/cli"
	"github.com/nixplan/nixplan/internal/nixopstest"
)

// binaries is the directory with nixplan and nixops, two names of the test binary.
var binaries string

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "nixplan":
		os.Exit(cli.Main())
	case "nixops":
		os.Exit(nixops())
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	flag.Parse()
	// Most of the time is spent waiting for what was made to hang.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		f.Value.Set("8")
	}
	dir, err := os.MkdirTemp("", "nixplan-faulttest-")
	if err == nil {
		defer os.RemoveAll(dir)
		binaries = dir
		err = errors.Join(install("nixplan"), install("nixops"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// install gives the test binary another name. A symlink would not do: nixplan asks
// the kernel for its path, to call itself.
func install(name string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(binaries, name)
	if os.Link(self, path) == nil {
		return nil
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o700)
}

// home is the variable with the directory in which a test steers the programs that
// a run starts, and they leave what they saw.
const home = "FAULTTEST"

// nixops is the stand-in, whose exports are kept as they were printed.
func nixops() int {
	// A limit that a test set is for nixplan.
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_FSIZE, &limit) == nil {
		limit.Cur = limit.Max
		unix.Setrlimit(unix.RLIMIT_FSIZE, &limit)
	}
	dir := os.Getenv(home)
	if dir == "" || len(os.Args) < 2 || os.Args[1] != "export" {
		return nixopstest.Main()
	}
	out := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		return 125
	}
	var text bytes.Buffer
	copied := make(chan struct{})
	go func() {
		io.Copy(io.MultiWriter(out, &text), r)
		close(copied)
	}()
	os.Stdout = w
	status := nixopstest.Main()
	w.Close()
	<-copied
	if status == 0 {
		name := fmt.Sprintf("export-%s-%d", time.Now().UTC().Format("20060102T150405.000000000"), os.Getpid())
		if os.WriteFile(filepath.Join(dir, name+".part"), text.Bytes(), 0o600) == nil {
			os.Rename(filepath.Join(dir, name+".part"), filepath.Join(dir, name))
		}
	}
	return status
}

// chosen reports whether the trial of a number is to be made: all of them with
// FAULTTEST_ALL in the environment, which takes eight minutes, otherwise one of every
// few. With CI each step meets also each of the basic faults. The numbers are those
// of a list, so that each kind of fault meets some of the steps, and each step some of
// the faults.
func chosen(number int, basic bool) bool {
	every := 37
	switch {
	case os.Getenv("FAULTTEST_ALL") != "":
		every = 1
	case raceEnabled:
		every, basic = 61, false
	case os.Getenv("CI") != "":
		every = 7
	default:
		basic = false
	}
	return basic || number%every == 0
}
