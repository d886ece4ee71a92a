package parser

import (
	"math"

	"github.com/nixplan/nixplan/internal/diag"
)

// Limits that keep hostile input from exhausting the stack of whoever walks
// the tree. Nothing people write comes near them.
const (
	maxDepth  = 10_000  // expressions inside one another
	maxChain  = 100_000 // operators of one strength in a row: a + b + c …
	maxErrors = 50
)

// Parse reads a whole source as one Nix expression, with the grammar of
// today's Nix; the pipe operators need no experimental feature here.
//
// The file is returned even when the list has errors; its tree then has *Bad
// nodes where the text could not be read. After an error the parser goes on at
// the next `;`, closing bracket or keyword that fits, and stays silent until it
// is sure of its place again, so that one mistake gives one diagnostic. IDs are
// NP101 for syntax, NP102 for names defined twice and computed names where Nix
// allows none. The list is sorted.
func Parse(src *diag.Source) (*File, diag.List) { return parseInto(src, new(nodes), nil) }

func parseInto(src *diag.Source, mem *nodes, taking func(bytes int)) (*File, diag.List) {
	file := &File{Source: src}
	p := &parser{file: file, mem: mem}
	if len(src.Text) > math.MaxInt32-1 {
		file.Expr = &Bad{}
		p.report(idSyntax, Span{}, "the file is larger than 2 GiB")
		return file, p.diags
	}
	p.src = src.Text
	if p.taking = taking; taking != nil {
		p.every = func() { taking(p.takes()) }
	}
	p.next()
	file.Expr = p.expr()
	for p.kind != tEOF {
		p.trailing()
	}
	if p.inverted != nil {
		p.inverted.Help = "a string ends with the same quotes it starts with"
	}
	if p.more > 0 {
		p.diags = append(p.diags, diag.More(idSyntax, p.firstMore, p.more))
	}
	p.diags.Sort()
	return file, p.diags
}

type parser struct {
	lexer
	mem *nodes

	file  *File
	diags diag.List
	// more is how many errors were left out, firstMore where the first is.
	more      int
	firstMore diag.Range
	depth     int

	// Errors: see errors.go.
	recovering bool
	skipped    bool             // text was skipped: what is missing at the end may be in it
	lines      Span             // the last "…" that spans lines
	inverted   *diag.Diagnostic // the error after which strings may be inside out
	unsure     bool             // the formals just read had errors
	misread    bool             // the set just read looks like a function's formals
	awaited    [numKinds]int32  // how many constructs around wait for this token
	abandoned  [numKinds]int32  // closing brackets given up on; one may still turn up

	// The last argument of the last application. When a `=` follows it, it was
	// the name of the next binding and a `;` is missing before it.
	arg       Expr
	argBefore int32 // end of the token before it

	// Stacks of children whose number is not known yet.
	exprs    []Expr
	parts    []Part
	names    []AttrName
	bindings []Binding
	formals  []Formal
	pieces   []piece

	taking func(bytes int) // see Arena

	buf   []byte // for text that is not a slice of the source
	index map[*Attrs]map[string]int32
}

// What things take in bytes: the nodes of a token at most, and elements of the stacks.
const (
	tokenBytes     = 64
	interfaceBytes = 16
	structBytes    = 48
	attrBytes      = 96 // with the entry in an index
)

// takes is how many bytes the next tokens may take: their nodes, and where the stacks
// have much on them, what is copied from there.
func (p *parser) takes() int {
	interfaces := copied(len(p.exprs), cap(p.exprs)) + copied(len(p.bindings), cap(p.bindings))
	structs := copied(len(p.parts), cap(p.parts)) + copied(len(p.names), cap(p.names)) +
		copied(len(p.formals), cap(p.formals)) + copied(len(p.pieces), cap(p.pieces))
	return tokensPerCall*tokenBytes + interfaces*interfaceBytes + structs*structBytes
}

// copied is how many elements have to be copied next: to a node, or before that to a
// larger stack when this one is full.
func copied(size, room int) int {
	if size+2*tokensPerCall > room {
		return room / 4 * 5 // what append makes of large slices
	}
	return size
}

// span is from start to the end of the token before the current one.
func (p *parser) span(start int32) Span { return Span{start, p.prevEnd} }

// tokenSpan is the current token's.
func (p *parser) tokenSpan() Span { return Span{p.start, p.end} }

// tokenText is the current token as written.
func (p *parser) tokenText() string { return p.src[p.start:p.end] }

// enter goes n levels deeper; when it returns false, the input is given up and
// the caller must return at once, without leave.
func (p *parser) enter(n int) bool {
	if p.depth+n > maxDepth {
		p.giveUp("expressions are nested too deeply (more than 10,000 levels)")
		return false
	}
	p.depth += n
	return true
}

func (p *parser) leave(n int) { p.depth -= n }

// giveUp reports and makes the rest of the input the end of the file.
func (p *parser) giveUp(why string) {
	p.fail(p.tokenSpan(), why)
	p.pos = int32(len(p.src))
	p.start, p.end = p.pos, p.pos
	p.kind = tEOF
	p.recovering = true
}

// bad stands in for an expression that is not there.
func (p *parser) bad() Expr { return &Bad{Span{p.prevEnd, p.prevEnd}} }
