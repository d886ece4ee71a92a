package parser

// Walk calls f for e and, when f returns true, for the expressions in it, in
// the order they are written: names that are computed, the sources of inherit
// and the defaults of formals included. It follows what was written (Bindings),
// not the merged Attrs.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	switch e := e.(type) {
	case *String:
		walkParts(e.Parts, f)
	case *Path:
		walkParts(e.Parts, f)
	case *List:
		walkAll(e.Elems, f)
	case *AttrSet:
		walkBindings(e.Bindings, f)
	case *Let:
		walkBindings(e.Bindings, f)
		Walk(e.Body, f)
	case *LegacyLet:
		Walk(e.Set, f)
	case *With:
		Walk(e.Scope, f)
		Walk(e.Body, f)
	case *Assert:
		Walk(e.Cond, f)
		Walk(e.Body, f)
	case *If:
		Walk(e.Cond, f)
		Walk(e.Then, f)
		Walk(e.Else, f)
	case *Lambda:
		if e.Formals != nil {
			for i := range e.Formals.List {
				Walk(e.Formals.List[i].Default, f)
			}
		}
		Walk(e.Body, f)
	case *Apply:
		Walk(e.Fn, f)
		walkAll(e.Args, f)
	case *Select:
		Walk(e.Set, f)
		walkPath(e.Path, f)
		Walk(e.Default, f)
	case *HasAttr:
		Walk(e.Set, f)
		walkPath(e.Path, f)
	case *Unary:
		Walk(e.X, f)
	case *Binary:
		Walk(e.X, f)
		Walk(e.Y, f)
	}
}

// WalkAttrs calls f for every attribute and variable of static name that e
// defines, at any depth; those of the sets that nested paths make come after the
// first of these: `a.b = 1` defines a and b.
func WalkAttrs(e Expr, f func(*Attr)) {
	var all func(*Attrs)
	all = func(attrs *Attrs) {
		for i := range attrs.Static {
			a := &attrs.Static[i]
			f(a)
			// The set that `a.b = 1` makes of a is written nowhere by itself.
			if set, ok := a.Value.(*AttrSet); ok && set.Merged {
				all(set.Attrs)
			}
		}
	}
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *AttrSet:
			all(e.Attrs)
		case *Let:
			all(e.Attrs)
		case *LegacyLet:
			all(e.Set.Attrs)
		}
		return true
	})
}

func walkAll(list []Expr, f func(Expr) bool) {
	for _, e := range list {
		Walk(e, f)
	}
}

func walkParts(parts []Part, f func(Expr) bool) {
	for i := range parts {
		Walk(parts[i].Expr, f)
	}
}

func walkPath(path []AttrName, f func(Expr) bool) {
	for i := range path {
		Walk(path[i].Expr, f)
	}
}

func walkBindings(bindings []Binding, f func(Expr) bool) {
	for _, b := range bindings {
		switch b := b.(type) {
		case *Bind:
			walkPath(b.Path, f)
			Walk(b.Value, f)
		case *Inherit:
			Walk(b.From, f)
			walkPath(b.Names, f)
		}
	}
}
