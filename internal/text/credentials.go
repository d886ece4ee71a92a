package text

import "strings"

// WithoutCredentials removes user names and passwords from the URLs in a text
// and the values of query parameters that are named like secrets. Of an ssh URL
// the user stays, who is not a secret, and of the scp form
// ("git@host:owner/name") as well. Anything else that is no URL stays as it is. Doing it twice changes nothing.
func WithoutCredentials(s string) string { return rewriteCredentials(s, false) }

// HideCredentials is WithoutCredentials for a line of source text: it puts as
// many asterisks in their place, so that columns stay what they are.
func HideCredentials(s string) string { return rewriteCredentials(s, true) }

// hidden stands for a query parameter's value.
const hidden = "***"

func rewriteCredentials(s string, keepWidth bool) string {
	if !strings.Contains(s, "//") && !strings.Contains(s, "?") && !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	done := 0 // s up to here is in b
	cut := func(from, to int, instead string) {
		if keepWidth {
			instead = strings.Repeat("*", to-from)
		}
		b.WriteString(s[done:from])
		b.WriteString(instead)
		done = to
	}
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "//"):
			if from, to := userInfo(s, i+2); from < to {
				cut(from, to, "")
				i = to - 1
			} else {
				i++
			}
		case s[i] == '@':
			if from := scpPassword(s, i); from >= done && from > 0 {
				cut(from, i, "")
			}
		case s[i] == '?' || s[i] == '&':
			if from, to := secretParameter(s, i+1); from < to && strings.Trim(s[from:to], "*") != "" {
				cut(from, to, hidden)
				i = to - 1
			}
		}
	}
	if done == 0 {
		return s
	}
	return b.String() + s[done:]
}

// urlEnd are characters that no part of a URL has as they are, or that end the
// quotation it stands in.
const urlEnd = " \t\r\n\"'<>`\\"

// userInfo is the range to remove of what stands before the host in an
// authority that starts at start, the "@" included where all of it goes.
func userInfo(s string, start int) (from, to int) {
	authority := s[start:]
	if end := strings.IndexAny(authority, "/?#"+urlEnd); end >= 0 {
		authority = authority[:end]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return 0, 0
	}
	scheme, isURL := strings.CutSuffix(s[:start-2], ":")
	if isURL && !strings.HasSuffix(scheme, "ssh") {
		return start, start + at + 1
	}
	if colon := strings.IndexByte(authority[:at], ':'); colon >= 0 {
		return start + colon, start + at
	}
	return 0, 0
}

// scpPassword is where the password, colon included, begins that someone put
// before the "@" at position at of an address in the scp form,
// "user:password@host:path"; 0 when there is none.
func scpPassword(s string, at int) int {
	host := s[at+1:]
	end := strings.IndexFunc(host, func(r rune) bool { return !hostRune(r) })
	if end <= 0 || host[end] != ':' {
		return 0
	}
	before := s[strings.LastIndexAny(s[:at], "/"+urlEnd)+1 : at]
	colon := strings.IndexByte(before, ':')
	if colon <= 0 || strings.Trim(before[colon+1:], "*") == "" || strings.IndexFunc(before[:colon], func(r rune) bool { return !hostRune(r) }) >= 0 {
		return 0
	}
	return at - len(before) + colon
}

// hostRune reports whether a character may stand in the name of a host or user.
func hostRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
}

// secretParameter is the range of the value of the query parameter that starts
// at start, empty unless its name is a secret's.
func secretParameter(s string, start int) (from, to int) {
	rest := s[start:]
	if end := strings.IndexAny(rest, "&;#"+urlEnd); end >= 0 {
		rest = rest[:end]
	}
	name, value, ok := strings.Cut(rest, "=")
	if !ok || !SecretName(name) {
		return 0, 0
	}
	from = start + len(name) + 1
	return from, from + len(value)
}

// SecretName reports whether a variable or parameter of that name usually holds
// a secret: "password", "API_TOKEN", "secretKey".
func SecretName(name string) bool {
	name = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "accesskey", "privatekey", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
