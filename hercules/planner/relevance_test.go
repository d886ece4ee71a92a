package planner

import (
	"testing"

	"github.com/nixplan/nixplan/eval/value"
)

func TestTurn(t *testing.T) {
	const main, v1 = "refs/heads/main", "refs/tags/v1"
	tests := []struct {
		mark, left, right, result string
		ref, want                 string
	}{
		{"src.ref", `"refs/heads/main"`, `"refs/heads/production"`, "false", main, "refs/heads/production"},
		{"src.ref", `"refs/heads/production"`, `"refs/heads/main"`, "false", main, "refs/heads/production"},
		{"src.ref", `"refs/heads/main"`, `"refs/heads/main"`, "true", main, otherBranch},
		{"branch", `"main"`, `"production"`, "false", main, "refs/heads/production"},
		{"branch", `null`, `"production"`, "false", v1, "refs/heads/production"},
		{"branch", `"main"`, `"main"`, "true", main, otherBranch},
		{"branch", `"main"`, `null`, "false", main, otherTag},
		{"branch", `null`, `null`, "true", v1, otherBranch},
		{"src.tag", `null`, `null`, "true", main, otherTag},
		{"src.tag", `null`, `"v1"`, "false", main, "refs/tags/v1"},
		{"src.tag", `"v1"`, `null`, "false", v1, otherBranch},
		{"src.tag", `"v1"`, `"v1"`, "true", v1, otherTag},
		{"src.owner", `"a"`, `"b"`, "false", main, ""},
	}
	for _, test := range tests {
		c := &value.Comparison{Op: "==", Marks: []string{test.mark}, Left: test.left, Right: test.right, Result: test.result}
		if got := turn(c, test.ref); got != test.want {
			t.Errorf("%s: %s == %s is %s for %s: turned by %q, want %q", test.mark, test.left, test.right, test.result, test.ref, got, test.want)
		}
	}
	differs := &value.Comparison{Op: "!=", Marks: []string{"src.tag"}, Left: "null", Right: "null", Result: "false"}
	if got := turn(differs, main); got != otherTag {
		t.Errorf("null != null is turned by %q, want %q", got, otherTag)
	}
	if got := turn(&value.Comparison{Op: "match", Marks: []string{"ref"}, Result: "false"}, main); got != "" {
		t.Errorf("a match is turned by %q", got)
	}
}
