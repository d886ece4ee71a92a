package text

import "testing"

func TestWithoutCredentials(t *testing.T) {
	tests := []struct{ text, want, hidden string }{
		{"https://github.com/a/b", "", ""},
		{"https://user:pw@github.com/a/b", "https://github.com/a/b", "https://********github.com/a/b"},
		{"https://token@github.com/a/b?x=y@z", "https://github.com/a/b?x=y@z", "https://******github.com/a/b?x=y@z"},
		{"https://github.com/a@b", "", ""},
		{"https://us%er:p@w@h", "https://h", "https://**********h"},
		{"ssh://git:pw@host/a", "ssh://git@host/a", "ssh://git***@host/a"},
		{"git+ssh://git@host/a", "", ""},
		{"//user:pw@host/a", "//user@host/a", "//user***@host/a"},
		{"git@github.com:a/b.git", "", ""},
		{"git:pw@github.com:a/b.git", "git@github.com:a/b.git", "git***@github.com:a/b.git"},
		{`"git:p:w@h:a" x`, `"git@h:a" x`, `"git****@h:a" x`},
		{"x:y@{ a }: b", "", ""},
		{"mail a:b@c", "", ""},
		{`fetch "https://a:b@c/d" and <http://e@f>`, `fetch "https://c/d" and <http://f>`, `fetch "https://****c/d" and <http://**f>`},
		{"https://a.b/c?access_token=xyz&ref=main", "https://a.b/c?access_token=***&ref=main", "https://a.b/c?access_token=***&ref=main"},
		{"github:o/r?ref=x&token=12345", "github:o/r?ref=x&token=***", "github:o/r?ref=x&token=*****"},
		{"x ? token == y // z@w", "", ""},
		{"a // { b = \"c@d\"; }", "", ""},
		{"https://${user}:pw@host", "https://host", "https://***********host"},
		{"", "", ""},
	}
	for _, test := range tests {
		if test.want == "" {
			test.want, test.hidden = test.text, test.text
		}
		got := WithoutCredentials(test.text)
		if got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
		if again := WithoutCredentials(got); again != got {
			t.Errorf("%q: a second time gives %q", got, again)
		}
		hidden := HideCredentials(test.text)
		if hidden != test.hidden || len(hidden) != len(test.text) {
			t.Errorf("%q: hidden as %q, want %q", test.text, hidden, test.hidden)
		}
		if again := WithoutCredentials(hidden); again != hidden {
			t.Errorf("%q: without credentials it is %q", hidden, again)
		}
	}
}

func TestSecretName(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "DB_PASSWORD": true, "API_TOKEN": true, "aws-secret-access-key": true, "githubApiKey": true,
		"name": false, "siteId": false, "keyFile": false, "author": false, "secretsmap": true,
	} {
		if got := SecretName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
