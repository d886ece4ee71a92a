package nixopstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The stand-in for NixOps' SQLite database: one file that is replaced as a whole
// by each commit, so a process that dies leaves what it committed last. Like
// SQLite's, its beginning says what it is, and an empty file is an empty one.
const (
	databaseHeader = "SQLite format 3\x00 (a stand-in: JSON follows)\n"
	schemaVersion  = 3
)

// contents are the tables.
type contents struct {
	Schema      int
	Deployments []*deployment // in the order of their creation
}

type deployment struct {
	UUID      string
	Attrs     map[string]string
	Resources []*resource // in the order of their creation
}

type resource struct {
	Name, Type string
	Attrs      map[string]string
}

func (d *deployment) resource(name string) *resource {
	for _, r := range d.Resources {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// machines are the resources that are machines; obsolete ones only with all.
func (d *deployment) machines(all bool) []*resource {
	var out []*resource
	for _, r := range d.Resources {
		if r.isMachine() && (all || r.Attrs["obsolete"] == "") {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *resource) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// label is what progress is prefixed with.
func (d *deployment) label() string {
	if name := d.Attrs["name"]; name != "" {
		return name
	}
	return "unnamed"
}

// database is the state file of a process. Other processes change it meanwhile.
type database struct{ path string }

// openDatabase finds the state file, as -s, the environment or HOME have it, and
// makes it when it is missing.
func openDatabase(stateFlag string, getenv func(string) string) (*database, error) {
	path := stateFlag
	for _, name := range []string{"NIXOPS_STATE", "CHARON_STATE"} {
		if path == "" {
			path = getenv(name)
		}
	}
	if path == "" {
		path = filepath.Join("/"+strings.TrimPrefix(getenv("HOME"), "/"), ".nixops", "deployments.nixops")
	}
	if ext := filepath.Ext(path); ext != ".nixops" && ext != ".charon" {
		return nil, raisef("state file ‘%s’ should have extension ‘.nixops’", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, osError(err)
	}
	db := &database{path}
	return db, db.update(func(*contents) error { return nil })
}

func (db *database) read() (*contents, error) {
	data, err := os.ReadFile(db.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, osError(err)
	}
	c := &contents{Schema: schemaVersion}
	if len(data) == 0 {
		return c, nil
	}
	text, ok := bytes.CutPrefix(data, []byte(databaseHeader))
	if !ok || json.Unmarshal(text, c) != nil {
		return nil, raise("sqlite3.DatabaseError", "file is not a database")
	}
	if c.Schema > schemaVersion {
		return nil, raisef("this NixOps version is too old to deal with schema version %d", c.Schema)
	}
	return c, nil
}

// update reads, changes and commits, while no other process does. What change
// did before it failed is not committed.
func (db *database) update(change func(*contents) error) error {
	lock, err := os.OpenFile(db.path+"-shm", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return osError(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return osError(err)
	}
	c, err := db.read()
	if err != nil {
		return err
	}
	if err := change(c); err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	data := append([]byte(databaseHeader), text...)
	if old, err := os.ReadFile(db.path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	wal := db.path + "-wal"
	if err := os.WriteFile(wal, data, 0o600); err != nil {
		return osError(err)
	}
	return osError(os.Rename(wal, db.path))
}

// change commits a change of one deployment.
func (db *database) change(uuid string, change func(*deployment) error) error {
	return db.update(func(c *contents) error {
		for _, d := range c.Deployments {
			if d.UUID == uuid {
				return change(d)
			}
		}
		return raisef("could not find specified deployment in state file ‘%s’", db.path)
	})
}

// find looks a deployment up by UUID, name or the beginning of a UUID; with ""
// it is the only one there is.
func (c *contents) find(db *database, id string) (*deployment, error) {
	var found []*deployment
	for _, d := range c.Deployments {
		if id == "" || d.UUID == id || d.Attrs["name"] == id {
			found = append(found, d)
		}
	}
	if len(found) == 0 && id != "" {
		for _, d := range c.Deployments {
			if ok, err := filepath.Match(id+"*", d.UUID); ok && err == nil {
				found = append(found, d)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return nil, raisef("could not find specified deployment in state file ‘%s’", db.path)
	case id != "":
		return nil, raisef("state file contains multiple deployments with the same name, so you should specify one using its UUID")
	}
	return nil, raisef("state file contains multiple deployments, so you should specify which one to use using ‘-d’, or set the environment variable NIXOPS_DEPLOYMENT")
}

// export is a deployment as nixops export prints it.
func (d *deployment) export() map[string]any {
	out := map[string]any{}
	for name, value := range d.Attrs {
		out[name] = value
	}
	resources := map[string]any{}
	for _, r := range d.Resources {
		attrs := map[string]any{"type": r.Type}
		for name, value := range r.Attrs {
			attrs[name] = value
		}
		resources[r.Name] = attrs
	}
	out["resources"] = resources
	return out
}

// mapAttr and listAttr read attributes that hold JSON.
func (d *deployment) mapAttr(name string) map[string]string {
	out := map[string]string{}
	_ = json.Unmarshal([]byte(d.Attrs[name]), &out) // absent: empty
	return out
}

func (d *deployment) listAttr(name string) []string {
	var out []string
	_ = json.Unmarshal([]byte(d.Attrs[name]), &out)
	return out
}

// set writes attributes; "" removes one.
func set(attrs map[string]string, values map[string]string) {
	maps.Copy(attrs, values)
	maps.DeleteFunc(attrs, func(name, value string) bool {
		given, ok := values[name]
		return ok && given == ""
	})
}

// osError is a system's error as Python raises it.
func osError(err error) error {
	if err == nil {
		return nil
	}
	class := "OSError"
	switch {
	case errors.Is(err, fs.ErrPermission):
		class = "PermissionError"
	case errors.Is(err, fs.ErrNotExist):
		class = "FileNotFoundError"
	}
	number, path := 0, ""
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		number = int(errno)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		path, err = ": '"+e.Path+"'", e.Err
	}
	return raise(class, "%s", fmt.Sprintf("[Errno %s] %s%s", strconv.Itoa(number), err, path))
}
