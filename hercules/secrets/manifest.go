package secrets

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/lazy"
)

// ManifestFile is what a manifest is usually called; it lies in the root of a
// repository.
const ManifestFile = "secrets.manifest.yaml"

// manifestVersion is the version of the format, for which there is
// docs/secrets-manifest.schema.json.
const manifestVersion = 1

const manifestHeader = `# The secrets of an agent's secrets.json: names, fields and conditions. This file
# holds no values and is meant to be committed.
#
# nixplan secrets manifest SECRETS.JSON writes it, and on an agent
# nixplan secrets check says whether it is up to date.
`

// WriteManifest writes the inventory as a manifest. Equal inventories give equal
// bytes.
func (v *Inventory) WriteManifest(w io.Writer) error {
	secrets := mapping()
	for _, s := range v.Secrets {
		fields := &yaml.Node{Kind: yaml.SequenceNode}
		for _, name := range s.FieldNames() {
			fields.Content = append(fields.Content, str(name))
		}
		if len(fields.Content) == 0 {
			fields.Style = yaml.FlowStyle
		}
		secret := mapping(str("fields"), fields)
		if s.Condition != nil {
			secret.Content = append(secret.Content, str("condition"), s.Condition.node())
		}
		secrets.Content = append(secrets.Content, str(s.Name), secret)
	}
	if len(secrets.Content) == 0 {
		secrets.Style = yaml.FlowStyle
	}
	document := mapping(
		str("version"), scalar("!!int", strconv.Itoa(manifestVersion)),
		str("secrets"), secrets,
	)
	if _, err := io.WriteString(w, manifestHeader); err != nil {
		return err
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(document); err != nil {
		return err
	}
	return e.Close()
}

// node is the condition as a manifest has it, which is its JSON form.
func (c *Condition) node() *yaml.Node {
	switch c.Op {
	case Const:
		return scalar("!!bool", strconv.FormatBool(c.Bool))
	case IsBranch, IsRepo, IsOwner:
		return mapping(str(string(c.Op)), str(c.Name))
	case And, Or:
		parts := &yaml.Node{Kind: yaml.SequenceNode}
		for _, part := range c.Of {
			parts.Content = append(parts.Content, part.node())
		}
		if len(parts.Content) == 0 {
			parts.Style = yaml.FlowStyle
		}
		return mapping(str(string(c.Op)), parts)
	}
	return str(string(c.Op))
}

func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: content}
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// plain are strings that every YAML reader takes for strings, unless they are
// among yamlWords.
var plain = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_./-]*(\[\][A-Za-z0-9_.-]*)*$`)

// yamlWords are those that are booleans or null for some reader.
var yamlWords = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

func str(s string) *yaml.Node {
	node := scalar("!!str", s)
	if !plain().MatchString(s) || slices.Contains(yamlWords, strings.ToLower(s)) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
