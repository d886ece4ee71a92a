// Package parser turns Nix source text into a syntax tree.
//
// It does no I/O and evaluates nothing. Positions are byte offsets (int32);
// lines and columns are computed when something is printed. Parentheses leave
// no node: `(a)` and `a` are the same tree.
package parser

import "github.com/nixplan/nixplan/internal/diag"

// Span is the half-open byte range [Start, End) a node covers.
type Span struct{ Start, End int32 }

// Range returns the span itself; through embedding it is every node's method.
func (s Span) Range() Span { return s }

// File is one parsed source. Expr is never nil: where the text could not be
// read it holds *Bad nodes, and the diagnostics say why.
type File struct {
	*diag.Source
	Expr Expr
}

// DiagRange is the file's range for a node's span.
func (f *File) DiagRange(s Span) diag.Range {
	return diag.Range{Source: f.Source, Start: s.Start, End: s.End}
}

// Expr is a node of the syntax tree: one of the pointer types of this file.
type Expr interface {
	Range() Span
	expr()
}

// Ident is a variable reference, `__curPos` included.
type Ident struct {
	Span
	Name string
}

// Int is an integer literal; Nix has no negative ones.
type Int struct {
	Span
	Value int64
}

// Float is a floating point literal.
type Float struct {
	Span
	Value float64
}

// StringKind says how a string was written.
type StringKind uint8

const (
	Quoted   StringKind = iota // "…"
	Indented                   // ''…''
	URI                        // https://…
)

// String is a string literal. Parts have escapes resolved, line endings
// normalised and indentation stripped; adjacent text parts are joined and empty
// ones dropped, so "" has no parts.
type String struct {
	Span
	Kind  StringKind
	Parts []Part
}

// Part is a piece of a string, path or URI: Text, or, when Expr is not nil, an
// interpolation. Span covers the source it came from.
type Part struct {
	Span
	Text string
	Expr Expr
}

// PathKind says how a path was written.
type PathKind uint8

const (
	RelativePath PathKind = iota // ./a, ../a, a/b
	AbsolutePath                 // /a
	HomePath                     // ~/a; the first part starts with "~/"
	SearchPath                   // <nixpkgs/lib>; the only part's text has no angle brackets
)

// Path is a path literal as written, not yet resolved or made canonical. The
// first part is always text.
type Path struct {
	Span
	Kind  PathKind
	Parts []Part
}

// List is `[ a b ]`.
type List struct {
	Span
	Elems []Expr
}

// AttrSet is `{ … }` or `rec { … }`. Attrs holds more than Bindings say when
// others add to it: in `{ a = { b = 1; }; a.c = 2; }` the inner set has b and c.
type AttrSet struct {
	Span
	Rec      bool
	Merged   bool      // made by the merge rules for a nested path: only in Attrs, without Bindings
	Bindings []Binding // as written
	Attrs    *Attrs    // after Nix's merge rules
}

// Let is `let … in body`.
type Let struct {
	Span
	Bindings []Binding
	Attrs    *Attrs
	Body     Expr
}

// LegacyLet is `let { …; body = …; }`: the `body` of a recursive set.
type LegacyLet struct {
	Span
	Set *AttrSet // Rec is true
}

// Binding is *Bind or *Inherit.
type Binding interface {
	Range() Span
	binding()
}

// Bind is `a.b.c = value;`.
type Bind struct {
	Span
	Path  []AttrName
	Value Expr
}

// Inherit is `inherit a b;` or, with From, `inherit (from) a b;`. All names are
// static.
type Inherit struct {
	Span
	From  Expr // nil without parentheses
	Names []AttrName
}

// AttrName is one component of an attribute path. Expr is nil for a static
// name; names written as constant strings (`"a"`, `${"a"}`) are static.
type AttrName struct {
	Span
	Text string
	Expr Expr
}

// Attrs is what a set of bindings defines once nested paths (`a.b = 1; a.c =
// 2;`) are merged. The merge follows the first occurrence: it alone decides
// whether a merged nested set is recursive.
type Attrs struct {
	Static  []Attr // distinct names, in the order of first definition
	Dynamic []DynamicAttr
	From    []Expr // the e of each `inherit (e) …`, in order
}

// Attr is one statically named attribute.
type Attr struct {
	Name    string
	NameAt  Span  // of the name where it is defined first
	PathAt  int32 // where the whole attrpath starts: the position Nix gives for the attribute
	Value   Expr  // for an inherited name the *Ident; nil when From is not negative
	Inherit bool  // `inherit name;`: Value is resolved in the enclosing scope
	From    int   // index into Attrs.From of `inherit (e) name;`, else -1
}

// DynamicAttr is one attribute whose name is computed.
type DynamicAttr struct {
	Name  Expr
	Value Expr
}

// With is `with scope; body`.
type With struct {
	Span
	Scope, Body Expr
}

// Assert is `assert cond; body`.
type Assert struct {
	Span
	Cond, Body Expr
}

// If is `if cond then a else b`.
type If struct {
	Span
	Cond, Then, Else Expr
}

// Lambda is a function: `x: body`, `{ a, b ? 1, ... }: body`, or with both and
// `@`. At least one of Param and Formals is set.
type Lambda struct {
	Span
	Param     *Name // the name of the whole argument, or nil
	ParamLast bool  // written `{ … } @ param`
	Formals   *Formals
	Body      Expr
}

// Name is an identifier that is defined, not looked up.
type Name struct {
	Span
	Text string
}

// Formals is `{ a, b ? default, ... }`.
type Formals struct {
	Span
	List     []Formal // as written
	Ellipsis bool
}

// Formal is one named argument; Default is nil when it is required.
type Formal struct {
	Span
	Name    string
	Default Expr
}

// Apply is a function call; `f a b` is one node with two arguments.
type Apply struct {
	Span
	Fn   Expr
	Args []Expr
}

// Select is `set.a.b` or, with Default, `set.a.b or default`.
type Select struct {
	Span
	Set     Expr
	Path    []AttrName
	Default Expr
}

// HasAttr is `set ? a.b`.
type HasAttr struct {
	Span
	Set  Expr
	Path []AttrName
}

// Op is an operator.
type Op uint8

const (
	OpNot       Op = iota // !
	OpNeg                 // unary -
	OpConcat              // ++
	OpUpdate              // //
	OpAdd                 // +
	OpSub                 // -
	OpMul                 // *
	OpDiv                 // /
	OpEq                  // ==
	OpNe                  // !=
	OpLt                  // <
	OpLe                  // <=
	OpGt                  // >
	OpGe                  // >=
	OpAnd                 // &&
	OpOr                  // ||
	OpImpl                // ->
	OpPipeRight           // |>
	OpPipeLeft            // <|
)

var opText = [...]string{"!", "-", "++", "//", "+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "->", "|>", "<|"}

// String is the operator as written.
func (op Op) String() string { return opText[op] }

// Unary is `!x` or `-x`.
type Unary struct {
	Span
	Op Op
	X  Expr
}

// Binary is `x op y`; OpAt is where the operator stands.
type Binary struct {
	Span
	Op   Op
	OpAt Span
	X, Y Expr
}

// Bad stands where the text could not be read.
type Bad struct{ Span }

func (*Ident) expr()     {}
func (*Int) expr()       {}
func (*Float) expr()     {}
func (*String) expr()    {}
func (*Path) expr()      {}
func (*List) expr()      {}
func (*AttrSet) expr()   {}
func (*Let) expr()       {}
func (*LegacyLet) expr() {}
func (*With) expr()      {}
func (*Assert) expr()    {}
func (*If) expr()        {}
func (*Lambda) expr()    {}
func (*Apply) expr()     {}
func (*Select) expr()    {}
func (*HasAttr) expr()   {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*Bad) expr()       {}

func (*Bind) binding()    {}
func (*Inherit) binding() {}
