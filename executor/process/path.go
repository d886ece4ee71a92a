package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NotFoundError says that a program is in none of the directories of PATH.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no program %s in PATH", e.Name) }

// LookPath finds a program in the PATH of an environment, which need not be the
// environment of nixplan. The error is a *NotFoundError. Entries that are not
// absolute are passed over: what they mean depends on where a repository's files
// are.
func LookPath(name string, env []string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	for _, dir := range filepath.SplitList(Getenv(env, "PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", &NotFoundError{name}
}

// Getenv is the last value of a variable in an environment, or "".
func Getenv(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if n, v, _ := strings.Cut(env[i], "="); n == name {
			return v
		}
	}
	return ""
}
