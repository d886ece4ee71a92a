package planner

import "io"

// onceWriter writes each text once. A program is evaluated for several refs, and
// says the same for each of them.
type onceWriter struct {
	w    io.Writer
	seen map[string]bool
}

// maxSeen bounds what a onceWriter remembers; after so many different lines the
// rest is dropped.
const maxSeen = 10_000

// once gives a writer whose writes are lines, nil for nil.
func once(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	return &onceWriter{w, map[string]bool{}}
}

func (o *onceWriter) Write(line []byte) (int, error) {
	if o.seen[string(line)] || len(o.seen) == maxSeen {
		return len(line), nil
	}
	o.seen[string(line)] = true
	return o.w.Write(line)
}
