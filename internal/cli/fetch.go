package cli

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/nixplan/nixplan/eval/world/fetch"
	"github.com/nixplan/nixplan/internal/text"
)

// fetcher is what builtins.fetchurl and its like fetch with.
func (f *modelFlags) fetcher(streams *Streams) *fetch.Fetcher {
	bar := &progressLine{streams: streams}
	config := fetch.Config{
		CacheDir: cacheDir(streams.Getenv),
		Network:  f.fetch,
		Warn: func(message string) {
			bar.clear()
			fmt.Fprintf(streams.Err, "warning: %s\n", text.Line(message))
		},
	}
	if streams.ErrTerminal != nil && streams.ErrTerminal() {
		config.Progress = bar.show
	}
	fetcher := fetch.New(config)
	streams.atEnd(fetcher.Close)
	return fetcher
}

// cacheDir is where what was fetched is kept: $XDG_CACHE_HOME/nixplan or
// ~/.cache/nixplan; "" when neither can be told. As the XDG specification says,
// a relative XDG_CACHE_HOME does not count.
func cacheDir(getenv func(string) string) string {
	if dir := getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "nixplan")
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "nixplan")
	}
	return ""
}

// progressLine shows a download on one line of a terminal.
type progressLine struct {
	streams *Streams

	mu    sync.Mutex
	since time.Time // when it was painted last
	shown bool
}

const repaint = 100 * time.Millisecond

func (l *progressLine) show(p fetch.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.End {
		l.erase()
		return
	}
	if time.Since(l.since) < repaint {
		return
	}
	l.since, l.shown = time.Now(), true
	amount := megabytes(p.Done)
	if p.Total > 0 {
		amount += " of " + megabytes(p.Total)
	}
	line := text.Line("fetching " + p.URL)
	room := l.streams.width() - text.Width(amount) - 3
	fmt.Fprintf(l.streams.Err, "\r\x1b[K%s  %s", text.Clip(line, max(room, 20)), amount)
}

func (l *progressLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
}

func (l *progressLine) erase() {
	if l.shown {
		fmt.Fprint(l.streams.Err, "\r\x1b[K")
		l.shown = false
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
