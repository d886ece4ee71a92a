package redact

import "io"

// stream is the state of one output. Positions count the bytes read from its
// beginning.
type stream struct {
	r *Redactor

	held    []byte // what was read and not passed on
	start   int64  // position of held[0]
	covered []span // parts of values, sorted and apart; some may reach before start
	marked  int64  // end of the last part that a mark was written for, if it goes on

	plain, wrapped int32   // states
	places         []int64 // ring: positions of the last characters that wrapped saw
	seen           int64   // how many it saw
}

type span struct{ start, end int64 }

func newStream(r *Redactor) *stream {
	longest := int32(0)
	for i := range r.wrapped.states {
		longest = max(longest, r.wrapped.states[i].depth)
	}
	return &stream{r: r, marked: -1, places: make([]int64, longest+1)}
}

// maxGap is how much white space may be between two characters of a wrapped
// value: a line end and indentation.
const maxGap = 64

// feed reads more of the output.
func (s *stream) feed(p []byte) {
	at := s.start + int64(len(s.held))
	s.held = append(s.held, p...)
	plain, wrapped := s.r.plain, s.r.wrapped
	for _, c := range p {
		s.plain = plain.step(s.plain, c)
		if n := plain.states[s.plain].match; n > 0 {
			s.cover(span{at + 1 - int64(n), at + 1})
		}
		if c == '\n' || c == '\r' || c == ' ' || c == '\t' {
			if s.wrapped != 0 && at-s.place(1) >= maxGap {
				s.wrapped = 0
			}
		} else {
			s.wrapped = wrapped.step(s.wrapped, c)
			s.places[s.seen%int64(len(s.places))] = at
			s.seen++
			if n := wrapped.states[s.wrapped].match; n > 0 {
				s.cover(span{s.place(int64(n)), at + 1})
			}
		}
		at++
	}
}

// place is the position of the character that wrapped saw n characters ago.
func (s *stream) place(n int64) int64 { return s.places[(s.seen-n)%int64(len(s.places))] }

// cover notes a part of the output that is a value.
func (s *stream) cover(c span) {
	for n := len(s.covered); n > 0 && s.covered[n-1].end >= c.start; n-- {
		c.start = min(c.start, s.covered[n-1].start)
		s.covered = s.covered[:n-1]
	}
	s.covered = append(s.covered, c)
}

func (s *stream) end() int64 { return s.start + int64(len(s.held)) }

// begun is where the text begins that may be the beginning of a value, and how
// many of its characters are one.
func (s *stream) begun() (at int64, length int32) {
	at = s.end()
	if depth := s.r.plain.states[s.plain].depth; depth > 0 {
		at, length = at-int64(depth), depth
	}
	if depth := s.r.wrapped.states[s.wrapped].depth; depth > 0 {
		at, length = min(at, s.place(int64(depth))), max(length, depth)
	}
	return at, length
}

// coverRest covers what is left at the end of the output when it is at least
// half of a value, as if the program was killed while it wrote one.
func (s *stream) coverRest() {
	end := s.end()
	if n := s.r.plain.states[s.plain]; n.depth > 0 && 2*n.depth >= n.least {
		s.cover(span{end - int64(n.depth), end})
	}
	if n := s.r.wrapped.states[s.wrapped]; n.depth > 0 && 2*n.depth >= n.least {
		s.cover(span{s.place(int64(n.depth)), s.place(1) + 1})
	}
}

// release passes on what was read before a position, without the values.
func (s *stream) release(w io.Writer, until int64) error {
	until = max(until, s.start)
	var out []byte
	at := s.start
	done := 0
	for _, c := range s.covered {
		if c.start >= until {
			break
		}
		if c.start > at {
			out = append(out, s.held[at-s.start:c.start-s.start]...)
			at = c.start
		}
		// A value whose mark was written may turn out to be longer.
		if s.marked < c.start {
			out = append(out, Mark...)
		}
		at = max(at, min(c.end, until))
		s.marked = at
		if c.end > until {
			break
		}
		done++
	}
	if at < until {
		out = append(out, s.held[at-s.start:until-s.start]...)
	}
	s.covered = append(s.covered[:0], s.covered[done:]...)
	n := copy(s.held, s.held[until-s.start:])
	clear(s.held[n:])
	s.held = s.held[:n]
	s.start = until
	if len(out) == 0 {
		return nil
	}
	_, err := w.Write(out)
	clear(out)
	return err
}
