package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// FileStore keeps states in a directory of this machine. All versions are kept, and
// whoever is killed in between, the newest version is whole.
type FileStore struct{ dir *directory }

var _ Store = (*FileStore)(nil)

// NewFileStore is a store in a directory, which is created when something is first
// stored. The path is absolute.
func NewFileStore(path string) *FileStore { return &FileStore{newDirectory(path)} }

// Place implements [Store].
func (s *FileStore) Place() string { return "directory " + s.dir.path }

// PutCommand implements [Store].
func (s *FileStore) PutCommand(name, file string, base *Version) []string {
	return putCommand(name, file, base, "--state-backend", "file", "--state-dir", s.dir.path)
}

var versionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{8,})-([0-9a-f]{64})$`) })

// fileName is the name of a version's file.
func (v Version) fileName() string { return fmt.Sprintf("%08d-%s", v.Number, v.SHA256) }

// versions are what is in the directory of a name, newest first. It is never empty
// without an error.
func (s *FileStore) versions(name string) ([]Version, error) {
	if known, err := s.dir.known(name); err != nil || !known {
		return nil, cmp.Or(err, ErrNotExist)
	}
	entries, err := os.ReadDir(s.dir.of(name))
	if err != nil {
		return nil, err
	}
	var list []Version
	for _, entry := range entries {
		match := versionName().FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		number, err := strconv.Atoi(match[1])
		if err != nil || number == 0 {
			continue // not ours: more versions than anybody stores
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody removes old ones
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Version{Number: number, SHA256: match[2], Time: info.ModTime().UTC(), Size: info.Size()})
	}
	if len(list) == 0 {
		return nil, ErrNotExist
	}
	slices.SortFunc(list, func(a, b Version) int { return cmp.Compare(b.Number, a.Number) })
	return list, nil
}

// Versions implements [Store].
func (s *FileStore) Versions(_ context.Context, name string) ([]Version, error) {
	list, err := s.versions(name)
	return list, s.explain("read", name, err)
}

// Get implements [Store].
func (s *FileStore) Get(_ context.Context, name string) (*File, error) {
	list, err := s.versions(name)
	if err != nil {
		return nil, s.explain("read", name, err)
	}
	return s.read(name, list[0])
}

// GetVersion implements [Store].
func (s *FileStore) GetVersion(_ context.Context, name string, number int) (*File, error) {
	list, err := s.versions(name)
	if err != nil {
		return nil, s.explain("read", name, err)
	}
	for _, v := range list {
		if v.Number == number {
			return s.read(name, v)
		}
	}
	return nil, fmt.Errorf("version %d of state %q: %w", number, name, ErrNotExist)
}

// DamagedError says that a version is not what was stored.
type DamagedError struct {
	Name    string
	Version Version
	Path    string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("version %d of state %q is damaged: %s does not have the hash that its name says", e.Version.Number, e.Name, e.Path)
}

func (s *FileStore) read(name string, v Version) (*File, error) {
	path := filepath.Join(s.dir.of(name), v.fileName())
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, s.explain("read", name, err)
	}
	if versionOf(data).SHA256 != v.SHA256 {
		return nil, &DamagedError{name, v, path}
	}
	return &File{data, v}, nil
}

// Put implements [Store].
func (s *FileStore) Put(ctx context.Context, name string, data []byte, base *Version) (Version, error) {
	return s.put(ctx, name, data, func(newest *Version) error {
		if !sameContent(base, newest) {
			return &ConflictError{name, base, newest}
		}
		return nil
	})
}

// Replace implements [Store].
func (s *FileStore) Replace(ctx context.Context, name string, data []byte) (Version, error) {
	return s.put(ctx, name, data, func(*Version) error { return nil })
}

// put stores data unless it is what is there already, or check refuses.
func (s *FileStore) put(ctx context.Context, name string, data []byte, check func(newest *Version) error) (Version, error) {
	dir, err := s.dir.create(name)
	if err != nil {
		return Version{}, s.explain("store", name, err)
	}
	v := versionOf(data)
	err = exclusively(ctx, dir, func() error {
		if err := sweep(dir); err != nil {
			return err
		}
		var newest *Version
		switch list, err := s.versions(name); {
		case err == nil:
			newest = &list[0]
		case !errors.Is(err, ErrNotExist):
			return err
		}
		v.Number = 1
		if newest != nil {
			if _, err := s.read(name, *newest); newest.SHA256 == v.SHA256 && err == nil {
				v = *newest
				return nil
			}
			v.Number = newest.Number + 1
		}
		if err := check(newest); err != nil {
			return err
		}
		path := filepath.Join(dir, v.fileName())
		if err := s.dir.writeFile(path, data); err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		v.Time = info.ModTime().UTC()
		return nil
	})
	if err != nil {
		return Version{}, s.explain("store", name, err)
	}
	return v, nil
}

// List implements [Store].
func (s *FileStore) List(context.Context) ([]Entry, error) {
	names, err := s.dir.names()
	if err != nil {
		return nil, fmt.Errorf("cannot list the states: %w", err)
	}
	var entries []Entry
	for _, name := range names {
		list, err := s.versions(name)
		if errors.Is(err, ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, s.explain("read", name, err)
		}
		entries = append(entries, Entry{name, list[0]})
	}
	return entries, nil
}

// explain says of an error what was to be done.
func (s *FileStore) explain(verb, name string, err error) error {
	var conflict *ConflictError
	switch {
	case err == nil || errors.As(err, &conflict):
		return err
	case err == ErrNotExist:
		return fmt.Errorf("state %q: %w", name, err)
	}
	return fmt.Errorf("cannot %s state %q: %w", verb, name, err)
}
