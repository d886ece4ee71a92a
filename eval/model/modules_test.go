package model_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestModules evaluates the expressions of testdata/modules/*.txtar, archives
// of the form TestEffects describes: the module system, NixOS configurations,
// and both with unknown parts.
func TestModules(t *testing.T) {
	archives, err := filepath.Glob("testdata/modules/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { testArchive(t, path) })
	}
}
