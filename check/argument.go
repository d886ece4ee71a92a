package check

import (
	"slices"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// Arg is an argument of an effect, or a part of one, together with where it is
// written.
type Arg struct {
	Name string
	// Value is in weak head normal form, none when it fails. It may be unknown.
	Value value.Value
	// Name is where the attribute is named, At where its value is written, as
	// closely as can be told: at worst the job's definition. Both are in files
	// of the user.
	NameAt, At diag.Range
	// Expr is the expression at At, nil when it is not known. It is the value's
	// own expression: an identifier stands for itself.
	Expr parser.Expr

	job *JobAt
}

// Arg is an argument that the program gave; nil when it gave none. An argument
// that a helper function computes has the place of the helper's.
func (j *JobAt) Arg(name string) *Arg {
	if j.Given.Kind() != value.AttrSet {
		return nil
	}
	a := j.Given.Attrs().Lookup(name)
	if a == nil {
		return nil
	}
	return j.arg(name, a, j.Place())
}

// ArgNames are the names of the arguments that the program gave, sorted.
func (j *JobAt) ArgNames() []string {
	if j.Given.Kind() != value.AttrSet {
		return nil
	}
	var names []string
	for _, a := range j.Given.Attrs().ByName() {
		names = append(names, a.Name.String())
	}
	return names
}

func (j *JobAt) arg(name string, a *value.Attr, around diag.Range) *Arg {
	arg := &Arg{Name: name, Value: j.repo.force(a.Value), NameAt: around, At: around, job: j}
	if at := userRange(a.Pos.Span().Range()); at.Valid() {
		arg.NameAt, arg.At = at, at
		if attr := j.repo.trees.attr(name, at); attr != nil {
			arg.NameAt = diag.Range{Source: at.Source, Start: attr.NameAt.Start, End: attr.NameAt.End}
			arg.At = arg.NameAt
			if attr.Value != nil && !attr.Inherit {
				arg.expr(at.Source, attr.Value)
			}
		}
	}
	return arg
}

func (a *Arg) expr(source *diag.Source, e parser.Expr) {
	a.Expr = e
	span := e.Range()
	a.At = diag.Range{Source: source, Start: span.Start, End: span.End}
}

// Elems are the elements of a list, with the places of those that are written as
// elements: of `[ a b ] ++ c` the first two. It is nil when the argument is no
// list.
func (a *Arg) Elems() []*Arg {
	if a.Value.Kind() != value.List {
		return nil
	}
	exprs := elements(a.Expr)
	out := make([]*Arg, a.Value.Len())
	for i, v := range a.Value.List() {
		out[i] = &Arg{Name: a.Name, Value: a.job.repo.force(v), NameAt: a.NameAt, At: a.At, job: a.job}
		if i < len(exprs) {
			out[i].expr(a.At.Source, exprs[i])
		}
	}
	return out
}

// elements are the expressions that a list's value is sure to begin with.
func elements(e parser.Expr) []parser.Expr {
	switch e := e.(type) {
	case *parser.List:
		return e.Elems
	case *parser.Binary:
		if left, ok := e.X.(*parser.List); ok && e.Op == parser.OpConcat {
			return append(left.Elems[:len(left.Elems):len(left.Elems)], elements(e.Y)...)
		}
	}
	return nil
}

// Attrs are the attributes of a set, by name; nil when the argument is none.
func (a *Arg) Attrs() []*Arg {
	if a.Value.Kind() != value.AttrSet {
		return nil
	}
	var out []*Arg
	for _, attr := range a.Value.Attrs().ByName() {
		out = append(out, a.job.arg(attr.Name.String(), attr, a.At))
	}
	return out
}

// Text is the argument as Nix makes a string of it; ok is false when it is not
// known in full.
func (a *Arg) Text() (text string, ok bool) {
	switch a.Value.Kind() {
	case value.None, value.Null:
		return "", false
	}
	text, known, err := a.job.repo.ev.Text(a.Value)
	return text, known && err == nil
}

// userRange is a place in a file of the user, no place for one of a library.
func userRange(r diag.Range) diag.Range {
	if eval.Internal(r) {
		return diag.Range{}
	}
	return r
}

// trees are the syntax trees of the files that places are in.
type trees map[*diag.Source]*tree

type tree struct {
	file   *parser.File
	attrs  map[attrKey]*parser.Attr
	starts map[int32][]*parser.Attr // by where their paths start
}

// attrKey is an attribute's name and where its path starts, which is the
// position that values carry: the a and the b of `a.b = 1` start at one place.
type attrKey struct {
	start int32
	name  string
}

func (t *trees) of(source *diag.Source) *tree {
	if known := (*t)[source]; known != nil {
		return known
	}
	if *t == nil {
		*t = trees{}
	}
	file, _ := parser.Parse(source)
	out := &tree{file: file, attrs: map[attrKey]*parser.Attr{}, starts: map[int32][]*parser.Attr{}}
	parser.WalkAttrs(file.Expr, func(a *parser.Attr) {
		out.attrs[attrKey{a.PathAt, a.Name}] = a
		out.starts[a.PathAt] = append(out.starts[a.PathAt], a)
	})
	(*t)[source] = out
	return out
}

// attr is the binding of a name whose attribute path starts at a place, nil when
// the name is computed.
func (t *trees) attr(name string, at diag.Range) *parser.Attr {
	return t.of(at.Source).attrs[attrKey{at.Start, name}]
}

// literal is the string literal without interpolations that has a value and lies
// in a range; no place when there is none, or more than one.
func (r *Repository) literal(in diag.Range, value string) diag.Range {
	var found []diag.Range
	if !in.Valid() {
		return in
	}
	parser.Walk(r.trees.of(in.Source).file.Expr, func(e parser.Expr) bool {
		span := e.Range()
		if span.End <= in.Start || span.Start >= in.End {
			return false
		}
		if s, ok := e.(*parser.String); ok && span.Start >= in.Start && span.End <= in.End &&
			len(s.Parts) == 1 && s.Parts[0].Expr == nil && s.Parts[0].Text == value {
			found = append(found, diag.Range{Source: in.Source, Start: span.Start, End: span.End})
		}
		return true
	})
	if len(found) != 1 {
		return diag.Range{}
	}
	return found[0]
}

// nameAt is where an attribute is named whose path starts at a place: the place
// itself when the name is computed.
func (r *Repository) nameAt(name string, at diag.Range) diag.Range {
	if !at.Valid() {
		return at
	}
	if attr := r.trees.attr(name, at); attr != nil {
		at.Start, at.End = attr.NameAt.Start, attr.NameAt.End
	}
	return at
}

// valueAt is where the value of an attribute is written whose path starts at a
// place, of `a.b = 1` that of b; else it is the place itself.
func (r *Repository) valueAt(at diag.Range) diag.Range {
	for _, attr := range r.trees.of(at.Source).starts[at.Start] {
		if set, ok := attr.Value.(*parser.AttrSet); ok && set.Merged || attr.Value == nil {
			continue
		}
		span := attr.Value.Range()
		if attr.Inherit {
			span = attr.NameAt
		}
		return diag.Range{Source: at.Source, Start: span.Start, End: span.End}
	}
	return at
}

// sharpen moves the place of a finding about an attribute's value from the
// attribute to the value.
func (r *Repository) sharpen(record diag.Record) diag.Record {
	if record.Place == nil || !slices.Contains([]string{diag.IDAction, diag.IDNixOps2, diag.IDNetworkArgs, diag.IDArgument, diag.IDSecretMap, diag.IDHash}, record.ID) {
		return record
	}
	if r.byName == nil {
		r.byName = map[string]*diag.Source{}
		for _, source := range r.ev.Sources() {
			r.byName[source.Name] = source
		}
	}
	if source := r.byName[record.Place.File]; source != nil {
		start := source.Offset(record.Place.Line, record.Place.Column)
		at := diag.Range{Source: source, Start: start, End: start}
		if value := r.valueAt(at); value != at {
			record.Place = value.Place()
		}
	}
	return record
}
