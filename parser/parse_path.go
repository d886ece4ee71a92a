package parser

// pathLit parses a path whose first piece is the current token. Text goes on
// while path characters, slashes and interpolations follow directly.
func (p *parser) pathLit() Expr {
	e := p.mem.path.new()
	start := p.start
	switch first := p.src[start]; {
	case p.kind == tHomePath:
		e.Kind = HomePath
	case first == '/':
		e.Kind = AbsolutePath
	default:
		e.Kind = RelativePath
	}
	base := len(p.parts)
	at := p.tokenSpan()
	tokens := 1       // of literal text since the last interpolation
	computed := false // an interpolation was seen
	for {
		// Nix reads the text in tokens, each ending after a slash that another
		// one follows, and takes no more than two before an interpolation.
		for i := int(p.pos); class[p.at(i)]&isPath != 0 || p.at(i) == '/'; i = int(p.pos) {
			for class[p.at(i)]&isPath != 0 {
				i++
			}
			p.pos = int32(p.pathEnd(i))
			tokens++
		}
		at.End = p.pos
		if at.End > at.Start {
			p.parts = append(p.parts, Part{Span: at, Text: p.src[at.Start:at.End]})
		}
		if p.at(int(p.pos)) != '$' || p.at(int(p.pos)+1) != '{' {
			break
		}
		if !computed && tokens > 2 {
			p.report(idSyntax, at, "too many slashes in a path").Help = "write single slashes"
		}
		computed = true
		p.interpolation("the path")
		at = Span{p.pos, p.pos}
		tokens = 0
	}
	p.end = p.pos
	switch {
	case p.src[p.end-1] == '/':
		p.report(idSyntax, Span{start, p.end}, "a path cannot end with '/'").Help = "remove the last slash"
	case !computed && tokens > 1:
		p.report(idSyntax, Span{start, p.end}, "a path cannot contain '//'").Help = "write single slashes; '//' with spaces around it updates a set"
	}
	p.next()
	e.Span = p.span(start)
	e.Parts = p.mem.parts.copy(p.parts[base:])
	p.parts = p.parts[:base]
	return e
}
