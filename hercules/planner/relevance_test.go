package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/eval/value"
)

func TestTurns(t *testing.T) {
	const main, v1 = "refs/heads/main", "refs/tags/v1"
	tests := []struct {
		mark, left, op, right string
		ref                   string
		want                  []string
	}{
		{"src.ref", `"refs/heads/main"`, "==", `"refs/heads/production"`, main, []string{"refs/heads/production", otherBranch, otherTag}},
		{"src.ref", `"refs/heads/production"`, "!=", `"refs/heads/main"`, main, []string{"refs/heads/production", otherBranch, otherTag}},
		{"src.ref", `"refs/heads/main"`, "==", `"refs/heads/main"`, main, []string{otherBranch, otherTag}},
		{"branch", `"main"`, "==", `"production"`, main, []string{"refs/heads/production", otherBranch, otherTag}},
		{"branch", `null`, "==", `"production"`, v1, []string{"refs/heads/production", otherBranch, otherTag}},
		{"branch", `"main"`, "==", `null`, main, []string{otherBranch, otherTag}},
		{"branch", `null`, "==", `null`, v1, []string{otherBranch, otherTag}},
		{"src.tag", `null`, "==", `"v1"`, main, []string{"refs/tags/v1", otherTag, otherBranch}},
		{"src.tag", `"v1"`, "==", `"v1"`, v1, []string{otherTag, otherBranch}},
		{"src.owner", `"a"`, "==", `"b"`, main, nil},
	}
	for _, test := range tests {
		c := &value.Comparison{Op: test.op, Marks: []string{test.mark}, Left: test.left, Right: test.right}
		if diff := cmp.Diff(test.want, turns(c, test.ref)); diff != "" {
			t.Errorf("%s: %s %s %s for %s (-want +got):\n%s", test.mark, test.left, test.op, test.right, test.ref, diff)
		}
	}
}
