package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/check"
)

// What lies elsewhere, or is no longer what was checked, is not changed.
func TestFixLeavesAlone(t *testing.T) {
	const slip = `{ src ? { ref = null; } }: if src.ref == "refs/head/main" then { } else { }`
	tests := []struct {
		name  string
		since func(t *testing.T, file string) // what happens to the file after the check
		want  string                          // in the error
	}{
		{
			name:  "changed, of the same length",
			since: func(t *testing.T, file string) { write(t, file, strings.Replace(slip, "else { }", "else [ ]", 1)) },
			want:  "ci.nix: it was changed meanwhile",
		}, {
			name: "a link to elsewhere",
			since: func(t *testing.T, file string) {
				elsewhere := filepath.Join(t.TempDir(), "ci.nix")
				write(t, elsewhere, slip)
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(elsewhere, file); err != nil {
					t.Fatal(err)
				}
			},
			want: "not in the repository",
		}, {
			name: "removed",
			since: func(t *testing.T, file string) {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			},
			want: "ci.nix: no such file or directory",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "ci.nix")
			write(t, file, slip)
			report, err := check.Run(t.Context(), check.Options{Path: dir})
			if err != nil {
				t.Fatal(err)
			}
			test.since(t, file)
			before, _ := os.ReadFile(file)
			mended, err := check.Fix(report)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v and the error %v, want one with %q", mended, err, test.want)
			}
			if after, _ := os.ReadFile(file); string(after) != string(before) {
				t.Errorf("the file was changed to %q", after)
			}
		})
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
