// Package apitest is a stand-in for Hercules CI's server: states and locks of
// projects, in memory, and every way in which a server or what lies before it can
// fail. It is for tests, in the same process or in one of its own ([Main]).
package apitest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Project is one that the server knows.
type Project struct {
	ID, Site, Owner, Name string
	// GitURLs are the remotes that belong to it.
	GitURLs []string
}

// String is SITE/OWNER/NAME.
func (p Project) String() string { return p.Site + "/" + p.Owner + "/" + p.Name }

// NeatRepo is the project of a server that is given none, with UserToken and
// TaskToken for it.
var NeatRepo = Project{
	ID: "b2f1d4b2-3a52-4c6e-9d1a-5f0a2b7c9e01", Site: "github", Owner: "neat-org", Name: "neat-repo",
	GitURLs: []string{
		"git@github.com:neat-org/neat-repo", "git@github.com:neat-org/neat-repo.git",
		"https://github.com/neat-org/neat-repo", "https://github.com/neat-org/neat-repo.git",
	},
}

// The tokens of a server that is given none.
const (
	UserToken = "user-token-cbf1c7"
	TaskToken = "task-token-0a95e2"
)

// Options make a server. The zero value is one with [NeatRepo].
type Options struct {
	Projects []Project
	// UserTokens are for all projects; TaskTokens, of effects, for the one they are
	// mapped to, by its String.
	UserTokens []string
	TaskTokens map[string]string
	// LeaseFor is how long a lease lasts; 0 is five minutes.
	LeaseFor time.Duration
	// TLS: speak it, with a certificate that nobody trusts but those who are given
	// Server.Certificate.
	TLS bool
	// Skew is how far the server's clock is ahead.
	Skew time.Duration
}

// Server is a server that runs.
type Server struct {
	// URL is its address, without a slash at the end.
	URL  string
	HTTP *httptest.Server // for what is not offered here

	o      Options
	closed chan struct{}

	mu       sync.Mutex
	states   map[string]map[string][]version // project id, name
	leases   []*lease
	granted  map[string]*lease // by idempotency key
	faults   []*fault
	requests []*Request
}

// Request is one that the server got.
type Request struct {
	Method string
	Path   string // as it came, escaped
	Query  string
	Header http.Header
	Body   []byte
	Time   time.Time
	// Status is what was answered, 0 when there was no answer.
	Status int
	// Fault is the name of the fault that it met, or "".
	Fault string
}

// Authorization is the request's token, without "Bearer ".
func (r *Request) Authorization() string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// New starts a server. Close it.
func New(o Options) *Server { return newServer(o, nil) }

func newServer(o Options, listener net.Listener) *Server {
	if o.Projects == nil {
		o.Projects = []Project{NeatRepo}
	}
	if o.UserTokens == nil && o.TaskTokens == nil {
		o.UserTokens = []string{UserToken}
		o.TaskTokens = map[string]string{TaskToken: o.Projects[0].String()}
	}
	if o.LeaseFor == 0 {
		o.LeaseFor = 5 * time.Minute
	}
	s := &Server{
		o: o, closed: make(chan struct{}),
		states: map[string]map[string][]version{}, granted: map[string]*lease{},
	}
	s.HTTP = httptest.NewUnstartedServer(s.handler())
	if listener != nil {
		s.HTTP.Listener.Close()
		s.HTTP.Listener = listener
	}
	s.HTTP.Config.ErrorLog = discard
	if o.TLS {
		s.HTTP.StartTLS()
	} else {
		s.HTTP.Start()
	}
	s.URL = s.HTTP.URL
	return s
}

// Close ends the server; requests that hang are cut off.
func (s *Server) Close() {
	close(s.closed)
	s.HTTP.CloseClientConnections()
	s.HTTP.Close()
}

// Requests are those got until now, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.requests))
	for i, r := range s.requests {
		list[i] = *r
	}
	return list
}

// Matching are the requests of a method ("": any) whose path has a part.
func (s *Server) Matching(method, part string) []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool {
		return method != "" && r.Method != method || !strings.Contains(r.Path, part)
	})
}

// now is the time by the server's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.o.Skew).UTC() }

func (s *Server) handler() http.Handler {
	api := http.NewServeMux()
	for _, scope := range []string{"/api/v1/projects/{id}", "/api/v1/site/{site}/account/{owner}/project/{project}", "/api/v1/current-task"} {
		api.HandleFunc("GET "+scope+"/state/{name}/data", s.project(s.getState))
		api.HandleFunc("PUT "+scope+"/state/{name}/data", s.project(s.putState))
		if scope != "/api/v1/current-task" {
			api.HandleFunc("GET "+scope+"/states", s.project(s.listStates))
			api.HandleFunc("POST "+scope+"/lock/{name}", s.project(s.acquire))
		}
	}
	api.HandleFunc("POST /api/v1/lock-leases/{lease}", s.anyToken(s.renew))
	api.HandleFunc("DELETE /api/v1/lock-leases/{lease}", s.anyToken(s.release))
	api.HandleFunc("GET /api/v1/parse-git-url", s.anyToken(s.parseGitURL))
	root := http.NewServeMux()
	root.Handle("/", s.recorded(escaped(api)))
	s.control(root)
	return root
}

// escaped serves paths as they came: the multiplexer would take the escaped slashes of
// a name for those of directories, and clean them away. See [value].
func escaped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := *r.URL
		u.Path, u.RawPath = r.URL.EscapedPath(), ""
		r = r.Clone(r.Context())
		r.URL = &u
		next.ServeHTTP(w, r)
	})
}

// value is a part of the path.
func value(r *http.Request, name string) string {
	v, err := url.PathUnescape(r.PathValue(name))
	if err != nil {
		return ""
	}
	return v
}

// recorded notes requests and lets them meet their faults.
func (s *Server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note := &Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone(), Time: time.Now()}
		s.mu.Lock()
		s.requests = append(s.requests, note)
		f := s.meet(note)
		s.mu.Unlock()
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		s.answer(&recorder{w, s, note}, r, f, next)
	})
}

// recorder notes the status.
type recorder struct {
	http.ResponseWriter
	s    *Server
	note *Request
}

func (r *recorder) WriteHeader(status int) {
	r.s.mu.Lock()
	r.note.Status = status
	r.s.mu.Unlock()
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.s.mu.Lock()
	if r.note.Status == 0 {
		r.note.Status = http.StatusOK
	}
	r.s.mu.Unlock()
	return r.ResponseWriter.Write(p)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// read reads a request's body and notes it.
func (r *recorder) read(req *http.Request) ([]byte, error) {
	body, err := io.ReadAll(req.Body)
	r.s.mu.Lock()
	r.note.Body = body
	r.s.mu.Unlock()
	return body, err
}

// bearer is a request's token, if the server gave it out. task is the project of an
// effect.
func (s *Server) bearer(r *http.Request) (token string, task string, ok bool) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return "", "", false
	}
	task = s.o.TaskTokens[token]
	return token, task, task != "" || slices.Contains(s.o.UserTokens, token)
}

// anyToken serves those who have some token.
func (s *Server) anyToken(next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _, ok := s.bearer(r)
		if !ok {
			http.Error(w, "not authenticated", http.StatusUnauthorized)
			return
		}
		next(w, r, token)
	}
}

// project serves those whose token is for the project of the path.
func (s *Server) project(next func(http.ResponseWriter, *http.Request, Project, string)) http.HandlerFunc {
	return s.anyToken(func(w http.ResponseWriter, r *http.Request, token string) {
		_, task, _ := s.bearer(r)
		p := s.find(func(p Project) bool {
			switch {
			case value(r, "id") != "":
				return strings.EqualFold(p.ID, value(r, "id"))
			case value(r, "site") != "":
				return p.Site == value(r, "site") && p.Owner == value(r, "owner") && p.Name == value(r, "project")
			}
			return p.String() == task
		})
		switch {
		case p == nil && value(r, "id") == "" && value(r, "site") == "":
			http.Error(w, "not an effect's token", http.StatusForbidden)
		case p == nil || task != "" && p.String() != task:
			http.Error(w, "no such project", http.StatusNotFound)
		default:
			next(w, r, *p, token)
		}
	})
}

func (s *Server) find(is func(Project) bool) *Project {
	i := slices.IndexFunc(s.o.Projects, is)
	if i < 0 {
		return nil
	}
	return &s.o.Projects[i]
}

func (s *Server) parseGitURL(w http.ResponseWriter, r *http.Request, _ string) {
	asked := r.URL.Query().Get("gitURL")
	if u, err := url.Parse(asked); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			http.Error(w, "credentials do not belong here", http.StatusBadRequest)
			return
		}
	}
	p := s.find(func(p Project) bool { return slices.Contains(p.GitURLs, asked) })
	if p == nil {
		http.Error(w, "not recognised", http.StatusNotFound)
		return
	}
	writeJSON(w, map[string]any{"siteName": p.Site, "ownerName": p.Owner, "repoName": p.Name, "projectId": p.ID})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	json.NewEncoder(w).Encode(v)
}

func newID() string { return uuid.NewString() }
