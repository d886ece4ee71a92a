package fetch

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush brings what was written below a directory to the disk: the whole file
// system at once, because a tree has tens of thousands of files.
func flush(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
