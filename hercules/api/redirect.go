package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// authorized adds the token to requests for the server it is for. It is below the
// code that follows redirects, so a token is not in a request that could be sent
// elsewhere.
type authorized struct {
	base  *url.URL
	token Token
	next  *http.Transport
}

func (a *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	if sameOrigin(req.URL, a.base) && a.token.value != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+a.token.value)
	}
	return a.next.RoundTrip(req)
}

func (a *authorized) CloseIdleConnections() { a.next.CloseIdleConnections() }

// sameOrigin compares scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Hostname() == b.Hostname() && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

func newTransport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 30 * time.Second,
		TLSClientConfig:     &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		IdleConnTimeout:     90 * time.Second,
		// The length of what arrives is compared with what was announced.
		DisableCompression: true,
	}
}

// RedirectError says that the server sent a request elsewhere and nixplan did not
// follow.
type RedirectError struct {
	Method, To string // To is without query
	Why        string
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("the server redirects %s to %s, which is not followed: %s", e.Method, e.To, e.Why)
}

// checkRedirect decides on redirects. A download may come from elsewhere (a store of
// objects, say), without the token. What is uploaded goes nowhere but to the server
// that was named.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	to := *req.URL
	to.RawQuery, to.Fragment, to.User = "", "", nil
	refuse := func(why string) error {
		return &RedirectError{via[0].Method, to.String(), why}
	}
	switch {
	case len(via) > 10:
		return refuse("it is the eleventh in a row")
	case req.URL.Scheme != "https" && !sameOrigin(req.URL, c.base) && !(req.URL.Scheme == "http" && c.base.Scheme == "http"):
		return refuse("it is not https")
	case req.Method != via[0].Method:
		return refuse("it would become a " + req.Method)
	case req.Method != http.MethodGet && !sameOrigin(req.URL, c.base):
		return refuse("it is another server")
	}
	return nil
}

func isRedirectError(err error) bool {
	var redirect *RedirectError
	return errors.As(err, &redirect)
}
