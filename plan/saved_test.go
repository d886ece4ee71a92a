package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func saved(t *testing.T) string {
	t.Helper()
	p := neat()
	p.Normalize()
	document, err := Save(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// withChecksum gives a changed document the checksum that fits.
func withChecksum(t *testing.T, document string) string {
	t.Helper()
	sum, err := checksum([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(document, checksumPrefix)
	return document[:at] + sum + document[at+len(sum):]
}

func TestLoad(t *testing.T) {
	want := neat()
	want.Normalize()
	document := saved(t)
	for name, text := range map[string]string{
		"as saved":            document,
		"on one line":         strings.ReplaceAll(document, "\n", " "),
		"later minor version": withChecksum(t, strings.Replace(document, `"format_version": "1.0"`, `"format_version": "1.7", "novelty": [1]`, 1)),
	} {
		got, err := Load([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	document := saved(t)
	version := func(v string) string {
		return withChecksum(t, strings.Replace(document, `"format_version": "1.0"`, `"format_version": "`+v+`"`, 1))
	}
	for name, test := range map[string]struct{ text, want string }{
		"empty":            {" \n", "is empty"},
		"text":             {"plan", "is not a plan: a plan is a JSON object"},
		"a list":           {"[]", "is not a plan: a plan is a JSON object"},
		"cut short":        {document[:len(document)/2], "ends early"},
		"cut in front":     {document[10:], "is not a plan"},
		"twice":            {document + document, "is not a plan"},
		"other JSON":       {"{}", "has no format_version"},
		"no version":       {version("x.y"), "is no format version"},
		"newer":            {version("2.0"), "has format version 2.0 of nixplan"},
		"older":            {version("0.9"), "has the old format version 0.9"},
		"a version number": {`{"format_version": 1}`, "format_version cannot be a number"},
		"without checksum": {`{"format_version": "1.0"}`, "has no checksum"},
		"changed":          {strings.Replace(document, "neat", "evil", 1), "its checksum does not match"},
		"added":            {strings.Replace(document, "{", `{"novelty": 1,`, 1), "its checksum does not match"},
		"wrong type":       {withChecksum(t, strings.Replace(document, `"ref": "`, `"ref": 1, "was": "`, 1)), "ref cannot be a number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load([]byte(test.text))
			var load *LoadError
			if !errors.As(err, &load) || !strings.Contains(err.Error(), test.want) || load.Help == "" {
				t.Errorf("%v, want %q and help", err, test.want)
			}
		})
	}
	// Whatever byte is lost or changed, it is noticed.
	for i := 0; i < len(document)-1; i += 97 {
		changed := []byte(document)
		changed[i] ^= 1
		if got, err := Load(changed); err == nil {
			want, _ := Load([]byte(document))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("byte %d: %s", i, diff)
			}
		}
		if _, err := Load([]byte(document[:i])); err == nil {
			t.Errorf("the first %d bytes are a plan", i)
		}
	}
}
