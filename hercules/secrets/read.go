package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// maxFile bounds what is read, in bytes. Thousands of secrets fit.
const maxFile = 16 << 20

// ReadFile reads a secrets.json. name is how findings call the file.
//
// What is wrong with its content is a list of findings; the inventory is nil if
// one of them is an error, since agents then refuse the whole file. An error
// means that the file cannot be read.
func ReadFile(path, name string) (*Inventory, diag.List, error) {
	text, mode, err := load(nil, path)
	if err != nil {
		return nil, nil, err
	}
	defer clear(text)
	v, list := Parse(text, name)
	if mode&0o004 != 0 {
		list = append(diag.List{{
			ID: diag.IDSecrets, Severity: diag.Warning,
			Summary: fmt.Sprintf("every user of this machine can read %s (its mode is %#o)", name, mode.Perm()),
			Help:    "chmod o-rwx " + name,
		}}, list...)
	}
	return v, list, nil
}

// Read reads a secrets.json that comes from a pipe, see [ReadFile].
func Read(r io.Reader, name string) (*Inventory, diag.List, error) {
	text, err := readAll(r, 0)
	if err != nil {
		return nil, nil, err
	}
	defer clear(text)
	v, list := Parse(text, name)
	return v, list, nil
}

// ReadData reads a secrets.json, see [ReadFile], and the data of those of its
// secrets that wanted asks for: JSON objects, as they stand in the file. Of the
// others it keeps no value. The caller clears the data when it is done with it.
func ReadData(path, name string, wanted func(*Secret) bool) (v *Inventory, data map[string][]byte, list diag.List, err error) {
	text, _, err := load(nil, path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer clear(text)
	v, list = Parse(text, name)
	if v == nil {
		return nil, nil, list, nil
	}
	data = map[string][]byte{}
	for _, s := range v.Secrets {
		if wanted(s) {
			data[s.Name] = bytes.Clone(text[s.data.Start:s.data.End])
		}
	}
	return v, data, list, nil
}

// ReadManifest reads a manifest, see [ReadFile]. It is a file of a repository,
// which may be that of another revision; nil is this machine's disk.
func ReadManifest(disk *world.Disk, path, name string) (*Inventory, diag.List, error) {
	text, _, err := load(disk, path)
	if err != nil {
		return nil, nil, err
	}
	v, list := ParseManifest(text, name)
	return v, list, nil
}

// ReadEither reads a manifest if the file's name ends in .yaml or .yml, and a
// secrets.json otherwise.
func ReadEither(path, name string) (*Inventory, diag.List, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml":
		return ReadManifest(nil, path, name)
	}
	return ReadFile(path, name)
}

// load reads a regular file. Errors do not name it.
func load(disk *world.Disk, path string) ([]byte, fs.FileMode, error) {
	// Before opening, which waits for the other end of a pipe.
	info, err := disk.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, 0, bare(err)
	}
	file, err := disk.Open(path)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer file.Close()
	text, err := readAll(file, info.Size())
	return text, info.Mode(), bare(err)
}

// bare is an error without the path, which whoever asked for it knows.
func bare(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// readAll reads all of r, which has probably size bytes. It leaves no second
// copy of what it read.
func readAll(r io.Reader, size int64) ([]byte, error) {
	text := make([]byte, 0, max(512, min(size, maxFile)+1))
	for {
		n, err := r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case len(text) > maxFile:
			err = fmt.Errorf("larger than %d MiB", maxFile>>20)
		case errors.Is(err, io.EOF):
			return text, nil
		}
		if err != nil {
			clear(text)
			return nil, err
		}
		if len(text) == cap(text) {
			longer := make([]byte, len(text), min(2*cap(text), maxFile+1))
			copy(longer, text)
			clear(text)
			text = longer
		}
	}
}
