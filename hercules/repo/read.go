package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxRead is the largest file of git's that is read; an index of a million files
// has a tenth of it.
const maxRead = 1 << 30

// readFile reads one of git's own files. Reading a named pipe that took the place
// of one would wait for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("is a directory")}
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("is not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := bytes.NewBuffer(make([]byte, 0, min(info.Size(), maxRead)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(f, maxRead+1)); err != nil {
		return nil, err
	}
	if data.Len() > maxRead {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("is larger than %d bytes", maxRead)}
	}
	return data.Bytes(), nil
}
