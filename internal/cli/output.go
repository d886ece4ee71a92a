package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// writeFile writes a file that the user named. A plain file appears complete or
// stays as it was; of a link the file it leads to is written. What is no plain
// file, such as /dev/stdout or a pipe, is written to and not replaced.
func writeFile(path string, data []byte) error {
	at := path
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		at = resolved
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s: is a directory", path)
	case err == nil && (!info.Mode().IsRegular() || strings.HasPrefix(filepath.Clean(path), "/dev/")):
		err = writeInto(path, data)
	default:
		err = renameio.WriteFile(at, data, 0o644, renameio.WithExistingPermissions())
	}
	// The name in the error may be that of a temporary file.
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", path, failed.Err)
	}
	return err
}

func writeInto(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
