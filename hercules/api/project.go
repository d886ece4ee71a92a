package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// Project names a project to the server: by its id, or by where it lives.
type Project struct {
	ID string `json:"id,omitempty"` // a UUID; where there is one it counts
	// Site is the forge ("github"), Owner may have slashes.
	Site, Owner, Name string
}

// ParseProject reads SITE/OWNER/NAME, or an id.
func ParseProject(s string) (Project, error) {
	if id, err := uuid.Parse(s); err == nil {
		return Project{ID: id.String()}, nil
	}
	site, rest, _ := strings.Cut(s, "/")
	slash := strings.LastIndexByte(rest, '/')
	if slash < 0 {
		return Project{}, fmt.Errorf("%q is not a project: want SITE/OWNER/NAME, such as github/neat-org/neat-repo", s)
	}
	p := Project{Site: site, Owner: rest[:slash], Name: rest[slash+1:]}
	for _, part := range strings.Split(s, "/") {
		if part == "" || part == "." || part == ".." {
			return Project{}, fmt.Errorf("%q is not a project: a part of it is empty or only dots", s)
		}
	}
	return p, nil
}

// String is SITE/OWNER/NAME, or the id when that is all there is.
func (p Project) String() string {
	if p.Name == "" {
		return p.ID
	}
	return p.Site + "/" + p.Owner + "/" + p.Name
}

// path is where the project's resources are.
func (p Project) path() string {
	if p.ID != "" {
		return "/api/v1/projects/" + url.PathEscape(p.ID)
	}
	return "/api/v1/site/" + url.PathEscape(p.Site) + "/account/" + url.PathEscape(p.Owner) + "/project/" + url.PathEscape(p.Name)
}

// ProjectFrom is the project that an environment names, if it does; hci wants both
// of its variables.
func ProjectFrom(getenv func(string) string) (p Project, ok bool, err error) {
	id, path := getenv(idVariable), getenv(pathVariable)
	if id == "" || path == "" {
		return Project{}, false, nil
	}
	if _, err := uuid.Parse(id); err != nil {
		return Project{}, false, fmt.Errorf("$%s is not the id of a project", idVariable)
	}
	if p, err = ParseProject(path); err != nil {
		return Project{}, false, fmt.Errorf("$%s: %w", pathVariable, err)
	}
	p.ID = id
	return p, true, nil
}

// ParseGitURL asks the server which project a git remote's URL belongs to. The URL is
// to be without credentials. A *StatusError with 404 says that the server does not
// recognise it.
func (c *Client) ParseGitURL(ctx context.Context, gitURL string) (Project, error) {
	a, err := c.do(ctx, call{
		what: "look up the project", method: http.MethodGet, accept: jsonType, most: mostJSON,
		path: "/api/v1/parse-git-url?gitURL=" + url.QueryEscape(gitURL),
	})
	if err != nil {
		return Project{}, err
	}
	var found struct {
		SiteName, OwnerName, RepoName string
		ProjectID                     string `json:"projectId"`
	}
	if err := decode("look up the project", a.body, &found); err != nil {
		return Project{}, err
	}
	return Project{ID: found.ProjectID, Site: found.SiteName, Owner: found.OwnerName, Name: found.RepoName}, nil
}

const (
	jsonType = "application/json"
	octets   = "application/octet-stream"

	mostJSON = 64 << 20
	mostData = 1 << 30
)

// decode reads an answer that should be JSON.
func decode(what string, body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: the answer is not the JSON that it should be", what)
	}
	return nil
}
