package value

// Comparison is one decision the program took on a fact about the git ref:
// something whose text derives from it was compared, matched or looked up.
type Comparison struct {
	At     Span   // the deciding expression
	User   Span   // the nearest expression of the user's own files; At when it is one
	Op     string // "==", "match", "select", …
	Left   string // operands as Nix prints them
	Right  string
	Marks  []string // the facts: "src.ref"
	Result string   // "true", "false", or what a look-up found
	// Trail is how the program came to the expression, innermost first. What
	// several attributes share is evaluated once: then it is that of the first.
	Trail []Step
}

// Step is a place that a program came through.
type Step struct {
	At   Span
	Call string // the function that is called there; "" for a value that is needed
	Prim bool   // it is a builtin
}

// Deps is an immutable set of comparisons. Every forced thunk keeps those its
// weak head normal form depends on, so that they are known again when another
// attribute shares the thunk.
type Deps struct{ list []*Comparison }

// List are the comparisons, in the order in which they were taken.
func (d *Deps) List() []*Comparison {
	if d == nil {
		return nil
	}
	return d.list
}

func (d *Deps) has(c *Comparison) bool {
	for _, have := range d.List() {
		if have == c || have.At == c.At && have.Op == c.Op && have.Left == c.Left && have.Right == c.Right && have.Result == c.Result {
			return true
		}
	}
	return false
}

func (d *Deps) union(e *Deps) *Deps {
	switch {
	case d == nil:
		return e
	case e == nil || d == e:
		return d
	}
	out := d
	for _, c := range e.list {
		if !out.has(c) {
			out = &Deps{append(out.list[:len(out.list):len(out.list)], c)}
		}
	}
	return out
}
