package state

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// A wait is one caller's patience with those who hold a lock.
type wait struct {
	o       AcquireOptions
	end     time.Time // of patience, zero: none
	step    time.Duration
	holders []Holder // as last said
}

func newWait(o AcquireOptions) *wait {
	w := &wait{o: o}
	if o.Wait >= 0 {
		w.end = time.Now().Add(o.Wait)
	}
	return w
}

// blocked tells the caller who holds the lock, if that is news.
func (w *wait) blocked(holders []Holder) {
	if w.o.Blocked == nil || sameHolders(holders, w.holders) {
		return
	}
	w.holders = holders
	w.o.Blocked(holders)
}

// pause waits before the next attempt, longer each time; false when there is to be
// none.
func (w *wait) pause(ctx context.Context, first, most time.Duration) (bool, error) {
	w.step = min(max(first, 2*w.step), most)
	pause := jitter(w.step)
	if !w.end.IsZero() {
		left := time.Until(w.end)
		if left <= 0 {
			return false, nil
		}
		pause = min(pause, left) // one more attempt at the very end
	}
	return true, sleep(ctx, pause)
}

// sameHolders compares all but the times, which change with every renewal.
func sameHolders(a, b []Holder) bool {
	return slices.EqualFunc(a, b, func(a, b Holder) bool {
		a.Since, a.Expires, b.Since, b.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return a == b
	})
}

// jitter is a random duration of d, give or take a third.
func jitter(d time.Duration) time.Duration {
	return d*2/3 + rand.N(d*2/3+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
