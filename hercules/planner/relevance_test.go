package planner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
)

// sourceAt is what an agent says about a push to ref.
func sourceAt(ref string) *hercules.GitSource {
	src := (&hercules.Project{Root: "/repo"}).Source(ref)
	return &src
}

func TestTurns(t *testing.T) {
	const main, v1 = "refs/heads/main", "refs/tags/v1"
	tests := []struct {
		mark, subject, op, other string
		ref                      string
		want                     []string
	}{
		{"src.ref", main, "==", "refs/heads/production", main, []string{"refs/heads/production", OtherBranch, OtherTag}},
		{"src.ref", main, "==", main, main, []string{OtherBranch, OtherTag}},
		{"branch", "main", "==", "production", main, []string{"refs/heads/production", OtherBranch, OtherTag}},
		{"branch", "", "==", "production", v1, []string{"refs/heads/production", OtherBranch, OtherTag}},
		{"branch", "main", "==", "", main, []string{OtherBranch, OtherTag}},
		{"src.tag", "", "==", "v1", main, []string{"refs/tags/v1", OtherTag, OtherBranch}},
		{"src.owner", "a", "==", "b", main, nil},
	}
	for _, test := range tests {
		d := &eval.Decision{Comparison: &value.Comparison{Op: test.op, Marks: []string{test.mark}}, Subject: test.subject, Others: []string{test.other}}
		if diff := cmp.Diff(test.want, turns(d, sourceAt(test.ref))); diff != "" {
			t.Errorf("%s: %s %s %s for %s (-want +got):\n%s", test.mark, test.subject, test.op, test.other, test.ref, diff)
		}
	}
}

// Among the candidates for a decision there is always a ref that makes it come
// out the other way.
func TestCandidates(t *testing.T) {
	const main = "refs/heads/main"
	tests := []struct {
		mark, op, subject, other string
		holds                    func(*hercules.GitSource) bool
	}{
		{"src.ref", "==", main, "refs/heads/production", func(s *hercules.GitSource) bool { return s.Ref == "refs/heads/production" }},
		{"src.ref", "==", "refs/heads/", "refs/tags/v", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Ref, "refs/tags/v") }},
		{"src.ref", "==", "refs/heads/mai", "refs/heads/rel", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Ref, "refs/heads/rel") }},
		{"src.ref", "==", main, "refs/heads/release/", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Ref, "refs/heads/release/") }},
		{"src.ref", "==", "main", "live", func(s *hercules.GitSource) bool { return strings.TrimPrefix(s.Ref, "refs/heads/") == "live" }},
		{"src.ref", "==", "ain", "-v2", func(s *hercules.GitSource) bool { return strings.HasSuffix(s.Ref, "-v2") }},
		{"src.branch", "==", "mai", "rel", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Branch, "rel") }},
		{"src.tag", "==", "", "v1", func(s *hercules.GitSource) bool { return s.Tag == "v1" }},
		{"src.ref", "match", main, "refs/tags/v([0-9]+)\\.[0-9]+", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Ref, "refs/tags/v1.1") }},
		{"src.branch", "match", "main", "(prod|live)-.*", func(s *hercules.GitSource) bool { return strings.HasPrefix(s.Branch, "live-") }},
		{"src.branch", "match", "main", "[[:alpha:]]{3}-[^-]?", func(s *hercules.GitSource) bool { return s.Branch == "xxx-" }},
	}
	for _, test := range tests {
		d := &eval.Decision{Comparison: &value.Comparison{Op: test.op, Marks: []string{test.mark}}, Subject: test.subject}
		if test.op == "match" {
			d.Pattern = test.other
		} else {
			d.Others = []string{test.other}
		}
		found := candidates(d, sourceAt(main))
		if !containsRef(found, test.holds) {
			t.Errorf("%s %s %q: none of %q will do", test.mark, test.op, test.other, found)
		}
	}
}

func containsRef(refs []string, holds func(*hercules.GitSource) bool) bool {
	for _, ref := range refs {
		if holds(sourceAt(ref)) {
			return true
		}
	}
	return false
}
