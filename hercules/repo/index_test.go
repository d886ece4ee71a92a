package repo

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestReadIndex compares with what git lists, for every form of index git
// writes.
func TestReadIndex(t *testing.T) {
	tests := []struct {
		name    string
		unknown bool // left to git
		change  func(s *sandbox)
	}{
		{"plain", false, func(s *sandbox) {}},
		{"version 4", false, func(s *sandbox) { s.git("r", "update-index", "--index-version", "4") }},
		{"version 4, shared prefixes", false, func(s *sandbox) {
			for _, name := range []string{"a", "sub/network-aws.nix", "sub/network-azure.nix", "sub/x/" + strings.Repeat("long/", 60) + "y", "sub/x/z"} {
				s.write("r/"+name, name)
			}
			s.git("r", "update-index", "--index-version", "4")
			s.git("r", "add", ".")
		}},
		{"version 3", false, func(s *sandbox) {
			s.write("r/later.nix", "")
			s.git("r", "add", "--intent-to-add", "later.nix")
		}},
		{"submodule", false, func(s *sandbox) {
			s.repository("m")
			s.git("r", "submodule", "add", "-q", s.path("m"), "lib")
		}},
		{"conflict", false, func(s *sandbox) {
			s.git("r", "checkout", "-q", "-b", "other")
			s.write("r/ci.nix", "1")
			s.git("r", "commit", "-qam", "one")
			s.git("r", "checkout", "-q", "main")
			s.write("r/ci.nix", "2")
			s.git("r", "commit", "-qam", "two")
			s.git("r", "read-tree", "-m", "other~1", "main", "other")
		}},
		{"untracked cache", false, func(s *sandbox) { s.git("r", "update-index", "--force-untracked-cache") }},
		{"split", true, func(s *sandbox) { s.git("r", "update-index", "--split-index") }},
		{"nothing added", false, func(s *sandbox) { os.Remove(s.path("r/.git/index")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSandbox(t)
			s.repository("r")
			test.change(s)
			g := s.open("r")
			want, err := g.listFiles()
			if err != nil {
				t.Fatal(err)
			}
			got, err := g.readIndex()
			if test.unknown {
				if err == nil {
					t.Error("an index that must be left to git was read")
				}
				if got, err = g.Tracked(); err != nil {
					t.Fatal(err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if len(got.files) == 0 {
				got.files = map[string]bool{}
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Tracked{}), cmpopts.IgnoreFields(Tracked{}, "dirsOnce", "dirs")); diff != "" {
				t.Errorf("(-git +read):\n%s", diff)
			}
		})
	}
}

func TestReadIndexSHA256(t *testing.T) {
	s := newSandbox(t)
	s.write("r/ci.nix", "{ }\n")
	s.write("r/sub/network.nix", "{ }\n")
	s.git("r", "init", "-q", "--object-format=sha256")
	s.git("r", "add", ".")
	tracked, err := s.open("r").readIndex()
	if err != nil {
		t.Fatal(err)
	}
	if tracked.Len() != 2 || !tracked.File("sub/network.nix") {
		t.Errorf("tracked %v", tracked.files)
	}
}

// FuzzIndex: no file makes the reader fail in another way than by saying so.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00aaaaaaaaaaaaaaaaaaaa"), false)
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x01"+strings.Repeat("\x00", 62)+"\x00a\x00aaaaaaaaaaaaaaaaaaaa"), false)
	f.Fuzz(func(t *testing.T, data []byte, long bool) {
		hash := 20
		if long {
			hash = 32
		}
		if tracked, err := parseIndex(data, hash); err == nil && tracked == nil {
			t.Error("neither files nor an error")
		}
	})
}
