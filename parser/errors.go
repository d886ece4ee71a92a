package parser

import (
	"strconv"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/diag"
)

// Stable ids of the diagnostics of this package.
const (
	idSyntax = "NP101" // the text is not Nix
	idNames  = "NP102" // a name defined twice, or computed where that is not allowed
)

// report adds an error, recovering or not.
func (p *parser) report(id string, at Span, summary string) *diag.Diagnostic {
	d := &diag.Diagnostic{ID: id, Range: p.file.DiagRange(at), Summary: summary}
	switch {
	case p.inverted != nil:
	case len(p.diags) < maxErrors:
		p.diags = append(p.diags, d)
	default:
		if p.more == 0 {
			p.firstMore = d.Range
		}
		p.more++
	}
	return d
}

// fail reports a syntax error unless one is being recovered from: what looks
// wrong then may only be the echo of the first. The diagnostic returned is
// never nil, so that callers can add to it.
func (p *parser) fail(at Span, summary string) *diag.Diagnostic {
	if p.recovering || p.skipped && p.kind == tEOF || p.inverted != nil {
		return &diag.Diagnostic{}
	}
	p.recovering = true
	d := p.report(idSyntax, at, summary)
	// A forgotten quote turns strings inside out: what follows up to the next
	// quote becomes a string, and that one's text becomes code.
	// Then there is no use in any more messages.
	if s := p.lines; s.End > s.Start && s.End <= at.Start && !p.newline(s.End, at.Start) {
		p.relate(d, Span{s.Start, s.Start + 1}, "the string before this starts here; is its closing quote missing?")
		p.inverted = d
	}
	return d
}

// expected reports that the current token is not what the grammar wants.
func (p *parser) expected(what string) *diag.Diagnostic {
	if p.kind == tIllegal && p.end-p.start > 1 && p.src[p.start] == '/' {
		d := p.fail(Span{p.start, p.start + 2}, "the comment is not closed")
		d.Help = "end it with '*/'"
		return d
	}
	summary := "expected " + what + ", found " + p.found()
	if p.kind == tIllegal {
		summary = "unexpected " + p.found()
	}
	d := p.fail(p.tokenSpan(), summary)
	d.Help = p.hint()
	return d
}

// unexpected reports the current token with a summary of its own.
func (p *parser) unexpected(summary, help string) {
	p.fail(p.tokenSpan(), summary).Help = help
}

// missing reports the absence of what, and stands in for it.
func (p *parser) missing(what string) Expr {
	p.expected(what)
	return p.bad()
}

// found names the current token.
func (p *parser) found() string {
	switch p.kind {
	case tIdent, tInt, tFloat, tPath, tHomePath, tSearchPath, tURI:
		return "'" + shorten(p.tokenText()) + "'"
	case tIllegal:
		r, size := utf8.DecodeRuneInString(p.src[p.start:])
		if r == utf8.RuneError && size <= 1 {
			return "byte 0x" + strconv.FormatUint(uint64(p.src[p.start]), 16)
		}
		if !strconv.IsPrint(r) {
			return "character " + strconv.QuoteRuneToASCII(r)
		}
		return "character '" + string(r) + "'"
	}
	return kindText[p.kind]
}

func shorten(s string) string {
	if len(s) <= 40 {
		return s
	}
	cut := 37
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// hint is the advice that usually fits when the current token comes as a
// surprise, or "".
func (p *parser) hint() string {
	switch p.kind {
	case tColon:
		return "a function that is an operand, an argument or a list element needs parentheses: (x: …)"
	case tIf, tLet, tWith, tAssert:
		return "put parentheses around the " + kindText[p.kind] + " expression"
	case tAssign:
		return "'==' compares; 'name = value;' belongs between '{' and '}' or 'let' and 'in'"
	case tComma:
		return "elements of lists and arguments of functions are separated by spaces, bindings end with ';'"
	case tNot, tMinus:
		return "put parentheses around the operand: (" + p.tokenText() + "x)"
	case tDollarCurly:
		return "'${…}' belongs in a string, a path or an attribute name"
	case tIllegal:
		switch p.tokenText() {
		case "&":
			return "the logical and is '&&'"
		case "|":
			return "the logical or is '||'"
		case "'":
			return "strings are written \"…\" or ''…''"
		case "“", "”", "„", "‘", "’":
			return "strings are written with the plain quotes \"…\" or ''…''"
		case "\ufeff":
			return "save the file as UTF-8 without a byte order mark"
		case "\xff", "\xfe": // the marks that UTF-16 starts with
			return "save the file as UTF-8"
		case "~":
			return "a path in the home directory is written ~/name"
		case "%":
			return "for the remainder of a division there is lib.mod"
		}
	}
	return ""
}

// keywordHelp is the advice for a keyword where a name is wanted.
func (p *parser) keywordHelp() string {
	if p.kind < tIf || p.kind > tInherit {
		return ""
	}
	return "'" + p.tokenText() + "' is a keyword; as an attribute name it is written \"" + p.tokenText() + "\""
}

// open notes that a construct waits for k; closing ends the wait.
func (p *parser) open(k kind) { p.awaited[k]++ }

// closing reads the token k that ends a construct, or recovers from its
// absence. opened is where the construct starts.
func (p *parser) closing(k kind, construct string, opened Span) {
	p.awaited[k]--
	if p.kind == k {
		p.recovering = false
		p.next()
		return
	}
	if !p.recovering {
		d := p.expected(kindText[k] + " to close " + construct)
		p.relate(d, opened, "opened here")
		if k == tRBrace && p.kind != tIllegal {
			d.Help = "" // the usual hints are about operands
		}
	}
	if !p.skipTo(k) {
		p.abandoned[k]++
	}
}

// keyword reads `then` or `else`. opened is the start of the `if`.
func (p *parser) keyword(k kind, after string, opened int32) {
	if p.kind == k {
		p.recovering = false
		p.next()
		return
	}
	if !p.recovering {
		d := p.expected(kindText[k] + " after " + after)
		p.relate(d, Span{opened, opened + 2}, "'if' starts here")
		if k == tElse {
			d.Help = "every 'if' needs an 'else' branch"
		}
	}
	p.skipTo(k)
}

// semicolon reads the `;` after what. Before a token that can only follow one
// it is taken as read.
func (p *parser) semicolon(what string) {
	if p.kind == tSemi {
		p.recovering = false
		p.next()
		return
	}
	if p.recovering {
		p.skipTo(tSemi)
		return
	}
	summary := "expected ';' after " + what + ", found " + p.found()
	next := p.kind
	if next == tIn && p.awaited[tIn] > 0 {
		next = tRBrace
	}
	switch next {
	case tRBrace, tInherit, tDollarCurly, tWith, tAssert:
		p.fail(Span{p.prevEnd, p.prevEnd}, summary).Help = "add ';' here"
		p.recovering = false
	case tEOF:
		p.fail(Span{p.prevEnd, p.prevEnd}, summary).Help = "a ';' is missing here, or a closing bracket"
	case tComma:
		p.fail(p.tokenSpan(), summary).Help = "write ';' instead of ','"
		p.recovering = false
		p.next()
	default:
		p.expected("';' after " + what)
		p.skipTo(tSemi)
	}
}

func (p *parser) relate(d *diag.Diagnostic, at Span, message string) {
	d.Related = append(d.Related, diag.Related{Range: p.file.DiagRange(at), Message: message})
}

// skipTo skips to the next token want and reads it. It stops, and returns
// false, at the end of the file and before a token another construct waits
// for. Brackets on the way are skipped with what they hold.
func (p *parser) skipTo(want kind) bool {
	depth := 0
	p.skipped = true
	for {
		switch {
		case p.kind == tEOF:
			return false
		case depth == 0 && p.kind == want:
			p.recovering = false
			p.next()
			return true
		case depth == 0 && p.awaited[p.kind] > 0:
			return false
		}
		switch p.kind {
		case tQuote, tIndQuote:
			p.simple()
			continue
		case tLBrace, tLParen, tLBracket, tDollarCurly:
			depth++
		case tRBrace, tRParen, tRBracket:
			depth = max(0, depth-1)
		}
		p.next()
	}
}

// skipOne skips a token, or a bracket with what it holds.
func (p *parser) skipOne() {
	p.skipped = true
	switch p.kind {
	case tQuote, tIndQuote, tPath, tHomePath, tLParen, tLBracket, tLBrace:
		was := p.recovering
		p.simple()
		p.recovering = was
	default:
		p.next()
	}
}

// stray skips a closing bracket whose opening one was given up on.
func (p *parser) stray() bool {
	if p.abandoned[p.kind] == 0 || p.kind == tEOF {
		return false
	}
	p.abandoned[p.kind]--
	p.next()
	if p.kind == tSemi {
		p.next() // the one that ends the value the bracket was part of
	}
	return true
}

// trailing deals with what follows the file's expression.
func (p *parser) trailing() {
	if p.stray() {
		p.recovering = true
		return
	}
	if !p.skipped {
		p.expected("end of file")
	}
	p.pos = int32(len(p.src))
	p.next()
}
