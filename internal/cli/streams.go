package cli

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Streams are a command's surroundings, so that tests can give their own.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// Terminal reports whether Out is one, and Width its columns, or 0.
	Terminal func() bool
	Width    func() int
	// Height is how many lines Out has when it is a terminal, or 0; nil: not known.
	Height func() int
	// InTerminal reports whether In is one, so that somebody can be asked; nil: it
	// is not.
	InTerminal func() bool
	// ErrTerminal reports whether Err is a terminal; nil: it is not.
	ErrTerminal func() bool

	mu   sync.Mutex
	last []func()
}

// atEnd has something done when the command line was run.
func (s *Streams) atEnd(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(s.last, f)
}

// end does what is to be done at the end, once.
func (s *Streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.last {
		f()
	}
	s.last = nil
}

func systemStreams() *Streams {
	out := int(os.Stdout.Fd())
	return &Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv:   os.Getenv,
		Terminal: func() bool { return term.IsTerminal(out) },
		Width: func() int {
			width, _, err := term.GetSize(out)
			if err != nil {
				return 0
			}
			return width
		},
		Height: func() int {
			_, height, err := term.GetSize(out)
			if err != nil {
				return 0
			}
			return height
		},
		InTerminal:  func() bool { return term.IsTerminal(int(os.Stdin.Fd())) },
		ErrTerminal: func() bool { return term.IsTerminal(int(os.Stderr.Fd())) },
	}
}

// workingDir is the directory that relative paths start at.
func workingDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", usagef("cannot tell the working directory (was it removed?): %v", err)
	}
	return dir, nil
}

// color decides whether to paint. mode is "auto", "always" or "never"; auto
// follows https://no-color.org and TERM=dumb.
func (s *Streams) color(mode string) (bool, error) {
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return s.Terminal() && s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb", nil
	}
	return false, usagef("invalid value %q for --color: want auto, always or never", mode)
}

// defaultWidth is for output that goes to no terminal.
const defaultWidth = 100

func (s *Streams) width() int {
	if width := s.Width(); width > 0 {
		return width
	}
	return defaultWidth
}
