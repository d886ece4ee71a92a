package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/text"
)

// Retry tells that something is going to be tried again.
type Retry struct {
	What    string        // "upload state \"x\""
	Attempt int           // the one that failed, from 1
	Err     error         // why
	Wait    time.Duration // until the next
	Left    time.Duration // until it is given up; negative: never
}

// StatusError is an answer that is not what was asked for.
type StatusError struct {
	What   string
	Status int
	// Message is what the server says about it, in one line; often empty.
	Message string
	after   time.Duration // from Retry-After
}

func (e *StatusError) Error() string {
	s := strings.TrimSpace(fmt.Sprintf("%s: the server answers %d %s", e.What, e.Status, http.StatusText(e.Status)))
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Temporary reports whether the same request may succeed later.
func (e *StatusError) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.Status >= 500
}

// IsStatus reports whether an error is an answer with one of some statuses.
func IsStatus(err error, statuses ...int) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return false
	}
	for _, s := range statuses {
		if s == status.Status {
			return true
		}
	}
	return false
}

// GaveUpError says that something was tried until there was no time left. It wraps
// the last failure and, when it was the context that ended, its cause.
type GaveUpError struct {
	Attempts int
	After    time.Duration
	Last     error
	Cause    error
}

func (e *GaveUpError) Error() string {
	s := fmt.Sprintf("%v (given up after %d attempts in %s", e.Last, e.Attempts, e.After.Round(time.Millisecond))
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s + ")"
}

func (e *GaveUpError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Last}
	}
	return []error{e.Last, e.Cause}
}

// transportError is a request that got no answer, or not all of it.
type transportError struct {
	what string
	err  error
}

func (e *transportError) Error() string { return e.what + ": " + e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// failed is the error of a request that got no complete answer.
func (c *Client) failed(ctx context.Context, r call, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errIdle) {
		err = fmt.Errorf("%w for %s", errIdle, c.o.Idle)
	} else if urlError := (*url.Error)(nil); errors.As(err, &urlError) {
		err = urlError.Err // the rest is what we asked for
	}
	return &transportError{r.what, err}
}

// temporary reports whether to try again after an error.
func temporary(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Temporary()
	}
	// Whom we talk to does not become somebody else by asking again.
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if isRedirectError(err) || errors.As(err, &unverified) || errors.As(err, &unknown) {
		return false
	}
	var transport *transportError
	return errors.As(err, &transport)
}

// do makes a request until it succeeds, fails for good, or there is no time left.
func (c *Client) do(ctx context.Context, r call) (*answer, error) {
	var a *answer
	err := c.retry(ctx, r.what, func() (err error) {
		a, err = c.once(ctx, r)
		return err
	})
	return a, err
}

// retry calls f until it succeeds, fails for good, or there is no time left.
func (c *Client) retry(ctx context.Context, what string, f func() error) error {
	start := time.Now()
	pause := c.o.FirstPause
	var before error
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || ctx.Err() == nil && !temporary(err) {
			return err
		}
		if ctx.Err() != nil && before != nil {
			err = before // rather than that this attempt was called off
		}
		before = err
		gaveUp := &GaveUpError{Attempts: attempt, Last: err}
		wait := pause*2/3 + rand.N(pause*2/3+1)
		var status *StatusError
		if errors.As(err, &status) {
			wait = max(wait, status.after)
			if status.Status == http.StatusMisdirectedRequest {
				c.http.CloseIdleConnections() // ask over another connection
			}
		}
		left := time.Duration(-1)
		if c.o.RetryFor > 0 {
			if left = c.o.RetryFor - time.Since(start); left <= 0 {
				gaveUp.After = time.Since(start)
				return gaveUp
			}
			wait = min(wait, left) // one more at the very end
		}
		if ctx.Err() == nil && c.o.OnRetry != nil {
			c.o.OnRetry(Retry{what, attempt, err, wait, left})
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			gaveUp.After, gaveUp.Cause = time.Since(start), context.Cause(ctx)
			return gaveUp
		}
		pause = min(2*pause, c.o.MostPause)
	}
}

// longestMessage is how much of what a server says is shown, in bytes.
const longestMessage = 300

// statusError reads what the server says about a failure.
func (c *Client) statusError(r call, res *http.Response, watch *watchdog) error {
	e := &StatusError{What: r.what, Status: res.StatusCode, after: retryAfter(res.Header.Get("Retry-After"))}
	if res.StatusCode/100 == 3 {
		e.Message = "a redirect without a place to go"
	}
	// Some servers repeat what they were sent, and a state is nothing to show.
	if r.typ == octets {
		return e
	}
	typ := res.Header.Get("Content-Type")
	if !strings.HasPrefix(typ, "text/plain") && !strings.HasPrefix(typ, "application/json") {
		return e // a page for browsers
	}
	body, err := io.ReadAll(io.LimitReader(watch.reader(res.Body), 64<<10))
	if err != nil || !utf8.Valid(body) {
		return e
	}
	message := strings.Join(strings.Fields(string(body)), " ")
	if c.token.value != "" {
		message = strings.ReplaceAll(message, c.token.value, "***")
	}
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "") + "…"
	}
	e.Message = text.Line(message)
	return e
}

// retryAfter reads the header: seconds or a date.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(date), 0), 24*time.Hour)
	}
	return 0
}
