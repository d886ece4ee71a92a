package value

import (
	"slices"
	"strings"
)

// Unknown describes a value nixplan cannot know, and what it came from, so
// that a plan can say "undetermined: needs X, from Y, at Z".
type Unknown struct {
	// Origin is what the value is, as a Nix programmer would write it:
	// "pkgs.hello", "import <sources>/foo.nix", "src.rev".
	Origin string
	// Reason says why it is not known: "nixpkgs is modelled, not evaluated".
	Reason string
	// At is where it entered the program, or was selected, called, compared.
	At Span
	// Cause is the unknown it derives from, nil for a first one.
	Cause *Unknown
	// Parts are set for a text of which some is known: strings and unknowns
	// in order.
	Parts []Value
	// Type is the type the value surely has; None when that is not known.
	Type Kind
	// Foreign says that the value belongs to a project that is known, and not
	// one whose names nixplan knows: its `lib` is its own.
	Foreign bool
	// Elem, when not None, is what each element of an unknown list, or each
	// attribute's value of an unknown set, would be. With Some only some are
	// like this: the attribute whose name is unknown, among others.
	Elem Value
	Some bool
	// Then and Else are set for an `if` whose condition is unknown: what the
	// value is in either case, not evaluated yet.
	Then, Else Value

	// Lacks are names that an open set surely does not have.
	Lacks []Symbol

	derived int // how many Causes there are
}

// Lacking reports whether an open set surely does not have an attribute.
func (u *Unknown) Lacking(name Symbol) bool { return slices.Contains(u.Lacks, name) }

// Root is the unknown this one finally derives from.
func (u *Unknown) Root() *Unknown {
	for u.Cause != nil {
		u = u.Cause
	}
	return u
}

// Derive is an unknown that comes from u: a selection, a call, a comparison.
func (u *Unknown) Derive(origin string, at Span) *Unknown {
	const longest = 160
	if len(origin) > longest {
		origin = strings.ToValidUTF8(origin[:longest], "") + "…"
	}
	// Nobody reads a long history, and a loop would keep all of it in memory.
	const most = 50
	cause := u
	if u.derived == most {
		cause = u.Root()
	}
	return &Unknown{Origin: origin, Reason: u.Reason, At: at, Cause: cause, Foreign: u.Foreign, derived: cause.derived + 1}
}

// OfType is an unknown like this one with a type.
func (u *Unknown) OfType(k Kind) *Unknown {
	typed := *u
	typed.Type = k
	return &typed
}
