package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scope is whose states a request is about: a project's, or those of the effect that
// nixplan runs in.
type Scope struct {
	Project Project // unless CurrentTask
	// CurrentTask: the server tells the project from the token. Such states can be
	// read and stored but not listed.
	CurrentTask bool
}

func (s Scope) path() string {
	if s.CurrentTask {
		return "/api/v1/current-task"
	}
	return s.Project.path()
}

// StateVersion is a version as the server lists it.
type StateVersion struct {
	Number  int
	Created time.Time
	// SHA256 is in hexadecimal digits, "" when the server does not say, which may be
	// so for good.
	SHA256 string
	Size   int64 // bytes, -1 when the server does not say
	// Uploader and Job are names for people, often empty.
	Uploader, Job string
}

// States lists the versions of all states, newest first. A *StatusError with 404
// says that there is no such project, or that the token is not for it.
func (c *Client) States(ctx context.Context, p Project) (map[string][]StateVersion, error) {
	what := "list the states"
	a, err := c.do(ctx, call{what: what, method: http.MethodGet, path: p.path() + "/states", accept: jsonType, most: mostJSON})
	if err != nil {
		return nil, err
	}
	var found struct {
		StateFiles map[string]struct {
			Versions []struct {
				Version      int
				CreationTime time.Time
				Job          json.RawMessage
				Uploader     json.RawMessage
				SHA256       string
				Size         *int64
			}
		}
	}
	if err := decode(what, a.body, &found); err != nil {
		return nil, err
	}
	states := map[string][]StateVersion{}
	for name, file := range found.StateFiles {
		for _, v := range file.Versions {
			version := StateVersion{v.Version, v.CreationTime, hash(v.SHA256), -1, label(v.Uploader), label(v.Job)}
			if v.Size != nil {
				version.Size = *v.Size
			}
			states[name] = append(states[name], version)
		}
		slices.SortFunc(states[name], func(a, b StateVersion) int { return b.Number - a.Number })
	}
	return states, nil
}

// hash gives a SHA-256 in hexadecimal digits, "" of what is none.
func hash(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "sha256-"), "sha256:")
	sum, err := hex.DecodeString(s)
	if err != nil {
		sum, err = base64.StdEncoding.DecodeString(s)
	}
	if err != nil || len(sum) != 32 {
		return ""
	}
	return hex.EncodeToString(sum)
}

// label is what to call an account or a job: the server gives an object, or nothing.
func label(raw json.RawMessage) string {
	var object struct {
		Name, DisplayName, JobName string
		Index                      int
	}
	var name string
	switch {
	case len(raw) == 0:
		return ""
	case json.Unmarshal(raw, &name) == nil:
		return name
	case json.Unmarshal(raw, &object) != nil:
		return ""
	case object.Index != 0:
		return "job " + strconv.Itoa(object.Index)
	case object.Name != "":
		return object.Name
	}
	return object.DisplayName
}

// NameError says that a state or lock of such a name cannot be asked for.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("the server cannot keep anything under the name %q", e.Name)
}

// segment is a name as a part of a path. Dots would be taken for directories by
// whatever is between here and the server, even if they were escaped.
func segment(name string) (string, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsRune(name, 0) || strings.ToValidUTF8(name, "") != name {
		return "", &NameError{name}
	}
	return url.PathEscape(name), nil
}

func (s Scope) dataPath(name string) (string, error) {
	at, err := segment(name)
	return s.path() + "/state/" + at + "/data", err
}

// GetState downloads the newest version of a state, or with a number that one. A
// *StatusError with 404 says that there is none.
func (c *Client) GetState(ctx context.Context, s Scope, name string, version int) ([]byte, error) {
	path, err := s.dataPath(name)
	if err != nil {
		return nil, err
	}
	if version != 0 {
		path += "?version=" + strconv.Itoa(version)
	}
	a, err := c.do(ctx, call{
		what: fmt.Sprintf("download state %q", name), method: http.MethodGet, path: path, accept: octets, most: mostData,
	})
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

// PutState uploads a new version of a state. again is called before each attempt
// after the first, whose upload may have arrived although no answer came: when it
// reports true there is nothing left to do. It may be nil.
func (c *Client) PutState(ctx context.Context, s Scope, name string, data []byte, again func(context.Context) (bool, error)) error {
	path, err := s.dataPath(name)
	if err != nil {
		return err
	}
	if data == nil {
		data = []byte{}
	}
	r := call{
		what: fmt.Sprintf("upload state %q", name), method: http.MethodPut, path: path, body: data,
		typ: octets, accept: jsonType, success: []int{http.StatusOK}, most: mostJSON,
	}
	attempt := 0
	return c.retry(ctx, r.what, func() error {
		attempt++
		if attempt > 1 && again != nil {
			if done, err := again(ctx); done || err != nil {
				return err
			}
		}
		_, err := c.once(ctx, r)
		return err
	})
}
