package redact

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"
)

// idle is how long what follows a line end may wait for what decides whether it
// is the beginning of a value.
const idle = 100 * time.Millisecond

type writer struct {
	mu     sync.Mutex
	w      io.Writer
	stream *stream
	timer  *time.Timer
	err    error
	closed bool
}

func newWriter(r *Redactor, w io.Writer) *writer {
	out := &writer{w: w, stream: newStream(r)}
	out.timer = time.AfterFunc(time.Hour, out.flush)
	out.timer.Stop()
	return out
}

// Write reports an error of the underlying writer, also one of an earlier call.
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, fs.ErrClosed
	}
	if w.err != nil {
		return 0, w.err
	}
	w.timer.Stop()
	w.stream.feed(p)
	at, length := w.stream.begun()
	if w.err = w.stream.release(w.w, at); w.err != nil {
		return 0, w.err
	}
	if n := len(w.stream.held); n > 0 && length < MinLength && w.stream.held[n-1] == '\n' {
		w.timer.Reset(idle)
	}
	return len(p), nil
}

// flush passes on a line that is followed by nothing, although a value could
// begin with its last few characters. If it does, what follows is redacted.
func (w *writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.stream.held)
	if _, length := w.stream.begun(); w.closed || w.err != nil || n == 0 || length >= MinLength || w.stream.held[n-1] != '\n' {
		return // there was a write meanwhile
	}
	w.err = w.stream.release(w.w, w.stream.end())
}

// Close passes on what is left. It can be called twice.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	w.timer.Stop()
	w.stream.coverRest()
	return errors.Join(w.err, w.stream.release(w.w, w.stream.end()))
}
