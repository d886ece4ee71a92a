package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Derivation is a store derivation. Its lists are in order, of names or paths,
// and have nothing twice; Instantiate and ParseDerivation see to that.
type Derivation struct {
	Name      string // without ".drv"
	Outputs   []Output
	InputDrvs []Input
	InputSrcs []string
	System    string
	Builder   string
	Args      []string
	Env       []Variable
}

// Output is one output of a derivation. HashAlgo ("sha256", "r:sha256") and
// Hash (base 16) are set for fixed outputs.
type Output struct{ Name, Path, HashAlgo, Hash string }

// Input is an output of another derivation that one uses.
type Input struct{ Path, Output string }

func (i Input) compare(j Input) int {
	return cmp.Or(strings.Compare(i.Path, j.Path), strings.Compare(i.Output, j.Output))
}

// Variable is one of the builder's environment.
type Variable struct{ Name, Text string }

// sort puts the lists in order.
func (d *Derivation) sort() {
	slices.SortFunc(d.Outputs, func(x, y Output) int { return strings.Compare(x.Name, y.Name) })
	d.InputDrvs = sortedInputs(d.InputDrvs)
	slices.Sort(d.InputSrcs)
	d.InputSrcs = slices.Compact(d.InputSrcs)
	slices.SortFunc(d.Env, func(x, y Variable) int { return strings.Compare(x.Name, y.Name) })
}

func sortedInputs(inputs []Input) []Input {
	slices.SortFunc(inputs, Input.compare)
	return slices.Compact(inputs)
}

// Output finds an output, nil when there is none of that name.
func (d *Derivation) Output(name string) *Output {
	for i := range d.Outputs {
		if d.Outputs[i].Name == name {
			return &d.Outputs[i]
		}
	}
	return nil
}

// Variable is a variable's text, "" when it is not set.
func (d *Derivation) Variable(name string) string {
	for _, v := range d.Env {
		if v.Name == name {
			return v.Text
		}
	}
	return ""
}

// set sets a variable.
func (d *Derivation) set(name, text string) {
	i, found := slices.BinarySearchFunc(d.Env, name, func(v Variable, name string) int { return strings.Compare(v.Name, name) })
	if !found {
		d.Env = slices.Insert(d.Env, i, Variable{Name: name})
	}
	d.Env[i].Text = text
}

// Fixed reports whether the derivation's only output has a known hash.
func (d *Derivation) Fixed() bool {
	return len(d.Outputs) == 1 && d.Outputs[0].Name == "out" && d.Outputs[0].Hash != ""
}

// Inputs are the derivations whose outputs this one uses, in order.
func (d *Derivation) Inputs() []string {
	var paths []string
	for i, in := range d.InputDrvs {
		if i == 0 || in.Path != d.InputDrvs[i-1].Path {
			paths = append(paths, in.Path)
		}
	}
	return paths
}

// ATerm is the text of the .drv file.
func (d *Derivation) ATerm() string { return string(d.aterm(nil, d.InputDrvs, false)) }

// aterm appends the derivation's text, with other names for its inputs, to b.
// mask leaves out the output paths, in the environment as well.
func (d *Derivation) aterm(b []byte, inputs []Input, mask bool) []byte {
	b = append(b, "Derive(["...)
	for i, out := range d.Outputs {
		if mask {
			out.Path = ""
		}
		b = open(b, i)
		b = appendQuoted(b, out.Name)
		for _, field := range []string{out.Path, out.HashAlgo, out.Hash} {
			b = appendQuoted(append(b, ','), field)
		}
		b = append(b, ')')
	}
	b = append(b, "],["...)
	for i, in := range inputs {
		if i == 0 || in.Path != inputs[i-1].Path {
			if i > 0 {
				b = append(b, "]),"...)
			}
			b = appendQuoted(append(b, '('), in.Path)
			b = append(b, ",["...)
		} else {
			b = append(b, ',')
		}
		b = appendQuoted(b, in.Output)
	}
	if len(inputs) > 0 {
		b = append(b, "])"...)
	}
	b = append(b, "],"...)
	b = appendList(b, d.InputSrcs)
	b = append(append(append(b, `,"`...), d.System...), '"') // unescaped, as Nix writes it
	b = appendQuoted(append(b, ','), d.Builder)
	b = append(b, ',')
	b = appendList(b, d.Args)
	b = append(b, ",["...)
	for i, v := range d.Env {
		if mask && d.Output(v.Name) != nil {
			v.Text = ""
		}
		b = open(b, i)
		b = appendQuoted(b, v.Name)
		b = appendQuoted(append(b, ','), v.Text)
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
	d := &Derivation{Name: name}
	p.expect("Derive(")
	p.list(func() {
		f := p.tuple(4)
		d.Outputs = append(d.Outputs, Output{f[0], f[1], f[2], f[3]})
	})
	p.expect(",")
	p.list(func() {
		p.expect("(")
		drv := p.string()
		p.expect(",")
		for _, output := range p.strings() {
			d.InputDrvs = append(d.InputDrvs, Input{drv, output})
		}
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
		d.Env = append(d.Env, Variable{f[0], f[1]})
	})
	p.expect(")")
	if p.failed || p.pos != len(text) {
		return nil, fmt.Errorf("the derivation '%s' is malformed near byte %d", name, p.pos)
	}
	d.sort()
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
