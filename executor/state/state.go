// Package state keeps what deployments leave behind: NixOps' state and the known
// hosts, by name, every version of them, and the locks that keep two runs from
// deploying the same one at once.
//
// State holds private keys in clear. Nothing here writes it anywhere but where the
// backend keeps it, and no error quotes it.
package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nixplan/nixplan/internal/text"
)

// ErrNotExist says that there is no state of a name, or no such version of it. For
// a new deployment that is no failure.
var ErrNotExist = errors.New("there is no such state")

// Version names one stored version of a state.
type Version struct {
	// Number counts from 1; 0 where the backend does not number.
	Number int `json:"number,omitempty"`
	// SHA256 is that of the content, in lower-case hexadecimal digits. Only in lists of
	// Hercules CI it may be empty, and Size -1: the server does not always say.
	SHA256 string `json:"sha256"`
	// Time is when it was stored, zero where the backend does not tell.
	Time time.Time `json:"time,omitzero"`
	Size int64     `json:"size"` // bytes
	// Uploader is who stored it, Job what for; empty where nobody says.
	Uploader string `json:"uploader,omitempty"`
	Job      string `json:"job,omitempty"`
}

// versionOf is the version that data would be, without number and time.
func versionOf(data []byte) Version {
	sum := sha256.Sum256(data)
	return Version{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
}

// File is a version with its content.
type File struct {
	Data    []byte
	Version Version
}

// Entry is a name that something is stored under.
type Entry struct {
	Name   string  `json:"name"`
	Newest Version `json:"newest"`
}

// Store keeps states by name. A name is any text; what a backend cannot take is an
// error of its methods. All methods may be called concurrently.
type Store interface {
	// Get gives the newest version of a state, ErrNotExist when there is none.
	Get(ctx context.Context, name string) (*File, error)
	// GetVersion gives one version by its number.
	GetVersion(ctx context.Context, name string, number int) (*File, error)
	// Put stores data as the newest version. base is what the caller read (nil:
	// there was none). When the newest is another one by now, nothing is stored and
	// the error is a *ConflictError. Data that equals the newest is no conflict and
	// stores nothing.
	Put(ctx context.Context, name string, data []byte, base *Version) (Version, error)
	// Replace stores data as the newest version whatever the newest is now.
	Replace(ctx context.Context, name string, data []byte) (Version, error)
	// List gives the names that have a version, sorted.
	List(ctx context.Context) ([]Entry, error)
	// Versions gives the versions of a state, newest first; ErrNotExist when there
	// are none.
	Versions(ctx context.Context, name string) ([]Version, error)
	// Place says where the states are, for people: "directory /srv/state".
	Place() string
	// PutCommand is a command line that stores a file under a name by hand, where the
	// newest version is base (nil: there is none).
	PutCommand(name, file string, base *Version) []string
}

// putCommand is a command line that stores a file, with the flags that choose a
// backend.
func putCommand(name, file string, base *Version, backend ...string) []string {
	argv := append([]string{"nixplan", "state", "put"}, backend...)
	argv = append(argv, "--file", file)
	if base != nil {
		argv = append(argv, "--base", base.SHA256)
	}
	if strings.HasPrefix(name, "-") {
		argv = append(argv, "--")
	}
	return append(argv, name)
}

// ConflictError says that a state changed since it was read.
type ConflictError struct {
	Name         string
	Base, Newest *Version // nil: there was none, there is none
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("state %s changed meanwhile: it was %s and is now %s", strconv.Quote(e.Name), e.Base.brief(), e.Newest.brief())
}

func (v *Version) brief() string {
	switch {
	case v == nil:
		return "not there"
	case v.Number == 0:
		return "sha256 " + v.SHA256[:min(12, len(v.SHA256))]
	}
	return fmt.Sprintf("version %d", v.Number)
}

// sameContent reports whether two versions, nil for none, have the same content.
func sameContent(a, b *Version) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.SHA256 == b.SHA256
}

// Locker keeps runs apart. A lock has a name, usually that of a state, and is held
// through a lease.
type Locker interface {
	// Acquire takes the exclusive lock of a name. While others hold it, it waits as
	// o says; then the error is a *BlockedError. For a lease that an interrupted run
	// left behind on this machine it does not wait: nobody is going to release it.
	Acquire(ctx context.Context, name string, o AcquireOptions) (Lease, error)
	// List gives the leases that can be known, sorted by name: held now, or left by
	// an interrupted run.
	List(ctx context.Context) ([]Holder, error)
	// Holders gives the leases of one lock, as List does.
	Holders(ctx context.Context, name string) ([]Holder, error)
	// Release ends a lease by hand. Of a lease whose run is still going the error is
	// a *BlockedError, where the backend can tell. leaseID "" is the one there is; where
	// the backend cannot tell whether it is in use, that is a *BlockedError too, and it
	// has to be named. ErrNoLease: there is none, or none of that id.
	Release(ctx context.Context, name, leaseID string) error
	// Place says where the locks are, for people.
	Place() string
}

// ErrNoLease says that there is no lease to release.
var ErrNoLease = errors.New("there is no such lease")

// AcquireOptions say how to take a lock.
type AcquireOptions struct {
	Description string // for those who are blocked
	Run         string // id of the run that takes it
	// Wait is how long to wait for others: 0 not at all, negative without end.
	Wait time.Duration
	// Blocked is called when the lock turns out to be held, and whenever the holders
	// change; may be nil.
	Blocked func([]Holder)
	// Previous is a lease that an interrupted run left. It is taken over if it still
	// is the one that holds the lock; so is one that names Run.
	Previous string
	// Key is a UUID that names this attempt. Made again with the same key it gets the
	// lease that it got already, if that still lasts. "": a random one.
	Key string
}

// Holder is a lease as others see it. Fields that a backend does not know are zero.
type Holder struct {
	Name        string    `json:"name"`
	LeaseID     string    `json:"lease_id"`
	Description string    `json:"description,omitempty"`
	User        string    `json:"user,omitempty"`
	Host        string    `json:"host,omitempty"`
	PID         int       `json:"pid,omitempty"`
	Run         string    `json:"run,omitempty"`
	Since       time.Time `json:"since,omitzero"`
	Expires     time.Time `json:"expires,omitzero"`
	Exclusive   bool      `json:"exclusive"`
	// Abandoned: the run died without releasing it, and nothing it started is
	// running any more.
	Abandoned bool `json:"abandoned"`
	// Orphaned: the run died, but something it started is still running and holds
	// the lock.
	Orphaned bool `json:"orphaned"`
}

// String describes a holder to people, in one line without its name.
func (h Holder) String() string {
	who := "somebody"
	switch {
	case h.Run != "":
		who = "run " + h.Run
	case h.User != "":
		who = h.User
	}
	s := who
	if h.Run != "" && h.User != "" {
		s += " of " + h.User
	}
	if h.Host != "" {
		s += " on " + h.Host
	}
	if h.PID != 0 {
		s += fmt.Sprintf(" (process %d)", h.PID)
	}
	if !h.Since.IsZero() {
		s += " since " + h.Since.UTC().Format(time.RFC3339)
	}
	if h.Description != "" {
		s += ": " + h.Description
	}
	switch {
	case h.Abandoned:
		s += " [abandoned]"
	case h.Orphaned:
		s += " [the run died, what it started is still running]"
	}
	return text.Line(s)
}

// BlockedError says that others hold a lock.
type BlockedError struct {
	Name    string
	Holders []Holder
}

func (e *BlockedError) Error() string {
	s := "the lock of " + strconv.Quote(e.Name) + " is held"
	for i, h := range e.Holders {
		if i == 0 {
			s += " by "
		} else {
			s += "; by "
		}
		s += h.String()
	}
	return s
}

// Abandoned reports whether no holder is running any more, so that waiting is of no
// use.
func (e *BlockedError) Abandoned() bool {
	for _, h := range e.Holders {
		if !h.Abandoned {
			return false
		}
	}
	return len(e.Holders) > 0
}

// Lease is a lock that is held.
type Lease interface {
	ID() string
	// Lost is closed when the lease can no longer be relied on: it expired before it
	// could be renewed, or the server no longer knows it.
	Lost() <-chan struct{}
	// Files are descriptors that children have to inherit (os/exec's ExtraFiles) so
	// that the lock is held until they have ended, even if this process is killed.
	// Often there are none.
	Files() []*os.File
	// Release ends the lease, also if children still run. Calling it again does
	// nothing.
	Release(ctx context.Context) error
}
