// Package api is a client of Hercules CI's HTTP API, for states and locks.
//
// Requests that fail for a while are made again, uploads too. The token goes to the
// server that was named and to no other, whatever that server redirects to.
package api

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBase is the address of the API unless something else is said.
const DefaultBase = "https://hercules-ci.com"

// Options are how a client behaves; the zero value is what is usual.
type Options struct {
	// RetryFor is how long a call is tried, from its first request on. 0 is
	// DefaultRetryFor, negative as long as the context allows.
	RetryFor time.Duration
	// OnRetry is told before each wait for another attempt; may be nil. It is called
	// from whichever goroutine makes the call.
	OnRetry func(Retry)
	// Idle is how long nothing may move on a connection until the attempt is given
	// up. 0 is DefaultIdle.
	Idle time.Duration
	// FirstPause and MostPause bound the waits between attempts; 0 is half a second
	// and half a minute.
	FirstPause, MostPause time.Duration
	// RootCAs are whom to trust instead of the system's authorities; nil: those.
	RootCAs *x509.CertPool
	// UserAgent names this program.
	UserAgent string
}

const (
	DefaultRetryFor = 10 * time.Minute
	DefaultIdle     = 2 * time.Minute
)

// Client makes requests to one server. It may be used concurrently.
type Client struct {
	base  *url.URL // without a slash at the end
	token Token
	http  *http.Client
	o     Options
}

// New is a client of the server at base, "https://hercules-ci.com". The base may have
// a path but no credentials, and is https unless it is on this machine.
func New(base string, token Token, o Options) (*Client, error) {
	u, err := ParseBase(base)
	if err != nil {
		return nil, err
	}
	if !token.valid() {
		return nil, fmt.Errorf("the token of %s has characters that no token has", token.Origin)
	}
	for _, setting := range []struct {
		to    *time.Duration
		usual time.Duration
	}{{&o.RetryFor, DefaultRetryFor}, {&o.Idle, DefaultIdle}, {&o.FirstPause, 500 * time.Millisecond}, {&o.MostPause, 30 * time.Second}} {
		if *setting.to == 0 {
			*setting.to = setting.usual
		}
	}
	c := &Client{base: u, token: token, o: o}
	c.http = &http.Client{
		Transport:     &authorized{base: u, token: token, next: newTransport(o)},
		CheckRedirect: c.checkRedirect,
	}
	return c, nil
}

// ParseBase reads the address of an API.
func ParseBase(base string) (*url.URL, error) {
	// The error would quote credentials.
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("the API's address is not a URL like " + DefaultBase)
	case u.User != nil:
		return nil, fmt.Errorf("the API's address %s has credentials in it, which nixplan does not use", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the API's address has a query or a fragment; it is a URL like " + DefaultBase)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("the API's address %s is not https, and the token would be sent for everybody to read", u)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the API's address %s is not https", u)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Base is the server's address.
func (c *Client) Base() string { return c.base.String() }

// A call is a request that can be made again.
type call struct {
	what   string // for people: "upload state \"x\""
	method string
	path   string // below the base, escaped
	body   []byte // nil: none
	accept string
	typ    string // of body
	// success are the statuses that are; nil is any 2xx.
	success []int
	most    int64 // bytes of an answer
}

// answer is a response that was read to its end.
type answer struct {
	status int
	body   []byte
	date   time.Time // the server's, zero when it does not say
	sent   time.Time // when the request was made
}

// once makes a request.
func (c *Client) once(ctx context.Context, r call) (*answer, error) {
	ctx, watch := newWatchdog(ctx, c.o.Idle)
	defer watch.stop()
	var body io.Reader
	if r.body != nil {
		body = watch.reader(bytes.NewReader(r.body))
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base.String()+r.path, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(watch.reader(bytes.NewReader(r.body))), nil
		}
		if len(r.body) == 0 {
			req.Body = http.NoBody
		}
		req.Header.Set("Content-Type", r.typ)
	}
	req.Header.Set("Accept", r.accept)
	req.Header.Set("User-Agent", c.o.UserAgent)
	a := &answer{sent: time.Now()}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(ctx, r, err)
	}
	defer res.Body.Close()
	a.status = res.StatusCode
	a.date, _ = http.ParseTime(res.Header.Get("Date"))
	if !r.succeeded(res.StatusCode) {
		return nil, c.statusError(r, res, watch)
	}
	a.body, err = io.ReadAll(io.LimitReader(watch.reader(res.Body), r.most+1))
	if err != nil { // also when there is less than Content-Length says
		return nil, c.failed(ctx, r, fmt.Errorf("the answer broke off: %w", err))
	}
	if int64(len(a.body)) > r.most {
		return nil, fmt.Errorf("%s: the answer is larger than %d bytes", r.what, r.most)
	}
	return a, nil
}

func (r *call) succeeded(status int) bool {
	if r.success == nil {
		return status >= 200 && status < 300
	}
	for _, s := range r.success {
		if s == status {
			return true
		}
	}
	return false
}
