package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nixplan/nixplan/internal/text"
)

// httpClient downloads.
type httpClient struct {
	config *Config
	client *http.Client
}

// maxRedirects is how often a server may send us elsewhere.
const maxRedirects = 10

func newHTTPClient(config *Config) *httpClient {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: config.HeaderTimeout}).DialContext,
		TLSHandshakeTimeout:   config.HeaderTimeout,
		ResponseHeaderTimeout: config.HeaderTimeout,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // hashes are of the bytes as they are
		MaxIdleConnsPerHost:   2,
	}
	return &httpClient{config, &http.Client{Transport: transport, CheckRedirect: checkRedirect}}
}

// checkRedirect follows to anywhere but from an encrypted connection to one that
// is not. The http package leaves credentials behind when the host changes; a
// password in the address we are sent to is the server's own.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return permanent{fmt.Errorf("it redirects more than %d times", maxRedirects)}
	}
	switch req.URL.Scheme {
	case "https":
	case "http":
		if via[len(via)-1].URL.Scheme == "https" {
			return permanent{errors.New("it redirects from https to http")}
		}
	default:
		return permanent{fmt.Errorf("it redirects to a %s address", req.URL.Scheme)}
	}
	return nil
}

// permanent marks an error that trying again does not help.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// statusError is an answer that is no success.
type statusError struct {
	code  int
	after time.Duration // what the server asks to wait
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code))
}

func (e *statusError) temporary() bool {
	return e.code == http.StatusRequestTimeout || e.code == http.StatusTooManyRequests || e.code >= 500 && e.code != http.StatusNotImplemented
}

// answer is what a successful download says besides its bytes.
type answer struct {
	etag      string
	unchanged bool // since etag was given; nothing was written
}

// backoff doubles from a quarter of a second, with a random part so that
// several processes do not come back at once.
func backoff(n int) time.Duration {
	base := 250 * time.Millisecond << min(n-1, 6)
	return base + rand.N(base/2)
}

// maxAfter bounds what a server's Retry-After can make us wait.
const maxAfter = 30 * time.Second

// parseAddress reads the URL of something that can be downloaded.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "": // the parser's error quotes the URL
		return nil, errors.New("it is not a URL; a file of this machine is file:///…")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("'%s' is not a scheme that can be fetched: https, http and file are", u.Scheme)
	case u.Host == "":
		return nil, errors.New("the URL names no host")
	}
	return u, nil
}

// download writes what a URL gives to a file and tries again when that may help.
// With an etag the answer may be that nothing changed.
func (f *Fetcher) download(ctx context.Context, address, etag string, to *os.File) (*answer, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	defer f.config.Progress(Progress{URL: text.WithoutCredentials(address), End: true})
	for n := 1; ; n++ {
		a, err := f.http.try(ctx, u, etag, to)
		if err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		wait, again := f.retry(err, n)
		if !again {
			return nil, reason(err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if _, err := to.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		if err := to.Truncate(0); err != nil {
			return nil, err
		}
	}
}

// retry decides whether to try again after the n-th attempt, and when.
func (f *Fetcher) retry(err error, n int) (time.Duration, bool) {
	var stop permanent
	var status *statusError
	switch {
	case n >= f.config.Attempts, errors.As(err, &stop):
		return 0, false
	case errors.As(err, &status):
		return max(f.config.Backoff(n), min(status.after, maxAfter)), status.temporary()
	}
	return f.config.Backoff(n), true // the connection
}

// reason is an error for people: the http package's would begin with the method
// and the URL, password included.
func reason(err error) error {
	var stop permanent
	var u *url.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &stop):
		return stop.error
	case errors.As(err, &dns):
		return fmt.Errorf("the host %s cannot be found", dns.Name)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection ended before all of it was here")
	case errors.As(err, &u) && u.Timeout():
		return errors.New("the server does not answer")
	case errors.As(err, &u):
		return u.Err
	}
	return err
}

// errStalled says that a download stopped moving.
var errStalled = errors.New("the server stopped sending")

func (c *httpClient) try(ctx context.Context, u *url.URL, etag string, to *os.File) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, permanent{err}
	}
	req.Header.Set("User-Agent", "nixplan")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return &answer{etag: etag, unchanged: true}, nil
	case resp.StatusCode != http.StatusOK:
		return nil, &statusError{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"))}
	case resp.ContentLength > c.config.MaxDownload:
		return nil, c.tooLarge()
	}
	stalled := time.AfterFunc(c.config.StallTimeout, func() { cancel(errStalled) })
	defer stalled.Stop()
	w := &downloadWriter{
		to: to, most: c.config.MaxDownload, tell: c.config.Progress,
		progress: Progress{URL: text.WithoutCredentials(u.String()), Total: resp.ContentLength},
		moved:    func() { stalled.Reset(c.config.StallTimeout) },
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		if context.Cause(ctx) == errStalled {
			return nil, errStalled
		}
		if errors.Is(err, errTooLarge) {
			return nil, c.tooLarge()
		}
		return nil, err
	}
	return &answer{etag: resp.Header.Get("ETag")}, nil
}

func (c *httpClient) tooLarge() error {
	return permanent{fmt.Errorf("it is larger than %d bytes", c.config.MaxDownload)}
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

var errTooLarge = errors.New("too large")

// downloadWriter writes to a file, up to a size, and tells how far it is.
type downloadWriter struct {
	to       io.Writer
	most     int64
	tell     func(Progress)
	progress Progress
	moved    func()
}

func (w *downloadWriter) Write(p []byte) (int, error) {
	if w.progress.Done+int64(len(p)) > w.most {
		return 0, errTooLarge
	}
	n, err := w.to.Write(p)
	w.progress.Done += int64(n)
	w.moved()
	w.tell(w.progress)
	return n, err
}
