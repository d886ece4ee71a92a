package eval

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/text"
)

// Print writes a value as `nix-instantiate --eval` does: what is not evaluated
// shows as <CODE>, functions as <LAMBDA>, a set or list met before as
// «repeated», an unknown as <UNKNOWN origin>.
func Print(m *value.Machine, v value.Value) string {
	p := printer{m: m, seen: map[value.Value]bool{}, limit: -1}
	p.print(v)
	return p.out.String()
}

// JSON is the value as builtins.toJSON gives it; known is false when a part of it
// is unknown, which shows as "…".
func (ev *Evaluator) JSON(v value.Value) (json string, known bool, err error) {
	err = ev.catch(func() { json, known = Known(ToJSON(ev.machine, v)) })
	return json, known, err
}

// Interpolated is the string that a value is in "${…}"; known is as for JSON.
func (ev *Evaluator) Interpolated(v value.Value) (text string, known bool, err error) {
	err = ev.catch(func() { text, known = Known(interpolate(ev.machine, ev.machine.Force(&v), value.Span{})) })
	return text, known, err
}

// brief prints the beginning of a value, for logs of comparisons.
func brief(m *value.Machine, v value.Value) string {
	const longest = 80
	p := printer{m: m, seen: map[value.Value]bool{}, limit: 4 * longest}
	p.print(v)
	out := p.out.String()
	if len(out) > longest {
		out = strings.ToValidUTF8(out[:longest], "") + "…"
	}
	return out
}

type printer struct {
	m     *value.Machine
	out   strings.Builder
	seen  map[value.Value]bool // sets, and the cells of lists
	limit int                  // bytes after which to stop, -1 for none
}

func (p *printer) print(v value.Value) {
	if p.limit >= 0 && p.out.Len() > p.limit {
		return
	}
	p.m.FitText(p.out.Len())
	cell := v
	if p.out.Len() >= longText {
		p.room(longText / 64)
	}
	v, done := v.Peek()
	if !done {
		p.out.WriteString("<CODE>")
		return
	}
	switch v.Kind() {
	case value.Null:
		p.out.WriteString("null")
	case value.Bool:
		p.out.WriteString(strconv.FormatBool(v.Bool()))
	case value.Int:
		p.out.WriteString(strconv.FormatInt(v.Int(), 10))
	case value.Float:
		p.out.WriteString(numfmt.FormatG(v.Float()))
	case value.String:
		p.quote(v.Str())
	case value.Path:
		if len(v.Path()) >= longText {
			p.room(len(v.Path()))
		}
		p.out.WriteString(v.Path())
	case value.Lambda:
		p.out.WriteString("<LAMBDA>")
	case value.PrimOp:
		p.out.WriteString("<PRIMOP>")
	case value.PrimOpApp:
		p.out.WriteString("<PRIMOP-APP>")
	case value.UnknownValue:
		p.out.WriteString("<UNKNOWN " + v.Unknown().Origin + ">")
	case value.List:
		p.list(v, cell)
	case value.AttrSet:
		p.set(v)
	}
	p.m.Charge(16)
}

// room makes room for n bytes.
func (p *printer) room(n int) {
	if n <= p.out.Cap()-p.out.Len() {
		return
	}
	p.m.FitText(p.out.Len() + n)
	if p.out.Len()+n >= longText {
		p.m.Charge(int64(2*p.out.Cap() + n)) // as much as Grow takes
	}
	p.out.Grow(n)
}

// quote writes a string, or its beginning where that is enough.
func (p *printer) quote(s string) {
	if p.limit >= 0 && len(s) > p.limit {
		s = s[:p.limit]
	}
	p.m.Charge(int64(len(s)))
	if len(s) >= longText {
		p.m.Step(len(s) / 64)
		p.room(text.QuotedNixSize(s))
	}
	text.WriteQuotedNix(&p.out, s)
}

// list prints a list. What Nix takes for the same list is what one cell holds: a
// variable named twice, and not two selections of one attribute. Nix 2.8 takes lists
// of three elements or more for the same that have the same elements in memory.
func (p *printer) list(v, cell value.Value) {
	if v.Len() > 2 && host(p.m).as28(listsByElements) {
		cell = v
	} else if p.out.Len() == 0 { // nothing inside refers to the cell of the whole
		cell = value.Value{}
	}
	if v.Len() > 0 && !cell.IsNone() && p.repeated(cell) {
		return
	}
	p.m.Enter(nil)
	p.out.WriteString("[ ")
	for _, e := range v.List() {
		p.print(e)
		p.out.WriteByte(' ')
	}
	p.out.WriteByte(']')
	p.m.Leave()
}

func (p *printer) set(v value.Value) {
	if v.Attrs().Len() > 0 && p.repeated(v) {
		return
	}
	p.m.Enter(nil)
	p.out.WriteString("{ ")
	for _, a := range v.Attrs().ByName() {
		p.name(a.Name.String())
		p.out.WriteString(" = ")
		p.print(a.Value)
		p.out.WriteString("; ")
	}
	if v.Attrs().Open() != nil {
		p.out.WriteString("… ")
	}
	p.out.WriteByte('}')
	p.m.Leave()
}

func (p *printer) repeated(v value.Value) bool {
	if p.seen[v] {
		p.out.WriteString("«repeated»")
		return true
	}
	p.seen[v] = true
	return false
}

var keywords = []string{"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit"}

// name writes an attribute name, quoted when it is no identifier. Nix 2.8 escapes
// every dollar sign in it, today's Nix only those before a brace.
func (p *printer) name(s string) {
	if isIdentifier(s) && !slices.Contains(keywords, s) {
		p.out.WriteString(s)
		return
	}
	if !host(p.m).as28(keywordsUnquoted) {
		p.quote(s)
		return
	}
	p.out.WriteByte('"')
	for i, piece := range strings.Split(s, "$") {
		if i > 0 {
			p.out.WriteString(`\$`)
		}
		quoted := text.QuoteNix(piece)
		p.out.WriteString(quoted[1 : len(quoted)-1])
	}
	p.out.WriteByte('"')
}

func isIdentifier(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '\'' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}
