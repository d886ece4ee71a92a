package secrets

import (
	"strings"
)

// Facts are what conditions ask about. An empty string is a fact that is not
// known.
type Facts struct {
	Ref           string // full name, refs/heads/main
	DefaultBranch string // full name, refs/heads/main
	Owner, Repo   string
}

// Truth is the result of a condition.
type Truth string

const (
	True    Truth = "true"
	False   Truth = "false"
	Unknown Truth = "unknown" // needs a fact that is not known
)

// A Trace is how a condition came to its result. Unlike an agent's it goes on
// when the result is settled, so that each part can be looked at.
type Trace struct {
	Condition *Condition
	Result    Truth
	// Fact is what the result rests on, for people; empty for And, Or and Const.
	Fact string
	Of   []*Trace // of And and Or
}

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
)

// Evaluate says whether agents would hand out a secret with this condition. It
// never guesses: without a fact that decides the result it is Unknown.
func (c *Condition) Evaluate(f Facts) *Trace {
	t := &Trace{Condition: c}
	switch c.Op {
	case Const:
		t.Result = truth(c.Bool)
	case IsDefaultBranch:
		t.Result, t.Fact = f.isDefaultBranch()
	case IsTag:
		t.Result, t.Fact = f.compareRef(func() bool { return strings.HasPrefix(f.Ref, tags) })
	case IsBranch:
		t.Result, t.Fact = f.compareRef(func() bool { return f.Ref == heads+c.Name })
	case IsRepo:
		t.Result, t.Fact = compareName("the repository", f.Repo, c.Name)
	case IsOwner:
		t.Result, t.Fact = compareName("the owner", f.Owner, c.Name)
	case And, Or:
		t.join(f)
	}
	return t
}

// join evaluates the parts. One that is false settles And, one that is true
// settles Or.
func (t *Trace) join(f Facts) {
	neutral := truth(t.Condition.Op == And)
	t.Result = neutral
	for _, part := range t.Condition.Of {
		p := part.Evaluate(f)
		t.Of = append(t.Of, p)
		if p.Result != neutral && (t.Result == neutral || t.Result == Unknown) {
			t.Result = p.Result
		}
	}
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

const refUnknown = "the ref is not known"

func (f Facts) compareRef(holds func() bool) (Truth, string) {
	if f.Ref == "" {
		return Unknown, refUnknown
	}
	return truth(holds()), "the ref is " + f.Ref
}

func (f Facts) isDefaultBranch() (Truth, string) {
	switch {
	case f.Ref == "":
		return Unknown, refUnknown
	case !strings.HasPrefix(f.Ref, heads):
		return False, "the ref " + f.Ref + " is no branch"
	case f.DefaultBranch == "":
		return Unknown, "the ref is " + f.Ref + ", the default branch is not known"
	case f.Ref == f.DefaultBranch:
		return True, f.Ref + " is the default branch"
	}
	return False, "the ref is " + f.Ref + ", the default branch " + f.DefaultBranch
}

// compareName compares as agents do, which is exactly. The name that they
// compare is the forge's, and that of a remote's URL may be spelt in other case,
// so such a difference decides nothing.
func compareName(what, name, want string) (Truth, string) {
	switch {
	case name == "":
		return Unknown, what + " is not known"
	case name != want && strings.EqualFold(name, want):
		return Unknown, what + " is " + name + ", but agents compare upper and lower case with the forge's spelling"
	}
	return truth(name == want), what + " is " + name
}

// Lines are the trace for people: a line for each part, indented by two spaces
// below what joins it, that begins with ✓, ✗ or ?.
func (t *Trace) Lines() []string { return t.lines(nil, "") }

func (t *Trace) lines(lines []string, indent string) []string {
	mark := map[Truth]string{True: "✓ ", False: "✗ ", Unknown: "? "}[t.Result]
	line := indent + mark
	switch {
	case len(t.Of) > 0:
		line += string(t.Condition.Op)
	default:
		line += t.Condition.String()
	}
	if t.Fact != "" {
		line += ": " + t.Fact
	}
	lines = append(lines, line)
	for _, part := range t.Of {
		lines = part.lines(lines, indent+"  ")
	}
	return lines
}
