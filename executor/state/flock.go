package state

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryFlock takes the exclusive flock of a file; false when somebody else has it.
// The lock belongs to the open file: children that inherit the descriptor share it.
// (gofrs/flock does not give its descriptor.)
func tryFlock(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unflock gives the lock back for all who share it.
func unflock(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
		return nil
	}
}
