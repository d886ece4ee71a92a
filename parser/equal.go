package parser

import "slices"

// Equal reports whether two trees are the same apart from where they stand in
// their sources. Attrs are not compared: they follow from the Bindings. *Bad
// nodes equal each other.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch a := a.(type) {
	case *Ident:
		b, ok := b.(*Ident)
		return ok && a.Name == b.Name
	case *Int:
		b, ok := b.(*Int)
		return ok && a.Value == b.Value
	case *Float:
		b, ok := b.(*Float)
		return ok && a.Value == b.Value
	case *String:
		b, ok := b.(*String)
		return ok && a.Kind == b.Kind && slices.EqualFunc(a.Parts, b.Parts, equalPart)
	case *Path:
		b, ok := b.(*Path)
		return ok && a.Kind == b.Kind && slices.EqualFunc(a.Parts, b.Parts, equalPart)
	case *List:
		b, ok := b.(*List)
		return ok && slices.EqualFunc(a.Elems, b.Elems, Equal)
	case *AttrSet:
		b, ok := b.(*AttrSet)
		return ok && a.Rec == b.Rec && slices.EqualFunc(a.Bindings, b.Bindings, equalBinding)
	case *Let:
		b, ok := b.(*Let)
		return ok && slices.EqualFunc(a.Bindings, b.Bindings, equalBinding) && Equal(a.Body, b.Body)
	case *LegacyLet:
		b, ok := b.(*LegacyLet)
		return ok && Equal(a.Set, b.Set)
	case *With:
		b, ok := b.(*With)
		return ok && Equal(a.Scope, b.Scope) && Equal(a.Body, b.Body)
	case *Assert:
		b, ok := b.(*Assert)
		return ok && Equal(a.Cond, b.Cond) && Equal(a.Body, b.Body)
	case *If:
		b, ok := b.(*If)
		return ok && Equal(a.Cond, b.Cond) && Equal(a.Then, b.Then) && Equal(a.Else, b.Else)
	case *Lambda:
		b, ok := b.(*Lambda)
		return ok && equalName(a.Param, b.Param) && a.ParamLast == b.ParamLast &&
			equalFormals(a.Formals, b.Formals) && Equal(a.Body, b.Body)
	case *Apply:
		b, ok := b.(*Apply)
		return ok && Equal(a.Fn, b.Fn) && slices.EqualFunc(a.Args, b.Args, Equal)
	case *Select:
		b, ok := b.(*Select)
		return ok && Equal(a.Set, b.Set) && slices.EqualFunc(a.Path, b.Path, equalAttrName) && Equal(a.Default, b.Default)
	case *HasAttr:
		b, ok := b.(*HasAttr)
		return ok && Equal(a.Set, b.Set) && slices.EqualFunc(a.Path, b.Path, equalAttrName)
	case *Unary:
		b, ok := b.(*Unary)
		return ok && a.Op == b.Op && Equal(a.X, b.X)
	case *Binary:
		b, ok := b.(*Binary)
		return ok && a.Op == b.Op && Equal(a.X, b.X) && Equal(a.Y, b.Y)
	case *Bad:
		_, ok := b.(*Bad)
		return ok
	}
	return false
}

func equalPart(a, b Part) bool { return a.Text == b.Text && Equal(a.Expr, b.Expr) }

func equalAttrName(a, b AttrName) bool { return a.Text == b.Text && Equal(a.Expr, b.Expr) }

func equalName(a, b *Name) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Text == b.Text
}

func equalFormals(a, b *Formals) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Ellipsis == b.Ellipsis && slices.EqualFunc(a.List, b.List, func(a, b Formal) bool {
		return a.Name == b.Name && Equal(a.Default, b.Default)
	})
}

func equalBinding(a, b Binding) bool {
	switch a := a.(type) {
	case *Bind:
		b, ok := b.(*Bind)
		return ok && slices.EqualFunc(a.Path, b.Path, equalAttrName) && Equal(a.Value, b.Value)
	case *Inherit:
		b, ok := b.(*Inherit)
		return ok && Equal(a.From, b.From) && slices.EqualFunc(a.Names, b.Names, equalAttrName)
	}
	return false
}
