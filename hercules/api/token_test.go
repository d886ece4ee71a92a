package api_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/hercules/api"
)

func TestFindToken(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const domains = `{"domains": {"hercules-ci.com": {"personalToken": "NAME"}, "127.0.0.1": {"personalToken": "local"}, "other.example": {"personalToken": "other"}, "empty.example": {}}}`
	write("xdg/hercules-ci/credentials.json", strings.Replace(domains, "NAME", "xdg", 1))
	write("home/.config/hercules-ci/credentials.json", strings.Replace(domains, "NAME", "home", 1))
	write("broken/.config/hercules-ci/credentials.json", `{"domains": {"hercules-ci.com": {"personalToken": SECRET`)
	secrets := write("secrets.json", `{"other": ["anything"], "hercules-ci": {"kind": "Secret", "data": {"token": "effect"}}}`)
	without := write("without.json", `{"other": {"kind": "Secret", "data": {"token": "SECRET"}}}`)
	odd := write("odd.json", `SECRET`)
	at := func(name string) string { return filepath.Join(dir, name) }
	const usual = "https://hercules-ci.com"
	tests := []struct {
		what, base string
		foreign    bool
		env        map[string]string
		want       string // the token, or "!" and a part of the error
	}{
		{"home", usual, false, map[string]string{"HOME": at("home")}, "home"},
		{"xdg", usual, false, map[string]string{"HOME": at("home"), "XDG_CONFIG_HOME": at("xdg")}, "xdg"},
		{"relative xdg", usual, false, map[string]string{"HOME": at("home"), "XDG_CONFIG_HOME": "xdg"}, "home"},
		{"port is left out", "https://other.example:8443", false, map[string]string{"HOME": at("home")}, "other"},
		{"this machine", "http://127.0.0.1:1", false, map[string]string{"HOME": at("home")}, "local"},
		{"unknown host", "https://unknown.example", false, map[string]string{"HOME": at("home")}, "!there is no token for unknown.example"},
		{"host without token", "https://empty.example", false, map[string]string{"HOME": at("home")}, "!there is no token for empty.example"},
		{"no file", usual, false, map[string]string{"HOME": at("nowhere")}, "!credentials.json has none"},
		{"no home", usual, false, nil, "!there is no token"},
		{"broken file", usual, false, map[string]string{"HOME": at("broken")}, "!not the JSON"},
		{"variable", usual, false, map[string]string{"HOME": at("home"), "HERCULES_CI_API_TOKEN": "variable"}, "variable"},
		{"variable beats effect", usual, false, map[string]string{"HERCULES_CI_API_TOKEN": "variable", "IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": secrets}, "variable"},
		{"effect", usual, false, map[string]string{"HOME": at("home"), "IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": secrets}, "effect"},
		{"secrets outside of an effect", usual, false, map[string]string{"HOME": at("home"), "HERCULES_CI_SECRETS_JSON": secrets}, "home"},
		{"effect that is not true", usual, false, map[string]string{"HOME": at("home"), "IN_HERCULES_CI_EFFECT": "1", "HERCULES_CI_SECRETS_JSON": secrets}, "home"},
		{"effect without a file", usual, false, map[string]string{"HOME": at("home"), "IN_HERCULES_CI_EFFECT": "true"}, "home"},
		{"effect without the secret", usual, false, map[string]string{"HOME": at("home"), "IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": without}, "!there is no token"},
		{"effect with an odd file", usual, false, map[string]string{"IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": odd}, "!not the JSON"},
		{"effect with a missing file", usual, false, map[string]string{"IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": at("missing")}, "!no such file"},

		// An address that is somebody else's word gets only a token that is for it.
		{"foreign address", "https://unknown.example", true, map[string]string{"HOME": at("home"), "HERCULES_CI_API_TOKEN": "variable"}, "!there is no token for unknown.example"},
		{"foreign address in an effect", "https://other.example", true, map[string]string{"HOME": at("home"), "IN_HERCULES_CI_EFFECT": "true", "HERCULES_CI_SECRETS_JSON": secrets}, "other"},
		{"foreign address that is the usual one", usual, true, map[string]string{"HERCULES_CI_API_TOKEN": "variable"}, "variable"},
		{"foreign address that the environment names", "https://own.example", true, map[string]string{"HERCULES_CI_API_TOKEN": "variable", "HERCULES_CI_API_BASE_URL": "https://own.example/"}, "variable"},
		{"foreign port", "https://own.example:444", true, map[string]string{"HERCULES_CI_API_TOKEN": "variable", "HERCULES_CI_API_BASE_URL": "https://own.example/"}, "!there is no token"},
		{"own address", "https://unknown.example", false, map[string]string{"HERCULES_CI_API_TOKEN": "variable"}, "variable"},
	}
	for _, test := range tests {
		token, err := api.FindToken(test.base, !test.foreign, func(name string) string { return test.env[name] })
		if want, fails := strings.CutPrefix(test.want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") || token.Value() != "" {
				t.Errorf("%s: %q, %v", test.what, token.Value(), err)
			}
			var none *api.NoTokenError
			if strings.Contains(want, "no token") && !errors.As(err, &none) {
				t.Errorf("%s: %T", test.what, err)
			}
			continue
		}
		if err != nil || token.Value() != test.want || token.Origin == "" || strings.Contains(token.Origin, test.want+"\"") {
			t.Errorf("%s: %q from %s, %v", test.what, token.Value(), token.Origin, err)
		}
	}
}

func TestNew(t *testing.T) {
	for base, want := range map[string]string{
		"https://hercules-ci.com":          "https://hercules-ci.com",
		"https://hercules-ci.com/":         "https://hercules-ci.com",
		"https://ci.example:8443/hercules": "https://ci.example:8443/hercules",
		"http://localhost:3000":            "http://localhost:3000",
		"http://[::1]:3000":                "http://[::1]:3000",
		"http://hercules-ci.com":           "",
		"http://localhost.evil.example":    "",
		"https://user:hunter2@example.org": "",
		"https://example.org/?x=1":         "",
		"ftp://example.org":                "",
		"hercules-ci.com":                  "",
		"":                                 "",
		"https://":                         "",
		"https://hunter2:x@ex ample":       "",
	} {
		c, err := api.New(base, api.NewToken("t", "test"), api.Options{})
		switch {
		case want == "":
			if err == nil || strings.Contains(err.Error(), "hunter2@") || strings.Contains(err.Error(), "hunter2:") || strings.Contains(err.Error(), ":hunter2") {
				t.Errorf("%q: %v", base, err)
			}
		case err != nil || c.Base() != want:
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := api.New("https://example.org", api.NewToken("a\nb: c", "test"), api.Options{}); err == nil {
		t.Error("a token of two lines is taken")
	}
}

func TestParseProject(t *testing.T) {
	for text, want := range map[string]api.Project{
		"github/neat-org/neat-repo":            {Site: "github", Owner: "neat-org", Name: "neat-repo"},
		"gitlab/a/b/c":                         {Site: "gitlab", Owner: "a/b", Name: "c"},
		"B2F1D4B2-3a52-4c6e-9d1a-5f0a2b7c9e01": {ID: "b2f1d4b2-3a52-4c6e-9d1a-5f0a2b7c9e01"},
		"":                                     {}, "a": {}, "a/b": {}, "/a/b": {}, "a//b": {}, "a/b/": {}, "a/../b": {}, "a/b/..": {},
	} {
		p, err := api.ParseProject(text)
		if p != want || (err == nil) != (want != api.Project{}) {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	env := map[string]string{}
	getenv := func(name string) string { return env[name] }
	if _, ok, err := api.ProjectFrom(getenv); ok || err != nil {
		t.Errorf("nothing: %v", err)
	}
	env["HERCULES_CI_PROJECT_ID"] = "b2f1d4b2-3a52-4c6e-9d1a-5f0a2b7c9e01"
	if _, ok, err := api.ProjectFrom(getenv); ok || err != nil {
		t.Errorf("one of two: %v", err)
	}
	env["HERCULES_CI_PROJECT_PATH"] = "github/neat-org/neat-repo"
	if p, ok, err := api.ProjectFrom(getenv); !ok || err != nil || p.ID == "" || p.String() != "github/neat-org/neat-repo" {
		t.Errorf("both: %+v, %v", p, err)
	}
	env["HERCULES_CI_PROJECT_ID"] = "../x"
	if _, ok, err := api.ProjectFrom(getenv); ok || err == nil {
		t.Error("an id that is none is taken")
	}
}
