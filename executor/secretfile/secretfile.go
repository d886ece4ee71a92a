// Package secretfile makes the secrets.json that a job's scripts read: the
// secrets that its secretsMap asks for, under the names it gives them, and
// nothing else of what the agent has.
//
// Data is copied as it stands in the agent's file, numbers to the last digit. It
// is kept in buffers that are cleared; no error has a value in it.
package secretfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/diag"
)

// Options say which secrets a job gets.
type Options struct {
	// File is the agent's secrets.json, as [secrets.Locate] finds it; Origin is
	// why it is that one. Without a file, Looked says where there was none.
	File   *secrets.Location
	Looked []string
	// Map is the job's secretsMap, see [ParseMap].
	Map Map
	// Facts are what conditions are evaluated for.
	Facts secrets.Facts
	// Granted takes secrets without a condition as handed out: those of an effect's
	// sandbox, which the agent has chosen and whose conditions it has removed.
	Granted bool
	// GitToken gives the token for an entry { type = "GitToken"; }. nil: there is
	// none.
	GitToken func() ([]byte, error)
}

// Selection is what a job may read. Wipe clears it.
type Selection struct {
	entries []entry // sorted by name
}

type entry struct {
	name string // in the effect
	data []byte // a JSON object
}

// Select reads the secrets of a job. When some of them cannot be had, the error
// is an *Error that names them all, and nothing is kept.
func Select(o Options) (*Selection, error) {
	s := &Selection{}
	problems := &Error{}
	err := s.read(o, problems)
	if err == nil && len(problems.Problems) > 0 {
		err = problems
	}
	if err != nil {
		s.Wipe()
		return nil, err
	}
	slices.SortFunc(s.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return s, nil
}

func (s *Selection) read(o Options, problems *Error) error {
	wanted := map[string]bool{}
	for _, name := range o.Map.names() {
		source := o.Map[name]
		if !source.GitToken {
			wanted[source.Secret] = true
			continue
		}
		data, err := gitToken(o.GitToken)
		if err != nil {
			problems.add(Problem{Name: name, GitToken: true, Reason: err.Error()})
			continue
		}
		s.entries = append(s.entries, entry{name, data})
	}
	if len(wanted) == 0 {
		return nil // the agent does not look into its file either
	}
	if o.File == nil {
		problems.missingFile(o)
		return nil
	}
	traces := map[string]*secrets.Trace{}
	inventory, data, list, err := secrets.ReadData(o.File.Path, o.File.Path, func(secret *secrets.Secret) bool {
		if !wanted[secret.Name] || secret.Condition == nil {
			return wanted[secret.Name] && o.Granted
		}
		trace := secret.Condition.Evaluate(o.Facts)
		traces[secret.Name] = trace
		return trace.Result == secrets.True
	})
	if err != nil {
		return fmt.Errorf("cannot read %s (from %s): %w", o.File.Path, o.File.Origin, err)
	}
	if inventory == nil {
		return &FileError{File: *o.File, Findings: list}
	}
	for _, name := range o.Map.names() {
		source := o.Map[name]
		if source.GitToken {
			continue
		}
		if text, ok := data[source.Secret]; ok {
			s.entries = append(s.entries, entry{name, bytes.Clone(text)})
			continue
		}
		problems.add(explain(name, source.Secret, inventory, traces[source.Secret]))
	}
	for _, text := range data {
		clear(text)
	}
	return nil
}

func gitToken(provider func() ([]byte, error)) ([]byte, error) {
	if provider == nil {
		return nil, errors.New("only Hercules CI hands out tokens of the forge, and no other was given")
	}
	token, err := provider()
	if err != nil {
		return nil, err
	}
	defer clear(token)
	if len(token) == 0 {
		return nil, errors.New("the token that was given is empty")
	}
	return tokenData(token), nil
}

// tokenData is the data of a secret that has just a token.
func tokenData(token []byte) []byte {
	data := make([]byte, 0, 2*len(token)+16)
	data = append(data, `{"token":`...)
	data = appendString(data, token)
	return append(data, '}')
}

// appendString appends a JSON string. It stands here because encoding/json makes
// copies that nobody clears.
func appendString(b, s []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// tokenName is the secret that holds the token for Hercules CI's API.
const tokenName = "hercules-ci"

// Write writes the secrets to a new file that only its owner may read. token is
// that for Hercules CI's API, which scripts find as the secret "hercules-ci"
// unless one of their own has that name; nil leaves it out.
func (s *Selection) Write(path string, token []byte) error {
	entries := s.entries
	if i := slices.IndexFunc(entries, func(e entry) bool { return e.name == tokenName }); len(token) > 0 && i < 0 {
		data := tokenData(token)
		defer clear(data)
		entries = append(slices.Clone(entries), entry{tokenName, data})
	}
	size := 2
	for _, e := range entries {
		size += 6*len(e.name) + len(e.data) + 64
	}
	text := make([]byte, 0, size) // so that it never grows and leaves a copy
	defer func() { clear(text[:cap(text)]) }()
	text = append(text, '{')
	for i, e := range entries {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(text, []byte(e.name))
		text = append(text, `:{"kind":"Secret","data":`...)
		text = append(text, e.data...)
		text = append(text, '}')
	}
	text = append(text, '}', '\n')
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the job's secrets: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write the job's secrets: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// Names are the names under which the job sees its secrets, sorted.
func (s *Selection) Names() []string {
	names := make([]string, len(s.entries))
	for i, e := range s.entries {
		names[i] = e.name
	}
	return names
}

// Wipe clears the data. Only Names may be used afterwards.
func (s *Selection) Wipe() {
	for i := range s.entries {
		clear(s.entries[i].data)
		s.entries[i].data = nil
	}
}

// Map is a secretsMap: for each name that the job uses, where the secret comes
// from.
type Map map[string]Source

// Source is a secret of the agent by its name, or a token that the server hands
// out.
type Source struct {
	Secret   string
	GitToken bool
}

func (m Map) names() []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ParseMap reads the secretsMap of an effect from its environment, as agents do:
// the variable secretsToUse, else secretsMap. Without either it is empty.
func ParseMap(env map[string]string) (Map, error) {
	variable := "secretsToUse"
	text, ok := env[variable]
	if !ok {
		variable = "secretsMap"
		text, ok = env[variable]
	}
	m := Map{}
	if !ok {
		return m, nil
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &entries); err != nil || entries == nil {
		return nil, fmt.Errorf("the effect's %s is not a JSON object", variable)
	}
	for name, raw := range entries {
		var secret *string
		if json.Unmarshal(raw, &secret) == nil && secret != nil {
			m[name] = Source{Secret: *secret}
			continue
		}
		var reference map[string]any
		if err := json.Unmarshal(raw, &reference); err != nil || reference["type"] != "GitToken" {
			return nil, fmt.Errorf(`%s.%s is neither the name of a secret nor { type = "GitToken"; }`, variable, name)
		}
		m[name] = Source{GitToken: true}
	}
	return m, nil
}

// FileError: the agent's secrets.json has mistakes, so that agents refuse it.
type FileError struct {
	File     secrets.Location
	Findings diag.List
}

func (e *FileError) Error() string {
	var lines []string
	for _, d := range e.Findings {
		if d.Severity == diag.Error {
			lines = append(lines, d.Summary)
		}
	}
	return fmt.Sprintf("%s (from %s) is not what agents take: %s", e.File.Path, e.File.Origin, strings.Join(lines, "; "))
}
