package plan

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nixplan/nixplan/internal/diag"
)

const schemaFile = "../docs/plan.schema.json"

// goTypes names the Go type of each definition in the schema; "" is the
// document itself.
var goTypes = map[string]reflect.Type{
	"":            reflect.TypeFor[Plan](),
	"repository":  reflect.TypeFor[Repository](),
	"remote":      reflect.TypeFor[Remote](),
	"entry":       reflect.TypeFor[Entry](),
	"argument":    reflect.TypeFor[Argument](),
	"position":    reflect.TypeFor[Position](),
	"job":         reflect.TypeFor[Job](),
	"condition":   reflect.TypeFor[Condition](),
	"term":        reflect.TypeFor[Term](),
	"operand":     reflect.TypeFor[Operand](),
	"trigger":     reflect.TypeFor[Trigger](),
	"when":        reflect.TypeFor[When](),
	"action":      reflect.TypeFor[Action](),
	"file":        reflect.TypeFor[File](),
	"machine":     reflect.TypeFor[Machine](),
	"network_arg": reflect.TypeFor[NetworkArg](),
	"secret":      reflect.TypeFor[Secret](),
	"state_file":  reflect.TypeFor[StateFile](),
	"step":        reflect.TypeFor[Step](),
	"fact":        reflect.TypeFor[Fact](),
	"unknown":     reflect.TypeFor[Unknown](),
	"assumption":  reflect.TypeFor[Assumption](),
	"some_jobs":   reflect.TypeFor[SomeJobs](),
	"build":       reflect.TypeFor[Build](),
	"pin":         reflect.TypeFor[Pin](),
	"diagnostic":  reflect.TypeFor[Diagnostic](),
	"remark":      reflect.TypeFor[diag.Remark](),
	"place":       reflect.TypeFor[diag.Place](),
	"change":      reflect.TypeFor[diag.Change](),
	"replacement": reflect.TypeFor[diag.Replacement](),
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

func readSchema(t *testing.T) object {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// Every field of the Go types is in the schema with the same type, the same
// name and the same optionality, and the schema has nothing else.
func TestSchemaMatchesGoTypes(t *testing.T) {
	schema := readSchema(t)
	definitions := map[string]object{"": schema}
	for name, def := range schema.Defs {
		definitions[name] = def
	}
	for name, def := range definitions {
		goType, ok := goTypes[name]
		if !ok {
			t.Errorf("schema defines %q, which no Go type has", name)
			continue
		}
		fields := jsonFields(goType)
		for field, f := range fields {
			property, ok := def.Properties[field]
			if !ok {
				t.Errorf("%v has the field %q, the schema does not", goType, field)
				continue
			}
			if property.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
			if optional := !slices.Contains(def.Required, field); optional != f.optional {
				t.Errorf("%s.%s: optional in the schema %v, in Go %v", name, field, optional, f.optional)
			}
			checkType(t, name+"."+field, property, f.goType)
		}
		for property := range def.Properties {
			if _, ok := fields[property]; !ok {
				t.Errorf("the schema's %s has %q, %v does not", name, property, goType)
			}
		}
	}
	for name, goType := range goTypes {
		if _, ok := definitions[name]; !ok {
			t.Errorf("%v is not in the schema", goType)
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

type jsonField struct {
	goType   reflect.Type
	optional bool
}

func jsonFields(goType reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for _, field := range reflect.VisibleFields(goType) {
		if field.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		fields[name] = jsonField{field.Type, options == "omitempty"}
	}
	return fields
}

func validate(t *testing.T, document []byte) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(document)))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func TestPlansAreValid(t *testing.T) {
	plans := map[string]*Plan{"smallest": smallest(), "neat": neat()}
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			p.Normalize()
			var text strings.Builder
			if err := p.Encode(&text); err != nil {
				t.Fatal(err)
			}
			if err := validate(t, []byte(text.String())); err != nil {
				t.Error(err)
			}
		})
	}
}

// The schema must also be able to say no.
func TestSchemaRejects(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(p *Plan)
	}{
		{"state", func(p *Plan) { p.Jobs[0].State = "maybe" }},
		{"digest", func(p *Plan) { p.Digest = "md5:00" }},
		{"position", func(p *Plan) { p.Jobs[0].Position = &Position{File: "ci.nix"} }},
		{"secret type", func(p *Plan) { p.Jobs[0].Secrets[0].Type = "Password" }},
		{"entry form", func(p *Plan) { p.Entry.Form = "" }},
		{"null list", func(p *Plan) { p.Jobs[0].Steps = nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := neat()
			p.Normalize()
			test.spoil(p)
			var text strings.Builder
			if err := p.Encode(&text); err != nil {
				t.Fatal(err)
			}
			if validate(t, []byte(text.String())) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}
