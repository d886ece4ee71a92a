package hercules

import (
	"cmp"
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// missing is the error that an agent does not pass an argument which a function
// requires; nil when there is none. given says what it does pass.
func missing(f value.Value, args *value.Attrs, given string) error {
	if f.Kind() != value.Lambda || args.Open() != nil {
		return nil
	}
	var lacks []value.Formal
	for _, formal := range f.Closure().Fn.Formals {
		if formal.Default == nil && args.Get(formal.Name) == nil {
			lacks = append(lacks, formal)
		}
	}
	if lacks == nil {
		return nil
	}
	first := slices.MinFunc(lacks, func(a, b value.Formal) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	name := first.Name.String()
	help := "give it a default; " + given
	if source := args.Lookup("src"); source != nil && source.Value.Kind() == value.AttrSet && source.Value.Attrs().Lookup(name) != nil {
		help = "take it from src: src." + name
	}
	return &value.Error{ID: diag.IDArguments, Kind: value.MissingArgument, At: first.Span,
		Message: "an agent does not pass the argument " + name + ", which has no default",
		Help:    help}
}

// written is where the value of an attribute is written, or, if that is a list
// and index is not negative, its element. It is the attribute's own place when
// nobody can tell.
func written(attr *value.Attr, index int) value.Span {
	span := attr.Pos.Span()
	at := span.Range()
	if !at.Valid() {
		return span
	}
	file, _ := parser.Parse(at.Source)
	var found parser.Expr
	parser.WalkAttrs(file.Expr, func(a *parser.Attr) {
		if a.PathAt == at.Start && a.Name == attr.Name.String() && a.Value != nil && !a.Inherit {
			found = a.Value
		}
	})
	if found == nil {
		return span
	}
	if list, ok := found.(*parser.List); ok && index >= 0 && index < len(list.Elems) {
		found = list.Elems[index]
	}
	is := found.Range()
	return value.Span{Start: span.Start + value.Pos(is.Start-at.Start), End: span.Start + value.Pos(is.End-at.Start)}
}
