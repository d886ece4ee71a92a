package apitest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"time"
)

var discard = log.New(io.Discard, "", 0)

// Fault is what happens to some requests instead of, or besides, an answer. Of
// several that fit a request the first counts.
type Fault struct {
	// Name is for those who read [Request].
	Name string `json:"name,omitempty"`
	// Method is "" for any, Path a regular expression that the escaped path matches.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Nth is the first of the requests that fit to be hit, from 1; 0 is 1. Times is how
	// many are hit from there on; 0 is one, negative all.
	Nth   int `json:"nth,omitempty"`
	Times int `json:"times,omitempty"`

	// Status answers with it, at once when Body is not read. Header are added.
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Text   string            `json:"text,omitempty"` // of the answer
	// Reset cuts the connection: "before" the request's body is read, "after" it was
	// read but nothing done, "done" when the request had its effect.
	Reset string `json:"reset,omitempty"`
	// Tear sends as many bytes of the answer's body and cuts the connection; -1 is none.
	Tear int `json:"tear,omitempty"`
	// TearRequest reads as many bytes of the request's body and cuts the connection.
	TearRequest int `json:"tear_request,omitempty"`
	// Hang gives no answer before the client goes; the request has no effect.
	Hang bool `json:"hang,omitempty"`
	// HangAfter gives no answer, but the request has its effect.
	HangAfter bool `json:"hang_after,omitempty"`
	// Delay is how long the server thinks before what follows.
	Delay Duration `json:"delay,omitempty"`
	// Redirect sends the request to this address, with its path and query added.
	// Status may say how; 0 is 307.
	Redirect string `json:"redirect,omitempty"`
	// Longer is how many bytes the Content-Length is more than there are.
	Longer int `json:"longer,omitempty"`
}

// Duration is a time.Duration, in JSON a string such as "300ms".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

type fault struct {
	Fault
	path *regexp.Regexp
	seen int
}

// Fail adds a fault; it panics when Path is no regular expression.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{Fault: f, path: regexp.MustCompile(f.Path)})
}

// ClearFaults lets the server work again.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// meet is the fault that a request hits, nil for none. Every fault counts the
// requests that fit. The mutex is held.
func (s *Server) meet(r *Request) *Fault {
	var hit *Fault
	for _, f := range s.faults {
		if f.Method != "" && f.Method != r.Method || !f.path.MatchString(r.Path) {
			continue
		}
		f.seen++
		first, times := max(f.Nth, 1), f.Times
		if times == 0 {
			times = 1
		}
		if hit == nil && f.seen >= first && (times < 0 || f.seen < first+times) {
			hit = &f.Fault
		}
	}
	if hit != nil {
		if r.Fault = hit.Name; r.Fault == "" {
			r.Fault = "fault"
		}
	}
	return hit
}

// answer serves a request that may meet a fault.
func (s *Server) answer(w *recorder, r *http.Request, f *Fault, next http.Handler) {
	if f == nil {
		next.ServeHTTP(w, r)
		return
	}
	if f.Delay > 0 && !s.pause(r, time.Duration(f.Delay)) {
		return
	}
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	switch {
	case f.Reset == "before":
		cut(w)
	case f.TearRequest > 0:
		io.CopyN(io.Discard, r.Body, int64(f.TearRequest))
		cut(w)
	case f.Hang:
		w.read(r) // the server notices that the client goes only then
		s.pause(r, -1)
	case f.Reset == "after":
		w.read(r)
		cut(w)
	case f.Redirect != "":
		w.read(r)
		status := f.Status
		if status == 0 {
			status = http.StatusTemporaryRedirect
		}
		w.Header().Set("Location", f.Redirect+r.URL.RequestURI())
		w.WriteHeader(status)
	case f.Status != 0:
		w.read(r)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(f.Status)
		io.WriteString(w, f.Text)
	default:
		s.spoil(w, r, f, next)
	}
}

// spoil lets a request have its effect and spoils the answer.
func (s *Server) spoil(w *recorder, r *http.Request, f *Fault, next http.Handler) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(&recorder{answer, s, w.note}, r)
	body := answer.Body.Bytes()
	switch {
	case f.Reset == "done":
		cut(w)
		return
	case f.HangAfter:
		s.pause(r, -1)
		return
	case f.Tear == 0 && f.Longer == 0:
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		w.Write(body)
		return
	}
	// net/http does not let a handler lie.
	length, sent := len(body)+f.Longer, body
	if f.Tear != 0 {
		sent = body[:min(max(f.Tear, 0), len(body))]
	}
	conn, out, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	header := answer.Header()
	header.Set("Content-Length", strconv.Itoa(length))
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", answer.Code, http.StatusText(answer.Code))
	header.Write(&head)
	head.WriteString("\r\n")
	out.Write(head.Bytes())
	out.Write(sent)
	out.Flush()
}

// pause waits, without end when d is negative; false when the client or the server
// went meanwhile.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	var over <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

// cut resets the connection.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // a reset rather than a polite end
	}
	conn.Close()
}
