package credentials

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"

	"github.com/nixplan/nixplan/internal/lazy"
)

// rules are made at first use, as most runs have nothing to look at.
var rules = sync.OnceValue(func() []rule {
	return []rule{
		{
			kind: "aws-access-key-id", what: "an AWS access key ID", shown: "AKIA", keywords: []string{"AKIA", "ASIA"},
			pattern: lazy.Regexp(`(?:AKIA|ASIA)[A-Z2-7]{16}`), alone: true, entropy: 3, identifier: true,
		}, {
			kind: "aws-secret-access-key", what: "an AWS secret access key",
			keywords: []string{"secret_access_key", "SECRET_ACCESS_KEY", "secretAccessKey", "SecretAccessKey", "secretaccesskey", "aws_secret_key", "AWS_SECRET_KEY", "awsSecretKey"},
			pattern:  lazy.Regexp(`(?i:aws_?secret_?(?:access_?)?key|secret_?access_?key)["']?\s*(?:=>|:=|[:=])?\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)`),
			entropy:  4, accept: mixed,
		}, {
			kind: "private-key", what: "a private key", shown: "-----BEGIN PRIVATE KEY-----", keywords: []string{"PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"},
			pattern: lazy.Regexp(`-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|PGP|SSH2) )?PRIVATE KEY(?: BLOCK)?-----((?:[A-Za-z0-9+/=:,.()\s<>@#*-]|\\[nr])*?)-----END `), // # and * of comments
			accept:  privateKeyBody,
		}, {
			kind: "putty-private-key", what: "a private key", shown: "PuTTY-User-Key-File", keywords: []string{"PuTTY-User-Key-File-"},
			pattern: lazy.Regexp(`PuTTY-User-Key-File-\d: [\w-]+\r?\nEncryption: none\r?\n(?s:.*?)Private-Lines: \d+\r?\n([A-Za-z0-9+/=\s]{60,})`),
			entropy: 4,
		}, {
			kind: "age-secret-key", what: "an age secret key", shown: "AGE-SECRET-KEY-1", keywords: []string{"AGE-SECRET-KEY-1"},
			pattern: lazy.Regexp(`AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}`), alone: true, accept: randomAfter(16, 3.5),
		}, {
			kind: "nix-cache-secret-key", what: "a secret key that signs store paths", possible: hasLongBase64,
			pattern: lazy.Regexp(`[A-Za-z0-9][A-Za-z0-9._-]*:([A-Za-z0-9+/]{86}==)`), alone: true, entropy: 4, accept: signingKey,
		},
		token("github-token", "a GitHub token", "gh…_", `gh[pousr]_[A-Za-z0-9]{36}`, "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
		token("github-token", "a GitHub token", "github_pat_", `github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}`, "github_pat_"),
		token("gitlab-token", "a GitLab token", "glpat-", `glpat-[A-Za-z0-9_-]{20,}(?:\.[0-9a-z.]{9,})?`, "glpat-"),
		token("gitlab-token", "a GitLab token", "gl…-", `gl(?:dt|rt|soat|cbt|ft|imt|agent)-[A-Za-z0-9_-]{20,}`, "gldt-", "glrt-", "glsoat-", "glcbt-", "glft-", "glimt-", "glagent-"),
		token("slack-token", "a Slack token", "xox…-", `xox[abprs]-(?:\d+-)+[A-Za-z0-9]{16,}`, "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-"),
		token("slack-token", "a Slack token", "xapp-", `xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{32,}`, "xapp-"),
		token("slack-webhook", "a Slack webhook URL", "https://hooks.slack.com/", `https://hooks\.slack\.com/services/(T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{24})`, "hooks.slack.com"),
		token("discord-webhook", "a Discord webhook URL", "https://discord.com/api/webhooks/", `https://discord(?:app)?\.com/api/webhooks/(\d{17,20}/[A-Za-z0-9_-]{60,})`, "/api/webhooks/"),
		token("npm-token", "an npm token", "npm_", `npm_[A-Za-z0-9]{36}`, "npm_"),
		token("pypi-token", "a PyPI token", "pypi-", `pypi-AgEI[A-Za-z0-9_-]{60,}`, "pypi-AgEI"),
		token("docker-token", "a Docker Hub token", "dckr_pat_", `dckr_pat_[A-Za-z0-9_-]{27}`, "dckr_pat_"),
		token("netlify-token", "a Netlify token", "nfp_", `nfp_[A-Za-z0-9]{36}`, "nfp_"),
		token("stripe-key", "a Stripe key", "…_live_", `[rs]k_live_[A-Za-z0-9]{24,}`, "k_live_"),
		token("sendgrid-key", "a SendGrid key", "SG.", `SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`, "SG."),
		token("digitalocean-token", "a DigitalOcean token", "do…_v1_", `do[opr]_v1_[a-f0-9]{64}`, "_v1_"),
		token("vault-token", "a Vault token", "hvs.", `hv[sb]\.[A-Za-z0-9_-]{90,}`, "hvs.", "hvb."),
		token("terraform-token", "a Terraform token", "", `[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}`, ".atlasv1."),
		token("tailscale-key", "a Tailscale key", "tskey-", `tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,}-[A-Za-z0-9]{20,}`, "tskey-"),
		token("telegram-token", "a Telegram bot token", "", `\d{8,10}:AA[A-Za-z0-9_-]{33}`, ":AA"),
		token("anthropic-key", "an Anthropic key", "sk-ant-", `sk-ant-[a-z]+\d\d-[A-Za-z0-9_-]{93}AA`, "sk-ant-"),
		token("openai-key", "an OpenAI key", "sk-", `sk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}`, "T3BlbkFJ"),
		{
			kind: "jwt", what: "a signed web token (JWT)", shown: "eyJ", keywords: []string{".eyJ"},
			pattern: lazy.Regexp(`eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}`), alone: true, accept: signedToken,
		}, {
			kind: "url-password", what: "a password in a URL", possible: hasUserInfo,
			pattern: lazy.Regexp(`[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._~%-]{1,64}:([A-Za-z0-9._~%!*+,;=-]{8,128})@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`),
			entropy: 2.75, accept: urlPassword,
		},
	}
})

// token is the rule for a token that is recognised by its form alone.
func token(kind, what, shown, pattern string, keywords ...string) rule {
	return rule{
		kind: kind, what: what, shown: shown, keywords: keywords,
		pattern: lazy.Regexp(pattern), alone: true, entropy: 3.2,
	}
}

// mixed reports whether a value has capitals, small letters and digits: a hash
// in hexadecimal does not.
func mixed(value, _ string) bool {
	return strings.ContainsAny(value, "0123456789") && value != strings.ToLower(value) && value != strings.ToUpper(value)
}

// randomAfter accepts values that look random after a prefix of n bytes.
func randomAfter(n int, bits float64) func(string, string) bool {
	return func(value, _ string) bool { return !placeholder(value[n:]) && entropy(value[n:]) >= bits }
}

// openSSHPlain starts the base64 of every OpenSSH key that has no passphrase:
// "openssh-key-v1", and the cipher's name "none".
const openSSHPlain = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"

// privateKeyBody accepts what stands between the lines of a private key when it
// is one, and is not locked with a passphrase.
func privateKeyBody(body, match string) bool {
	if strings.Contains(body, "ENCRYPTED") {
		return false
	}
	body = strings.NewReplacer(`\n`, "", `\r`, "", "\n", "", "\r", "", " ", "", "\t", "", "#", "", "*", "").Replace(body)
	if strings.HasPrefix(match, "-----BEGIN OPENSSH") && !strings.HasPrefix(body, openSSHPlain) {
		return false
	}
	return len(body) >= 60 && !strings.Contains(body, "...") && !strings.Contains(strings.ToLower(body), "example") && entropy(body) >= 4
}

// hasLongBase64 reports whether there may be 64 bytes in base64 behind a colon.
func hasLongBase64(text string) bool {
	for i := 0; ; {
		at := strings.Index(text[i:], "==")
		if at < 0 {
			return false
		}
		i += at + 2
		if i >= 89 && text[i-89] == ':' {
			return true
		}
	}
}

// signingKey accepts Ed25519 secret keys, which end with their public key. A
// signature has the same length.
func signingKey(value, _ string) bool {
	key, err := base64.StdEncoding.DecodeString(value)
	return err == nil && len(key) == ed25519.PrivateKeySize &&
		bytes.Equal(ed25519.NewKeyFromSeed(key[:ed25519.SeedSize]), key)
}

// signedToken accepts a token whose first part is a header with an algorithm,
// other than the ones of documentation.
func signedToken(value, _ string) bool {
	parts := strings.Split(value, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return false
	}
	var fields struct{ Alg string }
	if json.Unmarshal(header, &fields) != nil || fields.Alg == "" || strings.EqualFold(fields.Alg, "none") {
		return false
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(claims) || strings.Contains(string(claims), "John Doe") {
		return false
	}
	return !placeholder(string(claims)) && !placeholder(parts[2]) && entropy(parts[2]) >= 3.2
}

// hasUserInfo reports whether a URL may have a password.
func hasUserInfo(text string) bool {
	for {
		_, rest, ok := strings.Cut(text, "://")
		if !ok {
			return false
		}
		authority := rest[:min(len(rest), 256)]
		if end := strings.IndexAny(authority, "/ \n\"'<>"); end >= 0 {
			authority = authority[:end]
		}
		if at := strings.IndexByte(authority, '@'); at > 0 && strings.IndexByte(authority[:at], ':') > 0 {
			return true
		}
		text = rest
	}
}

// urlPassword accepts passwords that are none of the words written in their
// place, for hosts that are none of documentation.
func urlPassword(password, match string) bool {
	rest := match[strings.Index(match, "://")+3:]
	user, _, _ := strings.Cut(rest, ":")
	host := strings.ToLower(match[strings.LastIndexByte(match, '@')+1:])
	for _, suffix := range []string{"example.com", "example.org", "example.net", ".example", ".test", ".invalid", ".localhost", "127.0.0.1", "0.0.0.0"} {
		if strings.HasSuffix(host, suffix) {
			return false
		}
	}
	lower := strings.ToLower(password)
	for _, word := range []string{"pass", "pwd", "token", "user", "anonymous", "%24", "***"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return password != user && user != "anonymous" && strings.ContainsAny(password, "0123456789")
}
