package secrets

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseCondition reads a condition as secrets.json has it.
func parseCondition(t *testing.T, text string) *Condition {
	t.Helper()
	v, list := Parse([]byte(secret(`"data":{},"condition":`+text)), "s.json")
	if v == nil {
		t.Fatalf("%s: %s", text, brief(list))
	}
	return v.Secrets[0].Condition
}

func TestEvaluate(t *testing.T) {
	const (
		main       = "refs/heads/main"
		production = `{"and":[{"isOwner":"neat-org"},{"isRepo":"neat-repo"},{"or":["isDefaultBranch",{"isBranch":"staging"}]}]}`
	)
	all := Facts{Ref: main, DefaultBranch: main, Owner: "neat-org", Repo: "neat-repo"}
	with := func(change func(*Facts)) Facts { f := all; change(&f); return f }
	ref := func(ref string) Facts { return with(func(f *Facts) { f.Ref = ref }) }
	tests := []struct {
		condition string
		facts     Facts
		want      Truth
	}{
		{"true", Facts{}, True},
		{"false", all, False},
		{`"isTag"`, ref("refs/tags/v1"), True},
		{`"isTag"`, ref("refs/heads/refs/tags/v1"), False},
		{`"isTag"`, Facts{}, Unknown},
		{`{"isBranch":"main"}`, all, True},
		{`{"isBranch":"main"}`, ref("refs/tags/main"), False},
		{`{"isBranch":"main"}`, ref("refs/heads/Main"), False},
		{`{"isBranch":"refs/heads/main"}`, all, False},
		{`{"isBranch":"main"}`, ref(""), Unknown},
		{`"isDefaultBranch"`, all, True},
		{`"isDefaultBranch"`, ref("refs/heads/other"), False},
		{`"isDefaultBranch"`, Facts{Ref: main}, Unknown},
		{`"isDefaultBranch"`, Facts{Ref: "refs/tags/v1"}, False},
		{`"isDefaultBranch"`, Facts{DefaultBranch: main}, Unknown},
		{`{"isOwner":"neat-org"}`, all, True},
		{`{"isOwner":"neat"}`, all, False},
		{`{"isOwner":"Neat-Org"}`, all, Unknown},
		{`{"isOwner":"neat-org"}`, Facts{}, Unknown},
		{`{"isRepo":"neat-repo"}`, all, True},
		{`{"isRepo":"other"}`, all, False},
		{`{"and":[]}`, Facts{}, True},
		{`{"or":[]}`, Facts{}, False},
		{`{"and":[true,"isTag",{"isOwner":"x"}]}`, with(func(f *Facts) { f.Ref = "" }), False},
		{`{"and":[true,"isTag"]}`, Facts{}, Unknown},
		{`{"or":["isTag",{"isOwner":"neat-org"}]}`, with(func(f *Facts) { f.Ref = "" }), True},
		{`{"or":["isTag",false]}`, Facts{}, Unknown},
		{production, all, True},
		{production, ref("refs/heads/staging"), True},
		{production, ref("refs/heads/dev"), False},
		{production, ref("refs/tags/v1"), False},
		{production, with(func(f *Facts) { f.Repo = "fork" }), False},
	}
	for _, test := range tests {
		if got := parseCondition(t, test.condition).Evaluate(test.facts); got.Result != test.want {
			t.Errorf("%s of %+v: %s, want %s\n%s", test.condition, test.facts, got.Result, test.want, strings.Join(got.Lines(), "\n"))
		}
	}
}

// What is decided with some facts stays so whatever the others turn out to be.
func TestEvaluateNeverGuesses(t *testing.T) {
	conditions := []string{
		`"isTag"`, `"isDefaultBranch"`, `{"isBranch":"main"}`, `{"isOwner":"o"}`, `{"isRepo":"R"}`,
		`{"and":["isTag",{"isOwner":"o"}]}`, `{"or":["isDefaultBranch",{"isRepo":"R"},{"isBranch":"dev"}]}`,
		`{"and":[{"or":["isTag","isDefaultBranch"]},{"isOwner":"o"},{"or":[{"isRepo":"R"},false]}]}`,
	}
	refs := []string{"refs/heads/main", "refs/heads/dev", "refs/tags/main", ""}
	branches := []string{"refs/heads/main", "refs/heads/dev", ""}
	owners, repos := []string{"o", "p", ""}, []string{"R", "S", ""}
	known := func(partial, full string) bool { return partial == "" || partial == full }
	var facts []Facts
	for _, ref := range refs {
		for _, branch := range branches {
			for _, owner := range owners {
				for _, repo := range repos {
					facts = append(facts, Facts{ref, branch, owner, repo})
				}
			}
		}
	}
	decided := 0
	for _, text := range conditions {
		c := parseCondition(t, text)
		for _, partial := range facts {
			result := c.Evaluate(partial).Result
			for _, full := range facts {
				if full.Ref == "" || full.DefaultBranch == "" || full.Owner == "" || full.Repo == "" ||
					!known(partial.Ref, full.Ref) || !known(partial.DefaultBranch, full.DefaultBranch) ||
					!known(partial.Owner, full.Owner) || !known(partial.Repo, full.Repo) {
					continue
				}
				final := c.Evaluate(full).Result
				if final == Unknown || result != Unknown && final != result {
					t.Fatalf("%s: %s of %+v, but %s of %+v", text, result, partial, final, full)
				}
				if result != Unknown {
					decided++
				}
			}
		}
	}
	if decided == 0 {
		t.Error("nothing was decided")
	}
}

func TestTraceLines(t *testing.T) {
	c := parseCondition(t, `{"and":[{"isOwner":"neat-org"},{"or":["isDefaultBranch",{"isBranch":"staging"},"isTag"]},{"isRepo":"x"},true,{"or":[]}]}`)
	got := c.Evaluate(Facts{Ref: "refs/heads/dev", DefaultBranch: "refs/heads/main", Owner: "neat-org"}).Lines()
	want := []string{
		`✗ and`,
		`  ✓ isOwner "neat-org": the owner is neat-org`,
		`  ✗ or`,
		`    ✗ isDefaultBranch: the ref is refs/heads/dev, the default branch refs/heads/main`,
		`    ✗ isBranch "staging": the ref is refs/heads/dev`,
		`    ✗ isTag: the ref is refs/heads/dev`,
		`  ? isRepo "x": the repository is not known`,
		`  ✓ true`,
		`  ✗ or of nothing`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConditionForms(t *testing.T) {
	tests := []struct{ text, want string }{
		{"true", "true"},
		{"false", "false"},
		{`"isTag"`, "isTag"},
		{`{"isBranch":"a\"b<"}`, `isBranch "a\"b<"`},
		{`{"and":[]}`, "and of nothing"},
		{`{"or":["isTag"]}`, "isTag"},
		{`{"and":["isTag",{"or":[{"isRepo":"a"},{"isOwner":"b"}]},{"or":[]}]}`, `isTag and (isRepo "a" or isOwner "b") and (or of nothing)`},
	}
	for _, test := range tests {
		c := parseCondition(t, test.text)
		if got := c.String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := parseCondition(t, string(text)); !sameCondition(got, c) {
			t.Errorf("%s: %s as JSON", test.text, text)
		}
	}
}

// sameCondition compares conditions part by part.
func sameCondition(a, b *Condition) bool {
	if a.Op != b.Op || a.Bool != b.Bool || a.Name != b.Name || len(a.Of) != len(b.Of) {
		return false
	}
	for i := range a.Of {
		if !sameCondition(a.Of[i], b.Of[i]) {
			return false
		}
	}
	return true
}

func TestEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`true`, `{"and":[]}`, true},
		{`false`, `{"or":[]}`, true},
		{`{"and":["isTag",{"isRepo":"a"}]}`, `{"and":[{"isRepo":"a"},"isTag","isTag"]}`, true},
		{`{"and":["isTag",{"and":[{"isRepo":"a"},true]}]}`, `{"and":["isTag",{"isRepo":"a"}]}`, true},
		{`{"or":["isTag",true]}`, `true`, true},
		{`{"and":["isTag",{"or":[]}]}`, `false`, true},
		{`{"or":[{"and":["isTag"]}]}`, `"isTag"`, true},
		{`"isTag"`, `"isDefaultBranch"`, false},
		{`{"isRepo":"a"}`, `{"isOwner":"a"}`, false},
		{`{"isRepo":"a"}`, `{"isRepo":"A"}`, false},
		{`{"and":["isTag",{"isRepo":"a"}]}`, `{"or":["isTag",{"isRepo":"a"}]}`, false},
		{`{"and":["isTag",{"isRepo":"a"}]}`, `"isTag"`, false},
		{`{"isBranch":"a\" and isTag"}`, `{"and":[{"isBranch":"a"},"isTag"]}`, false},
	}
	for _, test := range tests {
		a, b := parseCondition(t, test.a), parseCondition(t, test.b)
		if a.Equal(b) != test.want || b.Equal(a) != test.want {
			t.Errorf("%s and %s: want %v", test.a, test.b, test.want)
		}
	}
	var none *Condition
	if c := parseCondition(t, "true"); !none.Equal(nil) || none.Equal(c) || c.Equal(nil) {
		t.Error("no condition differs from true")
	}
}
