package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/nixplan/nixplan/hercules/api"
)

// HerculesLocker keeps locks where Hercules CI keeps those of a project. A lease ends
// by itself when it is not renewed, so nothing is ever abandoned; it can be lost.
type HerculesLocker struct {
	client  *api.Client
	project api.Project
	parent  string
	// How long to wait before asking for a lock again.
	waitFirst, waitMost time.Duration
}

var _ Locker = (*HerculesLocker)(nil)

// NewHerculesLocker is the locker of a project. parent is a lease that the caller has
// and that does not block ("hci lock run" gives it), "" for none.
func NewHerculesLocker(client *api.Client, project api.Project, parent string) *HerculesLocker {
	return &HerculesLocker{client, project, parent, 500 * time.Millisecond, 10 * time.Second}
}

// Place implements [Locker].
func (l *HerculesLocker) Place() string { return herculesPlace(l.client, l.project) }

// ready is an error when there is no project, without which there are no locks.
func (l *HerculesLocker) ready() error {
	if l.project == (api.Project{}) {
		return &ProjectError{"an effect's token does not tell which project's locks to use"}
	}
	return nil
}

// Acquire implements [Locker]. The lease is renewed until it is released, also after
// ctx has ended: what is going on then still needs it.
func (l *HerculesLocker) Acquire(ctx context.Context, name string, o AcquireOptions) (Lease, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	description := describe(o)
	if o.Previous != "" {
		leased, err := l.client.RenewLease(ctx, o.Previous, description)
		if err == nil && leased.Lasts > 0 {
			return l.keep(ctx, leased, description), nil
		}
		if err != nil && !refused(err) {
			return nil, err
		}
	}
	request := api.LockRequest{Description: description, Exclusive: true, Parent: l.parent, Key: cmp.Or(o.Key, api.NewKey())}
	w := newWait(o)
	for {
		leased, blocking, err := l.client.AcquireLock(ctx, l.project, name, request)
		switch {
		case err != nil:
			if ctx.Err() != nil {
				l.takeBack(ctx, name, request)
			}
			return nil, l.explain(err)
		case leased != nil && leased.Lasts > 0:
			return l.keep(ctx, leased, description), nil
		case leased != nil:
			// It ended on its way here.
			request.Key = api.NewKey()
			continue
		}
		holders := herculesHolders(name, blocking)
		w.blocked(holders)
		more, err := w.pause(ctx, l.waitFirst, l.waitMost)
		if err != nil {
			return nil, fmt.Errorf("lock of %q: %w", name, err)
		}
		if !more {
			return nil, &BlockedError{name, holders}
		}
	}
}

// takeBack gives back a lease that may have been given to a request whose answer
// nobody waited for. The same key gets the same lease.
func (l *HerculesLocker) takeBack(ctx context.Context, name string, request api.LockRequest) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if leased, _, err := l.client.AcquireLock(ctx, l.project, name, request); err == nil && leased != nil {
		l.client.ReleaseLease(ctx, leased.ID) // else it ends by itself
	}
}

// describe is what others are told.
func describe(o AcquireOptions) string {
	s := o.Description
	if s == "" {
		s = "nixplan"
	}
	if o.Run != "" {
		s += " (run " + o.Run + " on " + hostName() + ")"
	}
	return s
}

func herculesHolders(name string, leases []api.LeaseHolder) []Holder {
	var holders []Holder
	for _, h := range leases {
		user := h.User
		if user == "" {
			user = h.Job
		}
		holders = append(holders, Holder{
			Name: name, LeaseID: h.ID, Description: h.Description, User: user,
			Since: h.Since.UTC(), Expires: h.Expires.UTC(), Exclusive: h.Exclusive,
		})
	}
	return holders
}

// refused reports whether the server's answer is that there is no such lease, or not
// for us, as opposed to no answer.
func refused(err error) bool {
	var status *api.StatusError
	return errors.As(err, &status) && !status.Temporary()
}

// explain says what a status means here.
func (l *HerculesLocker) explain(err error) error {
	if api.IsStatus(err, http.StatusNotFound) {
		return &ProjectError{fmt.Sprintf("%s has no project %s, or the token is not for it", l.client.Base(), l.project)}
	}
	return err
}

// Holders implements [Locker]. The server tells who holds a lock only to those who ask
// for it, so it is taken, shared, for a moment.
func (l *HerculesLocker) Holders(ctx context.Context, name string) ([]Holder, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	request := api.LockRequest{Parent: l.parent, Description: "nixplan: looking who holds the lock", Key: api.NewKey()}
	leased, blocking, err := l.client.AcquireLock(ctx, l.project, name, request)
	if err != nil {
		if ctx.Err() != nil {
			l.takeBack(ctx, name, request)
		}
		return nil, l.explain(err)
	}
	if leased == nil {
		return herculesHolders(name, blocking), nil
	}
	if err := l.client.ReleaseLease(context.WithoutCancel(ctx), leased.ID); err != nil && !refused(err) {
		return nil, err
	}
	return nil, nil
}

// List implements [Locker]. The server does not list locks; those with the names of
// states are looked at.
func (l *HerculesLocker) List(ctx context.Context) ([]Holder, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	entries, err := NewHerculesStore(l.client, l.project, false).List(ctx)
	if err != nil {
		return nil, err
	}
	var list []Holder
	for _, entry := range entries {
		holders, err := l.Holders(ctx, entry.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, holders...)
	}
	return list, nil
}

// Release implements [Locker]. Whether a lease is still in use the server does not
// know, so it has to be named.
func (l *HerculesLocker) Release(ctx context.Context, name, leaseID string) error {
	if leaseID == "" {
		holders, err := l.Holders(ctx, name)
		if err == nil && len(holders) == 0 {
			err = fmt.Errorf("lock of %q: %w", name, ErrNoLease)
		}
		if err == nil {
			err = &BlockedError{name, holders}
		}
		return err
	}
	if _, err := uuid.Parse(leaseID); err != nil {
		return fmt.Errorf("lock of %q: %w: %q is not the id of one", name, ErrNoLease, leaseID)
	}
	err := l.client.ReleaseLease(ctx, leaseID)
	if api.IsStatus(err, http.StatusNotFound) {
		err = fmt.Errorf("lock of %q: %w as %s", name, ErrNoLease, leaseID)
	}
	return err
}

// longestRenewal is how long a lease is left alone.
const longestRenewal = 3 * time.Minute

// herculesLease is a lease that is renewed in the background.
type herculesLease struct {
	client      *api.Client
	id          string
	description string
	lost        chan struct{}
	stop        context.CancelFunc
	stopped     chan struct{} // closed when nothing is renewed any more

	mu       sync.Mutex
	released bool
}

func (l *HerculesLocker) keep(ctx context.Context, leased *api.Leased, description string) Lease {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	lease := &herculesLease{
		client: l.client, id: leased.ID, description: description,
		lost: make(chan struct{}), stop: stop, stopped: make(chan struct{}),
	}
	go lease.renew(ctx, leased)
	return lease
}

func (l *herculesLease) ID() string            { return l.id }
func (l *herculesLease) Lost() <-chan struct{} { return l.lost }
func (l *herculesLease) Files() []*os.File     { return nil }

// renew keeps the lease until ctx ends or it is lost.
func (l *herculesLease) renew(ctx context.Context, leased *api.Leased) {
	defer close(l.stopped)
	for {
		end := leased.Asked.Add(leased.Lasts)
		if sleepAwake(ctx, min(time.Until(end)/3, longestRenewal)) != nil {
			return
		}
		next, err := l.renewOnce(ctx, end)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && next.Lasts > 0:
			leased = next
		case err == nil || refused(err) || !time.Now().Before(end):
			close(l.lost)
			return
		}
	}
}

// renewOnce tries for as long as the lease lasts.
func (l *herculesLease) renewOnce(ctx context.Context, end time.Time) (*api.Leased, error) {
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	return l.client.RenewLease(ctx, l.id, l.description)
}

// sleepAwake sleeps for d, or less when the machine was asleep meanwhile: timers stand
// still then, and leases do not.
func sleepAwake(ctx context.Context, d time.Duration) error {
	const look = 10 * time.Second
	end := time.Now().Round(0).Add(d) // without the monotonic clock
	for {
		left := end.Sub(time.Now().Round(0))
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, min(left, look, d)); err != nil {
			return err
		}
	}
}

// Release implements [Lease].
func (l *herculesLease) Release(ctx context.Context) error {
	l.stop()
	<-l.stopped
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return nil
	}
	if err := l.client.ReleaseLease(ctx, l.id); err != nil && !api.IsStatus(err, http.StatusNotFound) {
		return err
	}
	l.released = true
	return nil
}
