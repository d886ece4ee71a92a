package private

import (
	"os"

	"golang.org/x/sys/unix"
)

// dataAfter is the next part of a file from at on that is no hole; without any,
// it is empty and at the end.
func dataAfter(f *os.File, at, size int64) (start, end int64) {
	start, err := f.Seek(at, unix.SEEK_DATA)
	switch err := unwrap(err); {
	case err == unix.ENXIO:
		return size, size
	case err != nil: // a file system that cannot tell
		return at, size
	}
	end, err = f.Seek(start, unix.SEEK_HOLE)
	if err != nil {
		end = size
	}
	return min(start, size), min(end, size)
}

func unwrap(err error) error {
	if err, ok := err.(*os.PathError); ok {
		return err.Err
	}
	return err
}
