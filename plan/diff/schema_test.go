package diff

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

const schemaFile = "../../docs/diff.schema.json"

// goTypes names the Go type of each definition in the schema; "" is the
// document itself.
var goTypes = map[string]reflect.Type{
	"":             reflect.TypeFor[Changes](),
	"revision":     reflect.TypeFor[Revision](),
	"counts":       reflect.TypeFor[Counts](),
	"ref_group":    reflect.TypeFor[RefGroup](),
	"entry_change": reflect.TypeFor[EntryChange](),
	"job":          reflect.TypeFor[Job](),
	"fact":         reflect.TypeFor[Fact](),
	"step":         reflect.TypeFor[Step](),
	"file":         reflect.TypeFor[File](),
	"script":       reflect.TypeFor[Script](),
	"diff":         reflect.TypeFor[Diff](),
	"hunk":         reflect.TypeFor[Hunk](),
	"pin_change":   reflect.TypeFor[Pin](),
	"finding":      reflect.TypeFor[Finding](),
	"entry":        reflect.TypeFor[plan.Entry](),
	"position":     reflect.TypeFor[plan.Position](),
	"pin":          reflect.TypeFor[plan.Pin](),
	"remark":       reflect.TypeFor[diag.Remark](),
	"place":        reflect.TypeFor[diag.Place](),
	"change":       reflect.TypeFor[diag.Change](),
	"replacement":  reflect.TypeFor[diag.Replacement](),
}

type object struct {
	Type        any               `json:"type"`
	Ref         string            `json:"$ref"`
	Description string            `json:"description"`
	Required    []string          `json:"required"`
	Properties  map[string]object `json:"properties"`
	Items       *object           `json:"items"`
	Defs        map[string]object `json:"$defs"`
}

// Every field of the Go types is in the schema with the same type, the same
// name and the same optionality, and the schema has nothing else.
func TestSchemaMatchesGoTypes(t *testing.T) {
	document, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(document, &schema); err != nil {
		t.Fatal(err)
	}
	definitions := map[string]object{"": schema}
	for name, def := range schema.Defs {
		definitions[name] = def
		if goTypes[name] == nil {
			t.Errorf("schema defines %q, which no Go type has", name)
		}
	}
	for name, goType := range goTypes {
		def, ok := definitions[name]
		if !ok {
			t.Errorf("%v is not in the schema", goType)
			continue
		}
		fields := 0
		for _, field := range reflect.VisibleFields(goType) {
			key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous || key == "-" {
				continue
			}
			fields++
			property, ok := def.Properties[key]
			if !ok {
				t.Errorf("%v has the field %q, the schema does not", goType, key)
				continue
			}
			if property.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
			}
			if optional := !slices.Contains(def.Required, key); optional != (options == "omitempty") {
				t.Errorf("%s.%s: optional in the schema %v, in Go %q", name, key, optional, options)
			}
			checkType(t, name+"."+key, property, field.Type)
		}
		if fields != len(def.Properties) {
			t.Errorf("the schema's %q has %d properties, %v has %d", name, len(def.Properties), goType, fields)
		}
	}
}

func checkType(t *testing.T, where string, schema object, goType reflect.Type) {
	t.Helper()
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	switch goType.Kind() {
	case reflect.Struct:
		if want := goTypes[strings.TrimPrefix(schema.Ref, "#/$defs/")]; schema.Ref == "" || want != goType {
			t.Errorf("%s: schema refers to %q, Go has %v", where, schema.Ref, goType)
		}
	case reflect.Slice:
		if schema.Type != "array" || schema.Items == nil {
			t.Errorf("%s: schema type %v, Go has %v", where, schema.Type, goType)
			return
		}
		checkType(t, where+"[]", *schema.Items, goType.Elem())
	default:
		want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer"}[goType.Kind()]
		if schema.Type != want {
			t.Errorf("%s: schema type %v, Go has %v", where, schema.Type, goType)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, c *Changes) error {
	t.Helper()
	var document bytes.Buffer
	if err := text.WriteJSON(&document, c); err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(&document)
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

// Whatever changes, the document is valid, both ways.
func TestDocumentsAreValid(t *testing.T) {
	schema := compileSchema(t)
	for _, test := range singleChanges {
		w := neatWorld()
		test.edit(w)
		for _, c := range []*Changes{
			Compare(neatWorld().side("base"), w.side("head")),
			Compare(w.side("base"), neatWorld().side("head")),
			Compare(w.side("base"), Side{Name: "nothing"}),
			Compare(Side{Name: "nothing"}, w.side("head")),
		} {
			if err := validate(t, schema, c); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		}
	}
}

// The schema must also be able to say no.
func TestSchemaRejects(t *testing.T) {
	schema := compileSchema(t)
	tests := []struct {
		name  string
		spoil func(c *Changes)
	}{
		{"change", func(c *Changes) { c.Jobs[0].Change = "other" }},
		{"reach", func(c *Changes) { c.Jobs[0].Reach = "" }},
		{"version", func(c *Changes) { c.FormatVersion = "2.0" }},
		{"null list", func(c *Changes) { c.Pins = nil }},
		{"fact", func(c *Changes) { c.Jobs[0].Facts[0].Change = New }},
	}
	for _, test := range tests {
		c := Compare(Side{}, neatWorld().side("head"))
		if err := validate(t, schema, c); err != nil {
			t.Fatal(err)
		}
		test.spoil(c)
		if validate(t, schema, c) == nil {
			t.Errorf("%s: the schema accepts it", test.name)
		}
	}
}
