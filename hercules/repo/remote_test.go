package repo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRemote(t *testing.T) {
	type want struct{ URL, Host, Owner, Name, Forge, HTTP, SSH, Web string }
	github := want{
		Host: "github.com", Owner: "neat-org", Name: "neat-repo", Forge: "github",
		HTTP: "https://github.com/neat-org/neat-repo.git",
		SSH:  "git@github.com:neat-org/neat-repo.git",
		Web:  "https://github.com/neat-org/neat-repo",
	}
	with := func(w want, change func(*want)) want { change(&w); return w }
	tests := []struct {
		address string
		want    want
	}{
		{"https://github.com/neat-org/neat-repo.git", with(github, func(w *want) { w.URL = "https://github.com/neat-org/neat-repo.git" })},
		{"https://github.com/neat-org/neat-repo", with(github, func(w *want) { w.URL = "https://github.com/neat-org/neat-repo" })},
		{"https://github.com/neat-org/neat-repo/", with(github, func(w *want) { w.URL = "https://github.com/neat-org/neat-repo/" })},
		{"https://x:hunter2@GitHub.com/neat-org/neat-repo", with(github, func(w *want) { w.URL = "https://GitHub.com/neat-org/neat-repo" })},
		{"https://github.com/neat-org/neat-repo?token=hunter2", with(github, func(w *want) { w.URL = "https://github.com/neat-org/neat-repo" })},
		{"git@github.com:neat-org/neat-repo.git", with(github, func(w *want) { w.URL = "git@github.com:neat-org/neat-repo.git" })},
		{"github.com:/neat-org/neat-repo", with(github, func(w *want) { w.URL = "github.com:/neat-org/neat-repo" })},
		{"ssh://git@github.com/neat-org/neat-repo.git", with(github, func(w *want) { w.URL = "ssh://git@github.com/neat-org/neat-repo.git" })},
		{"git://github.com/neat-org/neat-repo.git", with(github, func(w *want) { w.URL = "git://github.com/neat-org/neat-repo.git" })},
		{"https://gitlab.com/a/b/c.git", want{
			URL: "https://gitlab.com/a/b/c.git", Host: "gitlab.com", Owner: "a/b", Name: "c", Forge: "gitlab",
			HTTP: "https://gitlab.com/a/b/c.git", SSH: "git@gitlab.com:a/b/c.git", Web: "https://gitlab.com/a/b/c",
		}},
		{"ssh://git:hunter2@gitlab.example.org:2222/a/b.git", want{
			URL: "ssh://git@gitlab.example.org:2222/a/b.git", Host: "gitlab.example.org:2222", Owner: "a", Name: "b", Forge: "gitlab",
			HTTP: "https://gitlab.example.org/a/b.git", SSH: "ssh://git@gitlab.example.org:2222/a/b.git", Web: "https://gitlab.example.org/a/b",
		}},
		{"http://git.lan:8080/a/b", want{
			URL: "http://git.lan:8080/a/b", Host: "git.lan:8080", Owner: "a", Name: "b",
			HTTP: "http://git.lan:8080/a/b.git", SSH: "git@git.lan:a/b.git", Web: "http://git.lan:8080/a/b",
		}},
		{"git@git.sr.ht:~neat/repo", want{
			URL: "git@git.sr.ht:~neat/repo", Host: "git.sr.ht", Owner: "~neat", Name: "repo", Forge: "sourcehut",
			HTTP: "https://git.sr.ht/~neat/repo.git", SSH: "git@git.sr.ht:~neat/repo.git", Web: "https://git.sr.ht/~neat/repo",
		}},
		{"/srv/git/neat.git", want{URL: "/srv/git/neat.git"}},
		{"../neat:repo", want{URL: "../neat:repo"}},
		{"file:///srv/git/neat.git", want{URL: "file:///srv/git/neat.git"}},
		{"https://user:hunt%zz@github.com/a/b", want{URL: "https://…"}},
		{"user:hunter2@github.com:neat-org/neat-repo", with(github, func(w *want) { w.URL = "github.com:neat-org/neat-repo" })},
		{"user:hunter2@github.com/neat-org/neat-repo", want{URL: "github.com/neat-org/neat-repo"}},
		{"//user:hunter2@github.com/neat-org", want{URL: "github.com/neat-org"}},
		{"ext::ssh -o Password=hunter2 %S", want{URL: "ext::…"}},
	}
	for _, test := range tests {
		r := ParseRemote(test.address)
		got := want{r.URL, r.Host, r.Owner, r.Name, r.Forge, r.HTTPURL(), r.SSHURL(), r.WebURL()}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.address, diff)
		}
		if strings.Contains(strings.Join([]string{got.URL, got.HTTP, got.SSH, got.Web}, " "), "hunter2") {
			t.Errorf("%s: the password was kept", test.address)
		}
	}
}

func TestWhichRemote(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"none", "", ""},
		{"origin", "[remote \"up\"]\nurl = https://github.com/up/r\n[remote \"origin\"]\nurl = https://github.com/o/r\n", "o"},
		{"the only one", "[remote \"up\"]\nurl = https://github.com/up/r\n", "up"},
		{"neither", "[remote \"a\"]\nurl = https://github.com/a/r\n[remote \"b\"]\nurl = https://github.com/b/r\n", ""},
		{"the branch's", "[remote \"up\"]\nurl = https://github.com/up/r\n[remote \"origin\"]\nurl = https://github.com/o/r\n[branch \"main\"]\nremote = up\n", "up"},
		{"first of several", "[remote \"origin\"]\nurl = https://github.com/o/r\nurl = https://github.com/mirror/r\n", "o"},
		{"insteadOf", "[url \"https://github.com/\"]\ninsteadOf = gh:\n[remote \"origin\"]\nurl = gh:o/r\n", "o"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSandbox(t)
			s.repository("r")
			s.write("r/.git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"+test.config)
			owner := ""
			if r := s.open("r").Remote(); r != nil {
				owner = r.Owner
			}
			if owner != test.want {
				t.Errorf("owner %q, want %q", owner, test.want)
			}
		})
	}
}

func TestParseConfig(t *testing.T) {
	text := "\ufeff# comment\n[Core]\n\tBare = false ; why\n\tflag\n" +
		"[remote \"a\\\"b\"] url = \"x # y\" \\\n z\\n\r\n" +
		"[branch.Old]\nname=v  w \t\n[empty]\nx =\n"
	want := config{
		{"core", "", "bare", "false"},
		{"core", "", "flag", "true"},
		{"remote", "a\"b", "url", "x # y  z\n"},
		{"branch", "old", "name", "v  w"},
		{"empty", "", "x", ""},
	}
	got, err := parseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]setting(want), []setting(got), cmp.AllowUnexported(setting{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"[", "[]", "[a", "[a \"b]", "x = 1", "[a]\nx = \"1\n", "[a]\nx = \\q\n", "[a]\n!x = 1", "[a]\nx y"} {
		if c, err := parseConfig(bad); err == nil {
			t.Errorf("parseConfig(%q) = %v, want an error", bad, c)
		}
	}
}
