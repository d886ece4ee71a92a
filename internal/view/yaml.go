package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// writeYAML writes the JSON document as YAML, with the same keys in the same
// order. It goes by way of the JSON text so that the two cannot differ.
func writeYAML(w io.Writer, p *plan.Plan) error {
	var document bytes.Buffer
	if err := p.Encode(&document); err != nil {
		return err
	}
	decoder := json.NewDecoder(&document)
	decoder.UseNumber()
	node, err := yamlNode(decoder)
	if err != nil {
		return err
	}
	document.Reset()
	encoder := yaml.NewEncoder(&document)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return err
	}
	_, err = w.Write(text.Escaped(document.Bytes()))
	return err
}

// yamlNode reads one JSON value.
func yamlNode(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		if token == '{' {
			node.Kind = yaml.MappingNode
		}
		// The keys of an object are tokens like its values.
		for decoder.More() {
			child, err := yamlNode(decoder)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		if len(node.Content) == 0 {
			node.Style = yaml.FlowStyle // [] and {}
		}
		_, err := decoder.Token()
		return node, err
	case string:
		// Encode knows which strings readers of YAML 1.1 take for something else.
		node := new(yaml.Node)
		err := node.Encode(token)
		if text.NeedsEscape(token) {
			node.Style = yaml.DoubleQuotedStyle // has escapes
		}
		return node, err
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: token.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(token)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}
