package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// Token is what proves to the server who asks. Printing one does not show it.
type Token struct {
	value string
	// Origin is where it was found, for people: "$HERCULES_CI_API_TOKEN".
	Origin string
}

// NewToken is a token that was found somewhere.
func NewToken(value, origin string) Token { return Token{value, origin} }

// Value is the token itself.
func (t Token) Value() string { return t.value }

func (t Token) String() string   { return "token of " + t.Origin }
func (t Token) GoString() string { return t.String() }

// valid reports whether the token can be in a header.
func (t Token) valid() bool {
	for _, c := range []byte(t.value) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// The environment that an agent gives an effect, and that hci heeds.
const (
	tokenVariable   = "HERCULES_CI_API_TOKEN"
	effectVariable  = "IN_HERCULES_CI_EFFECT"
	secretsVariable = "HERCULES_CI_SECRETS_JSON"
	baseVariable    = "HERCULES_CI_API_BASE_URL"
	idVariable      = "HERCULES_CI_PROJECT_ID"
	pathVariable    = "HERCULES_CI_PROJECT_PATH"
	leaseVariable   = "HERCULES_CI_LOCK_LEASE_ID"
)

// InEffect reports whether the environment is that of an effect.
func InEffect(getenv func(string) string) bool { return getenv(effectVariable) == "true" }

// BaseFrom is the API's address in an environment, "" where it has none.
func BaseFrom(getenv func(string) string) string { return getenv(baseVariable) }

// LeaseFrom is the lease that an environment says the caller has, "" for none.
func LeaseFrom(getenv func(string) string) (string, error) {
	lease := getenv(leaseVariable)
	if lease == "" {
		return "", nil
	}
	if _, err := uuid.Parse(lease); err != nil {
		return "", fmt.Errorf("$%s is not the id of a lease", leaseVariable)
	}
	return lease, nil
}

// NoTokenError says that there is no token for a host.
type NoTokenError struct {
	Host   string
	Looked string // the file that might have it
}

func (e *NoTokenError) Error() string {
	return fmt.Sprintf("there is no token for %s: $%s is not set, and %s has none", e.Host, tokenVariable, e.Looked)
}

// FindToken finds the token for the server at base, where hci does:
// $HERCULES_CI_API_TOKEN; in an effect, the secret "hercules-ci" of
// $HERCULES_CI_SECRETS_JSON; else the file that "hci login" writes, under the host's
// name without a port. The first two name no host, they are for the server that the
// environment names. trusted says that base is the user's own word; if it is
// somebody else's, a file in a repository, say, it has to be that server, or only the
// file counts. The error is a *NoTokenError when there is none, and never quotes
// what is in a file.
func FindToken(base string, trusted bool, getenv func(string) string) (Token, error) {
	u, err := ParseBase(base)
	if err != nil {
		return Token{}, err
	}
	if !trusted {
		own, err := ParseBase(cmp.Or(BaseFrom(getenv), DefaultBase))
		trusted = err == nil && sameOrigin(u, own)
	}
	if trusted {
		token, err := environmentToken(u.Hostname(), getenv)
		if token.value != "" || err != nil {
			return token, err
		}
	}
	return loginToken(u.Hostname(), getenv)
}

// environmentToken is the token that a process is given, if it is.
func environmentToken(host string, getenv func(string) string) (Token, error) {
	if token := getenv(tokenVariable); token != "" {
		return Token{token, "$" + tokenVariable}, nil
	}
	if path := getenv(secretsVariable); InEffect(getenv) && path != "" {
		var file map[string]json.RawMessage
		var secret struct {
			Data struct {
				Token string `json:"token"`
			} `json:"data"`
		}
		if err := readJSON(path, &file); err != nil {
			return Token{}, err
		}
		// The other secrets are nobody's business here, whatever they look like.
		if raw, ok := file["hercules-ci"]; ok && json.Unmarshal(raw, &secret) == nil && secret.Data.Token != "" {
			return Token{secret.Data.Token, "secret \"hercules-ci\" of " + path}, nil
		}
		return Token{}, &NoTokenError{host, "the secret \"hercules-ci\" of " + path}
	}
	return Token{}, nil
}

// loginToken is the token of "hci login".
func loginToken(host string, getenv func(string) string) (Token, error) {
	path := credentialsFile(getenv)
	if path == "" {
		return Token{}, &NoTokenError{host, "without $HOME, the credentials.json of hci"}
	}
	var credentials struct {
		Domains map[string]struct {
			PersonalToken string `json:"personalToken"`
		} `json:"domains"`
	}
	if err := readJSON(path, &credentials); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Token{}, err
	}
	if token := credentials.Domains[host].PersonalToken; token != "" {
		return Token{token, path}, nil
	}
	return Token{}, &NoTokenError{host, path}
}

// credentialsFile is what "hci login" writes.
func credentialsFile(getenv func(string) string) string {
	config := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		config = filepath.Join(home, ".config")
	}
	return filepath.Join(config, "hercules-ci", "credentials.json")
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot look for a token: %w", err)
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("cannot look for a token: %s is not the JSON that it should be", path)
	}
	return nil
}
