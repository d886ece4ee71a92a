package parser

// What takes several lines when it does not fit on one.

func (p *printer) list(e *List) {
	if len(e.Elems) == 0 {
		p.write("[ ]")
		return
	}
	if p.fits(func() {
		p.write("[")
		for _, elem := range e.Elems {
			if p.over {
				return
			}
			p.write(" ")
			p.expr(elem, precSelect)
		}
		p.write(" ]")
	}) {
		return
	}
	p.write("[")
	p.indent += 2
	for _, elem := range e.Elems {
		p.newline()
		p.expr(elem, precSelect)
	}
	p.indent -= 2
	p.newline()
	p.write("]")
}

func (p *printer) set(e *AttrSet) {
	if e.Rec {
		p.write("rec ")
	}
	if len(e.Bindings) == 0 {
		p.write("{ }")
		return
	}
	if p.fits(func() {
		p.write("{ ")
		p.bindings(e.Bindings)
		p.write("}")
	}) {
		return
	}
	p.write("{")
	p.indent += 2
	p.bindings(e.Bindings)
	p.indent -= 2
	p.newline()
	p.write("}")
}

// bindings prints each on a line of its own, or with a space after each.
func (p *printer) bindings(list []Binding) {
	for _, b := range list {
		if p.over {
			return
		}
		if !p.flat {
			p.newline()
		}
		switch b := b.(type) {
		case *Bind:
			p.attrPath(b.Path)
			p.write(" =")
			p.body(b.Value)
		case *Inherit:
			p.write("inherit")
			if b.From != nil {
				p.write(" (")
				p.expr(b.From, printExpr)
				p.write(")")
			}
			for _, name := range b.Names {
				p.write(" ")
				p.attrName(name)
			}
		}
		p.write(";")
		if p.flat {
			p.write(" ")
		}
	}
}

// body prints an expression after `=` or `:`, further in on the next line when
// it starts with a keyword and is long.
func (p *printer) body(e Expr) {
	switch e.(type) {
	case *Let, *With, *Assert, *If:
		if p.fits(func() { p.write(" "); p.expr(e, printExpr) }) {
			return
		}
		p.indent += 2
		p.newline()
		p.expr(e, printExpr)
		p.indent -= 2
	default:
		p.write(" ")
		p.expr(e, printExpr)
	}
}

func (p *printer) let(e *Let) {
	if p.fits(func() {
		p.write("let ")
		p.bindings(e.Bindings)
		p.write("in ")
		p.expr(e.Body, printExpr)
	}) {
		return
	}
	p.write("let")
	p.indent += 2
	p.bindings(e.Bindings)
	p.indent -= 2
	p.newline()
	p.write("in")
	p.newline()
	p.expr(e.Body, printExpr)
}

// guard prints `with` or `assert`.
func (p *printer) guard(word string, cond, body Expr) {
	if p.fits(func() {
		p.write(word)
		p.expr(cond, printExpr)
		p.write("; ")
		p.expr(body, printExpr)
	}) {
		return
	}
	p.write(word)
	p.expr(cond, printExpr)
	p.write(";")
	p.newline()
	p.expr(body, printExpr)
}

func (p *printer) ifElse(e *If) {
	if p.fits(func() {
		p.write("if ")
		p.expr(e.Cond, printExpr)
		p.write(" then ")
		p.expr(e.Then, printExpr)
		p.write(" else ")
		p.expr(e.Else, printExpr)
	}) {
		return
	}
	p.write("if ")
	p.expr(e.Cond, printExpr)
	p.write(" then")
	p.indent += 2
	p.newline()
	p.expr(e.Then, printExpr)
	p.indent -= 2
	p.newline()
	p.write("else")
	if next, ok := e.Else.(*If); ok {
		p.write(" ")
		p.expr(next, printExpr)
		return
	}
	p.indent += 2
	p.newline()
	p.expr(e.Else, printExpr)
	p.indent -= 2
}

func (p *printer) lambda(e *Lambda) {
	if e.Param != nil && !e.ParamLast {
		p.write(e.Param.Text)
		if e.Formals != nil {
			p.write(" @ ")
		}
	}
	if e.Formals != nil {
		if !p.fits(func() { p.formals(e.Formals) }) {
			p.formals(e.Formals)
		}
	}
	if e.Param != nil && e.ParamLast {
		p.write(" @ ")
		p.write(e.Param.Text)
	}
	p.write(":")
	p.body(e.Body)
}

func (p *printer) formals(f *Formals) {
	if len(f.List) == 0 && !f.Ellipsis {
		p.write("{ }")
		return
	}
	p.write("{")
	p.indent += 2
	item := func(i int) {
		if i > 0 {
			p.write(",")
		}
		if p.flat {
			p.write(" ")
		} else {
			p.newline()
		}
	}
	for i := range f.List {
		if p.over {
			break
		}
		item(i)
		p.write(f.List[i].Name)
		if d := f.List[i].Default; d != nil {
			p.write(" ? ")
			p.expr(d, printExpr)
		}
	}
	if f.Ellipsis {
		item(len(f.List))
		p.write("...")
	}
	p.indent -= 2
	if p.flat {
		p.write(" ")
	} else {
		p.newline()
	}
	p.write("}")
}
