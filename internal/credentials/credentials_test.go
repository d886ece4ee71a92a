package credentials

import (
	"crypto/ed25519"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// random makes values that look like credentials. None is written out here, so
// that no other scanner takes this file for a leak.
type random struct{ *rand.Rand }

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alnum  = digits + lower + upper
	base   = alnum + "+/"
)

func (r random) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func (r random) lines(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(r.of(base, 64) + "\n")
	}
	return b.String()
}

func (r random) signingKey() string {
	seed := []byte(r.of(base, ed25519.SeedSize))
	return base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed))
}

func (r random) jwt(header, claims string) string {
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return encode(header) + "." + encode(claims) + "." + r.of(alnum, 43)
}

func TestFound(t *testing.T) {
	r := random{rand.New(rand.NewPCG(11, 12))}
	tests := []struct{ kind, before, value, after string }{
		{"aws-access-key-id", "", "AKI" + "A" + r.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), ""},
		{"aws-access-key-id", `accessKeyId = "`, "ASI" + "A" + r.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), `";`},
		{"aws-secret-access-key", `AWS_SECRET_ACCESS_KEY = "`, r.of(base, 40), `";`},
		{"aws-secret-access-key", `{"secretAccessKey":"`, r.of(base, 40), `"}`},
		{"aws-secret-access-key", "aws_secret_access_key = ", r.of(base, 40), "\n"},
		{"private-key", "-----BEGIN RSA PRIVATE KEY-----", "\n" + r.lines(10), "-----END RSA PRIVATE KEY-----"},
		{"private-key", "-----BEGIN PRIVATE KEY-----", "\n" + r.lines(3), "-----END PRIVATE KEY-----"},
		{"private-key", "# -----BEGIN PRIVATE KEY-----", "\n" + strings.ReplaceAll(r.lines(3), "\n", "\n# "), "-----END PRIVATE KEY-----"},
		{"private-key", "x = \"-----BEGIN EC PRIVATE KEY-----", `\n` + r.of(base, 64) + `\n` + r.of(base, 64) + `\n`, "-----END EC PRIVATE KEY-----"},
		{"private-key", "-----BEGIN OPENSSH PRIVATE KEY-----", "\n" + openSSHPlain + r.lines(4), "-----END OPENSSH PRIVATE KEY-----"},
		{"private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----", "\nVersion: GnuPG v1\n\n" + r.lines(4), "-----END PGP PRIVATE KEY BLOCK-----"},
		{"putty-private-key", "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPrivate-Lines: 2\n", r.lines(2), ""},
		{"age-secret-key", "", "AGE-SECRET-" + "KEY-1" + r.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58), ""},
		{"nix-cache-secret-key", "cache.example.org-1:", r.signingKey(), ""},
		{"github-token", "token=", "gh" + "p_" + r.of(alnum, 36), ""},
		{"github-token", "https://", "gh" + "s_" + r.of(alnum, 36), "@github.com/a/b"},
		{"github-token", "", "github_" + "pat_" + r.of(alnum, 22) + "_" + r.of(alnum, 59), ""},
		{"gitlab-token", "", "glp" + "at-" + r.of(alnum, 20), ""},
		{"gitlab-token", "", "gld" + "t-" + r.of(alnum, 20), ""},
		{"slack-token", "", "xox" + "b-" + r.of(digits, 12) + "-" + r.of(digits, 12) + "-" + r.of(alnum, 24), ""},
		{"slack-token", "", "xap" + "p-1-" + r.of(upper, 11) + "-" + r.of(digits, 13) + "-" + r.of(digits+"abcdef", 64), ""},
		{"slack-webhook", "https://hooks.slack.com/services/", "T" + r.of(upper, 9) + "/B" + r.of(upper, 9) + "/" + r.of(alnum, 24), ""},
		{"discord-webhook", "https://discord.com/api/webhooks/", r.of("456789", 18) + "/" + r.of(alnum, 68), ""},
		{"npm-token", "//registry.npmjs.org/:_authToken=", "npm" + "_" + r.of(alnum, 36), "\n"},
		{"pypi-token", "", "pyp" + "i-AgEI" + r.of(alnum, 100), ""},
		{"docker-token", "", "dckr_" + "pat_" + r.of(alnum, 27), ""},
		{"netlify-token", "", "nf" + "p_" + r.of(alnum, 36), ""},
		{"stripe-key", "", "sk_" + "live_" + r.of(alnum, 24), ""},
		{"sendgrid-key", "", "S" + "G." + r.of(alnum, 22) + "." + r.of(alnum, 43), ""},
		{"digitalocean-token", "", "dop" + "_v1_" + r.of(digits+"abcdef", 64), ""},
		{"vault-token", "", "hv" + "s." + r.of(alnum, 95), ""},
		{"terraform-token", "", r.of(alnum, 14) + ".atlas" + "v1." + r.of(alnum, 67), ""},
		{"tailscale-key", "", "tskey" + "-auth-" + r.of(alnum, 16) + "-" + r.of(alnum, 32), ""},
		{"telegram-token", "TOKEN=", r.of("456789", 10) + ":A" + "A" + r.of(alnum, 33), ""},
		{"anthropic-key", "", "sk-" + "ant-api03-" + r.of(alnum, 93) + "AA", ""},
		{"openai-key", "", "sk-" + "proj-" + r.of(alnum, 20) + "T3Blbk" + "FJ" + r.of(alnum, 20), ""},
		{"jwt", "Authorization: Bearer ", r.jwt(`{"alg":"HS256","typ":"JWT"}`, `{"sub":"service-account","iat":1516239022}`), ""},
		{"url-password", "https://deploy:", r.of(alnum, 16), "@git.company.org/a"},
		{"url-password", "postgres://app:", r.of(alnum, 20), "@db.internal.company.org:5432/app"},
	}
	for _, test := range tests {
		text := test.before + test.value + test.after
		list := Scan(text)
		if len(list) != 1 {
			t.Errorf("%s: %d findings in %q", test.kind, len(list), text)
			continue
		}
		f := list[0]
		if f.Kind != test.kind || text[f.Start:f.End] != test.value {
			t.Errorf("%s: found %s %q in %q", test.kind, f.Kind, text[f.Start:f.End], text)
		}
		if f.What == "" || strings.Contains(f.Redacted, test.value[len(test.value)-8:]) {
			t.Errorf("%s: shown as %q", test.kind, f.Redacted)
		}
		if f.Identifier != (test.kind == "aws-access-key-id") {
			t.Errorf("%s: identifier %v", test.kind, f.Identifier)
		}
		hidden := Hide(text)
		if len(hidden) != len(text) || strings.Contains(hidden, test.value) || Hide(hidden) != hidden {
			t.Errorf("%s: hidden as %q", test.kind, hidden)
		}
	}
}

func TestNotFound(t *testing.T) {
	r := random{rand.New(rand.NewPCG(13, 14))}
	key := "-----BEGIN RSA PRIVATE KEY-----"
	for _, text := range []string{
		"",
		"AKIAIOSFODNN7EXAMPLE",
		"AKIA................",
		"AKIAXXXXXXXXXXXXXXXX",
		"AKIAAAAAAAAAAAAAAAAA",
		r.of(alnum, 20) + "AKI" + "A" + r.of(upper, 16) + r.of(alnum, 20),
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"aws_secret_access_key = " + r.of(digits+"abcdef", 40), // a hash
		"aws_secret_access_key = $(readSecretString aws .aws_secret_access_key)",
		key,
		key + "\n...\n-----END RSA PRIVATE KEY-----",
		key + "\n<your key>\n-----END RSA PRIVATE KEY-----",
		key + "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + r.of(upper, 32) + "\n\n" + r.lines(5) + "-----END RSA PRIVATE KEY-----",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAG" + r.lines(4) + "-----END OPENSSH PRIVATE KEY-----",
		"-----BEGIN PUBLIC KEY-----\n" + r.lines(4) + "-----END PUBLIC KEY-----",
		"-----BEGIN CERTIFICATE-----\n" + r.lines(10) + "-----END CERTIFICATE-----",
		"snakeOilPrivateKey = ''\n" + key + "\n" + r.lines(10) + "-----END RSA PRIVATE KEY-----",
		"grep -q 'BEGIN RSA PRIVATE KEY-----' $file",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + r.of(base, 43) + " user@host",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB" + r.of(base, 300),
		"age1" + r.of("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58),
		"cache.nixos.org-1:" + r.of(base, 43) + "=",
		"Sig: cache.nixos.org-1:" + base64.StdEncoding.EncodeToString([]byte(r.of(alnum, 64))),
		"/nix/store/" + r.of("0123456789abcdfghijklmnpqrsvwxyz", 32) + "-secret_access_key",
		"sha256-" + r.of(base, 43) + "=",
		"sha256 = \"" + r.of("0123456789abcdfghijklmnpqrsvwxyz", 52) + "\";",
		"rev = \"" + r.of(digits+"abcdef", 40) + "\";",
		"gh" + "p_" + strings.Repeat("x", 36),
		"gh" + "p_your_token_goes_here_0123456789abcdef",
		"gh" + "p_" + r.of(alnum, 35),
		"gh" + "p_" + r.of(alnum, 37),
		"glpat-xxxxxxxxxxxxxxxxxxxx",
		"npm_config_registry=https://registry.npmjs.org/",
		"sk_" + "test_" + r.of(alnum, 24),
		r.jwt(`{"alg":"none"}`, `{"sub":"x"}`),
		r.jwt(`{"alg":"HS256"}`, `{"sub":"1","name":"John Doe"}`),
		"https://github.com/a/b",
		"git@github.com:a/b.git",
		"ssh://git@host.company.org/a",
		"https://user:password@host.company.org",
		"https://user:hunter2hunter2@example.com/",
		"https://${user}:${pass}@host.company.org/",
		"https://user:$PASSWORD1@host.company.org/",
		"postgres://postgres12:postgres12@db.company.org/x",
		"postgres://app:" + r.of(alnum, 12) + "@localhost/x",
		"ftp://anonymous:mail12345@ftp.company.org/",
		"http://host.company.org:8080/a:b@c",
	} {
		for _, f := range Scan(text) {
			t.Errorf("found %s %q in %q", f.Kind, text[f.Start:f.End], text)
		}
	}
}

func TestSeveral(t *testing.T) {
	r := random{rand.New(rand.NewPCG(15, 16))}
	a, b := "gh"+"p_"+r.of(alnum, 36), r.of(alnum, 24)
	text := "url = https://x:" + b + "@git.company.org; token = " + a
	list := Scan(text)
	if len(list) != 2 || text[list[0].Start:list[0].End] != b || text[list[1].Start:list[1].End] != a {
		t.Errorf("%v", list)
	}
}

// FuzzScan checks that findings lie in the text, in order, and that hiding them
// keeps columns.
func FuzzScan(f *testing.F) {
	r := random{rand.New(rand.NewPCG(17, 18))}
	for _, rule := range rules() {
		f.Add(rule.shown + r.of(alnum, 40) + strings.Join(rule.keywords, r.of(alnum, 40)) + r.of(alnum, 100))
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range Scan(text) {
			if found.Start < end || found.End <= found.Start || found.End > len(text) {
				t.Fatalf("%+v after %d in %d bytes", found, end, len(text))
			}
			end = found.End
		}
		if hidden := Hide(text); len(hidden) != len(text) {
			t.Errorf("%q has another length", hidden)
		}
	})
}
