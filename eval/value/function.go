package value

// Code is a resolved expression: a node of the tree the machine runs.
type Code interface {
	// Eval computes the expression in env to weak head normal form.
	Eval(m *Machine, env *Env) Value
	// Delay gives a value for later: a constant or an existing slot where that
	// costs nothing, else a thunk.
	Delay(m *Machine, env *Env) Value
	// At is the expression's place.
	At() Span
}

// Closure is a function with the environment it was made in.
type Closure struct {
	Env *Env
	Fn  *Function
}

// Function is the code of a lambda. Its environment has the parent in slot 0,
// then, if HasParam, the whole argument, then the formals in order.
type Function struct {
	Body     Code
	Name     string // for traces: the attribute or variable it is bound to, or ""
	Span     Span
	Param    Symbol
	HasParam bool // `x: …` or `{ … }@x: …`
	Formals  []Formal
	// HasFormals tells `{ }: …` from `x: …`.
	HasFormals bool
	Ellipsis   bool
	Slots      int // environment size, slot 0 included
}

// Formal is one named argument; the list is sorted by symbol.
type Formal struct {
	Name    Symbol
	Slot    int
	Default Code // nil when required
	Span    Span
}

// Prim is a builtin function of one, two or three arguments, which come
// unforced unless Strict says otherwise.
type Prim struct {
	Name  string
	Arity int
	// Strict has bit i set when the machine is to force argument i first and,
	// when it is unknown, to make the result unknown without calling.
	Strict uint8
	// Takes are the kinds that a strict argument may have. Each is looked at before
	// the next argument is forced.
	Takes [3]Kinds
	// Result is the type of what it gives, None when that depends.
	Result Kind
	F1     func(m *Machine, a Value) Value
	F2     func(m *Machine, a, b Value) Value
	F3     func(m *Machine, a, b, c Value) Value
}

// PrimApp is a builtin with some of its arguments.
type PrimApp struct {
	Prim *Prim
	Args [2]Value
	N    int
}
