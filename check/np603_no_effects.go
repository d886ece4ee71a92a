package check

import "github.com/nixplan/nixplan/internal/diag"

// The evaluator finds it: the modelled package set knows whether all of its
// overlays are known, and what they add.
var noEffects = &Rule{
	ID: diag.IDNoEffects, Name: "no-effects",
	Summary: "The effects are taken from a package set to which no overlay adds them.",
}
