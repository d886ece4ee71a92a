package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"
)

// A layout is what a struct's tags say, in the words of gohcl: `hcl:"name,kind"`
// with the kinds optional, block, label, attr_value_range and label_range; without
// a kind it is an attribute that has to be there. A block is a pointer, where there
// may be one, or a slice. Values are the index of the field.
//
// gohcl itself is not used because it links the writer of HCL and with it go-cmp,
// whose tables and regular expressions took every start of nixplan a tenth of its
// time.
type layout struct {
	schema                                  hcl.BodySchema
	attributes, blocks, ranges, labelRanges map[string]int
	labels                                  []string
	labelFields                             []int
}

func layoutOf(t reflect.Type) layout {
	l := layout{
		attributes: map[string]int{}, blocks: map[string]int{},
		ranges: map[string]int{}, labelRanges: map[string]int{},
	}
	for i := range t.NumField() {
		name, kind, _ := strings.Cut(t.Field(i).Tag.Get("hcl"), ",")
		switch {
		case name == "":
		case kind == "attr_value_range":
			l.ranges[name] = i
		case kind == "label_range":
			l.labelRanges[name] = i
		case kind == "label":
			l.labels = append(l.labels, name)
			l.labelFields = append(l.labelFields, i)
		case kind == "block":
			l.blocks[name] = i
			l.schema.Blocks = append(l.schema.Blocks, hcl.BlockHeaderSchema{
				Type: name, LabelNames: layoutOf(t.Field(i).Type.Elem()).labels,
			})
		default:
			l.attributes[name] = i
			l.schema.Attributes = append(l.schema.Attributes, hcl.AttributeSchema{Name: name, Required: kind == ""})
		}
	}
	return l
}

// decodeBody fills a struct from a body. What does not fit is reported, and left
// as it was.
func decodeBody(body hcl.Body, into reflect.Value) hcl.Diagnostics {
	l := layoutOf(into.Type())
	content, diagnostics := body.Content(&l.schema)
	if content == nil {
		return diagnostics
	}
	for _, s := range l.schema.Attributes {
		attribute := content.Attributes[s.Name]
		if attribute == nil {
			continue
		}
		if i, ok := l.ranges[s.Name]; ok {
			into.Field(i).Set(reflect.ValueOf(attribute.Expr.Range()))
		}
		diagnostics = append(diagnostics, decodeExpression(attribute.Expr, into.Field(l.attributes[s.Name]))...)
	}
	blocks := content.Blocks.ByType()
	for _, s := range l.schema.Blocks {
		field, list := into.Field(l.blocks[s.Type]), blocks[s.Type]
		switch {
		case len(list) == 0:
		case field.Kind() == reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), len(list), len(list)))
			for i, block := range list {
				diagnostics = append(diagnostics, decodeBlock(block, field.Index(i))...)
			}
		case len(list) > 1:
			diagnostics = append(diagnostics, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  fmt.Sprintf("Duplicate %s block", s.Type),
				Detail:   fmt.Sprintf("Only one %s block is allowed. Another was defined at %s.", s.Type, list[0].DefRange),
				Subject:  &list[1].DefRange,
			})
		default:
			field.Set(reflect.New(field.Type().Elem()))
			diagnostics = append(diagnostics, decodeBlock(list[0], field.Elem())...)
		}
	}
	return diagnostics
}

func decodeBlock(block *hcl.Block, into reflect.Value) hcl.Diagnostics {
	diagnostics := decodeBody(block.Body, into)
	l := layoutOf(into.Type())
	for i, label := range block.Labels {
		into.Field(l.labelFields[i]).SetString(label)
		if field, ok := l.labelRanges[l.labels[i]]; ok {
			into.Field(field).Set(reflect.ValueOf(block.LabelRanges[i]))
		}
	}
	return diagnostics
}

// decodeExpression sets a field to an expression's value. There are no variables.
func decodeExpression(expression hcl.Expression, field reflect.Value) hcl.Diagnostics {
	v, diagnostics := expression.Value(nil)
	target := field.Addr().Interface()
	want, err := gocty.ImpliedType(target)
	if err == nil {
		v, err = convert.Convert(v, want)
	}
	if err == nil {
		err = gocty.FromCtyValue(v, target)
	}
	if err != nil {
		diagnostics = append(diagnostics, &hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Unsuitable value type",
			Detail:   fmt.Sprintf("Unsuitable value: %s", err),
			Subject:  expression.StartRange().Ptr(),
			Context:  expression.Range().Ptr(),
		})
	}
	return diagnostics
}
