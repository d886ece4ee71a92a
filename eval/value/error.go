package value

import "github.com/nixplan/nixplan/internal/diag"

// ErrorKind classes evaluation errors as Nix programs and users tell them apart.
type ErrorKind uint8

const (
	OtherError ErrorKind = iota
	Throw
	AssertionFailed
	Abort
	TypeMismatch
	UndefinedVariable
	MissingAttribute
	DuplicateAttribute
	MissingArgument
	UnexpectedArgument
	InfiniteRecursion
	DivisionByZero
	Overflow
	OutOfRange
	NotFound // a file or a search path entry
	SyntaxError
	RegexError
	JSONError
	StackOverflow
	Budget
	Restricted
	NotSupported
	// Undetermined says that the answer needs a value nobody has yet.
	Undetermined
)

var errorKindNames = [...]string{"other", "throw", "assert", "abort", "type", "undefined-variable", "missing-attribute", "duplicate", "missing-argument", "unexpected-argument",
	"infinite-recursion", "division-by-zero", "overflow", "out-of-range", "not-found", "syntax", "regex", "json", "stack-overflow", "budget", "restricted", "not-supported", "undetermined"}

// String is the kind's stable name.
func (k ErrorKind) String() string { return errorKindNames[k] }

// Error is an evaluation error. It travels as a panic inside the machine and
// comes out of Catch.
type Error struct {
	Kind    ErrorKind
	Message string
	At      Span
	// ID is the id of the finding that reports the error, "" for the usual one.
	ID string
	// Soft marks an error that tryEval catches although it is no throw: a
	// <name> that the search path lacks.
	Soft bool
	// Path is the file that a NotFound error misses, absolute; "" when it misses
	// something else.
	Path string
	// Help says what to do, where that is certain.
	Help string
	// Trail is where the evaluation was, innermost first; filled by Catch.
	Trail []TrailEntry
	// Unknown is what an Undetermined error needs.
	Unknown *Unknown
	// Diagnostics are the findings of a SyntaxError.
	Diagnostics diag.List
	// Late marks a Budget error of work that was begun when the time or the steps were
	// used up already.
	Late bool
	// Depends are the comparisons with facts about the ref that led here.
	Depends *Deps

	trailed bool
}

// Error is the message without position or trail.
func (e *Error) Error() string { return e.Message }

// Catchable reports whether builtins.tryEval turns the error into a value.
func (e *Error) Catchable() bool { return e.Kind == Throw || e.Kind == AssertionFailed || e.Soft }

// TrailEntry is one level of the evaluation an error passed through. At most one
// of Text, Call, Prim and Attr says what was going on; with none of them the
// expression at At was evaluated because its value was needed.
type TrailEntry struct {
	At   Span
	Text string // what addErrorContext says
	Call *Function
	Prim *Prim
	Attr *Attr
}

// Throw ends the evaluation with an error, up to the nearest Catch.
func (m *Machine) Throw(e *Error) {
	if !e.trailed {
		e.trailed = true
		e.Trail = m.trail()
		for _, entry := range e.Trail {
			if e.At.Start != 0 {
				break
			}
			e.At = entry.At
			if e.At.Start == 0 && entry.Attr != nil {
				e.At = entry.Attr.Pos.Span()
			}
		}
		for _, entry := range e.Trail { // the function, where nothing says who called it
			if e.At.Start == 0 && entry.Call != nil {
				e.At = entry.Call.Span
			}
		}
	}
	panic(e)
}

const trailMax = 200 // entries kept of each end of a deep stack

func (m *Machine) trail() []TrailEntry {
	entries := make([]TrailEntry, 0, min(len(m.frames), 2*trailMax))
	for i := len(m.frames) - 1; i >= 0; i-- {
		if len(m.frames)-i > trailMax && i >= trailMax {
			i = trailMax
			continue
		}
		f := &m.frames[i]
		var entry TrailEntry
		if f.code != nil {
			entry.At = f.code.At()
		}
		switch about := f.about.(type) {
		case *Function:
			entry.Call = about
		case *Prim:
			entry.Prim = about
		case *Attr:
			entry.Attr = about
		case func() (string, Span):
			f.about = nil // a note that itself fails must not be asked again
			entry.Text, entry.At = about()
		}
		entries = append(entries, entry)
	}
	return entries
}

// Catch runs f and returns the error it ended with, nil when it did not. Thunks
// that were being forced are as they were before, so they can be forced again.
func (m *Machine) Catch(f func()) (err *Error) {
	depth, calls := len(m.frames), m.callDepth
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
			deps := m.deps
			for i := len(m.frames) - 1; i >= depth; i-- {
				frame := &m.frames[i]
				if t := frame.thunk; t != nil {
					t.n &^= int64(underWay)
				}
				deps = frame.deps.union(deps)
				*frame = Frame{}
			}
			m.deps, m.frames, m.callDepth = deps, m.frames[:depth], calls
			if e.Depends == nil {
				e.Depends = deps
			}
		default:
			panic(e)
		}
		m.forget()
	}()
	f()
	return nil
}
