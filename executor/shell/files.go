package shell

import (
	"errors"
	"os"
	"path/filepath"
)

// writeNew writes a file that does not exist yet, with exactly this mode from
// the start. On an error there is no file.
func writeNew(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// replace puts a file with this content and mode in the place of another, or of
// none, in one step.
func replace(path string, text []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".nixplan-*") // 0600
	if err != nil {
		return err
	}
	temporary := f.Name()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

// appendTo appends to a file, which it makes with mode 0600 if there is none. On
// an error the file is as long as it was.
func appendTo(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		if info.Size() == 0 {
			return errors.Join(err, os.Remove(path))
		}
		return errors.Join(err, f.Truncate(info.Size()))
	}
	return f.Close()
}
