package state

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Tests that need other processes run this binary again, with what it is to do in the
// environment.
const childVariable = "NIXPLAN_STATE_TEST_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childVariable); what != "" {
		if err := children[what](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var children = map[string]func(args []string) error{
	// write DIR NAME: stores numbers, and says each one that is stored.
	"write": func(args []string) error {
		store := NewFileStore(args[0])
		var base *Version
		for i := 1; ; i++ {
			v, err := store.Put(context.Background(), args[1], numbered(i), base)
			if err != nil {
				return err
			}
			base = &v
			fmt.Println(i)
		}
	},
	// hold DIR NAME RUN: takes the lock, says so, and holds it until stdin ends.
	"hold": func(args []string) error {
		lease, err := NewFileLocker(args[0]).Acquire(context.Background(), args[1], AcquireOptions{Run: args[2], Wait: -1})
		if err != nil {
			return err
		}
		fmt.Println("held", lease.ID())
		bufio.NewReader(os.Stdin).ReadString('\n')
		return lease.Release(context.Background())
	},
	// parent DIR NAME RUN: takes the lock and starts a process that inherits it and
	// says its number; then both sleep.
	"parent": func(args []string) error {
		lease, err := NewFileLocker(args[0]).Acquire(context.Background(), args[1], AcquireOptions{Run: args[2], Wait: -1})
		if err != nil {
			return err
		}
		cmd := exec.Command("sleep", "600")
		cmd.ExtraFiles = lease.Files()
		if err := cmd.Start(); err != nil {
			return err
		}
		fmt.Println("started", cmd.Process.Pid)
		time.Sleep(time.Hour)
		return nil
	},
	// append DIR NAME FILE N: N times, takes the lock, checks that it is alone, and adds
	// a line to what is stored.
	"append": func(args []string) error {
		n, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		store, locker := NewFileStore(args[0]), NewFileLocker(args[0])
		for range n {
			if err := appendOnce(context.Background(), store, locker, args[1], args[2]); err != nil {
				return err
			}
		}
		return nil
	},
}

// numbered is a content that tells whether it is whole.
func numbered(i int) []byte {
	return []byte(strings.Repeat(strconv.Itoa(i)+"\n", 5000))
}

// appendOnce adds a line to a state under its lock. alone is a file that exists while
// somebody holds the lock.
func appendOnce(ctx context.Context, store Store, locker Locker, name, alone string) (err error) {
	lease, err := locker.Acquire(ctx, name, AcquireOptions{Wait: time.Minute})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(alone, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("two hold the lock: %w", err)
	}
	f.Close()
	var data []byte
	var base *Version
	switch file, err := store.Get(ctx, name); {
	case err == nil:
		data, base = file.Data, &file.Version
	case !isNotExist(err):
		return err
	}
	if _, err := store.Put(ctx, name, append(data, "line\n"...), base); err != nil {
		return err
	}
	if err := os.Remove(alone); err != nil {
		return err
	}
	return lease.Release(ctx)
}

// child starts a process and gives it with a scanner of what it says.
func child(t *testing.T, what string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(stdout)
}

// says waits for a line of a child and gives its second word.
func says(t *testing.T, out *bufio.Scanner, first string) string {
	t.Helper()
	if !out.Scan() {
		t.Fatal("the child ended")
	}
	word, rest, _ := strings.Cut(out.Text(), " ")
	if word != first {
		t.Fatalf("the child says %q, want %q", out.Text(), first)
	}
	return rest
}
