package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Derivation is a store derivation.
type Derivation struct {
	Name      string // without ".drv"
	Outputs   map[string]Output
	InputDrvs map[string][]string // derivation -> names of the outputs used
	InputSrcs []string
	System    string
	Builder   string
	Args      []string
	Env       map[string]string

	variables []string // the names in Env, in order; see sorted
}

// sorted are the names of the environment's variables in order. A derivation's
// text is made up to three times, and names are never taken away.
func (d *Derivation) sorted() []string {
	if len(d.variables) != len(d.Env) {
		d.variables = slices.AppendSeq(make([]string, 0, len(d.Env)), maps.Keys(d.Env))
		slices.Sort(d.variables)
	}
	return d.variables
}

// Output is one output of a derivation. HashAlgo ("sha256", "r:sha256") and
// Hash (base 16) are set for fixed outputs.
type Output struct {
	Path     string
	HashAlgo string
	Hash     string
}

// Fixed reports whether the derivation's only output has a known hash.
func (d *Derivation) Fixed() bool { return len(d.Outputs) == 1 && d.Outputs["out"].Hash != "" }

// Inputs are the derivations whose outputs this one uses, in order.
func (d *Derivation) Inputs() []string { return slices.Sorted(maps.Keys(d.InputDrvs)) }

// ATerm is the text of the .drv file.
func (d *Derivation) ATerm() string { return string(d.aterm(nil, d.InputDrvs, false)) }

// aterm appends the derivation's text, with other names for its inputs, to b.
// mask leaves out the output paths, in the environment as well.
func (d *Derivation) aterm(b []byte, inputs map[string][]string, mask bool) []byte {
	b = append(b, "Derive(["...)
	for i, name := range slices.Sorted(maps.Keys(d.Outputs)) {
		out := d.Outputs[name]
		if mask {
			out.Path = ""
		}
		b = open(b, i)
		b = appendQuoted(b, name)
		for _, field := range []string{out.Path, out.HashAlgo, out.Hash} {
			b = appendQuoted(append(b, ','), field)
		}
		b = append(b, ')')
	}
	b = append(b, "],["...)
	for i, drv := range slices.Sorted(maps.Keys(inputs)) {
		b = open(b, i)
		b = appendQuoted(b, drv)
		b = append(b, ',')
		b = appendList(b, sortedSet(inputs[drv]))
		b = append(b, ')')
	}
	b = append(b, "],"...)
	b = appendList(b, sortedSet(d.InputSrcs))
	b = appendQuoted(append(b, ','), d.System)
	b = appendQuoted(append(b, ','), d.Builder)
	b = append(b, ',')
	b = appendList(b, d.Args)
	b = append(b, ",["...)
	for i, name := range d.sorted() {
		text := d.Env[name]
		if _, output := d.Outputs[name]; mask && output {
			text = ""
		}
		b = open(b, i)
		b = appendQuoted(b, name)
		b = appendQuoted(append(b, ','), text)
		b = append(b, ')')
	}
	return append(b, "])"...)
}

func open(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return append(b, '(')
}

func sortedSet(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func appendList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, s)
	}
	return append(b, ']')
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		var escaped byte
		switch s[i] {
		case '"', '\\':
			escaped = s[i]
		case '\n':
			escaped = 'n'
		case '\r':
			escaped = 'r'
		case '\t':
			escaped = 't'
		default:
			continue
		}
		b = append(b, s[start:i]...)
		b = append(b, '\\', escaped)
		start = i + 1
	}
	return append(append(b, s[start:]...), '"')
}

// ParseDerivation reads the text of a .drv file; name is that of its path,
// without ".drv".
func ParseDerivation(name, text string) (*Derivation, error) {
	p := atermParser{text: text}
	d := &Derivation{Name: name, Outputs: map[string]Output{}, InputDrvs: map[string][]string{}, Env: map[string]string{}}
	p.expect("Derive(")
	p.list(func() {
		f := p.tuple(4)
		d.Outputs[f[0]] = Output{Path: f[1], HashAlgo: f[2], Hash: f[3]}
	})
	p.expect(",")
	p.list(func() {
		p.expect("(")
		drv := p.string()
		p.expect(",")
		d.InputDrvs[drv] = p.strings()
		p.expect(")")
	})
	p.expect(",")
	d.InputSrcs = p.strings()
	p.expect(",")
	d.System = p.string()
	p.expect(",")
	d.Builder = p.string()
	p.expect(",")
	d.Args = p.strings()
	p.expect(",")
	p.list(func() {
		f := p.tuple(2)
		d.Env[f[0]] = f[1]
	})
	p.expect(")")
	if p.failed || p.pos != len(text) {
		return nil, fmt.Errorf("the derivation '%s' is malformed near byte %d", name, p.pos)
	}
	return d, nil
}

// atermParser stops moving once something is not as expected.
type atermParser struct {
	text   string
	pos    int
	failed bool
}

func (p *atermParser) expect(s string) {
	if p.failed || !strings.HasPrefix(p.text[p.pos:], s) {
		p.failed = true
		return
	}
	p.pos += len(s)
}

func (p *atermParser) at(c byte) bool { return !p.failed && p.pos < len(p.text) && p.text[p.pos] == c }

func (p *atermParser) list(item func()) {
	p.expect("[")
	for first := true; !p.failed && !p.at(']'); first = false {
		if !first {
			p.expect(",")
		}
		item()
	}
	p.expect("]")
}

func (p *atermParser) strings() []string {
	var list []string
	p.list(func() { list = append(list, p.string()) })
	return list
}

func (p *atermParser) tuple(n int) []string {
	fields := make([]string, n)
	p.expect("(")
	for i := range fields {
		if i > 0 {
			p.expect(",")
		}
		fields[i] = p.string()
	}
	p.expect(")")
	return fields
}

func (p *atermParser) string() string {
	p.expect(`"`)
	var b []byte
	for !p.failed {
		if p.pos == len(p.text) {
			p.failed = true
			break
		}
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == '"':
			return string(b)
		case c == '\\' && p.pos < len(p.text):
			c = p.text[p.pos]
			p.pos++
			switch c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			}
		}
		b = append(b, c)
	}
	return ""
}
