// Package secrets knows what an agent's secrets.json holds without its values:
// names, fields and conditions. The same is read from a manifest, a YAML file
// that can be committed and stands in for secrets.json where that must not be.
//
// Nothing here shows a text that could hold a value. Errors in secrets.json have
// a position and no excerpt, values are skipped and not decoded, and the buffer
// is cleared after reading.
//
// The form of secrets.json is that of hercules-ci-agent 0.10: its module
// Hercules.Formats.Secret, and Hercules.Secrets for what conditions mean.
package secrets

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// An Inventory is what is known of a set of secrets.
type Inventory struct {
	// File is what people call the file that it was read from.
	File string
	// Secrets are sorted by name.
	Secrets []*Secret
}

// A Secret is a secret by its names.
type Secret struct {
	Name  string
	Range diag.Range // of the name
	// Fields are the fields of its data that hold something, sorted by path.
	Fields []Field
	// Condition says when agents hand it out. It is nil when there is none, and
	// then agents from 0.9 on never do.
	Condition *Condition
	// data is where the value of "data" stands in the text.
	data diag.Range
}

// A Field is a value of a secret's data that is no object or list of others. A
// field that is null is left out: for the filters of effects it is like one that
// is missing.
type Field struct {
	Path  Path
	Range diag.Range // of its name; the first, for elements of a list
}

// Lookup returns the secret of that name, or nil.
func (v *Inventory) Lookup(name string) *Secret {
	i, found := slices.BinarySearchFunc(v.Secrets, name, func(s *Secret, name string) int { return strings.Compare(s.Name, name) })
	if !found {
		return nil
	}
	return v.Secrets[i]
}

// Names are the names of the secrets, sorted.
func (v *Inventory) Names() []string {
	names := make([]string, len(v.Secrets))
	for i, s := range v.Secrets {
		names[i] = s.Name
	}
	return names
}

// Has reports whether there is something at a path: a field, or fields below it.
func (s *Secret) Has(path Path) bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Path.startsWith(path) })
}

// FieldNames are the paths of the fields as text, sorted.
func (s *Secret) FieldNames() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Path.String()
	}
	return names
}

// sort puts the inventory into its order.
func (v *Inventory) sort() {
	slices.SortFunc(v.Secrets, func(a, b *Secret) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range v.Secrets {
		slices.SortFunc(s.Fields, func(a, b Field) int { return strings.Compare(a.Path.String(), b.Path.String()) })
	}
}

// maxName is the length of the longest name, in bytes.
const maxName = 128

// isName reports whether a text can be a name. What is longer, or has line
// breaks, is more likely a value in the wrong place, and names get shown.
func isName(name string) bool {
	return len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}
