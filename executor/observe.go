package executor

import (
	"sync"
	"time"
)

// events hands events to an observer one at a time, and never waits for it: a
// terminal that is held, or a pager that nobody turns, must not stop a deployment.
type events struct {
	observe func(Event)
	mu      sync.Mutex
	queue   []Event
	wake    chan struct{} // has room for one
	ended   bool
	done    chan struct{}
}

// lastWords is how long the end of a run waits for an observer to catch up.
const lastWords = 10 * time.Second

func newEvents(observe func(Event)) *events {
	e := &events{observe: observe, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if observe == nil {
		e.observe = func(Event) {}
	}
	go e.run()
	return e
}

func (e *events) put(event Event) {
	e.mu.Lock()
	e.queue = append(e.queue, event)
	e.mu.Unlock()
	e.signal()
}

func (e *events) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *events) run() {
	defer close(e.done)
	for range e.wake {
		e.mu.Lock()
		queue, ended := e.queue, e.ended
		e.queue = nil
		e.mu.Unlock()
		for _, event := range queue {
			e.observe(event)
		}
		if ended {
			return
		}
	}
}

// end waits until the observer has seen everything.
func (e *events) end() {
	e.mu.Lock()
	e.ended = true
	e.mu.Unlock()
	e.signal()
	select {
	case <-e.done:
	case <-time.After(lastWords):
	}
}
