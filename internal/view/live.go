package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
)

// live shows events on a terminal: what happened above, and at the bottom a line for
// each job that runs, with its step, how long that has taken, and the last line of
// output.
type live struct {
	mu    sync.Mutex
	w     io.Writer
	t     *eventText
	o     EventOptions
	jobs  []*liveJob
	drawn int // lines at the bottom
	stop  chan struct{}
}

type liveJob struct {
	path, step, last string
	since            time.Time
}

func newLive(w io.Writer, t *eventText, o EventOptions) *live {
	return &live{w: w, t: t, o: o}
}

func (l *live) event(e executor.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop == nil {
		l.stop = make(chan struct{})
		go l.tick(l.stop)
	}
	l.note(e)
	var b strings.Builder
	l.erase(&b)
	b.WriteString(l.t.lines(e))
	if e.Type == executor.RunEnded {
		close(l.stop)
		l.jobs = nil
	}
	l.draw(&b)
	io.WriteString(l.w, b.String())
}

// tick draws again, for the time that has passed.
func (l *live) tick(stop chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			l.mu.Lock()
			var b strings.Builder
			l.erase(&b)
			l.draw(&b)
			io.WriteString(l.w, b.String())
			l.mu.Unlock()
		}
	}
}

func (l *live) note(e executor.Event) {
	switch e.Type {
	case executor.JobStarted:
		l.jobs = append(l.jobs, &liveJob{path: e.Job, since: e.Time})
		return
	case executor.JobEnded:
		for i, job := range l.jobs {
			if job.path == e.Job {
				l.jobs = append(l.jobs[:i], l.jobs[i+1:]...)
				return
			}
		}
		return
	}
	for _, job := range l.jobs {
		if job.path != e.Job {
			continue
		}
		switch e.Type {
		case executor.StepStarted:
			job.step, job.last, job.since = e.Step, "", e.Time
		case executor.Output, executor.Notice:
			job.last = e.Text
		}
	}
}

func (l *live) erase(b *strings.Builder) {
	if l.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\x1b[J", l.drawn)
	}
	l.drawn = 0
}

// shown is for how many jobs there is room. The cursor does not get back to lines that
// have left the terminal at its top.
func (l *live) shown() int {
	height := 0
	if l.o.Height != nil {
		height = l.o.Height()
	}
	if height == 0 || len(l.jobs) < height {
		return len(l.jobs)
	}
	// A line for the cursor and one for those that are left out.
	return max(height-2, 0)
}

func (l *live) draw(b *strings.Builder) {
	shown := l.shown()
	for _, job := range l.jobs[:shown] {
		line := fmt.Sprintf("%s %s %s", text.Line(job.path), job.step, time.Since(job.since).Round(time.Second))
		if job.last != "" {
			line += "  " + text.Line(job.last)
		}
		l.drawLine(b, line)
	}
	if more := len(l.jobs) - shown; more > 0 {
		l.drawLine(b, fmt.Sprintf("and %d more jobs", more))
	}
}

func (l *live) drawLine(b *strings.Builder, line string) {
	b.WriteString(l.t.style.Dim(text.Clip(line, l.o.Width()-1)) + "\n")
	l.drawn++
}
