package api_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/hercules/api/apitest"
)

var scope = api.Scope{Project: api.Project{ID: apitest.NeatRepo.ID}}

func client(t *testing.T, base, token string, o api.Options) *api.Client {
	t.Helper()
	if o.RetryFor == 0 {
		o.RetryFor = 10 * time.Second
	}
	if o.FirstPause == 0 {
		o.FirstPause, o.MostPause = time.Millisecond, 5*time.Millisecond
	}
	c, err := api.New(base, api.NewToken(token, "the test"), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func server(t *testing.T, o apitest.Options) *apitest.Server {
	s := apitest.New(o)
	t.Cleanup(s.Close)
	return s
}

// What fails for a while is tried again, what fails for good is not.
func TestRetries(t *testing.T) {
	again := map[int]bool{408: true, 421: true, 429: true, 500: true, 502: true, 503: true, 504: true, 507: true, 599: true}
	for _, status := range []int{300, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 421, 422, 425, 429, 500, 501, 502, 503, 504, 505, 507, 599} {
		s := server(t, apitest.Options{})
		s.SetState("web", []byte("x"))
		s.Fail(apitest.Fault{Status: status, Text: "because"})
		var told []api.Retry
		c := client(t, s.URL, apitest.UserToken, api.Options{OnRetry: func(r api.Retry) { told = append(told, r) }})
		data, err := c.GetState(t.Context(), scope, "web", 0)
		requests := len(s.Requests())
		if again[status] {
			if err != nil || string(data) != "x" || requests != 2 || len(told) != 1 || told[0].Attempt != 1 || !api.IsStatus(told[0].Err, status) {
				t.Errorf("%d: %v, %d requests, told %+v", status, err, requests, told)
			}
		} else if !api.IsStatus(err, status) || requests != 1 || len(told) != 0 {
			t.Errorf("%d: %v, %d requests, told %+v", status, err, requests, told)
		}
	}
}

// Connections break in many ways, and a download is whole or an error.
func TestBrokenDownloads(t *testing.T) {
	text := strings.Repeat("0123456789", 50_000)
	for _, f := range []apitest.Fault{
		{Reset: "before"}, {Reset: "after"}, {Reset: "done"}, {Tear: 1}, {Tear: 300_000}, {Tear: -1}, {Longer: 10}, {Hang: true}, {HangAfter: true},
	} {
		s := server(t, apitest.Options{})
		s.SetState("web", []byte(text))
		s.Fail(f)
		c := client(t, s.URL, apitest.UserToken, api.Options{Idle: 300 * time.Millisecond})
		data, err := c.GetState(t.Context(), scope, "web", 0)
		if err != nil || string(data) != text || len(s.Requests()) != 2 {
			t.Errorf("%+v: %d bytes, %v, %d requests", f, len(data), err, len(s.Requests()))
		}
	}
}

func TestGivingUp(t *testing.T) {
	s := server(t, apitest.Options{})
	s.Fail(apitest.Fault{Status: 503, Times: -1, Text: "come back later"})
	var gaveUp *api.GaveUpError
	c := client(t, s.URL, apitest.UserToken, api.Options{RetryFor: 100 * time.Millisecond})
	_, err := c.GetState(t.Context(), scope, "web", 0)
	if !errors.As(err, &gaveUp) || gaveUp.Attempts < 3 || !api.IsStatus(err, 503) || !strings.Contains(err.Error(), "503 Service Unavailable: come back later (given up after ") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("the run ends"))
	defer cancel()
	c = client(t, s.URL, apitest.UserToken, api.Options{RetryFor: -1})
	if _, err := c.GetState(ctx, scope, "web", 0); !errors.As(err, &gaveUp) || !api.IsStatus(err, 503) || !strings.Contains(err.Error(), "the run ends") {
		t.Errorf("%v", err)
	}
	// A context that is over is over at once.
	cancel()
	before := len(s.Requests())
	if _, err := c.GetState(ctx, scope, "web", 0); err == nil || len(s.Requests()) > before+1 {
		t.Errorf("%v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		header string
		least  time.Duration
	}{{"1", 900 * time.Millisecond}, {time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat), time.Second}, {"-5", 0}, {"soon", 0}} {
		s := server(t, apitest.Options{})
		s.SetState("web", []byte("x"))
		s.Fail(apitest.Fault{Status: 429, Header: map[string]string{"Retry-After": test.header}})
		var wait time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		c := client(t, s.URL, apitest.UserToken, api.Options{OnRetry: func(r api.Retry) {
			wait = r.Wait
			cancel() // it is known now
		}})
		c.GetState(ctx, scope, "web", 0)
		if wait < test.least || test.least == 0 && wait > 100*time.Millisecond {
			t.Errorf("Retry-After %q: waits %s", test.header, wait)
		}
	}
	// It does not go beyond the time there is.
	s := server(t, apitest.Options{})
	s.Fail(apitest.Fault{Status: 503, Times: -1, Header: map[string]string{"Retry-After": "3600"}})
	start := time.Now()
	if _, err := client(t, s.URL, apitest.UserToken, api.Options{RetryFor: 200 * time.Millisecond}).GetState(t.Context(), scope, "web", 0); !api.IsStatus(err, 503) || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

// elsewhere is a server that notes what it is sent and answers "elsewhere".
func elsewhere(t *testing.T, tls bool) (*httptest.Server, func() []string) {
	var mu sync.Mutex
	var got []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprint(r.Method, " ", r.Header))
		fmt.Fprint(w, "elsewhere")
	}))
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

// The token goes to the server that was named, and to no other.
func TestRedirects(t *testing.T) {
	ctx := t.Context()
	secret := []byte("PRIVATE KEY")
	calls := map[string]func(*api.Client) error{
		"get": func(c *api.Client) error { _, err := c.GetState(ctx, scope, "web", 0); return err },
		"put": func(c *api.Client) error { return c.PutState(ctx, scope, "web", secret, nil) },
		"acquire": func(c *api.Client) error {
			_, _, err := c.AcquireLock(ctx, scope.Project, "web", api.LockRequest{Key: api.NewKey()})
			return err
		},
		"release": func(c *api.Client) error { return c.ReleaseLease(ctx, api.NewKey()) },
	}
	for name, call := range calls {
		for _, status := range []int{301, 302, 303, 307, 308} {
			// Another port of the same host is another server, and so is another name.
			for _, host := range []string{"127.0.0.1", "localhost"} {
				other, got := elsewhere(t, false)
				s := server(t, apitest.Options{})
				s.SetState("web", []byte("here"))
				s.Fail(apitest.Fault{Status: status, Redirect: strings.Replace(other.URL, "127.0.0.1", host, 1), Times: -1})
				err := call(client(t, s.URL, apitest.UserToken, api.Options{RetryFor: 50 * time.Millisecond}))
				var refused *api.RedirectError
				if name == "get" {
					if err != nil || len(got()) != 1 {
						t.Errorf("%s, %d to %s: %v, %q", name, status, host, err, got())
					}
				} else if !errors.As(err, &refused) || len(got()) != 0 || len(s.Requests()) != 1 {
					t.Errorf("%s, %d to %s: %v, %q", name, status, host, err, got())
				}
				for _, request := range got() {
					if strings.Contains(request, apitest.UserToken) || strings.Contains(request, "Authorization") {
						t.Errorf("%s, %d to %s: the token is sent: %s", name, status, host, request)
					}
				}
			}
		}
	}
	// From https to http not at all.
	other, got := elsewhere(t, false)
	s := server(t, apitest.Options{TLS: true})
	s.Fail(apitest.Fault{Redirect: other.URL, Times: -1})
	c := client(t, s.URL, apitest.UserToken, api.Options{RootCAs: roots(s.HTTP)})
	var refused *api.RedirectError
	if _, err := c.GetState(ctx, scope, "web", 0); !errors.As(err, &refused) || len(got()) != 0 {
		t.Errorf("to http: %v, %q", err, got())
	}
	// The same server may say that something is elsewhere, with everything that belongs
	// to the request.
	s = server(t, apitest.Options{})
	s.Fail(apitest.Fault{Redirect: s.URL})
	if err := calls["put"](client(t, s.URL, apitest.UserToken, api.Options{})); err != nil || string(s.State("web")) != string(secret) {
		t.Errorf("to itself: %v", err)
	}
	s = server(t, apitest.Options{})
	s.Fail(apitest.Fault{Redirect: s.URL, Times: -1})
	if err := calls["get"](client(t, s.URL, apitest.UserToken, api.Options{})); !errors.As(err, &refused) {
		t.Errorf("in circles: %v", err)
	}
}

func roots(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// Whom nobody vouches for gets nothing, and is not asked again.
func TestTLS(t *testing.T) {
	s := server(t, apitest.Options{TLS: true})
	s.SetState("web", []byte("x"))
	tries := 0
	c := client(t, s.URL, apitest.UserToken, api.Options{OnRetry: func(api.Retry) { tries++ }})
	var unknown x509.UnknownAuthorityError
	if _, err := c.GetState(t.Context(), scope, "web", 0); !errors.As(err, &unknown) || tries != 0 || len(s.Requests()) != 0 {
		t.Errorf("unknown authority: %v, %d tries, %d requests", err, tries, len(s.Requests()))
	}
	c = client(t, s.URL, apitest.UserToken, api.Options{RootCAs: roots(s.HTTP)})
	if data, err := c.GetState(t.Context(), scope, "web", 0); err != nil || string(data) != "x" {
		t.Errorf("known authority: %v", err)
	}
	c = client(t, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), apitest.UserToken, api.Options{RootCAs: roots(s.HTTP)})
	var name x509.HostnameError
	if _, err := c.GetState(t.Context(), scope, "web", 0); !errors.As(err, &name) {
		t.Errorf("another name: %v", err)
	}
}

// No error says the token or what is uploaded, even if the server repeats it.
func TestErrorsSayNoSecret(t *testing.T) {
	for _, token := range []string{apitest.UserToken, "no-such-token-51b2"} {
		s := server(t, apitest.Options{})
		s.Fail(apitest.Fault{Status: 400, Times: -1, Text: "you sent Bearer " + token + " and PRIVATE KEY\n\x1b[31m"})
		c := client(t, s.URL, token, api.Options{})
		_, gerr := c.GetState(t.Context(), scope, "web", 0)
		perr := c.PutState(t.Context(), scope, "web", []byte("PRIVATE KEY"), nil)
		for _, err := range []error{gerr, perr} {
			if err == nil || strings.Contains(err.Error(), token) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q", err)
			}
		}
		if strings.Contains(perr.Error(), "PRIVATE") || !strings.Contains(gerr.Error(), "you sent Bearer ***") {
			t.Errorf("%v\n%v", gerr, perr)
		}
	}
	token := api.NewToken("hidden", "somewhere")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(format, token); strings.Contains(s, "hidden") {
			t.Errorf("%s gives %s", format, s)
		}
		if s := fmt.Sprintf(format, struct{ T api.Token }{token}); strings.Contains(s, "hidden") {
			t.Errorf("%s gives %s", format, s)
		}
	}
}

func TestWrongAnswers(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "<html>", `{"tag":"Maybe"}`, `{"tag":"Acquired"}`, `{"tag":"Acquired","contents":{}}`,
		`{"tag":"Acquired","contents":{"leaseId":"../../x","expirationTime":"2026-01-01T00:00:00Z"}}`,
		`{"tag":"Acquired","contents":{"leaseId":"b2f1d4b2-3a52-4c6e-9d1a-5f0a2b7c9e01","expirationTime":"soon"}}`, `{"tag":"Blocked","contents":[]}`} {
		s := server(t, apitest.Options{})
		s.Fail(apitest.Fault{Status: 200, Text: text, Times: -1})
		c := client(t, s.URL, apitest.UserToken, api.Options{})
		leased, _, err := c.AcquireLock(t.Context(), scope.Project, "web", api.LockRequest{Key: api.NewKey()})
		if err == nil || leased != nil || len(s.Requests()) != 1 {
			t.Errorf("%s: %+v, %v, %d requests", text, leased, err, len(s.Requests()))
		}
	}
	s := server(t, apitest.Options{})
	s.Fail(apitest.Fault{Status: 200, Text: `{"stateFiles": {"web": {"versions": "many"}}}`, Times: -1})
	if _, err := client(t, s.URL, apitest.UserToken, api.Options{}).States(t.Context(), scope.Project); err == nil {
		t.Error("States understands nonsense")
	}
}

func TestParseGitURL(t *testing.T) {
	s := server(t, apitest.Options{})
	c := client(t, s.URL, apitest.UserToken, api.Options{})
	p, err := c.ParseGitURL(t.Context(), "git@github.com:neat-org/neat-repo")
	if err != nil || p.ID != apitest.NeatRepo.ID || p.String() != "github/neat-org/neat-repo" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.ParseGitURL(t.Context(), "git@github.com:other/repo"); !api.IsStatus(err, 404) {
		t.Error(err)
	}
	if _, err := client(t, s.URL, "wrong", api.Options{}).ParseGitURL(t.Context(), "git@github.com:neat-org/neat-repo"); !api.IsStatus(err, 401) {
		t.Error(err)
	}
}
