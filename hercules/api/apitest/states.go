package apitest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

type version struct {
	data    []byte
	sha256  string
	created time.Time
	token   string
	unknown bool // the server lists no hash and size of it
}

// SetState stores a version of a state of the first project.
func (s *Server) SetState(name string, data []byte) {
	s.store(s.o.Projects[0], name, version{data: data})
}

// SetStateUnknown stores a version of which the server lists no hash.
func (s *Server) SetStateUnknown(name string, data []byte) {
	s.store(s.o.Projects[0], name, version{data: data, unknown: true})
}

func (s *Server) store(p Project, name string, v version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(v.data)
	v.created, v.sha256 = s.now(), hex.EncodeToString(sum[:])
	if s.states[p.ID] == nil {
		s.states[p.ID] = map[string][]version{}
	}
	s.states[p.ID][name] = append(s.states[p.ID][name], v)
}

// State is the newest version of a state of the first project, nil when there is
// none.
func (s *Server) State(name string) []byte {
	all := s.Versions(name)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// Versions are those of a state of the first project, the oldest first.
func (s *Server) Versions(name string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list [][]byte
	for _, v := range s.states[s.o.Projects[0].ID][name] {
		list = append(list, v.data)
	}
	return list
}

func (s *Server) getState(w http.ResponseWriter, r *http.Request, p Project, _ string) {
	s.mu.Lock()
	all := s.states[p.ID][value(r, "name")]
	s.mu.Unlock()
	number := len(all)
	if asked := r.URL.Query().Get("version"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil {
			http.Error(w, "version is a number", http.StatusBadRequest)
			return
		}
		number = n
	}
	if number < 1 || number > len(all) {
		http.Error(w, "no such state", http.StatusNotFound)
		return
	}
	data := all[number-1].data
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

func (s *Server) putState(w http.ResponseWriter, r *http.Request, p Project, token string) {
	data, err := w.(*recorder).read(r)
	if err != nil {
		return // it was torn; what is whole is stored only
	}
	s.store(p, value(r, "name"), version{data: data, token: token})
	writeJSON(w, []any{})
}

func (s *Server) listStates(w http.ResponseWriter, _ *http.Request, p Project, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := map[string]any{}
	for name, all := range s.states[p.ID] {
		var list []any
		for i, v := range all {
			entry := map[string]any{
				"projectId": p.ID, "name": name, "version": i + 1, "creationTime": v.created.Format(time.RFC3339Nano),
				"job": nil, "uploader": map[string]any{"id": p.ID, "name": "neat-user", "displayName": "A neat user"},
				"sha256": v.sha256, "size": len(v.data),
			}
			if v.unknown {
				entry["sha256"], entry["size"], entry["uploader"] = nil, nil, nil
			}
			list = append(list, entry)
		}
		files[name] = map[string]any{"projectId": p.ID, "name": name, "versions": list}
	}
	// w is a recorder, which takes the same mutex.
	s.mu.Unlock()
	writeJSON(w, map[string]any{"projectId": p.ID, "stateFiles": files})
	s.mu.Lock()
}
