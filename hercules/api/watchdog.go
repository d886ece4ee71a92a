package api

import (
	"context"
	"errors"
	"io"
	"time"
)

// errIdle is the cause of an attempt's end when nothing moved for too long.
var errIdle = errors.New("nothing arrived or left")

// A watchdog ends an attempt when nothing moves: a whole transfer may take long, but
// a server that hangs is left.
type watchdog struct {
	timer  *time.Timer
	idle   time.Duration
	cancel context.CancelCauseFunc
}

func newWatchdog(ctx context.Context, idle time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watchdog{time.AfterFunc(idle, func() { cancel(errIdle) }), idle, cancel}
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// reader is r, each read of which shows that something moves.
func (w *watchdog) reader(r io.Reader) io.Reader { return &watched{r, w} }

type watched struct {
	io.Reader
	w *watchdog
}

func (r *watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		// One that has fired already has cancelled the attempt for good.
		r.w.timer.Reset(r.w.idle)
	}
	return n, err
}
