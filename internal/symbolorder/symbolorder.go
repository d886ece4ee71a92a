// Package symbolorder is for tests. What a program evaluates to, and what is said of
// it, must not depend on how symbols are numbered: that differs whenever several
// programs are evaluated at once. Tests that import this package number the names in
// the repository's Nix files and test cases from the last to the first if the
// variable NIXPLAN_SYMBOLS is "reversed".
package symbolorder

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/nixplan/nixplan/eval/value"
)

func init() {
	if os.Getenv("NIXPLAN_SYMBOLS") != "reversed" {
		return
	}
	root, err := os.Getwd()
	for err == nil && !exists(filepath.Join(root, "internal", "symbolorder")) {
		if root == filepath.Dir(root) {
			return // a program that a test runs elsewhere
		}
		root = filepath.Dir(root)
	}
	names := map[string]bool{}
	if err == nil {
		err = collect(names, root)
	}
	if err != nil {
		panic("symbolorder: " + err.Error())
	}
	sorted := slices.Sorted(maps.Keys(names))
	for _, name := range slices.Backward(sorted) {
		value.Intern(name)
	}
}

var identifier = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_'-]*`)

// collect finds the names in files below a directory.
func collect(names map[string]bool, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch ext := filepath.Ext(path); {
		case err != nil:
			return err
		case entry.Name() == ".git":
			return filepath.SkipDir
		case ext != ".nix" && ext != ".txtar" && ext != ".md" || !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		for _, name := range identifier.FindAllString(string(text), -1) {
			names[name] = true
		}
		return err
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
