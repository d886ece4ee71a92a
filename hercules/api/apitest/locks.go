package apitest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

type lease struct {
	id, project, name   string
	description, parent string
	token               string
	exclusive           bool
	start, expires      time.Time
}

// Lease is a lease that has not ended.
type Lease struct {
	ID, Name, Description, Parent string
	Exclusive                     bool
	Start, Expires                time.Time
}

// Leases are those that have not ended, of all projects.
func (s *Server) Leases() []Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	var list []Lease
	for _, l := range s.leases {
		list = append(list, Lease{l.id, l.name, l.description, l.parent, l.exclusive, l.start, l.expires})
	}
	return list
}

// Hold takes a lock of the first project for somebody else, until it is released or
// d is over, and gives the lease's id.
func (s *Server) Hold(name, description string, d time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &lease{id: newID(), project: s.o.Projects[0].ID, name: name, description: description, exclusive: true, start: s.now(), expires: s.now().Add(d)}
	s.leases = append(s.leases, l)
	return l.id
}

// End ends a lease as if it had expired; false when there is none.
func (s *Server) End(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.leases)
	s.leases = slices.DeleteFunc(s.leases, func(l *lease) bool { return l.id == id })
	return len(s.leases) < before
}

// expire drops leases whose time is over. The mutex is held.
func (s *Server) expire() {
	now := s.now()
	s.leases = slices.DeleteFunc(s.leases, func(l *lease) bool { return !l.expires.After(now) })
}

func (s *Server) acquire(w http.ResponseWriter, r *http.Request, p Project, token string) {
	var asked struct {
		Description    *string
		Exclusive      *bool
		Parent         *string
		IdempotencyKey *string
	}
	body, err := w.(*recorder).read(r)
	if err != nil || json.Unmarshal(body, &asked) != nil || asked.Description == nil || asked.Exclusive == nil || asked.IdempotencyKey == nil {
		http.Error(w, "the request lacks something", http.StatusBadRequest)
		return
	}
	l := &lease{
		id: newID(), project: p.ID, name: value(r, "name"), description: *asked.Description,
		token: token, exclusive: *asked.Exclusive, start: s.now(), expires: s.now().Add(s.o.LeaseFor),
	}
	if asked.Parent != nil {
		l.parent = *asked.Parent
	}
	var answer any
	s.mu.Lock()
	s.expire()
	if given := s.granted[*asked.IdempotencyKey]; given != nil && slices.Contains(s.leases, given) {
		answer = acquired(given)
	} else if blocking := s.blocking(l); len(blocking) > 0 {
		answer = map[string]any{"tag": "Blocked", "contents": map[string]any{"blockedByLeases": blocking}}
	} else {
		s.leases = append(s.leases, l)
		s.granted[*asked.IdempotencyKey] = l
		answer = acquired(l)
	}
	s.mu.Unlock()
	writeJSON(w, answer)
}

func acquired(l *lease) any { return map[string]any{"tag": "Acquired", "contents": leased(l)} }

func leased(l *lease) any {
	return map[string]any{"leaseId": l.id, "expirationTime": l.expires.Format(time.RFC3339Nano)}
}

// blocking are the leases that l has to wait for. The mutex is held.
func (s *Server) blocking(l *lease) []any {
	ancestors := map[string]bool{}
	for id := l.parent; id != "" && !ancestors[id]; {
		ancestors[id] = true
		i := slices.IndexFunc(s.leases, func(other *lease) bool { return other.id == id })
		if i < 0 {
			break
		}
		id = s.leases[i].parent
	}
	var list []any
	for _, other := range s.leases {
		if other.project != l.project || other.name != l.name || ancestors[other.id] || !other.exclusive && !l.exclusive {
			continue
		}
		var parent any
		if other.parent != "" {
			parent = other.parent
		}
		list = append(list, map[string]any{
			"id": other.id, "startTime": other.start.Format(time.RFC3339Nano), "expirationTime": other.expires.Format(time.RFC3339Nano),
			"user": map[string]any{"name": "neat-user", "displayName": "A neat user"}, "job": nil,
			"description": other.description, "parent": parent, "exclusive": other.exclusive,
		})
	}
	return list
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request, token string) {
	var asked struct{ Description *string }
	body, err := w.(*recorder).read(r)
	if err != nil || json.Unmarshal(body, &asked) != nil {
		http.Error(w, "the request lacks something", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	l := s.lease(value(r, "lease"))
	var answer any
	if l != nil {
		l.expires = s.now().Add(s.o.LeaseFor)
		if asked.Description != nil {
			l.description = *asked.Description
		}
		answer = leased(l)
	}
	s.mu.Unlock()
	if l == nil {
		http.Error(w, "no such lease", http.StatusNotFound)
		return
	}
	writeJSON(w, answer)
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, _ string) {
	if !s.End(value(r, "lease")) {
		http.Error(w, "no such lease", http.StatusNotFound)
		return
	}
	writeJSON(w, []any{})
}

// lease is one that has not ended, or nil. The mutex is held.
func (s *Server) lease(id string) *lease {
	s.expire()
	for _, l := range s.leases {
		if l.id == id {
			return l
		}
	}
	return nil
}
