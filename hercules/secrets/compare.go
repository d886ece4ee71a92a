package secrets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// A Difference is something about one secret that a manifest says otherwise than
// secrets.json.
type Difference struct {
	Secret string `json:"secret"`
	// Kind is one of the kinds below.
	Kind DifferenceKind `json:"kind"`
	// Fields are paths, where Kind is about fields.
	Fields []string `json:"fields,omitempty"`
	// File and Manifest are the conditions, where they differ; nil is none.
	File     *Condition `json:"file_condition,omitempty"`
	Manifest *Condition `json:"manifest_condition,omitempty"`
	// Range is where the manifest says it; at a secret that the manifest lacks it
	// is where secrets.json has it.
	Range diag.Range `json:"-"`
}

// DifferenceKind is what a Difference is about.
type DifferenceKind string

const (
	Missing       DifferenceKind = "missing"        // in the manifest only
	Extra         DifferenceKind = "extra"          // in secrets.json only
	MissingFields DifferenceKind = "missing_fields" // Fields are in the manifest only
	ExtraFields   DifferenceKind = "extra_fields"   // Fields are in secrets.json only
	Conditions    DifferenceKind = "condition"
)

// Compare lists how a manifest differs from a secrets.json, by secret.
func Compare(file, manifest *Inventory) []Difference {
	var list []Difference
	all := append(file.Names(), manifest.Names()...)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		f, m := file.Lookup(name), manifest.Lookup(name)
		switch {
		case f == nil:
			list = append(list, Difference{Secret: name, Kind: Missing, Range: m.Range})
		case m == nil:
			list = append(list, Difference{Secret: name, Kind: Extra, Range: f.Range})
		default:
			list = append(list, compareSecrets(f, m)...)
		}
	}
	return list
}

func compareSecrets(file, manifest *Secret) []Difference {
	var list []Difference
	if only := without(manifest, file); len(only) > 0 {
		d := Difference{Secret: file.Name, Kind: MissingFields, Range: only[0].Range}
		for _, field := range only {
			d.Fields = append(d.Fields, field.Path.String())
		}
		list = append(list, d)
	}
	if only := without(file, manifest); len(only) > 0 {
		d := Difference{Secret: file.Name, Kind: ExtraFields, Range: manifest.Range}
		for _, field := range only {
			d.Fields = append(d.Fields, field.Path.String())
		}
		list = append(list, d)
	}
	if !file.Condition.Equal(manifest.Condition) {
		d := Difference{Secret: file.Name, Kind: Conditions, File: file.Condition, Manifest: manifest.Condition, Range: manifest.Range}
		if manifest.Condition != nil {
			d.Range = manifest.Condition.Range
		}
		list = append(list, d)
	}
	return list
}

// without are the fields of a that b does not have.
func without(a, b *Secret) []Field {
	names := map[string]bool{}
	for _, name := range b.FieldNames() {
		names[name] = true
	}
	return slices.DeleteFunc(slices.Clone(a.Fields), func(f Field) bool { return names[f.Path.String()] })
}

// Diagnostic is the difference as a finding. file and manifest are what people
// call the two.
func (d Difference) Diagnostic(file, manifest string) *diag.Diagnostic {
	r := &diag.Diagnostic{ID: diag.IDSecretsOut, Range: d.Range}
	name := "secret " + shown(d.Secret)
	fields := "field " + strings.Join(d.Fields, ", ")
	if len(d.Fields) > 1 {
		fields = "fields " + strings.Join(d.Fields, ", ")
	}
	switch d.Kind {
	case Missing:
		r.Summary = fmt.Sprintf("%s is not in %s", name, file)
	case Extra:
		r.Summary = fmt.Sprintf("%s is not in %s", name, manifest)
	case MissingFields:
		r.Summary = fmt.Sprintf("%s has no %s in %s", name, fields, file)
	case ExtraFields:
		r.Summary = fmt.Sprintf("%s has %s in %s only", name, fields, file)
	case Conditions:
		r.Summary = fmt.Sprintf("%s has another condition in %s", name, file)
		r.Related = []diag.Related{
			{Message: "in " + manifest + ": " + orNone(d.Manifest)},
			{Message: "in " + file + ": " + orNone(d.File)},
		}
		if d.File != nil {
			r.Related[1].Range = d.File.Range
		}
	}
	return r
}

func orNone(c *Condition) string {
	if c == nil {
		return "none"
	}
	return c.String()
}
