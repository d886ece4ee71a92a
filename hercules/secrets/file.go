package secrets

import (
	"bytes"
	"errors"

	"github.com/nixplan/nixplan/internal/diag"
)

// fileReader reads the text of a secrets.json.
type fileReader struct {
	report
	scanner
}

// Parse reads the text of a secrets.json, see [ReadFile]. It keeps nothing of
// the text but names, conditions and positions.
func Parse(text []byte, name string) (*Inventory, diag.List) {
	source := diag.NewHiddenSource(name, text)
	r := &fileReader{
		report:  report{id: diag.IDSecrets},
		scanner: scanner{text: text, source: source},
	}
	v := &Inventory{File: name}
	var syntax *syntaxError
	if errors.As(r.file(v), &syntax) {
		// What was found before may rest on a misplaced quote.
		r.findings = nil
		at := diag.Range{Source: source, Start: int32(syntax.at), End: int32(syntax.at)}
		r.error(at, "not JSON as agents read it: "+syntax.problem,
			"JSON has neither comments nor single quotes, and no comma behind the last entry. The line is not shown because it could hold a secret.")
	}
	return r.done(v)
}

func (r *fileReader) file(v *Inventory) error {
	if bytes.HasPrefix(r.text, []byte("\uFEFF")) {
		return &syntaxError{0, "the text begins with a byte order mark; save it as UTF-8 without one"}
	}
	if len(bytes.TrimSpace(r.text)) == 0 {
		return &syntaxError{0, "the file is empty; without any secret it is {}"}
	}
	seen := names{}
	err := r.object(func(name string, at diag.Range) error {
		s := &Secret{Name: name, Range: at}
		if seen.add(&r.report, "secret", name, at) {
			v.Secrets = append(v.Secrets, s)
		}
		return r.secret(s)
	})
	if err != nil {
		return err
	}
	if r.next(); r.at < len(r.text) {
		return r.expected("the end of the text")
	}
	return nil
}

// secretKeys are the keys of a secret.
var secretKeys = []string{"kind", "data", "condition"}

func (r *fileReader) secret(s *Secret) error {
	name := "secret " + shown(s.Name)
	if r.kind() != kindObject {
		r.wrong(name, kindObject)
		return r.skip()
	}
	seen := names{}
	err := r.object(func(key string, at diag.Range) error {
		seen.add(&r.report, "key", key, at)
		switch key {
		case "kind":
			return r.secretKind(name)
		case "data":
			return r.data(s, name)
		case "condition":
			if r.kind() == kindNull {
				break
			}
			c, err := r.condition()
			s.Condition = c
			return err
		case "apiVersion":
			if r.kind() != kindNull {
				r.error(at, name+" has an apiVersion, which agents refuse", "leave it out")
			}
		default:
			r.warning(at, name+" has a key "+shown(key)+" that agents take no notice of",
				didYouMean(key, secretKeys, "fields of the secret belong into data"))
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	for _, key := range secretKeys[:2] {
		if _, ok := seen[key]; !ok {
			r.error(s.Range, name+" has no "+key, `write { "kind": "Secret", "data": { … }, "condition": … }`)
		}
	}
	if s.Condition == nil {
		r.warning(s.Range, name+" has no condition, so agents from 0.9 on do not hand it out",
			`add "condition": "isDefaultBranch", or true to hand it out for every repository and ref`)
	}
	return nil
}

// wrong reports that what comes next is not what it must be, in an article and a
// noun.
func (r *fileReader) wrong(what string, want kind) {
	start := r.at
	r.error(diag.Range{Source: r.source, Start: int32(start), End: int32(start)}, what+" is not "+string(want), "")
}

func (r *fileReader) secretKind(name string) error {
	start := r.at
	if r.kind() != kindString {
		r.wrong("the kind of "+name, kindString)
		return r.skip()
	}
	kind, err := r.str()
	if err == nil && kind != "Secret" {
		r.error(r.span(start), "the kind of "+name+` is not "Secret"`, `write "kind": "Secret"`)
	}
	return err
}

func (r *fileReader) data(s *Secret, name string) error {
	if r.kind() != kindObject {
		r.wrong("the data of "+name, kindObject)
		return r.skip()
	}
	fields := &fieldReader{fileReader: r, secret: name, found: map[string]Field{}}
	start := r.at
	_, err := fields.object(nil)
	s.data = r.span(start)
	for _, f := range fields.found {
		s.Fields = append(s.Fields, f)
	}
	return err
}

// condition reads a condition. What is none is reported and gives one that is
// always false.
func (r *fileReader) condition() (*Condition, error) {
	r.next()
	start := r.at
	c := &Condition{Op: Const}
	var err error
	switch r.kind() {
	case kindBool:
		c.Bool, err = r.boolean()
	case kindString:
		var word string
		if word, err = r.str(); err != nil {
			break
		}
		if c.Op = Op(word); !isOp(plainOps, c.Op) {
			r.badWord(r.span(start), word)
		}
	case kindObject:
		err = r.keyedCondition(c)
	default:
		r.error(diag.Range{Source: r.source, Start: int32(start), End: int32(start)}, "this is no condition", conditionHelp)
		err = r.skip()
	}
	c.Range = r.span(start)
	r.check(c)
	return c, err
}

func (r *fileReader) keyedCondition(c *Condition) error {
	start, keys := r.at, 0
	err := r.object(func(key string, at diag.Range) error {
		keys++
		switch c.Op = Op(key); {
		case isOp(namedOps, c.Op):
			if r.kind() != kindString {
				r.wrong("what "+key+" asks for", kindString)
				return r.skip()
			}
			var err error
			c.Name, err = r.str()
			return err
		case isOp(listOps, c.Op):
			if r.kind() != kindList {
				r.wrong("what "+key+" joins", kindList)
				return r.skip()
			}
			return r.list(func() error {
				part, err := r.condition()
				c.Of = append(c.Of, part)
				return err
			})
		}
		r.badKey(at, key)
		return r.skip()
	})
	if err == nil && keys != 1 {
		r.error(r.span(start), "a condition that is an object has exactly one key", `join several with { "and": [ … ] }`)
	}
	return err
}

// fieldReader collects the fields of one secret's data.
type fieldReader struct {
	*fileReader
	secret string
	found  map[string]Field // by path
}

// object reads the fields of an object at a path and returns how many it found.
func (r *fieldReader) object(path Path) (int, error) {
	seen, count := names{}, 0
	err := r.fileReader.object(func(name string, at diag.Range) error {
		seen.add(&r.report, "field", name, at)
		n, err := r.value(append(path[:len(path):len(path)], Step{Name: name}), at)
		count += n
		return err
	})
	return count, err
}

// value reads the value at a path, whose name stands at at. If it has no fields
// it is one itself.
func (r *fieldReader) value(path Path, at diag.Range) (int, error) {
	var count int
	var err error
	switch r.kind() {
	case kindNull:
		if step := path[len(path)-1]; !step.Element {
			r.warning(at, "the field "+shown(step.Name)+" of "+r.secret+" is null, which effects take as missing", "")
		}
		return 0, r.skip()
	case kindObject:
		count, err = r.object(path)
	case kindList:
		err = r.fileReader.list(func() error {
			n, err := r.value(append(path[:len(path):len(path)], Step{Element: true}), at)
			count += n
			return err
		})
	default:
		err = r.skip()
	}
	if count == 0 && err == nil {
		count = 1
		if key := path.String(); r.found[key].Path == nil {
			r.found[key] = Field{path, at}
		}
	}
	return count, err
}
