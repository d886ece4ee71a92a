// Package private keeps what a job must not show to others: the home directory
// that its scripts write keys to, the secrets they read, and temporary files.
//
// It lies on a tmpfs where there is one, so that it never reaches a disk, and is
// readable by its owner only. [Dir.Remove] takes it away at the end of a job;
// what a killed run left, [Sweep] finds.
package private

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dir is the private directory of one job of one run.
type Dir struct {
	path string
}

// Create makes the private directory of a job. It lies in the first of the
// places that [Roots] lists, the last of which is below fallback, a directory
// that is made if need be.
//
// run names the run for [Sweep]; it must be a file name.
func Create(run, job, fallback string) (*Dir, error) {
	if !isRun(run) {
		return nil, fmt.Errorf("the run %q cannot be the name of a directory", run)
	}
	var failed []error
	for _, root := range Roots(fallback) {
		d, err := createBelow(root, run, job)
		if err == nil {
			return d, nil
		}
		failed = append(failed, err)
	}
	return nil, fmt.Errorf("no place for a private directory: %w", errors.Join(failed...))
}

// createBelow tries again when the directories above vanish meanwhile: whoever
// removes the last job of a run, or the last run, removes them as well.
func createBelow(root, run, job string) (d *Dir, err error) {
	for range 10 {
		if d, err = tryBelow(root, run, job); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return d, err
}

func tryBelow(root, run, job string) (*Dir, error) {
	if err := os.MkdirAll(filepath.Dir(root), 0o700); err != nil {
		return nil, err
	}
	dir := filepath.Join(root, run)
	if err := makeOwn(root); err != nil {
		return nil, err
	}
	if err := makeOwn(dir); err != nil {
		return nil, err
	}
	d := &Dir{filepath.Join(dir, element(job))}
	// What a previous attempt of this run left must not be seen by this one.
	if err := d.Remove(); err != nil {
		return nil, err
	}
	if err := makeOwn(dir); err != nil { // Remove takes an empty one away
		return nil, err
	}
	for _, path := range []string{d.path, d.Home(), d.Tmp(), filepath.Dir(d.SecretsFile())} {
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, errors.Join(err, d.Remove())
		}
	}
	return d, nil
}

// makeOwn makes a directory that only its owner may enter, and refuses one that
// is another's, or a link, which whoever may write to the parent could have put
// there.
func makeOwn(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case !isOwn(info):
		return fmt.Errorf("%s belongs to another user", path)
	case info.Mode().Perm() != 0o700:
		return os.Chmod(path, 0o700)
	}
	return nil
}

// Open is the private directory that [Create] made at path, for a run that
// continues.
func Open(path string) (*Dir, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir() || !isOwn(info) || info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is not a private directory of this user", path)
	}
	return &Dir{path}, nil
}

// Find is the private directory that a run made for a job, for which the arguments
// are those of [Create]. The error is fs.ErrNotExist when there is none.
func Find(run, job, fallback string) (*Dir, error) {
	if !isRun(run) {
		return nil, fs.ErrNotExist
	}
	for _, root := range Roots(fallback) {
		d, err := Open(filepath.Join(root, run, element(job)))
		if !errors.Is(err, fs.ErrNotExist) {
			return d, err
		}
	}
	return nil, fs.ErrNotExist
}

// Path is the directory itself. Sockets and files of the executor may lie in it.
func (d *Dir) Path() string { return d.path }

// Home is the directory for $HOME.
func (d *Dir) Home() string { return filepath.Join(d.path, "home") }

// Tmp is the directory for $TMPDIR.
func (d *Dir) Tmp() string { return filepath.Join(d.path, "tmp") }

// SecretsFile is where the job's secrets.json belongs. Create makes its
// directory and not the file.
func (d *Dir) SecretsFile() string { return filepath.Join(d.path, "secrets", "secrets.json") }

// isRun reports whether a run's name can be that of a directory.
func isRun(run string) bool {
	return filepath.IsLocal(run) && filepath.Base(run) == run && run != "." && !strings.ContainsRune(run, 0)
}

// maxElement bounds the part of the path that comes from a job's name: sockets
// below the home directory, those of gpg-agent, have paths of 108 bytes at most.
const maxElement = 22

// element is a job's name as a directory: as much of it as is legible, and a
// hash that keeps names apart which are alike.
func element(job string) string {
	sum := sha256.Sum256([]byte(job))
	hash := hex.EncodeToString(sum[:4])
	legible := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, job)
	if limit := maxElement - len(hash) - 1; len(legible) > limit {
		legible = legible[:limit]
	}
	return legible + "-" + hash
}
