package secrets

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
)

// brief writes findings without their places.
func brief(list diag.List) []string {
	var lines []string
	for _, d := range list {
		lines = append(lines, d.Severity.String()+": "+d.Summary)
	}
	return lines
}

// unmark removes each » from a text and says where they stood.
func unmark(text string) (string, []int32) {
	parts := strings.Split(text, "»")
	var marks []int32
	at := 0
	for _, part := range parts[:len(parts)-1] {
		at += len(part)
		marks = append(marks, int32(at))
	}
	return strings.Join(parts, ""), marks
}

// secret is a secrets.json of one secret x with the given members besides its
// kind.
func secret(members string) string { return `{"x":{"kind":"Secret",` + members + `}}` }

func TestParse(t *testing.T) {
	v, list := Parse([]byte(`{
  "b": { "condition": { "or": [ "isTag", { "isBranch": "main" } ] }, "kind": "Secret",
         "data": { "user": "u", "nested": { "a b": 1, "none": {}, "list": [ { "k": true }, "x", { "k": 1, "l": [ ] } ] },
                   "null": null, "nulls": [ null, null ], "\u0041\ud83d\ude00": "" } },
  "a": { "kind": "Secret", "data": {}, "condition": false, "apiVersion": null }
}`), "s.json")
	if diff := cmp.Diff([]string{"warning: the field null of secret b is null, which effects take as missing"}, brief(list)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, v.Names()); diff != "" {
		t.Fatal(diff)
	}
	want := []string{`"A😀"`, `nested."a b"`, "nested.list[]", "nested.list[].k", "nested.list[].l", "nested.none", "nulls", "user"}
	b := v.Lookup("b")
	if diff := cmp.Diff(want, b.FieldNames()); diff != "" {
		t.Error(diff)
	}
	if got, want := b.Condition.String(), `isTag or isBranch "main"`; got != want {
		t.Errorf("condition %s, want %s", got, want)
	}
	for what, at := range map[string]struct {
		got  diag.Range
		want string
	}{
		"secret":    {b.Range, "s.json:2:3"},
		"field":     {b.Fields[7].Range, "s.json:3:20"},
		"condition": {b.Condition.Range, "s.json:2:23"},
		"part":      {b.Condition.Of[1].Range, "s.json:2:42"},
	} {
		if at.got.String() != at.want {
			t.Errorf("%s at %s, want %s", what, at.got, at.want)
		}
	}
	for path, want := range map[string]bool{
		"user": true, "nested": true, "nested.list": true, "nested.list[].k": true, "nested.list[].m": false,
		"null": false, "nested.user": false, "user.name": false, `nested."a b"`: true,
	} {
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Has(p); got != want {
			t.Errorf("Has(%s): %v", path, got)
		}
	}
	if v.Lookup("c") != nil || v.Lookup("") != nil {
		t.Error("a secret that is not there is found")
	}
}

func TestParseFindings(t *testing.T) {
	const noCondition = "warning: secret x has no condition, so agents from 0.9 on do not hand it out"
	deep := func(n int) string {
		return secret(`"condition":true,"data":{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}")
	}
	condition := func(c string) string { return secret(`"data":{},"condition":` + c) }
	long := strings.Repeat("n", 129)
	tests := []struct {
		name, text string // » stands before each place with findings
		want       []string
	}{
		{"nothing wrong", secret(`"data":{},"condition":true`), nil},
		{"no secrets", " {}\r\n", nil},

		// Syntax. Each is the only finding.
		{"empty", "»", []string{"error: not JSON as agents read it: the file is empty; without any secret it is {}"}},
		{"blank", "» \n", []string{"error: not JSON as agents read it: the file is empty; without any secret it is {}"}},
		{"byte order mark", "»\uFEFF{}", []string{"error: not JSON as agents read it: the text begins with a byte order mark; save it as UTF-8 without one"}},
		{"UTF-16", "»\xff\xfe{\x00}\x00", []string{"error: not JSON as agents read it: expected {"}},
		{"not an object", `»["a"]`, []string{"error: not JSON as agents read it: expected {"}},
		{"garbage behind", "{}\n»{}", []string{"error: not JSON as agents read it: expected the end of the text"}},
		{"NUL behind", "{}»\x00", []string{"error: not JSON as agents read it: expected the end of the text"}},
		{"ends early", `{"x":»`, []string{"error: not JSON as agents read it: the text ends where a value is expected"}},
		{"comma at the end", `{"x":{},»}`, []string{"error: not JSON as agents read it: expected a name in double quotes"}},
		{"bare name", `{»x:{}}`, []string{"error: not JSON as agents read it: expected a name in double quotes"}},
		{"no colon", `{"x" »{}}`, []string{"error: not JSON as agents read it: expected :"}},
		{"no comma", "{\"x\":{}\n»\"y\":{}}", []string{"error: not JSON as agents read it: expected , or }"}},
		{"no comma in a list", secret(`"data":{"a":[1 »2]}`), []string{"error: not JSON as agents read it: expected , or ]"}},
		{"comma at a list's end", secret(`"data":{"a":[1,»]}`), []string{"error: not JSON as agents read it: expected a value"}},
		{"open string", secret("\"data\":{\"a\":»\"b\n\"}"), []string{"error: not JSON as agents read it: this string is not closed on its line"}},
		{"open string at the end", `{»"x`, []string{"error: not JSON as agents read it: this string is not closed"}},
		{"tab in a string", secret("\"data\":{\"a\":\"b»\tc\"}"), []string{"error: not JSON as agents read it: a control character inside of a string, which JSON writes as an escape"}},
		{"wrong escape", secret(`"data":{"a":"»\x41"}`), []string{`error: not JSON as agents read it: this is no escape of JSON; a backslash is written \\`}},
		{"short escape", secret(`"data":{"a":"»\u12"}`), []string{`error: not JSON as agents read it: this is no escape of JSON; a backslash is written \\`}},
		{"lone surrogate", secret(`"data":{"a":"»\ud800"}`), []string{"error: not JSON as agents read it: half of a surrogate pair without the other half"}},
		{"wrong pair", secret(`"data":{"a":"»\ud800\u0041"}`), []string{"error: not JSON as agents read it: half of a surrogate pair without the other half"}},
		{"invalid UTF-8", secret("\"data\":{\"a\":\"»\xff\"}"), []string{"error: not JSON as agents read it: this is not UTF-8"}},
		{"leading zero", secret(`"data":{"a":0»1}`), []string{"error: not JSON as agents read it: expected , or }"}},
		{"no fraction", secret(`"data":{"a":1.»}`), []string{"error: not JSON as agents read it: expected a digit"}},
		{"no exponent", secret(`"data":{"a":1e+»}`), []string{"error: not JSON as agents read it: expected a digit"}},
		{"lone minus", secret(`"data":{"a":-»}`), []string{"error: not JSON as agents read it: expected a digit"}},
		{"misspelt word", secret(`"data":{"a":»nul}`), []string{"error: not JSON as agents read it: expected a value"}},
		{"as deep as can be", deep(97), nil},
		{"too deep", strings.Replace(deep(98), strings.Repeat("[", 98), strings.Repeat("[", 97)+"»[", 1), []string{"error: not JSON as agents read it: nested deeper than 100 levels"}},
		{"what came before a mistake is not said", `{"x":1,"x":2,»`, []string{"error: not JSON as agents read it: the text ends where a name in double quotes is expected"}},

		// What a secret is.
		{"no object", `{"x":»"y"}`, []string{"error: secret x is not an object"}},
		{"nothing in it", `{»"x":{}}`, []string{noCondition, "error: secret x has no data", "error: secret x has no kind"}},
		{"wrong kind", `{"x":{"kind":»"secret","data":{},"condition":true}}`, []string{`error: the kind of secret x is not "Secret"`}},
		{"kind is no string", `{"x":{"kind":»1,"data":{},"condition":true}}`, []string{"error: the kind of secret x is not a string"}},
		{"data is no object", secret(`"data":»"y","condition":true`), []string{"error: the data of secret x is not an object"}},
		{"version", secret(`"data":{},"condition":true,»"apiVersion":"1"`), []string{"error: secret x has an apiVersion, which agents refuse"}},
		{"other key", strings.Replace(secret(`"data":{},»"conditions":true`), `"x"`, `»"x"`, 1), []string{noCondition, "warning: secret x has a key conditions that agents take no notice of"}},
		{"condition is null", strings.Replace(condition("null"), `"x"`, `»"x"`, 1), []string{noCondition}},
		{"twice a secret", `{"x":{"kind":"Secret","data":{},"condition":true},»"x":{"kind":"Secret","data":{},"condition":true}}`,
			[]string{"error: secret x stands here twice"}},
		{"twice a key", secret(`"data":{},»"data":{},"condition":true`), []string{"error: key data stands here twice"}},
		{"twice a field", secret(`"data":{"a":{"b":1,»"\u0062":2}},"condition":true`), []string{"error: field b stands here twice"}},
		{"long name", secret(`"data":{»"` + long + `":1},"condition":true`),
			[]string{"error: the name of a field that looks like a value: it is very long, or has control characters"}},
		{"name of several lines", `{»"a\nb":{"kind":"Secret","data":{}}}`,
			[]string{"warning: secret (not shown) has no condition, so agents from 0.9 on do not hand it out",
				"error: the name of a secret that looks like a value: it is very long, or has control characters"}},
		{"odd name", `{"a \"b":{"kind":"Secret","data":»1,"condition":true}}`, []string{`error: the data of secret "a \"b" is not an object`}},

		// Conditions.
		{"unknown word", condition(`»"isMain"`), []string{"error: this is no condition"}},
		{"word without its name", condition(`»"isBranch"`), []string{"error: isBranch is no condition by itself"}},
		{"key that is a word", condition(`{»"isTag":true}`), []string{"error: isTag takes no value"}},
		{"unknown key", condition(`{»"not":"isTag"}`), []string{"error: this is no condition"}},
		{"no key", condition(`»{}`), []string{"error: a condition that is an object has exactly one key"}},
		{"two keys", condition(`»{"isOwner":"a","isRepo":"b"}`), []string{"error: a condition that is an object has exactly one key"}},
		{"list", condition(`»["isTag"]`), []string{"error: this is no condition"}},
		{"number", condition(`»1`), []string{"error: this is no condition"}},
		{"name is no string", condition(`{"isRepo":»["b"]}`), []string{"error: what isRepo asks for is not a string"}},
		{"and of no list", condition(`{"and":»"isTag"}`), []string{"error: what and joins is not a list"}},
		{"inside", condition(`{"or":[true,{"and":[»"isTg",»null]}]}`), []string{"error: this is no condition", "error: this is no condition"}},
		{"full ref", condition(`»{"isBranch":"refs/heads/main"}`), []string{"warning: isBranch has a full ref name, but agents compare with what follows refs/heads/"}},
		{"full name", condition(`»{"isRepo":"neat-org/neat-repo"}`), []string{"warning: isRepo has a slash, but agents compare with the name alone"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, marks := unmark(test.text)
			v, list := Parse([]byte(text), "s.json")
			if diff := cmp.Diff(test.want, brief(list)); diff != "" {
				t.Error(diff)
			}
			var places []int32
			for _, d := range list {
				places = append(places, d.Range.Start)
			}
			if diff := cmp.Diff(marks, slices.Compact(places)); diff != "" {
				t.Errorf("places: %s", diff)
			}
			if (v == nil) != list.HasErrors() {
				t.Errorf("inventory %v with errors %v", v, list.HasErrors())
			}
		})
	}
}

func TestSuggestions(t *testing.T) {
	tests := []struct{ text, want string }{
		{secret(`"data":{},"condition":"isdefaultbranch"`), "did you mean isDefaultBranch?"},
		{secret(`"data":{},"condition":{"isbranch":"main"}`), "did you mean isBranch?"},
		{secret(`"data":{},"conditon":true`), "did you mean condition?"},
		{secret(`"data":{},"password":"x"`), "fields of the secret belong into data"},
		{secret(`"data":{},"condition":"no"`), conditionHelp},
	}
	for _, test := range tests {
		_, list := Parse([]byte(test.text), "s.json")
		if got := list[len(list)-1].Help; got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestPath(t *testing.T) {
	for _, text := range []string{"a", "a.b", "a-b_C9", "a[]", "a[][].b", `"a.b"`, `a."[]"."\"\\".c`, `""`, `"é"`} {
		path, err := ParsePath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := path.String(); got != text {
			t.Errorf("%s: written as %s", text, got)
		}
	}
	if path, err := ParsePath(`"a".b`); err != nil || path.String() != "a.b" {
		t.Errorf("needless quotes: %v, %v", path, err)
	}
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "[]", "a[", "a[]b", "a[0]", "a b", `"a`, `"a"b`, "é", `"\q"`, "a[].[]"} {
		if path, err := ParsePath(text); err == nil {
			t.Errorf("%s is taken for %v", text, path)
		}
	}
}
