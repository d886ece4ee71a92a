package jsonx

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/internal/oracle"
)

// printer builds what nix-instantiate prints for the value.
type printer struct {
	stack []frame
}

type frame struct {
	object bool
	key    string
	elems  []string
	attrs  map[string]string
}

func (p *printer) put(s string) {
	top := &p.stack[len(p.stack)-1]
	if top.object {
		top.attrs[top.key] = s
	} else {
		top.elems = append(top.elems, s)
	}
}

func (p *printer) Null()           { p.put("null") }
func (p *printer) Bool(b bool)     { p.put(fmt.Sprint(b)) }
func (p *printer) Int(i int64)     { p.put(fmt.Sprint(i)) }
func (p *printer) Float(f float64) { p.put(numfmt.FormatG(f)) }
func (p *printer) String(s string) { p.put(oracle.Quote(s)) }
func (p *printer) BeginList()      { p.stack = append(p.stack, frame{}) }
func (p *printer) BeginObject() {
	p.stack = append(p.stack, frame{object: true, attrs: map[string]string{}})
}
func (p *printer) Key(k string) { p.stack[len(p.stack)-1].key = k }
func (p *printer) EndList() {
	top := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	p.put("[ " + strings.Join(append(top.elems, "]"), " "))
}
func (p *printer) EndObject() {
	top := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	var names []string
	for name := range top.attrs {
		names = append(names, name)
	}
	sort.Strings(names)
	out := "{ "
	for _, name := range names {
		out += name + " = " + top.attrs[name] + "; "
	}
	p.put(out + "}")
}

func read(text string, options Options) (string, error) {
	p := &printer{stack: make([]frame, 1)}
	if err := Read(text, p, options); err != nil {
		return "", err
	}
	return p.stack[0].elems[0], nil
}

var texts = []string{
	`null`, `true`, `false`, ` 1 `, "\t\r\n1", `[]`, `{}`, `[ ]`, `{ }`, `[1,2,[3,{"a":null}]]`,
	`{"a":1,"b":{"c":[]}}`, `{"a":1,"a":2}`, `{"a":{"b":1},"a":{"c":2}}`,
	`""`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20ac"`, `"\uD83D\uDE00"`, `"\ud83d\ude00x"`, `"é€😀"`, `"a\nb"`, `"$` + `{x}"`,
	`"\u001f"`, "\"\x7f\"", `"\u00E9"`,
	`0`, `-0`, `-1`, `9223372036854775807`, `9223372036854775808`, `18446744073709551615`, `18446744073709551616`,
	`-9223372036854775808`, `-9223372036854775809`, `1.0`, `-0.0`, `1e3`, `1E+3`, `1e-3`, `0.5`, `1.5e300`, `1e-400`, `100000000000000000000`,
	// Errors.
	``, ` `, `x`, `nul`, `nulll`, `True`, `[1,]`, `[,1]`, `[1 2]`, `[1`, `[`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{1:2}`, `{"a":1`, `{`, `{"a"`, `{,}`,
	`]`, `}`, `1 2`, `[] x`, `01`, `-`, `+1`, `.5`, `1.`, `1.e3`, `1e`, `1e+`, `0x1`, `-x`, `1e999`, `-1e999`, `NaN`, `Infinity`,
	`"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\u"`, `"\ud800"`, `"\ud800x"`, `"\ud800\u0041"`, `"\udc00"`, `"\ud800\ud800"`, "\"a\nb\"", "\"\t\"",
	"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "\"\xf4\x90\x80\x80\"", `'a'`, `// c`, `/**/1`, `[1]]`, "\ufeff1", "\ufeff", "1\x00", "\v1", "\u00a01",
}

func TestRead(t *testing.T) {
	var exprs, asked []string
	for _, text := range texts {
		if strings.Contains(text, "\x00") {
			continue // a Nix file cannot hold it
		}
		exprs = append(exprs, "builtins.fromJSON "+oracle.Quote(text))
		asked = append(asked, text)
	}
	answers := oracle.Answers(t, "read", exprs)
	for i, text := range asked {
		got, err := read(text, Options{Nix28: true})
		want := answers[exprs[i]]
		switch {
		case (err != nil) != (want.Error != ""):
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		case err == nil && got != want.Value:
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// depth counts how deep lists are nested and builds nothing.
type depth struct {
	printer
	now, most int
}

func (d *depth) BeginList() { d.now++; d.most = max(d.most, d.now) }
func (d *depth) EndList()   { d.now-- }

func TestMaxDepth(t *testing.T) {
	var d depth
	text := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if err := Read(text, &d, Options{}); err != nil || d.most != MaxDepth || d.now != 0 {
		t.Errorf("got depth %d, %v, want %d", d.most, err, MaxDepth)
	}
}

func TestReadToday(t *testing.T) {
	for _, c := range []struct{ text, want, err string }{
		{`9223372036854775807`, "9223372036854775807", ""},
		{`9223372036854775808`, "", "parse error at line 1, column 1: unsigned json number 9223372036854775808 outside of Nix integer range"},
		{`18446744073709551616`, "1.84467e+19", ""},
		{`"a\u0000"`, "", "parse error at line 1, column 3: a Nix string cannot hold the NUL character"},
		{"[\n 1,\n x]", "", "parse error at line 3, column 2: expected a value"},
		{`[1`, "", "parse error at line 1, column 3: unexpected end of input; expected ',' or ']'"},
		{strings.Repeat("[", MaxDepth+2), "", fmt.Sprintf("parse error at line 1, column %d: nested more than %d levels deep", MaxDepth+2, MaxDepth)},
	} {
		got, err := read(c.text, Options{})
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != c.want || message != c.err {
			t.Errorf("%.40q: got %.80s, %s, want %.80s, %s", c.text, got, message, c.want, c.err)
		}
	}
}

func TestWrite(t *testing.T) {
	texts := []string{
		"", "a", `"\`, "\n\r\t", "/<>&'", "é\u2028\u2029€😀", "\x7f", "\x01\x1f", "$" + "{x}", "\b\f", "\xff",
	}
	var exprs []string
	for _, s := range texts {
		exprs = append(exprs, "builtins.toJSON "+oracle.Quote(s))
	}
	answers := oracle.Answers(t, "write", exprs)
	for i, s := range texts {
		if got, want := oracle.Quote(string(AppendString28(nil, s))), answers[exprs[i]].Value; got != want {
			t.Errorf("AppendString28(%q) = %s, want %s", s, got, want)
		}
	}
	for _, c := range []struct{ text, want, err string }{
		{"a\b\f\x01", `"a\b\f\u0001"`, ""},
		{"/<>&\u2028", "\"/<>&\u2028\"", ""},
		{"a\xff", "", "invalid UTF-8 byte at index 1: 0xFF"},
	} {
		got, err := AppendString(nil, c.text)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if string(got) != c.want || message != c.err {
			t.Errorf("AppendString(%q) = %s, %q, want %s, %q", c.text, got, message, c.want, c.err)
		}
	}
}

type nothing struct{}

func (nothing) Null()         {}
func (nothing) Bool(bool)     {}
func (nothing) Int(int64)     {}
func (nothing) Float(float64) {}
func (nothing) String(string) {}
func (nothing) BeginList()    {}
func (nothing) EndList()      {}
func (nothing) BeginObject()  {}
func (nothing) Key(string)    {}
func (nothing) EndObject()    {}

// stricter are the mistakes that encoding/json lets pass.
var stricter = []string{"surrogate U+", "invalid UTF-8", "number overflow", "outside of Nix integer range", "NUL character", "levels deep"}

// FuzzRead: what is accepted is JSON, what is refused is none or for a known
// reason, and strings survive writing and reading.
func FuzzRead(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// encoding/json has a lower limit on nesting.
		if err := Read(text, nothing{}, Options{Nix28: true}); err == nil && strings.Count(text, "[")+strings.Count(text, "{") < 9000 {
			if !json.Valid([]byte(strings.TrimPrefix(text, "\ufeff"))) {
				t.Errorf("%q is accepted", text)
			}
		}
		err := Read(text, nothing{}, Options{})
		if err != nil && json.Valid([]byte(text)) && !slices.ContainsFunc(stricter, func(s string) bool { return strings.Contains(err.Error(), s) }) {
			t.Errorf("%q is refused: %v", text, err)
		}
		if written, err := AppendString(nil, text); err == nil {
			got, err := read(string(written), Options{Nix28: true})
			if err != nil || got != oracle.Quote(text) {
				t.Errorf("%q is written as %s and read as %s (%v)", text, written, got, err)
			}
		}
	})
}
