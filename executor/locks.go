package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/executor/process"
	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/text"
)

// nameAfter gives the first item with a prefix, without it.
func nameAfter(prefix string, items []string) string {
	for _, item := range items {
		if name, ok := strings.CutPrefix(item, prefix); ok {
			return name
		}
	}
	return ""
}

// takeLock takes the job's lock, or that which its run still has.
func (j *jobRun) takeLock() error {
	ctx, cancel := j.until(false)
	defer cancel()
	lease, err := j.r.o.Locker.Acquire(ctx, j.lock, state.AcquireOptions{
		Description: "nixplan apply: " + j.path,
		Run:         j.r.files.manifest.ID,
		Wait:        j.r.o.LockWait,
		Blocked: func(holders []state.Holder) {
			for _, h := range holders {
				j.notice("Waiting for the lock %s: held by %s", j.lock, h)
			}
		},
		Previous: j.progress.lease,
		Key:      j.leaseKey(),
	})
	var blocked *state.BlockedError
	switch {
	case errors.As(err, &blocked):
		return &stepError{status: Blocked, message: err.Error(), help: j.r.runs.blockedHelp(blocked)}
	case err != nil:
		if stopped := j.halted(); stopped != nil {
			return stopped
		}
		return fmt.Errorf("cannot take the lock %s: %w", j.lock, err)
	}
	j.lease = lease
	if err := j.record(journal.Record{Type: journal.Leased, Lease: lease.ID()}); err != nil {
		return err
	}
	if j.resumed && j.done["get-state"] {
		return j.meanwhile()
	}
	return nil
}

// meanwhile looks whether somebody stored another state since the job was
// interrupted. If the job has nothing to lose it begins with that one.
func (j *jobRun) meanwhile() error {
	err := j.unchanged()
	var changed *state.ConflictError
	if !errors.As(err, &changed) {
		return err
	}
	if j.unsaved() {
		return conflictError(changed)
	}
	j.notice("The state %s changed meanwhile; beginning with it.", changed.Name)
	j.cwd = j.workDir()
	return j.record(journal.Record{Type: journal.JobRestarted})
}

func (r *Runs) blockedHelp(e *state.BlockedError) string {
	for _, h := range e.Holders {
		if h.Abandoned && h.Run != "" {
			if _, err := r.Manifest(h.Run); errors.Is(err, ErrNoRun) {
				return "the files of that run are not here; where they are, carry it on: nixplan apply --resume " + h.Run +
					"\nWhen they are gone, or its state does not matter: nixplan lock release " + text.ShellWord(e.Name)
			}
			return "that run ended without storing its state. Carry it on: nixplan apply --resume " + h.Run +
				"\nOr, if its state does not matter: nixplan lock release " + text.ShellWord(e.Name)
		}
		if h.Abandoned {
			return "nobody who is running holds it. When it is not needed: nixplan lock release " + text.ShellWord(e.Name)
		}
	}
	return "nixplan lock list shows who; --lock-timeout waits longer"
}

// leaseKey names the attempt to take the lock. A lease that was given to a process
// which died before it could write that down is given to the next one.
func (j *jobRun) leaseKey() string {
	name := fmt.Sprintf("nixplan:%s/%s/%d", j.r.files.manifest.ID, j.path, j.leases)
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// releaseTime is how long the release of a lock is tried. One with a server ends by
// itself after some minutes.
const releaseTime = 30 * time.Second

// unlock releases the lock, when nothing runs any more that it protects.
func (j *jobRun) unlock() error {
	if j.lease == nil {
		return nil
	}
	process.EndMarked(j.mark(), endSignal, time.Second)
	patience := min(releaseTime, j.r.o.saveTime())
	if j.r.killed() {
		patience = time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	lease := j.lease
	j.lease = nil
	return lease.Release(ctx)
}

// unpack makes the working directory.
func (j *jobRun) unpack() error {
	if err := os.RemoveAll(j.workDir()); err != nil {
		return err
	}
	if err := os.Mkdir(j.workDir(), 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(j.unpacked(), os.DirFS(j.sourceDir())); err != nil {
		return err
	}
	j.cwd = j.unpacked()
	return nil
}

// unpacked is the working directory, named as src is.
func (j *jobRun) unpacked() string { return filepath.Join(j.workDir(), j.values.SourceName) }
