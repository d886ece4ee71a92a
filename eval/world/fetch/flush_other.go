//go:build !linux

package fetch

import (
	"io/fs"
	"path/filepath"
)

// flush brings what was written below a directory to the disk.
func flush(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() && !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}
