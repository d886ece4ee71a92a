package state

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

// FileLocker keeps locks in a directory of this machine, the same as a [FileStore]'s.
//
// Who holds a lock has an flock, which ends with the last process that shares it,
// and a lease file, which stays when they die. A lease file without an flock is one
// that was abandoned: nobody gets that lock before the run was resumed or its lease
// released by hand, since the deployment it began may be half done and its state
// not saved.
type FileLocker struct{ dir *directory }

var _ Locker = (*FileLocker)(nil)

// NewFileLocker is a locker in a directory, which is created when a lock is first
// taken. The path is absolute.
func NewFileLocker(path string) *FileLocker { return &FileLocker{newDirectory(path)} }

// Place implements [Locker].
func (l *FileLocker) Place() string { return "directory " + l.dir.path }

// leaseRecord is what a lease file says.
type leaseRecord struct {
	ID          string    `json:"lease_id"`
	Run         string    `json:"run,omitempty"`
	Description string    `json:"description,omitempty"`
	User        string    `json:"user,omitempty"`
	Host        string    `json:"host,omitempty"`
	Since       time.Time `json:"since"`
	process
}

func (r *leaseRecord) holder(name string, held bool) Holder {
	h := Holder{
		Name: name, LeaseID: r.ID, Description: r.Description, User: r.User, Host: r.Host,
		Run: r.Run, PID: r.PID, Since: r.Since, Exclusive: true, Abandoned: !held,
	}
	h.Orphaned = held && r.Host == hostName() && !r.process.alive()
	return h
}

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// readLease reads the lease file of a name, nil when there is none. One that cannot
// be understood stands for somebody whom nobody knows.
func readLease(dir string) (*leaseRecord, error) {
	data, err := os.ReadFile(filepath.Join(dir, leaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	record := &leaseRecord{}
	if json.Unmarshal(data, record) != nil || record.ID == "" {
		record = &leaseRecord{ID: "unknown", Description: "the lease file cannot be read: " + filepath.Join(dir, leaseFile)}
	}
	return record, nil
}

// Acquire implements [Locker].
func (l *FileLocker) Acquire(ctx context.Context, name string, o AcquireOptions) (Lease, error) {
	dir, err := l.dir.create(name)
	if err != nil {
		return nil, l.explain(name, err)
	}
	w := newWait(o)
	for {
		lease, holder, err := l.try(ctx, dir, name, o)
		if err != nil {
			return nil, l.explain(name, err)
		}
		if lease != nil {
			return lease, nil
		}
		holders := []Holder{*holder}
		w.blocked(holders)
		if holder.Abandoned {
			return nil, &BlockedError{name, holders}
		}
		more, err := w.pause(ctx, fileWaitFirst, fileWaitMost)
		if err != nil {
			return nil, l.explain(name, err)
		}
		if !more {
			return nil, &BlockedError{name, holders}
		}
	}
}

// How long to wait before looking at a lock again.
const (
	fileWaitFirst = 20 * time.Millisecond
	fileWaitMost  = 500 * time.Millisecond
)

// try takes the lock if it is free, else it says who has it.
func (l *FileLocker) try(ctx context.Context, dir, name string, o AcquireOptions) (Lease, *Holder, error) {
	var lease *fileLease
	var holder *Holder
	err := exclusively(ctx, dir, func() error {
		if err := sweep(dir); err != nil {
			return err
		}
		f, err := openLock(filepath.Join(dir, lockFile))
		if err != nil {
			return err
		}
		held, err := l.look(f, dir, name)
		if err != nil {
			f.Close()
			return err
		}
		takeOver := held != nil && held.Abandoned && (held.LeaseID == o.Previous || o.Run != "" && held.Run == o.Run)
		if held != nil && !takeOver {
			holder = held
			return f.Close()
		}
		record := &leaseRecord{
			ID: uuid.NewString(), Run: o.Run, Description: o.Description,
			User: userName(), Host: hostName(), Since: time.Now().UTC().Truncate(time.Millisecond), process: thisProcess(),
		}
		if takeOver && held.LeaseID == o.Previous {
			record.ID = held.LeaseID
		}
		data, err := json.MarshalIndent(record, "", "  ")
		if err == nil {
			err = l.dir.writeFile(filepath.Join(dir, leaseFile), append(data, '\n'))
		}
		if err != nil {
			if !takeOver {
				err = errors.Join(err, removeLease(dir))
			}
			f.Close()
			return err
		}
		lease = &fileLease{dir: dir, id: record.ID, file: f, lost: make(chan struct{})}
		return nil
	})
	if lease == nil {
		return nil, holder, err
	}
	return lease, nil, err
}

// look says who holds a lock, nil when it is free. Then, and when it was abandoned,
// the flock of f is held on return. The mutex is held.
func (l *FileLocker) look(f *os.File, dir, name string) (*Holder, error) {
	free, err := tryFlock(f)
	if err != nil {
		return nil, err
	}
	record, err := readLease(dir)
	if err != nil {
		return nil, err
	}
	if record == nil {
		if free {
			return nil, nil
		}
		record = &leaseRecord{} // released, but for the last of the flock
	}
	h := record.holder(name, !free)
	return &h, nil
}

// List implements [Locker].
func (l *FileLocker) List(ctx context.Context) ([]Holder, error) {
	names, err := l.dir.names()
	if err != nil {
		return nil, fmt.Errorf("cannot list the locks: %w", err)
	}
	var holders []Holder
	for _, name := range names {
		holder, err := l.holder(ctx, name)
		if err != nil {
			return nil, l.explain(name, err)
		}
		if holder != nil {
			holders = append(holders, *holder)
		}
	}
	return holders, nil
}

// Holders implements [Locker].
func (l *FileLocker) Holders(ctx context.Context, name string) ([]Holder, error) {
	known, err := l.dir.known(name)
	if err != nil || !known {
		return nil, l.explain(name, err)
	}
	holder, err := l.holder(ctx, name)
	if err != nil || holder == nil {
		return nil, l.explain(name, err)
	}
	return []Holder{*holder}, nil
}

// holder is who holds the lock of a name that has a directory.
func (l *FileLocker) holder(ctx context.Context, name string) (*Holder, error) {
	dir := l.dir.of(name)
	if !exists(filepath.Join(dir, lockFile)) && !exists(filepath.Join(dir, leaseFile)) {
		return nil, nil // nobody ever took it, and looking should change nothing
	}
	var holder *Holder
	err := exclusively(ctx, dir, func() error {
		f, err := openLock(filepath.Join(dir, lockFile))
		if err != nil {
			return err
		}
		defer f.Close()
		holder, err = l.look(f, dir, name)
		return err
	})
	return holder, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Release implements [Locker]. A lease whose run, or something it started, still
// runs is not released: end that first.
func (l *FileLocker) Release(ctx context.Context, name, leaseID string) error {
	if known, err := l.dir.known(name); err != nil || !known {
		return l.explain(name, cmp.Or(err, ErrNoLease))
	}
	dir := l.dir.of(name)
	return l.explain(name, exclusively(ctx, dir, func() error {
		f, err := openLock(filepath.Join(dir, lockFile))
		if err != nil {
			return err
		}
		defer f.Close()
		holder, err := l.look(f, dir, name)
		switch {
		case err != nil:
			return err
		case holder == nil || leaseID != "" && holder.LeaseID != leaseID:
			return ErrNoLease
		case !holder.Abandoned:
			return &BlockedError{name, []Holder{*holder}}
		}
		return removeLease(dir)
	}))
}

func removeLease(dir string) error {
	if err := os.Remove(filepath.Join(dir, leaseFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(dir)
}

// explain says of an error what was to be done.
func (l *FileLocker) explain(name string, err error) error {
	var blocked *BlockedError
	if err == nil || errors.As(err, &blocked) {
		return err
	}
	return fmt.Errorf("lock of %q: %w", name, err)
}

// fileLease is a lock that this process holds. It is never lost.
type fileLease struct {
	dir, id string
	lost    chan struct{}

	mu   sync.Mutex
	file *os.File // nil after Release
}

func (l *fileLease) ID() string            { return l.id }
func (l *fileLease) Lost() <-chan struct{} { return l.lost }

func (l *fileLease) Files() []*os.File {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return []*os.File{l.file}
}

func (l *fileLease) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := exclusively(ctx, l.dir, func() error {
		if err := removeLease(l.dir); err != nil {
			return err
		}
		// Something that the run started and left behind must not keep the lock.
		return unflock(l.file)
	})
	if err != nil {
		return fmt.Errorf("cannot release the lock: %w", err)
	}
	err = l.file.Close()
	l.file = nil
	return err
}
