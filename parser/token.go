package parser

// kind is the kind of a token.
type kind uint8

const (
	tEOF     kind = iota
	tIllegal      // a byte no token starts with, or an unclosed comment
	tIdent
	tInt
	tFloat
	tPath       // the first piece of a relative or absolute path
	tHomePath   // the first piece of a path starting with ~/
	tSearchPath // <nixpkgs>
	tURI
	tQuote    // "
	tIndQuote // '' with the spaces and the newline that may follow it
	tDollarCurly
	tLBrace
	tRBrace
	tLParen
	tRParen
	tLBracket
	tRBracket
	tSemi
	tColon
	tComma
	tAt
	tDot
	tEllipsis
	tAssign
	tQuestion

	tIf
	tThen
	tElse
	tAssert
	tWith
	tLet
	tIn
	tRec
	tInherit
	tOr

	tNot
	tConcat
	tUpdate
	tPlus
	tMinus
	tStar
	tSlash
	tEq
	tNe
	tLt
	tLe
	tGt
	tGe
	tAnd
	tOrOr
	tImpl
	tPipeRight
	tPipeLeft

	numKinds
)

// kindText is a token as an error message names it.
var kindText = [numKinds]string{
	tEOF: "end of file", tIllegal: "an unknown character", tIdent: "a name",
	tInt: "an integer", tFloat: "a number", tPath: "a path", tHomePath: "a path",
	tSearchPath: "a path", tURI: "a URL", tQuote: "a string", tIndQuote: "a string",
	tDollarCurly: "'${'", tLBrace: "'{'", tRBrace: "'}'", tLParen: "'('", tRParen: "')'",
	tLBracket: "'['", tRBracket: "']'", tSemi: "';'", tColon: "':'", tComma: "','",
	tAt: "'@'", tDot: "'.'", tEllipsis: "'...'", tAssign: "'='", tQuestion: "'?'",
	tIf: "'if'", tThen: "'then'", tElse: "'else'", tAssert: "'assert'", tWith: "'with'",
	tLet: "'let'", tIn: "'in'", tRec: "'rec'", tInherit: "'inherit'", tOr: "'or'",
	tNot: "'!'", tConcat: "'++'", tUpdate: "'//'", tPlus: "'+'", tMinus: "'-'",
	tStar: "'*'", tSlash: "'/'", tEq: "'=='", tNe: "'!='", tLt: "'<'", tLe: "'<='",
	tGt: "'>'", tGe: "'>='", tAnd: "'&&'", tOrOr: "'||'", tImpl: "'->'",
	tPipeRight: "'|>'", tPipeLeft: "'<|'",
}

// startsSimple holds the tokens an argument or a list element can start with.
// 'let' is only the old `let { … }` there.
var startsSimple = [numKinds]bool{
	tIdent: true, tInt: true, tFloat: true, tPath: true, tHomePath: true,
	tSearchPath: true, tURI: true, tQuote: true, tIndQuote: true, tLBrace: true,
	tLParen: true, tLBracket: true, tRec: true, tLet: true,
}

func keyword(s string) kind {
	switch s {
	case "if":
		return tIf
	case "in":
		return tIn
	case "or":
		return tOr
	case "let":
		return tLet
	case "rec":
		return tRec
	case "then":
		return tThen
	case "else":
		return tElse
	case "with":
		return tWith
	case "assert":
		return tAssert
	case "inherit":
		return tInherit
	}
	return tIdent
}

// Binding strengths of the operators, weakest first. Pipes stand below them
// all and have rules of their own.
const (
	precImpl = iota + 1
	precOr
	precAnd
	precEq
	precCompare
	precUpdate
	precNot
	precAdd
	precMul
	precConcat
	precHasAttr
	precNeg
	precApply  // f x
	precSelect // a.b
	precSimple
)

type assoc uint8

const (
	left assoc = iota
	right
	none // may not be chained
)

type operator struct {
	op    Op
	prec  uint8 // 0: no infix operator
	assoc assoc
}

// infix holds the infix operators except the pipes.
var infix = [numKinds]operator{
	tImpl:   {OpImpl, precImpl, right},
	tOrOr:   {OpOr, precOr, left},
	tAnd:    {OpAnd, precAnd, left},
	tEq:     {OpEq, precEq, none},
	tNe:     {OpNe, precEq, none},
	tLt:     {OpLt, precCompare, none},
	tLe:     {OpLe, precCompare, none},
	tGt:     {OpGt, precCompare, none},
	tGe:     {OpGe, precCompare, none},
	tUpdate: {OpUpdate, precUpdate, right},
	tPlus:   {OpAdd, precAdd, left},
	tMinus:  {OpSub, precAdd, left},
	tStar:   {OpMul, precMul, left},
	tSlash:  {OpDiv, precMul, left},
	tConcat: {OpConcat, precConcat, right},

	tQuestion: {prec: precHasAttr, assoc: left}, // its right side is no expression
}
