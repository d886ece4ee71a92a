package refset

import (
	"slices"
	"testing"
)

func TestHolds(t *testing.T) {
	tests := []struct {
		literal Literal
		ref     string
		want    bool
	}{
		{Literal{Fact: Ref, Op: Is, Text: "refs/heads/main"}, "refs/heads/main", true},
		{Literal{Fact: Branch, Op: Suffix, Text: "-live"}, "refs/heads/a-live", true},
		{Literal{Fact: Branch, Op: Suffix, Text: "-live"}, "refs/tags/a-live", false},
		{Literal{Fact: Branch, Op: Suffix, Text: "-live", Not: true}, "refs/tags/a-live", true}, // there is no branch
		{Literal{Fact: Tag, Op: Matches, Text: "v[0-9]+"}, "refs/tags/v12", true},
		{Literal{Fact: Tag, Op: Matches, Text: "v[0-9]+"}, "refs/tags/v12x", false},
		{Literal{Fact: Tag, Op: Older, Text: "2.0", After: "v"}, "refs/tags/v1.10", true},
		{Literal{Fact: Tag, Op: Older, Text: "2.0", After: "v"}, "refs/tags/v2.0", false},
		{Literal{Fact: Tag, Op: Newer, Text: "2.0"}, "refs/tags/10", true},
		{Literal{Fact: Branch, Op: Folded, Text: "main"}, "refs/heads/MaIn", true},
		{Literal{Fact: "owner", Op: Is, Text: "acme"}, "refs/heads/main", false}, // unknown
	}
	for _, test := range tests {
		if got := test.literal.Holds(&Point{Ref: test.ref}); got != test.want {
			t.Errorf("%+v of %s: %t", test.literal, test.ref, got)
		}
	}
}

// TestFit has sets of refs by example, and the description that is shortest.
func TestFit(t *testing.T) {
	is := func(ref string) Literal { return Literal{Fact: Ref, Op: Is, Text: ref} }
	begins := func(ref string) Literal { return Literal{Fact: Ref, Op: Prefix, Text: ref} }
	all := []string{"refs/heads/main", "refs/heads/dev", "refs/heads/rel/1", "refs/heads/rel/2", "refs/tags/v1", "refs/tags/x", "refs/pull/1"}
	literals := []Literal{begins(Heads), begins(Tags), is("refs/heads/main"), begins("refs/heads/rel/"), begins("refs/tags/v")}
	tests := []struct {
		in   []string
		want string // "" for none
	}{
		{nil, "no ref"},
		{all, "every ref"},
		{all[:1], "refs/heads/main"},
		{all[:4], "any branch"},
		{all[1:], "every ref except refs/heads/main"},
		{all[2:4], "refs/heads/rel/*"},
		{[]string{all[0], all[4]}, "refs/heads/main or refs/tags/v*"},
		{[]string{all[1], all[2], all[3]}, "any branch except refs/heads/main"},
		{[]string{all[5]}, "any tag except refs/tags/v*"},
		{all[6:], "every ref except any branch, any tag"},
		{all[2:3], ""}, // nothing tells rel/1 from rel/2
	}
	var points []Point
	for _, ref := range all {
		points = append(points, Point{Ref: ref})
	}
	table := NewTable(points, literals)
	for _, test := range tests {
		samples := make([]Sample, len(all))
		for i, ref := range all {
			if slices.Contains(test.in, ref) {
				samples[i] = In
			}
		}
		set, ok := table.Fit(samples)
		got := ""
		if ok {
			got = set.String()
		}
		if got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
		for i := range points {
			if ok && set.Has(&points[i]) != (samples[i] == In) {
				t.Errorf("%q: %s is wrong about %s", test.in, got, all[i])
			}
		}
	}
	// Without rel/2 nothing has to tell it from rel/1.
	if set, ok := table.Fit([]Sample{2: In, 3: Either, 6: Out}); !ok || set.String() != "refs/heads/rel/*" {
		t.Errorf("with a point of which nothing is known: %s, %t", set.String(), ok)
	}
}

func TestNormal(t *testing.T) {
	got := Literal{Fact: Branch, Op: Prefix, Text: "x"}.Normal()
	if want := (Literal{Fact: Ref, Op: Prefix, Text: "refs/heads/x"}); got != want {
		t.Errorf("got %+v", got)
	}
}
