package eval

import (
	"github.com/nixplan/nixplan/eval/value"
)

// callNode is a call; `f a b` is one node with two arguments.
type callNode struct {
	node
	fn   value.Code
	args []value.Code
}

func (n *callNode) Eval(m *value.Machine, env *value.Env) value.Value {
	f := n.fn.Eval(m, env)
	for i := 0; i < len(n.args); {
		if f.Kind() == value.PrimOp {
			p := f.Prim()
			if p.Arity <= len(n.args)-i {
				f = n.saturated(m, env, p, n.args[i:i+p.Arity])
				i += p.Arity
				continue
			}
		}
		f = call(m, n, f, argument(m, env, n.args[i]))
		i++
	}
	return f
}
func (n *callNode) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// call1Node is `f a`.
type call1Node struct {
	node
	fn, arg value.Code
}

func (n *call1Node) Eval(m *value.Machine, env *value.Env) value.Value {
	f := n.fn.Eval(m, env)
	if f.Kind() == value.PrimOp && f.Prim().Arity == 1 {
		p := f.Prim()
		if p.Strict != 0 {
			arg := n.arg.Eval(m, env)
			if !accepts(p.Takes[0], arg) {
				m.EnterPrim(n, p)
				wrongArgument(m, n.arg.At(), p, 0, arg)
			}
			return callPrim(m, n, p, arg, value.Value{}, value.Value{})
		}
		return callPrim(m, n, p, n.arg.Delay(m, env), value.Value{}, value.Value{})
	}
	return call(m, n, f, argument(m, env, n.arg))
}
func (n *call1Node) Delay(m *value.Machine, env *value.Env) value.Value {
	return m.Delay(&n.Delayed, n, env)
}

// argument is what a function gets. Arithmetic on two numbers that are known is
// done at once: it costs less than delaying it, and nobody can tell.
func argument(m *value.Machine, env *value.Env, code value.Code) value.Value {
	var a, b value.Value
	var op arithOp
	switch n := code.(type) {
	case *arithNode:
		a, b, op = known(n.a, env), known(n.b, env), n.op
	case *addNode:
		a, b, op = known(n.a, env), known(n.b, env), opAdd
	default:
		return code.Delay(m, env)
	}
	const small = 1 << 50 // far from any overflow
	if a.Kind() != value.Int || b.Kind() != value.Int || op > opSub {
		return code.Delay(m, env)
	}
	x, y := a.Int(), b.Int()
	if x < -small || x > small || y < -small || y > small {
		return code.Delay(m, env)
	}
	if op == opSub {
		y = -y
	}
	return value.NewInt(x + y)
}

// known is the value of a constant, or of a variable when it is evaluated.
func known(code value.Code, env *value.Env) value.Value {
	switch n := code.(type) {
	case *constant:
		return n.v
	case *var0:
		return *env.Slot(n.slot)
	case *var1:
		return *env.Parent().Slot(n.slot)
	}
	return value.Value{}
}

// saturated calls a builtin with all its arguments at once.
func (n *callNode) saturated(m *value.Machine, env *value.Env, p *value.Prim, args []value.Code) value.Value {
	var a [3]value.Value
	for i, c := range args {
		if p.Strict&(1<<i) != 0 {
			a[i] = c.Eval(m, env) // it would be forced first thing
			if !accepts(p.Takes[i], a[i]) {
				m.EnterPrim(n, p)
				wrongArgument(m, c.At(), p, i, a[i])
			}
		} else {
			a[i] = c.Delay(m, env)
		}
	}
	return callPrim(m, n, p, a[0], a[1], a[2])
}

// call applies a function value to one argument. at is the calling expression,
// for traces.
func call(m *value.Machine, at value.Code, f, arg value.Value) value.Value {
	switch f.Kind() {
	case value.Lambda:
		c := f.Closure()
		env := m.NewEnv(c.Env, c.Fn.Slots)
		m.EnterCall(at, c.Fn)
		if c.Fn.HasFormals {
			bindFormals(m, c.Fn, env, arg)
		} else {
			*env.Slot(1) = arg
		}
		v := c.Fn.Body.Eval(m, env)
		m.LeaveCall()
		m.Release(env, c.Fn.Slots)
		return v
	case value.PrimOp:
		p := f.Prim()
		if p.Arity == 1 {
			return callPrim(m, at, p, arg, value.Value{}, value.Value{})
		}
		return value.NewPrimApp(&value.PrimApp{Prim: p, Args: [2]value.Value{arg}, N: 1})
	case value.PrimOpApp:
		app := f.PrimApp()
		if app.N+1 < app.Prim.Arity {
			return value.NewPrimApp(&value.PrimApp{Prim: app.Prim, Args: [2]value.Value{app.Args[0], arg}, N: 2})
		}
		if app.N == 1 {
			return callPrim(m, at, app.Prim, app.Args[0], arg, value.Value{})
		}
		return callPrim(m, at, app.Prim, app.Args[0], app.Args[1], arg)
	case value.AttrSet:
		if fn := f.Attrs().Get(symFunctor); fn != nil {
			m.EnterCall(at, nil)
			bound := call(m, at, m.Force(&fn.Value), f)
			v := call(m, at, bound, arg)
			m.LeaveCall()
			return v
		}
		if u := f.Attrs().Open(); u != nil {
			return callUnknown(u, at)
		}
	case value.UnknownValue:
		return callUnknown(f.Unknown(), at)
	}
	where := value.Span{}
	if at != nil {
		where = at.At()
	}
	e := &value.Error{Kind: value.TypeMismatch, At: where, Message: "attempt to call something which is not a function but " + describe(f)}
	if f.Kind() == value.Float { // 1.2.3 is 1.2 called with .3
		e.Help = `text such as a version needs quotes: "1.2.3"`
	}
	m.Throw(e)
	return value.Value{}
}

// callUnknown is what calling an unknown gives: an unknown result.
func callUnknown(u *value.Unknown, at value.Code) value.Value {
	where := u.At
	if at != nil {
		where = at.At()
	}
	result := u.Derive(u.Origin+" …", where)
	result.Foreign = false // a package set made by another project has nixpkgs' lib
	return value.NewUnknown(result)
}

// callPrim runs a builtin with all its arguments. Strict ones are forced; an
// unknown among them makes the result unknown.
func callPrim(m *value.Machine, at value.Code, p *value.Prim, a, b, c value.Value) value.Value {
	m.EnterPrim(at, p)
	if p.Strict != 0 {
		args := [3]*value.Value{&a, &b, &c}
		for i := 0; i < p.Arity; i++ {
			if p.Strict&(1<<i) == 0 {
				continue
			}
			v := m.Force(args[i])
			if !accepts(p.Takes[i], v) {
				wrongArgument(m, value.Span{}, p, i, v)
			}
			if v.Kind() == value.UnknownValue {
				u := v.Unknown()
				where := u.At
				if at != nil {
					where = at.At()
				}
				m.Leave()
				return ofType(blameText(m, u, p.Name+" "+u.Origin, where), p.Result)
			}
		}
	}
	var v value.Value
	switch p.Arity {
	case 1:
		v = p.F1(m, a)
	case 2:
		v = p.F2(m, a, b)
	default:
		v = p.F3(m, a, b, c)
	}
	m.Leave()
	return v
}

// bindFormals fills a function's slots from an argument set: both are sorted by
// symbol, so one pass matches them.
func bindFormals(m *value.Machine, fn *value.Function, env *value.Env, arg value.Value) {
	set := m.Force(&arg)
	if fn.HasParam {
		*env.Slot(1) = set
	}
	if set.Kind() == value.UnknownValue {
		u := set.Unknown()
		for i := range fn.Formals {
			f := &fn.Formals[i]
			*env.Slot(f.Slot) = host(m).delaySelect(m, u, f.Name, f.Span)
		}
		return
	}
	if set.Kind() != value.AttrSet {
		failAt(m, value.TypeMismatch, value.Span{}, "expected a set as the argument of %s, but found %s", functionName(fn), describe(set))
	}
	attrs := set.Attrs()
	list := attrs.All()
	j, used := 0, 0
	for i := range fn.Formals {
		f := &fn.Formals[i]
		for j < len(list) && list[j].Name < f.Name {
			j++
		}
		switch {
		case j < len(list) && list[j].Name == f.Name:
			*env.Slot(f.Slot) = list[j].Value
			used++
		case f.Default != nil:
			*env.Slot(f.Slot) = f.Default.Delay(m, env)
		case attrs.Open() != nil:
			*env.Slot(f.Slot) = host(m).delaySelect(m, attrs.Open(), f.Name, f.Span)
		default:
			m.Throw(missingArgument(fn, missing(fn, attrs).Name.String()))
		}
	}
	if !fn.Ellipsis && used < len(list) {
		unexpectedArgument(m, fn, list)
	}
}

func unexpectedArgument(m *value.Machine, fn *value.Function, list []value.Attr) {
	var known []string
	for i := range fn.Formals {
		known = append(known, fn.Formals[i].Name.String())
	}
	for _, a := range value.NewAttrsSorted(list).ByName() {
		if hasFormal(fn, a.Name) {
			continue
		}
		help := "the function is defined at " + fn.Span.Range().String()
		if near := nearest(a.Name.String(), known); near != "" {
			help = "did you mean '" + near + "'? " + help
		}
		m.Throw(&value.Error{Kind: value.UnexpectedArgument,
			Message: functionName(fn) + " called with unexpected argument '" + a.Name.String() + "'", Help: help})
	}
}

func hasFormal(fn *value.Function, name value.Symbol) bool {
	for i := range fn.Formals {
		if fn.Formals[i].Name == name {
			return true
		}
	}
	return false
}

func functionName(fn *value.Function) string {
	if fn.Name == "" {
		return "anonymous function"
	}
	return "function '" + fn.Name + "'"
}
