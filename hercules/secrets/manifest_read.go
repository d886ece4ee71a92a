package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/lazy"
)

// manifestReader reads a manifest. YAML has many ways to write one thing; it
// takes the plain ones.
type manifestReader struct {
	report
	text   []byte
	source *diag.Source
	lines  []int // byte offset of each line's start, as YAML counts lines
}

// ParseManifest reads the text of a manifest, see [ReadManifest]. Nothing of the
// text is shown before all of it is known to be a manifest: people pass
// secrets.json by mistake, which is YAML as well.
func ParseManifest(text []byte, name string) (*Inventory, diag.List) {
	r := &manifestReader{
		report: report{id: diag.IDManifest},
		text:   text,
		source: diag.NewHiddenSource(name, text),
		lines:  yamlLines(text),
	}
	v := &Inventory{File: name}
	if document := r.document(); document != nil {
		r.manifest(v, document)
	}
	if !r.findings.HasErrors() {
		*r.source = *diag.NewSource(name, string(text))
	}
	return r.done(v)
}

const manifestHelp = "nixplan secrets manifest SECRETS.JSON writes one"

// document is the one document of the text, or nil and an error is reported.
func (r *manifestReader) document() *yaml.Node {
	if len(r.text) > maxManifest {
		r.error(diag.Range{}, fmt.Sprintf("%s is larger than %d KiB", r.source.Name, maxManifest>>10), manifestHelp)
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(r.text))
	var first, second yaml.Node
	switch err := d.Decode(&first); {
	case errors.Is(err, io.EOF):
		r.error(r.start(), "the manifest is empty", manifestHelp)
		return nil
	case err != nil:
		r.notYAML(err)
		return nil
	}
	switch err := d.Decode(&second); {
	case err == nil:
		r.error(r.at(&second), "a second YAML document", "a manifest is one")
		return nil
	case !errors.Is(err, io.EOF):
		r.notYAML(err)
		return nil
	}
	if len(first.Content) != 1 || !r.simple(first.Content[0], 0) {
		return nil
	}
	return first.Content[0]
}

// maxManifest bounds a manifest, in bytes; reading YAML takes many times as
// much memory.
const maxManifest = 1 << 20

var yamlErrorLine = lazy.Regexp(`line ([0-9]+)`)

// notYAML reports an error of the YAML library by its line alone: its text may
// quote. Lines of its parser count from 0, those of its scanner from 1.
func (r *manifestReader) notYAML(err error) {
	at := r.start()
	if m := yamlErrorLine().FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		at.Start = r.offset(line, 1)
		at.End = at.Start
	}
	r.error(at, "the manifest is not YAML, in this line or the one behind it", manifestHelp)
}

// simple reports anchors, aliases, tags and deep nesting, none of which a
// manifest needs.
func (r *manifestReader) simple(n *yaml.Node, depth int) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.error(r.at(n), "a manifest has no anchors and aliases", "")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.error(r.at(n), "a manifest has no tags", "")
		return false
	case depth > 2*maxDepth:
		r.error(r.at(n), fmt.Sprintf("nested deeper than %d levels", 2*maxDepth), "")
		return false
	}
	for _, child := range n.Content {
		if !r.simple(child, depth+1) {
			return false
		}
	}
	return true
}

func (r *manifestReader) manifest(v *Inventory, n *yaml.Node) {
	var version, list bool
	ok := r.fields(n, "the manifest", func(key string, at, value *yaml.Node) {
		switch key {
		case "version":
			version = true
			if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!int" || value.Value != strconv.Itoa(manifestVersion) {
				r.error(r.at(value), fmt.Sprintf("this nixplan reads manifests of version %d only", manifestVersion), manifestHelp)
			}
		case "secrets":
			list = true
			r.fields(value, "secrets", func(name string, at, value *yaml.Node) {
				v.Secrets = append(v.Secrets, r.secret(name, at, value))
			})
		default:
			r.error(r.at(at), "the manifest has a key that does not belong here",
				didYouMean(key, []string{"version", "secrets"}, "a manifest has version and secrets"))
		}
	})
	switch {
	case !ok:
	case !version && !list:
		r.findings = nil // all of them say the same
		r.error(r.start(), "this is no manifest of secrets: it has neither version nor secrets",
			"if it is a secrets.json, nixplan secrets manifest writes its manifest")
	case !version:
		r.error(r.start(), "the manifest has no version", fmt.Sprintf("write version: %d", manifestVersion))
	case !list:
		r.error(r.start(), "the manifest has no secrets", "if there are none, write secrets: {}")
	}
}

func (r *manifestReader) secret(name string, at, n *yaml.Node) *Secret {
	s := &Secret{Name: name, Range: r.at(at)}
	what := "secret " + shown(name)
	found := false
	ok := r.fields(n, what, func(key string, at, value *yaml.Node) {
		switch key {
		case "fields":
			found = true
			s.Fields = r.fieldList(what, value)
		case "condition":
			s.Condition = r.condition(value)
		case "data", "kind":
			r.error(r.at(at), what+" has "+key+" as in a secrets.json", manifestHelp)
		default:
			r.error(r.at(at), what+" has a key that does not belong here", didYouMean(key, []string{"fields", "condition"}, "a secret has fields and a condition"))
		}
	})
	if ok && !found {
		r.error(s.Range, what+" has no fields", "if there are none, write fields: []")
	}
	return s
}

func (r *manifestReader) fieldList(what string, n *yaml.Node) []Field {
	if n.Kind != yaml.SequenceNode {
		r.error(r.at(n), "the fields of "+what+" are not a list", "write - and a name on a line for each")
		return nil
	}
	var fields []Field
	seen := names{}
	for _, element := range n.Content {
		text, ok := r.str(element, "the name of a field")
		if !ok {
			continue
		}
		path, err := ParsePath(text)
		if err != nil {
			r.error(r.at(element), err.Error(), `names with other characters than letters, digits, "_" and "-" stand in double quotes, as in '"odd name".password'`)
			continue
		}
		name := path.String()
		if i := slices.IndexFunc(path, func(step Step) bool { return !isName(step.Name) }); i >= 0 {
			name = path[i].Name // which seen.add reports
		}
		if seen.add(&r.report, "field", name, r.at(element)) {
			fields = append(fields, Field{path, r.at(element)})
		}
	}
	return fields
}

func (r *manifestReader) condition(n *yaml.Node) *Condition {
	c := &Condition{Op: Const, Range: r.at(n)}
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool":
		c.Bool = strings.EqualFold(n.Value, "true")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		if c.Op = Op(n.Value); !isOp(plainOps, c.Op) {
			r.badWord(c.Range, n.Value)
		}
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		r.keyedCondition(c, n.Content[0], n.Content[1])
	case n.Kind == yaml.MappingNode:
		r.error(c.Range, "a condition has exactly one key", "join several with and: [ … ]")
	default:
		r.error(c.Range, "this is no condition", conditionHelp)
	}
	r.check(c)
	return c
}

func (r *manifestReader) keyedCondition(c *Condition, key, value *yaml.Node) {
	switch c.Op = Op(key.Value); {
	case key.Kind == yaml.ScalarNode && isOp(namedOps, c.Op):
		c.Name, _ = r.str(value, "what "+key.Value+" asks for")
	case key.Kind == yaml.ScalarNode && isOp(listOps, c.Op):
		if value.Kind != yaml.SequenceNode {
			r.error(r.at(value), "what "+key.Value+" joins is not a list", "")
			return
		}
		for _, part := range value.Content {
			c.Of = append(c.Of, r.condition(part))
		}
	default:
		r.badKey(r.at(key), key.Value)
	}
}

// fields calls field for each key of a mapping, or reports that n is none.
func (r *manifestReader) fields(n *yaml.Node, what string, field func(key string, at, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode {
		r.error(r.at(n), what+" is not a mapping of names", manifestHelp)
		return false
	}
	seen := names{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at, value := n.Content[i], n.Content[i+1]
		if key, ok := r.str(at, "a name"); ok && seen.add(&r.report, "key", key, r.at(at)) {
			field(key, at, value)
		}
	}
	return true
}

// str is the text of a scalar that no reader of YAML takes for anything else.
func (r *manifestReader) str(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.error(r.at(n), what+" is not text", "write it in double quotes")
		return "", false
	}
	return n.Value, true
}

func (r *manifestReader) start() diag.Range { return diag.Range{Source: r.source} }

// at is where a node stands: a scalar, or the first key of a mapping.
func (r *manifestReader) at(n *yaml.Node) diag.Range {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		n = n.Content[0]
	}
	start := r.offset(n.Line, n.Column)
	end := start
	if n.Kind == yaml.ScalarNode && bytes.HasPrefix(r.text[start:], []byte(n.Value)) {
		end += int32(len(n.Value))
	} else if rest := r.text[start:]; n.Kind == yaml.ScalarNode && n.Style&yaml.DoubleQuotedStyle != 0 && len(rest) > 0 {
		if i := bytes.IndexByte(rest[1:], '"'); i >= 0 {
			end += int32(i) + 2
		}
	}
	return diag.Range{Source: r.source, Start: start, End: end}
}

// offset converts a position of the YAML library, whose columns count
// characters.
func (r *manifestReader) offset(line, column int) int32 {
	if line < 1 || line > len(r.lines) {
		return int32(len(r.text))
	}
	at := r.lines[line-1]
	for ; column > 1 && at < len(r.text); column-- {
		_, size := utf8.DecodeRune(r.text[at:])
		at += size
	}
	return int32(at)
}

// yamlLines are the offsets of the starts of lines. YAML has more line ends than
// Nix.
func yamlLines(text []byte) []int {
	starts := []int{0}
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		i += size
		switch c {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				continue
			}
			starts = append(starts, i)
		case '\n', 0x85, 0x2028, 0x2029:
			starts = append(starts, i)
		}
	}
	return starts
}
