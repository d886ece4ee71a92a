package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/nixplan/nixplan/hercules/api"
)

// HerculesStore keeps states where Hercules CI keeps those of a project.
//
// The server does not compare before it stores, so that Put's comparison is sound
// only while the lock of the name is held. It keeps every version.
type HerculesStore struct {
	client *api.Client
	scope  api.Scope
	// project is the zero value in an effect that does not know its own.
	project api.Project
}

var _ Store = (*HerculesStore)(nil)

// NewHerculesStore is the store of a project. In an effect, current says to name the
// project by the effect's token; a project that is given besides serves what is not
// possible that way: lists and older versions.
func NewHerculesStore(client *api.Client, project api.Project, current bool) *HerculesStore {
	return &HerculesStore{client, api.Scope{Project: project, CurrentTask: current}, project}
}

// Place implements [Store].
func (s *HerculesStore) Place() string { return herculesPlace(s.client, s.project) }

func herculesPlace(client *api.Client, project api.Project) string {
	if project == (api.Project{}) {
		return client.Base() + ", the project of this effect"
	}
	return client.Base() + ", project " + project.String()
}

// PutCommand implements [Store]. It is for outside of the effect, whose token does
// not last.
func (s *HerculesStore) PutCommand(name, file string, base *Version) []string {
	project := cmp.Or(s.project.String(), "SITE/OWNER/NAME")
	return putCommand(name, file, base, "--state-backend", "hercules", "--api", s.client.Base(), "--project", project)
}

// newest is the newest version, nil when there is none. Its content is read as well
// where that is the only way to tell, and otherwise nil.
func (s *HerculesStore) newest(ctx context.Context, name string) (*Version, []byte, error) {
	if !s.scope.CurrentTask {
		list, err := s.list(ctx, name)
		if err != nil || len(list) == 0 {
			return nil, nil, err
		}
		if list[0].SHA256 != "" {
			return &list[0], nil, nil
		}
	}
	data, err := s.client.GetState(ctx, s.scope, name, 0)
	if api.IsStatus(err, http.StatusNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	v := versionOf(data)
	return &v, data, nil
}

// list are the versions of a state as the server lists them, newest first.
func (s *HerculesStore) list(ctx context.Context, name string) ([]Version, error) {
	all, err := s.states(ctx)
	if err != nil {
		return nil, err
	}
	var list []Version
	for _, v := range all[name] {
		list = append(list, herculesVersion(v))
	}
	return list, nil
}

func herculesVersion(v api.StateVersion) Version {
	return Version{Number: v.Number, SHA256: v.SHA256, Time: v.Created.UTC(), Size: v.Size, Uploader: v.Uploader, Job: v.Job}
}

func (s *HerculesStore) states(ctx context.Context) (map[string][]api.StateVersion, error) {
	if s.project == (api.Project{}) {
		return nil, &ProjectError{"an effect's token does not list states or give older versions of them"}
	}
	all, err := s.client.States(ctx, s.project)
	if api.IsStatus(err, http.StatusNotFound) {
		return nil, &ProjectError{fmt.Sprintf("%s has no project %s, or the token is not for it", s.client.Base(), s.project)}
	}
	return all, err
}

// ProjectError says that a project is missing or not the right one.
type ProjectError struct{ Why string }

func (e *ProjectError) Error() string {
	return e.Why + "; name the project with --project SITE/OWNER/NAME"
}

// Get implements [Store].
func (s *HerculesStore) Get(ctx context.Context, name string) (*File, error) {
	newest, data, err := s.newest(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case newest == nil:
		return nil, fmt.Errorf("state %q: %w", name, ErrNotExist)
	case data != nil:
		return &File{data, *newest}, nil
	}
	return s.download(ctx, name, *newest)
}

// GetVersion implements [Store].
func (s *HerculesStore) GetVersion(ctx context.Context, name string, number int) (*File, error) {
	list, err := s.list(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if v.Number == number {
			return s.download(ctx, name, v)
		}
	}
	return nil, fmt.Errorf("version %d of state %q: %w", number, name, ErrNotExist)
}

// download gives a version that the server lists.
func (s *HerculesStore) download(ctx context.Context, name string, v Version) (*File, error) {
	data, err := s.client.GetState(ctx, api.Scope{Project: s.project}, name, v.Number)
	if err != nil {
		return nil, err
	}
	is := versionOf(data)
	if v.SHA256 != "" && v.SHA256 != is.SHA256 {
		return nil, fmt.Errorf("version %d of state %q is not what the server says it is: its hash is %s, want %s", v.Number, name, is.SHA256, v.SHA256)
	}
	v.SHA256, v.Size = is.SHA256, is.Size
	return &File{data, v}, nil
}

// Put implements [Store].
func (s *HerculesStore) Put(ctx context.Context, name string, data []byte, base *Version) (Version, error) {
	return s.put(ctx, name, data, func(newest *Version) error {
		if !sameContent(base, newest) {
			return &ConflictError{name, base, newest}
		}
		return nil
	})
}

// Replace implements [Store].
func (s *HerculesStore) Replace(ctx context.Context, name string, data []byte) (Version, error) {
	return s.put(ctx, name, data, func(*Version) error { return nil })
}

// put stores data unless it is what is there already, or check refuses. An upload
// that has no answer may have arrived, so the newest version is looked at before each
// attempt.
func (s *HerculesStore) put(ctx context.Context, name string, data []byte, check func(newest *Version) error) (Version, error) {
	v := versionOf(data)
	there := func(ctx context.Context) (bool, error) {
		newest, _, err := s.newest(ctx, name)
		if err != nil {
			return false, err
		}
		if newest != nil && newest.SHA256 == v.SHA256 {
			v = *newest
			return true, nil
		}
		return false, check(newest)
	}
	if done, err := there(ctx); done || err != nil {
		return v, err
	}
	if err := s.client.PutState(ctx, s.scope, name, data, there); err != nil {
		return Version{}, err
	}
	if v.Number == 0 && !s.scope.CurrentTask {
		// It is stored; which number it got is good to know, but not worth a failure.
		if list, err := s.list(ctx, name); err == nil {
			for _, listed := range list {
				if listed.SHA256 == v.SHA256 {
					return listed, nil
				}
			}
		}
	}
	return v, nil
}

// List implements [Store].
func (s *HerculesStore) List(ctx context.Context) ([]Entry, error) {
	all, err := s.states(ctx)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if versions := all[name]; len(versions) > 0 {
			entries = append(entries, Entry{name, herculesVersion(versions[0])})
		}
	}
	return entries, nil
}

// Versions implements [Store].
func (s *HerculesStore) Versions(ctx context.Context, name string) ([]Version, error) {
	list, err := s.list(ctx, name)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("state %q: %w", name, ErrNotExist)
	}
	return list, err
}

// FindProject asks the server for the project of a git remote, whose URL is without
// credentials.
func FindProject(ctx context.Context, client *api.Client, gitURL string) (api.Project, error) {
	project, err := client.ParseGitURL(ctx, gitURL)
	var status *api.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return project, &ProjectError{fmt.Sprintf("%s does not recognise the repository %s", client.Base(), gitURL)}
	}
	return project, err
}
